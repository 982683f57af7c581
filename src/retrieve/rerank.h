#pragma once
/// The best hits put in a new order by a cross-encoder.

#include <span>
#include <vector>

#include "base/result.h"
#include "data/queries.h"
#include "index/index_reader.h"
#include "model/encoder.h"
#include "retrieve/ranking.h"

namespace crosstail::retrieve {

/// Scores every hit of every ranking anew, sorts, and keeps `k`. Fails where texts were not kept.
Status rerank(const index::IndexReader& index, const model::CrossEncoder& model,
              std::span<const data::Query> queries, std::size_t k, std::vector<Ranking>& rankings);

}  // namespace crosstail::retrieve
