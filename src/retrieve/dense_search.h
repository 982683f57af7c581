#pragma once
/// Search over fused vectors, or over rows for `max`, with leave-out: exact, or with a recall
/// target. Queries whose questions are the same but for group, site and text are searched together;
/// the few passages that those touch are scored again, query by query.

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/pool.h"
#include "base/result.h"
#include "data/queries.h"
#include "index/exact_search.h"
#include "index/index_reader.h"
#include "retrieve/ranking.h"
#include "retrieve/row_files.h"
#include "retrieve/search_setting.h"

namespace crosstail::retrieve {

/// Summed over searches; for --explain.
struct DenseStats {
  std::string filter = "none";
  std::uint64_t rows_seen = 0, rows_scored = 0;
  double largest_bound = 0;
  std::uint64_t passages_rescored = 0;  ///< by leave-out group, site, text
  void add(const index::SearchStats& stats);
};

class DenseSearch {
 public:
  /// `centroids`: in place of the index's own, or null. All borrowed.
  DenseSearch(std::shared_ptr<const index::IndexReader> index, const index::Centroids* centroids,
              RowFiles& files, Pool& pool)
      : index_(std::move(index)), centroids_(centroids), files_(files), pool_(pool) {}

  /// `vectors`: queries × dim, not centred. `depth` hits each, best first; only passages of `mask`.
  /// Fails with InvalidArgument where the index's parts cannot give the setting, or a query lacks a
  /// field that leave-out needs.
  Result<std::vector<Ranking>> search(std::span<const data::Query> queries,
                                      std::span<const float> vectors, const SearchSetting& setting,
                                      std::size_t depth, const PassageMask& mask,
                                      DenseStats* stats = nullptr) const;

  /// The queries' vectors as they are searched with: centred where the setting says so.
  [[nodiscard]] std::vector<float> centred(std::span<const data::Query> queries,
                                           std::span<const float> vectors,
                                           const SearchSetting& setting) const;

 private:
  struct Batch;
  /// What `request` finds among `rows`, exactly or by a graph, as the setting says.
  Result<index::Hits> hits_of(const Batch& batch, const index::RowSource& rows,
                              const index::SearchRequest& request, index::SearchStats* stats) const;
  Status search_batch(const Batch& batch, std::vector<Ranking>& out, DenseStats* stats) const;

  std::shared_ptr<const index::IndexReader> index_;
  const index::Centroids* centroids_;
  RowFiles& files_;
  Pool& pool_;
};

}  // namespace crosstail::retrieve
