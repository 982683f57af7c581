#pragma once
/// The rows of a running search that may still be among the k best of a query, and the threshold
/// below which a row cannot be.
///
/// A candidate has proven limits of its score. The threshold is the k-th largest lower limit over
/// distinct owners: a row (or owner) whose upper limit is below it has k better ones. Where limits
/// are too wide to decide, candidates are settled: their score is computed, and then only the k
/// best are kept, so memory is bounded by O(k) a query on any data.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "index/bounds.h"
#include "index/hits.h"

namespace crosstail::index {

struct Candidate {
  std::uint32_t row = 0;
  bool settled = false;  ///< then lower = upper = score
  float lower = 0, upper = 0;
};

/// The score of a row for the query of a list.
using RowScore = std::function<float(std::uint32_t row)>;

/// For one query on one thread. Not thread-safe.
class CandidateList {
 public:
  /// `owner_of` as in SearchRequest; must outlive the list.
  CandidateList(std::size_t k, std::span<const std::uint32_t> owner_of);

  /// Rows whose highest possible score is below this need not be pushed.
  [[nodiscard]] float threshold() const { return threshold_; }
  /// Learns of a threshold that holds elsewhere in the same search.
  void raise(float threshold) { threshold_ = std::max(threshold_, threshold); }

  /// True where prune() is due.
  [[nodiscard]] bool push(std::uint32_t row, float lower, float upper) {
    candidates_.push_back({row, false, lower, upper});
    ++open_;
    return candidates_.size() >= limit_;
  }
  [[nodiscard]] bool push_settled(std::uint32_t row, float score) {
    candidates_.push_back({row, true, score, score});
    return candidates_.size() >= limit_;
  }

  /// Raises the threshold and drops what is below it; settles if too much is left.
  void prune(const RowScore& score);
  /// Scores what is not scored yet and may count: for rows that will not be at hand again.
  void score_open(const RowScore& score);
  /// The same, and keeps only the k best.
  void settle(const RowScore& score);
  /// Takes over the candidates of another list of the same query.
  void merge(const CandidateList& other);
  /// After settle(): the hits, best first.
  [[nodiscard]] std::vector<Hit> hits() const;
  [[nodiscard]] std::size_t scored() const { return scored_; }

 private:
  [[nodiscard]] std::uint32_t owner(std::uint32_t row) const {
    return owner_of_.empty() ? row : owner_of_[row];
  }
  [[nodiscard]] float kth_lower() const;
  void drop_below_threshold();
  void keep_best();

  std::size_t k_, limit_;
  std::span<const std::uint32_t> owner_of_;
  std::vector<Candidate> candidates_;
  float threshold_ = -kInfinity;
  std::size_t open_ = 0;  ///< candidates that are not settled
  std::size_t scored_ = 0;
};

}  // namespace crosstail::index
