#include "index/records.h"

#include <algorithm>

#include "base/hash.h"
#include "text/normal_form.h"

namespace crosstail::index {
namespace {

constexpr std::array<std::string_view, kSources> kSourceNames{"annotated", "aligned", "generated",
                                                              "log"};
constexpr std::array<std::string_view, 4> kKeepNames{"none", "total", "language", "question"};

std::uint64_t key_of(std::string_view bytes) {
  if (bytes.empty()) return 0;
  return std::max<std::uint64_t>(xxh3(bytes), 1);
}

template <class Enum, std::size_t N>
std::optional<Enum> parse(const std::array<std::string_view, N>& names, std::string_view name) {
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) return std::nullopt;
  return static_cast<Enum>(found - names.begin());
}

}  // namespace

std::string_view name_of(QuestionSource source) {
  return kSourceNames[static_cast<std::size_t>(source)];
}
std::optional<QuestionSource> parse_source(std::string_view name) {
  return parse<QuestionSource>(kSourceNames, name);
}
std::string_view name_of(KeepParts keep) {
  return kKeepNames[static_cast<std::size_t>(keep)];
}
std::optional<KeepParts> parse_keep_parts(std::string_view name) {
  return parse<KeepParts>(kKeepNames, name);
}

std::uint64_t group_key(std::string_view group) {
  return key_of(group);
}

std::uint64_t site_key(std::string_view site) {
  std::string lower(site);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return key_of(lower);
}

std::uint64_t text_key(std::string_view text) {
  return key_of(text::normal_form(text));
}

}  // namespace crosstail::index
