#pragma once
/// A run scored: every measure for every query of the qrels. All runs of one experiment are scored
/// against the same queries in the same order, so that they can be compared query by query.

#include <cstddef>
#include <string>
#include <vector>

#include "base/pool.h"
#include "data/qrels.h"
#include "data/runs.h"
#include "eval/measure.h"

namespace crosstail::eval {

/// A query of the qrels that the run does not answer.
enum class Missing {
  Zero,  ///< counts with 0 in every measure (trec_eval -c)
  Skip,  ///< left out of the mean (trec_eval without -c)
};

struct RunScores {
  std::vector<Measure> measures;
  std::size_t queries = 0;           ///< of the qrels
  std::vector<double> values;        ///< queries × measures; 0 where the run lacks the query
  std::vector<char> answered;        ///< by query: the run has it
  std::size_t missing = 0;           ///< queries of the qrels that the run lacks
  std::size_t unknown = 0;           ///< queries of the run that the qrels lack (passed over)
  std::string unknown_example;       ///< one of them
  std::size_t without_relevant = 0;  ///< queries for which the qrels name nothing relevant
  std::size_t relevant = 0, relevant_retrieved = 0;  ///< summed over answered queries
  RankingCounts counts;

  [[nodiscard]] double value(std::size_t query, std::size_t measure) const {
    return values[query * measures.size() + measure];
  }
  [[nodiscard]] std::vector<double> column(std::size_t measure) const;
  /// Mean over queries, in double-double so that it does not depend on the order.
  [[nodiscard]] double mean(std::size_t measure, Missing missing) const;
};

/// Fails when no query of the run is in the qrels, and where a policy of Error is broken. `pool`,
/// if given, shares the work; the result does not depend on it.
Result<RunScores> score_run(const data::Run& run, const data::Qrels& qrels,
                            const std::vector<Measure>& measures, const RankingPolicy& policy,
                            Pool* pool = nullptr);

}  // namespace crosstail::eval
