#include "retrieve/question_rows.h"

#include <charconv>

#include "retrieve/json_row.h"
#include "retrieve/listed_rows.h"

namespace crosstail::retrieve {
namespace {

template <class T>
Status read_number(const JsonRow& json, std::string_view name, T& into) {
  std::string text;
  if (!json.text({name}, text) || text.empty()) return {};
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), into);
  if (failure != std::errc() || end != text.data() + text.size() || !(into >= 0))
    return Error{ErrorCode::Corrupt, "field `" + std::string(name) +
                                         "`: expected a number from 0, got \"" +
                                         text.substr(0, 40) + "\""};
  return {};
}

}  // namespace

struct QuestionReader::State {
  State(std::vector<std::string> files, bool with_passages)
      : rows(std::move(files)), needs_passages(with_passages) {}
  ListedRows rows;
  bool needs_passages;
  simdjson::dom::parser parser;
  /// Of an xQG row: its questions that were not handed out yet.
  std::vector<std::pair<std::string, std::string>> generated;
  bool many = false;  ///< the last row was one of xQG's
  std::size_t at = 0;
  std::string passage_id;
  std::uint64_t number = 0;

  Status parse(std::string_view text, QuestionRow& row);
  Status parse_generated(const JsonRow& json);
};

Status QuestionReader::State::parse_generated(const JsonRow& json) {
  generated.clear();
  at = 0;
  simdjson::dom::object languages;
  const Error expected{ErrorCode::Corrupt,
                       "field `generated_queries`: expected {\"LANGUAGE\": [\"question\", …]}"};
  if (json.object().at_key("generated_queries").get(languages) != simdjson::SUCCESS)
    return expected;
  for (const auto& [language, value] : languages) {
    simdjson::dom::array several;
    std::string_view one;
    if (value.get(one) == simdjson::SUCCESS) {
      generated.emplace_back(language, one);
      continue;
    }
    if (value.get(several) != simdjson::SUCCESS) return expected;
    for (const simdjson::dom::element item : several) {
      if (item.get(one) != simdjson::SUCCESS) return expected;
      generated.emplace_back(language, one);
    }
  }
  return {};
}

Status QuestionReader::State::parse(std::string_view text, QuestionRow& row) {
  CT_TRY(const JsonRow json, JsonRow::parse(parser, text));
  const bool has_id = json.text({"passage_id", "docid", "corpus-id", "_id"}, row.passage_id);
  if (needs_passages && (!has_id || row.passage_id.empty()))
    return Error{ErrorCode::Corrupt, "expected `passage_id`: the id of the question's passage"};
  many = json.has("generated_queries");
  if (many) {
    passage_id = row.passage_id;
    return parse_generated(json);
  }
  if (!json.text({"text", "question", "query"}, row.text))
    return Error{ErrorCode::Corrupt, "expected `text`: the question (or `generated_queries`)"};
  (void)json.text({"lang", "language"}, row.tag);
  (void)json.text({"group"}, row.group);
  (void)json.text({"site", "origin"}, row.site);
  row.source = index::QuestionSource::Annotated;
  std::string source;
  if (json.text({"source"}, source) && !source.empty()) {
    const auto known = index::parse_source(source);
    if (!known)
      return Error{ErrorCode::Corrupt,
                   "field `source`: expected annotated, aligned, generated or log, got \"" +
                       source.substr(0, 40) + "\""};
    row.source = *known;
  }
  row.confidence = 1;
  row.count = 1;
  CT_CHECK(read_number(json, "confidence", row.confidence));
  return read_number(json, "count", row.count);
}

QuestionReader::QuestionReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
QuestionReader::QuestionReader(QuestionReader&&) noexcept = default;
QuestionReader::~QuestionReader() = default;

Result<QuestionReader> QuestionReader::open(std::vector<std::string> files, bool needs_passages) {
  return QuestionReader(std::make_unique<State>(std::move(files), needs_passages));
}

Result<bool> QuestionReader::next(QuestionRow& row) {
  State& s = *state_;
  while (true) {
    if (s.at < s.generated.size()) {
      auto& [tag, text] = s.generated[s.at++];
      row = {s.passage_id,
             std::move(tag),
             std::move(text),
             {},
             {},
             index::QuestionSource::Generated,
             1,
             1,
             s.number++,
             s.rows.place()};
      return true;
    }
    data::Row raw;
    CT_TRY(const bool more, s.rows.next(raw));
    if (!more) return false;
    s.generated.clear();
    s.at = 0;
    auto parsed = s.parse(raw.json, row);
    if (!parsed.ok()) return std::move(parsed).error().at(s.rows.place());
    if (s.many) continue;
    row.number = s.number++;
    row.place = s.rows.place();
    return true;
  }
}

}  // namespace crosstail::retrieve
