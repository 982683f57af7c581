#pragma once
/// Rows of attached questions: `{passage_id, lang, text[, group, site, source, confidence, count]}`
/// or xQG's `{docid, generated_queries{lang: […]}}`, as JSON lines, CSV or TSV.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "index/records.h"

namespace crosstail::retrieve {

struct QuestionRow {
  std::string passage_id, tag, text, group, site;
  index::QuestionSource source = index::QuestionSource::Annotated;
  float confidence = 1;
  std::uint64_t count = 1;   ///< how often it was asked (source log)
  std::uint64_t number = 0;  ///< from 0, over all files: the row of --question-vectors
  std::string place;         ///< FILE:LINE
};

/// All questions of all files, in order. Not thread-safe.
class QuestionReader {
 public:
  /// `needs_passages`: a row without a passage id is an error (not so for centroids).
  static Result<QuestionReader> open(std::vector<std::string> files, bool needs_passages = true);
  QuestionReader(QuestionReader&&) noexcept;
  ~QuestionReader();
  /// False at the end. Fails with Corrupt: names file, line and what was expected.
  Result<bool> next(QuestionRow& row);

 private:
  struct State;
  explicit QuestionReader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace crosstail::retrieve
