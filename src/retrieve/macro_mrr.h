#pragma once
/// MRR@10, macro over the queries' languages with variants of a language as one: what `tune`
/// chooses by. Ties keep the order of the ranking (smaller passage first).

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "data/qrels.h"
#include "data/queries.h"
#include "index/index_reader.h"
#include "retrieve/ranking.h"

namespace crosstail::retrieve {

inline constexpr std::size_t kMrrDepth = 10;

/// Thread-safe once made.
class MacroMrr {
 public:
  /// relevant[q]: passages, ascending; queries without any are passed over.
  MacroMrr(std::span<const data::Query> queries,
           std::vector<std::vector<index::PassageNumber>> relevant);

  /// 0 to 1. `rankings` by query.
  [[nodiscard]] double value(const std::vector<Ranking>& rankings) const;
  /// The same from reciprocal ranks by query, as grid_ranks.h makes them.
  [[nodiscard]] double value(std::span<const float> reciprocal) const;
  /// relevant[q], as given.
  [[nodiscard]] std::span<const std::vector<index::PassageNumber>> relevant() const {
    return relevant_;
  }
  [[nodiscard]] std::size_t languages() const { return count_.size(); }
  [[nodiscard]] std::size_t queries() const { return judged_; }

 private:
  [[nodiscard]] double macro(const std::vector<double>& sums) const;

  std::vector<std::vector<index::PassageNumber>> relevant_;
  std::vector<std::size_t> language_;  ///< by query
  std::vector<std::size_t> count_;     ///< judged queries by language
  std::size_t judged_ = 0;
};

/// The relevant passages of each query, by `qrels` (relevance 1 and above). Passages that the index
/// does not have count as never found.
Result<std::vector<std::vector<index::PassageNumber>>> relevant_passages(
    const index::IndexReader& index, std::span<const data::Query> queries,
    const data::Qrels& qrels);

}  // namespace crosstail::retrieve
