#include "model/locate.h"

#include <algorithm>
#include <cstdlib>

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

/// What NAME in a folder of models is: its converted file or its directory; empty: no model.
fs::path model_in(const fs::path& folder, const fs::path& name) {
  std::error_code ignored;
  fs::path converted = folder / name / (name.filename().string() + ".ctm");
  if (fs::is_regular_file(converted, ignored)) return converted;
  if (fs::exists(folder / name / "config.json", ignored)) return folder / name;
  return {};
}

/// Subfolders by name; none where the folder cannot be read.
std::vector<fs::path> subfolders(const fs::path& folder) {
  std::vector<fs::path> out;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error))
    if (std::error_code ignored; at->is_directory(ignored)) out.push_back(at->path().filename());
  std::ranges::sort(out);
  return out;
}

std::string bundled_places() {
  std::string text;
  for (const auto& folder : bundled_folders())
    text += (text.empty() ? "" : " and ") + folder.string();
  return text;
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

std::vector<fs::path> bundled_folders() {
  if (const char* given = std::getenv("CROSSTAIL_MODELS"); given != nullptr && *given != '\0')
    return {given};
  std::error_code failed;
  const fs::path program = fs::read_symlink("/proc/self/exe", failed);
  if (failed) return {};
  const fs::path folder = program.parent_path();
  return {(folder / "../share/crosstail/models").lexically_normal(),
          (folder / "../../models").lexically_normal()};
}

fs::path bundled_model(std::string_view name) {
  if (!is_model_name(name)) return {};
  for (const auto& folder : bundled_folders())
    if (fs::path found = model_in(folder, name); !found.empty()) return found;
  return {};
}

std::vector<FoundModel> bundled_models() {
  std::vector<FoundModel> out;
  for (const auto& folder : bundled_folders())
    for (const auto& name : subfolders(folder)) {
      const bool known =
          std::ranges::any_of(out, [&](const auto& model) { return model.name == name; });
      fs::path found = known ? fs::path() : model_in(folder, name);
      if (!found.empty()) out.push_back({name.string(), std::move(found)});
    }
  return out;
}

std::vector<FoundModel> cached_models() {
  std::vector<FoundModel> out;
  if (cache_folder().empty()) return out;
  const fs::path folder = cache_folder() / "models";
  for (const auto& name : subfolders(folder)) {
    if (fs::path found = model_in(folder, name); !found.empty()) {
      out.push_back({name.string(), std::move(found)});
      continue;
    }
    for (const auto& of_owner : subfolders(folder / name))
      if (fs::path found = model_in(folder, name / of_owner); !found.empty())
        out.push_back({(name / of_owner).string(), std::move(found)});
  }
  return out;
}

Result<std::string> default_model() {
  if (!bundled_model(kBundledModel).empty()) return std::string(kBundledModel);
  return Error{ErrorCode::InvalidArgument,
               "a model is needed: --model DIR, a converted model's file or a name in the cache; "
               "the bundled " +
                   std::string(kBundledModel) + " is not in " + bundled_places()};
}

Result<fs::path> locate_model(const fs::path& path_or_name) {
  std::error_code ignored;
  if (fs::exists(path_or_name, ignored)) return path_or_name;
  const std::string name = path_or_name.string();
  std::string message = name + ": is no directory, no converted model";
  if (const fs::path bundled = bundled_model(name); !bundled.empty()) return bundled;
  if (name == kBundledModel)
    return Error{ErrorCode::NotFound, name + ": the bundled model is not in " + bundled_places() +
                                          "; install it there, or give another --model"};
  if (is_model_name(name) && !cache_folder().empty()) {
    const fs::path cached = cached_model(name);
    if (fs::exists(cached, ignored)) return cached;
    message += " and not in the cache (" + cached.string() + "); `crosstail model pull " + name +
               "` fetches it";
  }
  return Error{ErrorCode::NotFound, std::move(message)};
}

}  // namespace crosstail::model
