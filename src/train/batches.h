#pragma once
/// From files of training rows to batches: streamed, shuffled by seed in bounded memory, weighted
/// over languages, without false negatives inside a batch. The sequence of batches is a function of
/// files, options and seed alone, so a resumed run meets the batches it would have met.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/result.h"
#include "data/training_examples.h"

namespace crosstail::train {

/// Which of a row's negatives may be used. Scores are the teacher's; a row without them is only cut
/// to `count`.
struct NegativeFilter {
  std::size_t count = 7;    ///< so many of a row's, drawn anew each epoch
  std::size_t top_k = 0;    ///< only the k with the highest scores; 0: all
  double margin = 0;        ///< drop a negative that scores over the positive's score less this,
  bool use_margin = false;  ///< if this is set
  double ratio = 0;         ///< drop a negative over ratio × the positive's score; 0: none
  std::optional<double> max_score;  ///< drop a negative over this score
};

/// Drops negatives in place: by the filter, and those that are one of the row's own positives.
/// Returns how many were dropped.
std::size_t filter_negatives(const NegativeFilter& filter, data::TrainingExample& example);

struct BatchOptions {
  std::vector<std::string> files;
  std::shared_ptr<const data::TrainingCorpus> corpus;  ///< of rows that name their passages by id
  std::size_t batch_size = 64;
  bool homogeneous = false;  ///< a batch's rows share their language
  double temperature = 1;    ///< a language of n rows is met n^(1/temperature) times, in proportion
  std::uint64_t seed = 42;
  std::size_t buffer_rows = 50000;  ///< what is shuffled at once
  std::size_t buffer_bytes = std::size_t{256} << 20;
  std::string split = "train";  ///< rows that state another split are passed over
  bool needs_positives = true;
  bool all_positives = false;  ///< a row keeps all it has, instead of one drawn anew each epoch
  NegativeFilter negatives;
};

/// What one pass over the files found.
struct DataSummary {
  std::uint64_t rows = 0, used = 0, other_split = 0, without_positives = 0, negatives = 0,
                dropped_negatives = 0;
  std::map<std::string, std::uint64_t> languages;  ///< used rows of each; "" where none is stated
  /// Times a language's rows are met in an epoch.
  [[nodiscard]] double copies(const std::string& language, double temperature) const;
  [[nodiscard]] double epoch_rows(double temperature) const;
};

/// Fails at the first malformed row, and with InvalidArgument if a row has no positive where one is
/// needed (the message says how many, and where the first is), or if nothing is left.
Result<DataSummary> survey(const BatchOptions& options);

class BatchStream {
 public:
  BatchStream(BatchOptions options, DataSummary summary)
      : options_(std::move(options)), summary_(std::move(summary)) {}

  /// The next batch; never empty. A new epoch begins by itself. Each row has one positive (drawn if
  /// it has several; or all) and at most `negatives.count` negatives.
  Result<std::vector<data::TrainingExample>> next();
  [[nodiscard]] std::uint64_t epoch() const { return epoch_; }  ///< of the last batch, from 0

 private:
  struct Row {
    data::TrainingExample example;
    std::uint64_t number = 0;  ///< in the epoch, for drawing
    std::size_t bytes = 0;
  };
  Status fill();
  Result<bool> read_row();
  void put(Row row);
  std::vector<Row>* choose_language();
  Row take(std::vector<Row>& rows);
  data::TrainingExample drawn(Row row) const;
  std::uint64_t random(std::uint64_t below);

  BatchOptions options_;
  DataSummary summary_;
  std::map<std::string, std::vector<Row>> waiting_;  ///< by language, or all under ""
  std::size_t waiting_rows_ = 0, waiting_bytes_ = 0;
  std::optional<data::TrainingReader> reader_;
  std::size_t file_ = 0;
  std::uint64_t epoch_ = 0, row_number_ = 0, draws_ = 0;
  bool started_ = false, epoch_read_ = false;
};

/// Hashes by which two rows must not share a batch: of question, group and positives.
std::vector<std::uint64_t> conflict_keys(const data::TrainingExample& example);

}  // namespace crosstail::train
