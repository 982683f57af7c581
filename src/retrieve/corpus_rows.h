#pragma once
/// The rows of a corpus, whoever wrote it: BEIR (`_id, title, text`), Tevatron and xQG (`docid,
/// text[, generated_queries]`), Pyserini (`id, contents`), WebFAQ and what `extract` and `curate`
/// write (`question, answer, …`; `extract --passages`), as JSON lines, CSV or TSV.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "data/rows.h"

namespace crosstail::retrieve {

/// What of a row is the passage.
enum class PassageFrom : std::uint8_t {
  Usual,  ///< the title before the text where there is one; of question-answer pairs the answer
  Text,
  TitleText,
  Answer,
  QuestionAnswer,
};
std::string_view name_of(PassageFrom from);  ///< "title+text"; Usual: "usual"
std::optional<PassageFrom> parse_passage_from(std::string_view name);

struct CorpusRow {
  std::string id, title, text;
  std::string question, answer;  ///< of a pair; then `text` is empty
  std::string tag;               ///< language as stated
  std::string doc, site, group, url;
  /// xQG's generated_queries: language and text, in the order of the file.
  std::vector<std::pair<std::string, std::string>> generated;
  bool pair = false;
  std::string place;  ///< FILE:LINE, for messages

  /// What is put before the text, and the text: what is encoded is both with a space between.
  /// Fails with InvalidArgument where the row has no such field.
  [[nodiscard]] Result<std::pair<std::string, std::string>> passage(PassageFrom from) const;
  /// xxh3 of all that is encoded and stored but for the questions: what `sync` compares.
  [[nodiscard]] std::uint64_t content() const;
};

/// All rows of all files, in order. Not thread-safe.
class CorpusReader {
 public:
  static Result<CorpusReader> open(std::vector<std::string> files);
  CorpusReader(CorpusReader&&) noexcept;
  ~CorpusReader();

  /// False at the end. Fails with Corrupt: names file, line and what was expected.
  Result<bool> next(CorpusRow& row);

 private:
  struct State;
  explicit CorpusReader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace crosstail::retrieve
