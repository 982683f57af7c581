#include "model/locate.h"

#include <algorithm>

#include "model/identity.h"

namespace crosstail::model {
namespace {

namespace fs = std::filesystem;

bool is_part(std::string_view part) {
  return !part.empty() && part.front() != '.' && part.size() <= 200 &&
         std::ranges::all_of(part, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '.' || c == '_' || c == '-';
         });
}

}  // namespace

bool is_model_name(std::string_view name) {
  const std::size_t slash = name.find('/');
  if (slash == std::string_view::npos) return is_part(name);
  return is_part(name.substr(0, slash)) && is_part(name.substr(slash + 1));
}

fs::path cached_model(std::string_view name) {
  return cache_folder() / "models" / fs::path(name);
}

Result<fs::path> locate_model(const fs::path& path_or_name) {
  std::error_code ignored;
  if (fs::exists(path_or_name, ignored)) return path_or_name;
  const std::string name = path_or_name.string();
  std::string message = name + ": is no directory, no converted model";
  if (is_model_name(name) && !cache_folder().empty()) {
    const fs::path cached = cached_model(name);
    if (fs::exists(cached, ignored)) return cached;
    message += " and not in the cache (" + cached.string() + "); `crosstail model pull " + name +
               "` fetches it";
  }
  return Error{ErrorCode::NotFound, std::move(message)};
}

}  // namespace crosstail::model
