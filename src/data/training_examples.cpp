#include "data/training_examples.h"

#include <simdjson.h>

#include <array>
#include <cmath>
#include <map>

namespace crosstail::data {
namespace {

using simdjson::dom::element;
using simdjson::dom::object;

Error expected(std::string what) {
  return {ErrorCode::Corrupt, "expected " + std::move(what)};
}

/// A string as it is, a number as it stands in the file; nothing for null and missing.
Status read_text(const object& row, const char* name, std::string& to) {
  element value;
  if (row[name].get(value) != simdjson::SUCCESS || value.is_null()) return {};
  if (std::string_view text; value.get(text) == simdjson::SUCCESS) {
    to = text;
  } else if (value.is_number()) {
    to = simdjson::minify(value);
  } else {
    return expected(std::string("a text in '") + name + "'");
  }
  return {};
}

Status read_first(const object& row, std::initializer_list<const char*> names, std::string& to) {
  for (const char* name : names)
    if (to.empty()) CT_CHECK(read_text(row, name, to));
  return {};
}

/// A number, or a string that is one (CSV); nothing for null and missing.
Result<std::optional<double>> read_number(const object& row, const char* name) {
  element value;
  if (row[name].get(value) != simdjson::SUCCESS || value.is_null()) return std::optional<double>();
  if (double number = 0; value.get(number) == simdjson::SUCCESS) return std::optional(number);
  if (std::string_view text; value.get(text) == simdjson::SUCCESS) {
    if (text.empty()) return std::optional<double>();
    char* end = nullptr;
    const std::string copy(text);
    const double number = std::strtod(copy.c_str(), &end);
    if (end == copy.c_str() + copy.size() && std::isfinite(number)) return std::optional(number);
  }
  return expected(std::string("a number in '") + name + "'");
}

/// Tevatron's {docid, title, text, score}, or a text.
Status read_passages(const object& row, const char* name, std::vector<TrainingPassage>& to) {
  element list;
  if (row[name].get(list) != simdjson::SUCCESS || list.is_null()) return {};
  simdjson::dom::array items;
  if (list.get(items) != simdjson::SUCCESS) {
    TrainingPassage single;
    CT_CHECK(read_text(row, name, single.text));
    if (!single.text.empty()) to.push_back(std::move(single));
    return {};
  }
  for (const auto item : items) {
    TrainingPassage passage;
    object fields;
    if (std::string_view text; item.get(text) == simdjson::SUCCESS) {
      passage.text = text;
    } else if (item.get(fields) == simdjson::SUCCESS) {
      std::string title;
      CT_CHECK(read_first(fields, {"text", "contents"}, passage.text));
      CT_CHECK(read_text(fields, "title", title));
      CT_CHECK(read_first(fields, {"docid", "_id", "id"}, passage.id));
      CT_TRY(const auto score, read_number(fields, "score"));
      passage.score = score.value_or(kNoScore);
      if (!title.empty()) passage.text = title + " " + passage.text;
    } else {
      return expected(std::string("texts or passages in '") + name + "'");
    }
    if (!passage.text.empty()) to.push_back(std::move(passage));
  }
  return {};
}

/// Passages that the row names by id.
Status read_ids(const object& row, const char* name, const TrainingCorpus* corpus,
                std::vector<TrainingPassage>& to) {
  element list;
  if (row[name].get(list) != simdjson::SUCCESS || list.is_null()) return {};
  if (corpus == nullptr)
    return expected(
        "passages in the row (positive_passages); one with positive_document_ids needs "
        "its corpus (--corpus)");
  simdjson::dom::array ids;
  if (list.get(ids) != simdjson::SUCCESS)
    return expected(std::string("a list of ids in '") + name + "'");
  for (const auto item : ids) {
    TrainingPassage passage;
    if (std::string_view id; item.get(id) == simdjson::SUCCESS) passage.id = id;
    if (item.is_number()) passage.id = simdjson::minify(item);
    const auto text = corpus->find(passage.id);
    if (text.data() == nullptr)
      return expected(std::string("ids of the corpus in '") + name + "': it has no passage \"" +
                      passage.id + "\"");
    passage.text = text;
    to.push_back(std::move(passage));
  }
  return {};
}

Status read_scores(const object& row, const char* name, std::vector<TrainingPassage>& passages) {
  element list;
  if (row[name].get(list) != simdjson::SUCCESS || list.is_null()) return {};
  simdjson::dom::array scores;
  if (list.get(scores) != simdjson::SUCCESS || scores.size() != passages.size())
    return expected(std::string("as many numbers in '") + name + "' as passages (" +
                    std::to_string(passages.size()) + ")");
  std::size_t i = 0;
  for (const auto item : scores) {
    double score = 0;
    if (item.get(score) != simdjson::SUCCESS)
      return expected(std::string("numbers in '") + name + "'");
    passages[i++].score = score;
  }
  return {};
}

/// negative, negative_1, negative_2 …
Status read_tuple(const object& row, TrainingExample& e) {
  for (const char* name : {"positive", "answer", "answer1", "passage", "sentence2", "text2"}) {
    if (!e.positives.empty()) break;
    CT_CHECK(read_passages(row, name, e.positives));
  }
  CT_CHECK(read_passages(row, "negative", e.negatives));
  for (int i = 1;; ++i) {
    const std::string name = "negative_" + std::to_string(i);
    element value;
    if (row[name].get(value) != simdjson::SUCCESS) break;
    CT_CHECK(read_passages(row, name.c_str(), e.negatives));
  }
  return {};
}

Status read_label(const object& row, TrainingExample& e) {
  CT_TRY(e.score, read_number(row, "score"));
  std::string label;
  CT_CHECK(read_text(row, "label", label));
  if (label.empty()) return {};
  e.label = label;
  if (e.score) return {};
  char* end = nullptr;
  const double number = std::strtod(label.c_str(), &end);
  if (end == label.c_str() + label.size() && std::isfinite(number)) e.score = number;
  return {};
}

}  // namespace

Status parse_training_row(std::string_view json, TrainingExample& e, const TrainingCorpus* corpus) {
  thread_local simdjson::dom::parser parser;
  e = {};
  object row;
  if (const auto error = parser.parse(json.data(), json.size()).get(row);
      error != simdjson::SUCCESS)
    return expected(std::string("a JSON object: ") + simdjson::error_message(error));
  CT_CHECK(read_first(
      row, {"query", "query_text", "anchor", "question", "question1", "sentence1", "text", "text1"},
      e.question));
  if (e.question.empty())
    return expected("one of query, query_text, anchor, question, sentence1, text");
  CT_CHECK(read_ids(row, "positive_document_ids", corpus, e.positives));
  CT_CHECK(read_ids(row, "negative_document_ids", corpus, e.negatives));
  CT_CHECK(read_passages(row, "positive_passages", e.positives));
  CT_CHECK(read_passages(row, "negative_passages", e.negatives));
  CT_CHECK(read_passages(row, "pos", e.positives));
  CT_CHECK(read_passages(row, "neg", e.negatives));
  CT_CHECK(read_scores(row, "pos_scores", e.positives));
  CT_CHECK(read_scores(row, "neg_scores", e.negatives));
  CT_CHECK(read_tuple(row, e));
  CT_CHECK(read_label(row, e));
  CT_CHECK(read_first(row, {"language", "lang", "language1"}, e.language));
  CT_CHECK(read_text(row, "group", e.group));
  return read_text(row, "split", e.split);
}

Result<TrainingReader> TrainingReader::open(const std::filesystem::path& path,
                                            const ColumnMap& columns,
                                            const TrainingCorpus* corpus) {
  CT_TRY(auto rows, RowReader::open(path, columns));
  return TrainingReader(std::move(rows), corpus);
}

Result<bool> TrainingReader::next(TrainingExample& example) {
  Row row;
  auto more = rows_.next(row);
  if (!more.ok() || !*more) {
    ended_ = true;
    return more;
  }
  const std::string place = rows_.name() + ":" + std::to_string(row.line);
  if (!row.problem.empty())
    return Error{ErrorCode::Corrupt, place + ": " + std::string(row.problem)};
  if (const auto parsed = parse_training_row(row.json, example, corpus_); !parsed.ok())
    return parsed.error().at(place);
  example.line = row.line;
  return true;
}

}  // namespace crosstail::data
