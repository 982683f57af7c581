#pragma once
/// Chooses the fusion setting of an index: the one with the best MRR@10, macro over languages with
/// variants of a language as one, on development queries, or on the attached questions themselves,
/// each asked with its own language and group left out.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "data/queries.h"
#include "retrieve/grid_ranks.h"
#include "retrieve/macro_mrr.h"
#include "retrieve/session.h"

namespace crosstail::retrieve {

struct TunePoint {
  SearchSetting setting;
  double mrr = 0;
  double smoothed = 0;  ///< over the neighbours of its α or β: what decides
};

struct TuneResult {
  std::vector<TunePoint> curve;
  std::size_t best = 0;  ///< the first of those with the highest smoothed MRR@10
  std::size_t queries = 0, languages = 0;
};

/// Tries all of a grid of modes, α, β and centrings (of languages: a quarter to all of the
/// centroid) that the index's parts allow, in one pass over the passages (grid_ranks.h). A setting
/// is judged by its MRR@10 and half as much by those beside it in the grid, so that a peak that
/// only these queries have does not decide. `base` gives leave-out and filters. Fails where no
/// query has a relevant passage.
Result<TuneResult> tune(QuerySession& session, std::span<const data::Query> queries,
                        std::span<const float> vectors,
                        std::vector<std::vector<index::PassageNumber>> relevant,
                        const SearchSetting& base, const GridRun& run = {});

/// Attached questions as queries: about `count` of them, spread evenly over languages, chosen by
/// hashes of their places, so always the same.
struct QuestionsAsQueries {
  std::vector<data::Query> queries;
  std::vector<float> vectors;
  std::vector<std::vector<index::PassageNumber>> relevant;
  LeaveOut leave_out;  ///< language and group
};
Result<QuestionsAsQueries> questions_as_queries(const index::IndexReader& index, std::size_t count);

/// The curve as JSON, for the manifest.
std::string curve_json(const TuneResult& result, std::string_view queries_from);

}  // namespace crosstail::retrieve
