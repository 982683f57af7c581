#include "curate/options.h"

#include <array>
#include <utility>

namespace crosstail::curate {
namespace {

constexpr std::pair<std::string_view, Preset> kPresets[] = {
    {"default", Preset::Default}, {"webfaq-v1", Preset::WebFaqV1}, {"webfaq-v2", Preset::WebFaqV2}};
constexpr std::pair<std::string_view, SplitBy> kSplits[] = {{"site", SplitBy::Site},
                                                            {"page", SplitBy::Page},
                                                            {"group", SplitBy::Group},
                                                            {"none", SplitBy::None}};
constexpr std::pair<std::string_view, Format> kFormats[] = {
    {"jsonl", Format::Jsonl},
    {"webfaq", Format::WebFaq},
    {"beir", Format::Beir},
    {"tevatron", Format::Tevatron},
    {"sentence-transformers", Format::SentenceTransformers}};

template <class T, std::size_t N>
Result<T> by_name(const std::pair<std::string_view, T> (&table)[N], std::string_view name) {
  std::string known;
  for (const auto& [text, value] : table) {
    if (text == name) return value;
    known += (known.empty() ? "" : ", ") + std::string(text);
  }
  return Error{ErrorCode::InvalidArgument, "'" + std::string(name) + "': expected one of " + known};
}

template <class T, std::size_t N>
std::string_view name_in(const std::pair<std::string_view, T> (&table)[N], T value) {
  for (const auto& [text, known] : table)
    if (known == value) return text;
  return {};
}

}  // namespace

Result<Preset> parse_preset(std::string_view name) {
  return by_name(kPresets, name);
}
Result<SplitBy> parse_split_by(std::string_view name) {
  return by_name(kSplits, name);
}
Result<Format> parse_format(std::string_view name) {
  return by_name(kFormats, name);
}
std::string_view name_of(Preset preset) {
  return name_in(kPresets, preset);
}
std::string_view name_of(SplitBy split_by) {
  return name_in(kSplits, split_by);
}
std::string_view name_of(Format format) {
  return name_in(kFormats, format);
}

}  // namespace crosstail::curate
