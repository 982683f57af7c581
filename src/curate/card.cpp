#include "curate/card.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "base/json_writer.h"
#include "text/language_tag.h"

namespace crosstail::curate {
namespace {

/// Bucket i ends at the i-th of the numbers 1, 2, … that grow by a tenth, but at least by one.
const std::array<std::uint32_t, 256>& bucket_ends() {
  static const auto ends = [] {
    std::array<std::uint32_t, 256> out{};
    double end = 0;
    for (auto& e : out) {
      end = std::max(end + 1, std::floor(end * 1.1));
      e = end > 4e9 ? UINT32_MAX : static_cast<std::uint32_t>(end);
    }
    return out;
  }();
  return ends;
}

std::string percent(double share) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.1f%%", 100 * share);
  return text;
}

std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out;
}

/// At most 200 bytes of whole code points on one line, with what Markdown would read as mark-up
/// escaped.
std::string excerpt(std::string_view text) {
  constexpr std::size_t most = 200;
  std::size_t end = std::min(text.size(), most);
  while (end > 0 && end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U)
    --end;
  std::string out;
  for (const char c : text.substr(0, end)) {
    if (std::string_view("*_`[]<>\\|#").find(c) != std::string_view::npos) out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return end < text.size() ? out + " …" : out;
}

void write_lengths(JsonWriter& json, const char* name, const LengthHistogram& lengths) {
  json.key(name).begin_object();
  for (const auto& [key, q] :
       {std::pair{"p5", 0.05}, std::pair{"p50", 0.5}, std::pair{"p95", 0.95}})
    json.member(key, lengths.quantile(q));
  json.end_object();
}

void write_language(JsonWriter& json, const std::string& code, const LanguageCard& language) {
  json.key(code).begin_object();
  json.member("name", text::language_name(code)).member("pairs", language.pairs);
  json.key("splits").begin_object();
  for (std::size_t i = 0; i < kSplits; ++i)
    if (language.splits[i] != 0) json.member(name_of(static_cast<Split>(i)), language.splits[i]);
  json.end_object();
  json.key("question_types").begin_object();
  for (std::size_t i = 0; i < kQuestionTypes; ++i)
    if (language.types[i] != 0)
      json.member(i == 0 ? "unknown" : name_of(static_cast<QuestionType>(i)), language.types[i]);
  json.end_object();
  write_lengths(json, "question_length", language.question_lengths);
  write_lengths(json, "answer_length", language.answer_lengths);
  json.key("examples").begin_array();
  for (const auto& [question, answer] : language.examples)
    json.begin_object().member("question", question).member("answer", answer).end_object();
  json.end_array();
  json.end_object();
}

std::string how_split(const CurateOptions& options) {
  if (options.split_by == SplitBy::None) return "The data is not split.";
  return "Split by " + std::string(name_of(options.split_by)) + " with seed " +
         std::to_string(options.seed) + ": all pairs of one, its hreflang alternates" +
         (options.link_duplicates ? " and what shares a duplicate pair with it" : "") +
         " are on the same side.";
}

}  // namespace

void LengthHistogram::add(std::uint32_t length) {
  const auto& ends = bucket_ends();
  const auto at = std::lower_bound(ends.begin(), ends.end(), length);
  ++buckets_[std::min<std::size_t>(static_cast<std::size_t>(at - ends.begin()), 255)];
  ++count_;
}

std::uint32_t LengthHistogram::quantile(double q) const {
  std::uint64_t seen = 0;
  const double wanted = q * static_cast<double>(count_);
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    seen += buckets_[i];
    if (seen > 0 && static_cast<double>(seen) >= wanted) return bucket_ends()[i];
  }
  return 0;
}

