#pragma once
/// The work of one thread in an exact search: rows in chunks, each chunk by one of three scans that
/// exclude rows by proven bounds (docs/search-bounds.md) and collect the others as candidates.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "index/candidates.h"
#include "index/codes.h"
#include "index/panels.h"
#include "index/row_source.h"
#include "index/score.h"

namespace crosstail::index {

/// A search of a group of queries; shared by its threads.
struct ScanPlan {
  const RowSource& rows;
  std::optional<VectorView> view;  ///< rows.view()
  std::span<const float> queries;  ///< n × dim
  std::size_t dim, k;
  std::span<const std::uint64_t> counts;
  std::span<const std::uint32_t> owner_of;
  nn::Isa isa;
  const Codes* codes = nullptr;                ///< set: scan codes
  std::vector<CodeQuery> code_queries;         ///< with codes, one a query
  const PanelKernel* kernel = nullptr;         ///< set: multiply panels. Neither: score every row
  std::optional<QueryPanels> panels;           ///< with a kernel
  std::vector<std::atomic<float>> thresholds;  ///< the highest any thread has reached, per query

  [[nodiscard]] std::size_t query_count() const { return queries.size() / dim; }
  [[nodiscard]] const float* query(std::size_t q) const { return &queries[q * dim]; }
  /// Whether row r counts.
  [[nodiscard]] bool counted(std::size_t r) const {
    return counts.empty() || (counts[r / 64] >> (r % 64) & 1) != 0;
  }
};

/// One thread's state. Not thread-safe.
class ScanWorker {
 public:
  explicit ScanWorker(ScanPlan& plan);

  /// `begin` is a multiple of 64.
  void scan(std::size_t begin, std::size_t end);

  [[nodiscard]] const CandidateList& list(std::size_t query) const { return lists_[query]; }
  [[nodiscard]] std::uint64_t seen() const { return seen_; }
  [[nodiscard]] std::uint64_t scored_at_once() const { return scored_at_once_; }
  [[nodiscard]] float largest_bound() const { return largest_bound_; }

 private:
  void scan_codes(std::size_t begin, std::size_t end);
  void score_all(const VectorView& rows, std::size_t begin, std::size_t end);
  void multiply_all(const VectorView& rows, std::size_t begin, std::size_t end);
  void multiply_tile();
  void multiply_panel(std::size_t panel);
  void push_passing(std::size_t panel, std::size_t tile_row, std::uint32_t passing,
                    const float* values);
  void push(std::size_t query, std::uint32_t row, float value, float bound);
  void prune(std::size_t query);
  /// The chunk at hand: rows [chunk_begin_, …) where there is no view.
  [[nodiscard]] RowScore row_score(std::size_t query);

  ScanPlan& plan_;
  std::vector<CandidateList> lists_;
  std::vector<float> thresholds_;  ///< of the lists, side by side
  std::optional<RowTile> tile_;
  std::vector<float> chunk_, values_;
  std::size_t chunk_begin_ = 0;
  std::uint64_t seen_ = 0, scored_at_once_ = 0;
  float largest_bound_ = 0;
};

/// The score of a row for a query from wherever the plan's rows are.
float score_of(const ScanPlan& plan, std::size_t query, std::uint32_t row);

}  // namespace crosstail::index
