#pragma once
/// Which queries belong together: queries that share a relevant passage or a group (translations of
/// one question) are not independent, so every interval and test works on clusters of them.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "data/qrels.h"

namespace crosstail::eval {

struct Clusters {
  std::vector<std::uint32_t> of;  ///< by query: its cluster, numbered by first appearance
  std::size_t count = 0;
};

/// Connected components of the queries of `qrels`: two are joined when both have the same passage
/// at or above `level`, or the same non-empty key. `keys` (say, the groups) is by query of the
/// qrels, or empty.
Clusters connected_clusters(const data::Qrels& qrels, const std::vector<std::string_view>& keys,
                            std::int32_t level);

/// One cluster a key; queries with an empty key are clusters of their own.
Clusters clusters_by_key(const std::vector<std::string_view>& keys);

/// Every query for itself.
Clusters single_clusters(std::size_t queries);

}  // namespace crosstail::eval