std::string card_json(const DataCard& card, const CurateOptions& options) {
  std::string out;
  JsonWriter json(out, 2);
  json.begin_object();
  json.member("format", "crosstail-data-card").member("version", 1);
  json.key("options").begin_object();
  json.member("preset", name_of(options.preset)).member("format", name_of(options.format));
  json.member("language_identification", !options.identify ? "none: as stated by the pages"
                                         : options.language_model.empty()
                                             ? "embedded"
                                             : "embedded and fastText model");
  json.member("split_by", name_of(options.split_by)).member("seed", options.seed);
  json.member("dev_share", options.dev_share).member("test_share", options.test_share);
  json.end_object();
  json.member("rows", card.rows).member("kept", card.kept);
  json.member("dropped", card.rows - card.kept);
  json.key("dropped_by_reason");
  card.dropped.write(json);
  json.member("sites", card.sites);
  json.key("largest_sites").begin_array();
  for (const auto& [site, pairs] : card.largest_sites)
    json.begin_object().member("site", site).member("pairs", pairs).end_object();
  json.end_array();
  json.member("components", card.components).member("largest_component", card.largest_component);
  if (!card.note.empty()) json.member("note", card.note);
  json.key("licenses").begin_object();
  for (const auto& [license, pairs] : card.licenses)
    json.member(license.empty() ? "not stated" : license, pairs);
  json.end_object();
  json.key("languages").begin_object();
  for (const auto& [code, language] : card.languages) write_language(json, code, language);
  json.end_object().end_object();
  out += '\n';
  return out;
}

std::string card_markdown(const DataCard& card, const CurateOptions& options) {
  const auto number = [](std::uint64_t n) { return std::to_string(n); };
  std::string out = "# Data card\n\n" + number(card.kept) + " question–answer pairs in " +
                    number(card.languages.size()) + " languages from " + number(card.sites) +
                    " sites, kept out of " + number(card.rows) +
                    " rows by `crosstail curate` (preset `" + std::string(name_of(options.preset)) +
                    "`). " + how_split(options) + "\n";
  if (!card.note.empty()) out += "\n**Note.** " + card.note + "\n";
  out +=
      "\n## Languages\n\n| language | code | pairs | train | dev | test | question length (median) "
      "| "
      "answer length (median) |\n|---|---|---:|---:|---:|---:|---:|---:|\n";
  for (const auto& [code, language] : card.languages) {
    out += "| " + text::language_name(code) + " | " + code + " | " + number(language.pairs);
    for (const Split split : {Split::Train, Split::Dev, Split::Test})
      out += " | " + number(language.splits[static_cast<std::size_t>(split)]);
    out += " | " + number(language.question_lengths.quantile(0.5)) + " | " +
           number(language.answer_lengths.quantile(0.5)) + " |\n";
  }
  out += "\n## Dropped\n\n| reason | rows |\n|---|---:|\n";
  for (const auto& [reason, count] : card.dropped.all())
    out += "| " + reason + " | " + number(count) + " |\n";
  if (card.dropped.all().empty()) out += "| none | 0 |\n";
  out += "\n## Largest sites\n\n| site | pairs | share |\n|---|---:|---:|\n";
  for (const auto& [site, pairs] : card.largest_sites)
    out += "| " + cell(site.empty() ? "(addresses without a host)" : site) + " | " + number(pairs) +
           " | " +
           percent(static_cast<double>(pairs) /
                   static_cast<double>(std::max<std::uint64_t>(card.kept, 1))) +
           " |\n";
  out += "\nComponents that stay on one side of the split: " + number(card.components) +
         "; the largest holds " + percent(card.largest_component) + " of the pairs.\n";
  out += "\n## Licences, as given\n\n| licence | pairs |\n|---|---:|\n";
  for (const auto& [license, pairs] : card.licenses)
    out += "| " + cell(license.empty() ? "not stated" : license) + " | " + number(pairs) + " |\n";
  out += "\n## Examples\n";
  for (const auto& [code, language] : card.languages) {
    if (language.examples.empty()) continue;
    out += "\n" + text::language_name(code) + ":\n\n";
    for (const auto& [question, answer] : language.examples)
      out += "- **" + excerpt(question) + "** " + excerpt(answer) + "\n";
  }
  return out;
}

}  // namespace crosstail::curate
