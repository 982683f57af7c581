#include "model/model_card.h"

#include <algorithm>
#include <set>

#include "base/file.h"
#include "model/converted.h"
#include "model/locate.h"
#include "text/language_tag.h"

namespace crosstail::model {
namespace {

constexpr std::size_t kMaxCard = std::size_t{1} << 20;
constexpr std::size_t kMaxLanguages = 1000;

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\"'";
  const std::size_t begin = text.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlank) + 1 - begin);
}

std::string_view next_line(std::string_view& rest) {
  const std::size_t end = rest.find('\n');
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  return line;
}

/// Tags between commas.
template <class Take>
void each_part(std::string_view list, const Take& take) {
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    take(trimmed(list.substr(0, comma)));
    list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
  }
}

}  // namespace

std::vector<std::string> card_languages(std::string_view readme) {
  std::vector<std::string> languages;
  bool any = false;
  const auto take = [&](std::string_view tag) {
    any |= tag == "multilingual";
    if (languages.size() < kMaxLanguages && text::parse_language_tag(tag))
      languages.emplace_back(tag);
  };
  if (trimmed(next_line(readme)) != "---") return {};
  bool inside = false;
  while (!readme.empty()) {
    const std::string_view line = next_line(readme);
    if (trimmed(line) == "---") break;
    const std::size_t dash = line.find_first_not_of(" \t");
    if (inside && dash != std::string_view::npos && line[dash] == '-') {
      take(trimmed(line.substr(dash + 1)));
      continue;
    }
    inside = line.starts_with("language:");
    if (!inside) continue;
    std::string_view value = trimmed(line.substr(line.find(':') + 1));
    if (value.starts_with('[')) value.remove_prefix(1);
    if (value.ends_with(']')) value.remove_suffix(1);
    each_part(value, take);
  }
  if (any) languages.clear();
  return languages;
}

std::vector<std::string> read_card_languages(const std::filesystem::path& folder) {
  const auto readme = read_file(folder / "README.md", kMaxCard);
  return readme.ok() ? card_languages(*readme) : std::vector<std::string>();
}

std::vector<std::string> stated_languages(const std::filesystem::path& model) {
  const auto path = locate_model(model);
  if (!path.ok()) return {};
  if (!is_converted(*path)) return read_card_languages(*path);
  const auto file = MappedFile::open(*path);
  if (!file.ok()) return {};
  const auto sections = read_sections(file->bytes());
  if (!sections.ok()) return {};
  auto description = description_from_json(sections->description, "section describe");
  return description.ok() ? std::move(description->languages) : std::vector<std::string>();
}

std::string read_card_license(const std::filesystem::path& folder) {
  const auto readme = read_file(folder / "README.md", kMaxCard);
  constexpr std::string_view kKey = "license:";
  std::string_view rest = readme.ok() ? std::string_view(*readme) : std::string_view();
  if (trimmed(next_line(rest)) != "---") return {};
  while (!rest.empty()) {
    const std::string_view line = next_line(rest);
    if (trimmed(line) == "---") break;
    if (line.starts_with(kKey)) return std::string(trimmed(line.substr(kKey.size())));
  }
  return {};
}

std::string card_head(std::span<const std::string> languages, std::string_view license) {
  std::string text =
      "---\nlibrary_name: sentence-transformers\npipeline_tag: sentence-similarity\n";
  if (!license.empty()) text += "license: " + std::string(license) + "\n";
  if (!languages.empty()) text += "language:\n";
  for (const auto& tag : languages) text += "- " + tag + "\n";
  return text + "---\n";
}

Result<std::vector<std::string>> parse_languages(std::string_view list) {
  std::set<std::string> tags;
  std::string wrong;
  each_part(list, [&](std::string_view tag) {
    if (!text::parse_language_tag(tag)) wrong = tag.empty() ? "an empty tag" : std::string(tag);
    tags.emplace(tag);
  });
  if (!wrong.empty() || tags.size() > kMaxLanguages)
    return Error{ErrorCode::InvalidArgument,
                 "--languages: " + wrong + ": expected tags of languages, as in ar,de,zh"};
  return std::vector<std::string>(tags.begin(), tags.end());
}

std::vector<std::string> unsupported_languages(std::span<const std::string> supported,
                                               std::span<const std::string> asked) {
  if (supported.empty()) return {};
  std::set<std::string> missing;
  for (const auto& tag : asked)
    if (text::parse_language_tag(tag) &&
        std::none_of(supported.begin(), supported.end(),
                     [&](const std::string& known) { return text::same_language(known, tag); }))
      missing.insert(tag);
  return {missing.begin(), missing.end()};
}

}  // namespace crosstail::model
