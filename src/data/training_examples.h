#pragma once
/// Training rows in the layouts that others write (conventions.md), told apart row by row by their
/// members:
///   - Tevatron: query (or query_text), positive_passages[], negative_passages[] of {docid, title,
///     text, score}; a passage's text is title, space, text;
///   - Tevatron's newer one: query_text, positive_document_ids[], negative_document_ids[], whose
///     passages stand in a corpus (training_corpus.h);
///   - sentence-transformers and FlagEmbedding: query, pos[], neg[], pos_scores[], neg_scores[];
///   - n-tuples: anchor (or query, question), positive, negative or negative_1 … negative_n, score;
///   - pairs, as extract, curate and align write them: question, answer (question1, answer1 …);
///   - labelled texts and pairs: text or sentence1/sentence2 or any of the above, with `label`
///     (a class: whole number or name; or a score between 0 and 1, `score`).
/// Everywhere: language (or lang), group, split. Names of fields in JSON lines, CSV or TSV, plain
/// or compressed (rows.h).

#include <cstdint>
#include <filesystem>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "data/rows.h"
#include "data/training_corpus.h"

namespace crosstail::data {

inline constexpr double kNoScore = std::numeric_limits<double>::quiet_NaN();

struct TrainingPassage {
  std::string text;
  std::string id;           ///< empty if the row has none
  double score = kNoScore;  ///< the teacher's, if there is one
};

struct TrainingExample {
  std::string question;  ///< or the text that is classified, or the first of a pair
  std::vector<TrainingPassage> positives, negatives;
  std::string language, group, split;
  std::optional<double> score;       ///< of a pair, a number
  std::optional<std::string> label;  ///< a class, as it stands in the file
  std::uint64_t line = 0;
};

/// Not thread-safe.
class TrainingReader {
 public:
  /// `corpus` (borrowed; null: there is none) has the passages that rows name by id.
  static Result<TrainingReader> open(const std::filesystem::path& path,
                                     const ColumnMap& columns = {},
                                     const TrainingCorpus* corpus = nullptr);
  /// False at the end. A row that is not one of the layouts is a Corrupt error that names file,
  /// line and what was expected; next() may be called again for the row after it. Damaged files are
  /// Io, Corrupt or Limit errors after which ended() is true.
  Result<bool> next(TrainingExample& example);
  /// After an error: nothing more can be read.
  [[nodiscard]] bool ended() const { return ended_; }

 private:
  TrainingReader(RowReader rows, const TrainingCorpus* corpus)
      : rows_(std::move(rows)), corpus_(corpus) {}
  RowReader rows_;
  const TrainingCorpus* corpus_;
  bool ended_ = false;
};

/// One JSON object to an example; Corrupt says what was expected, or which passage is not there.
Status parse_training_row(std::string_view json, TrainingExample& example,
                          const TrainingCorpus* corpus = nullptr);

}  // namespace crosstail::data
