#pragma once
/// BM25 rankings of queries with leave-out (bm25_store.h says how that is kept honest).

#include <span>
#include <vector>

#include "base/pool.h"
#include "base/result.h"
#include "data/queries.h"
#include "retrieve/bm25_store.h"
#include "retrieve/ranking.h"
#include "retrieve/search_setting.h"

namespace crosstail::retrieve {

/// `depth` passages each, best first, only those with a score above 0 and of `mask`. Fails with
/// InvalidArgument where a query lacks a field that leave-out needs.
Result<std::vector<Ranking>> bm25_search(const index::IndexReader& index, Bm25Store& store,
                                         std::span<const data::Query> queries,
                                         const SearchSetting& setting, std::size_t depth,
                                         const PassageMask& mask, Pool& pool);

}  // namespace crosstail::retrieve
