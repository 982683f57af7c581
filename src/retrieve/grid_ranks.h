#pragma once
/// The places of relevant passages under many fusion settings at once, for `tune`.
///
/// A fused vector is a combination of the passage's vector and the mean of its questions, divided
/// by its length, so the products of queries with these two, computed once, give the scores of
/// every mode and α; centring changes the factors, and leaving out a language the means. Passages
/// whose questions a query's group, site or text takes away are computed for that query. Scores
/// differ from those of a search by rounding alone, so places differ only between near ties.

#include <chrono>
#include <filesystem>
#include <functional>
#include <span>
#include <vector>

#include "base/result.h"
#include "data/queries.h"
#include "index/fusion.h"
#include "retrieve/macro_mrr.h"
#include "retrieve/session.h"

namespace crosstail::retrieve {

struct GridQueries {
  std::span<const data::Query> queries;
  std::span<const float> vectors;                               ///< queries × dim, not centred
  std::span<const std::vector<index::PassageNumber>> relevant;  ///< by query, ascending
};

/// How a grid is run.
struct GridRun {
  std::function<void(double)> done;  ///< told the share that is done
  /// Where to keep what was counted, every `state_every` and at an interruption; the next run with
  /// the same inputs goes on from there. Empty: nowhere. Removed at the end.
  std::filesystem::path state;
  std::chrono::milliseconds state_every{10000};
};

/// out[setting][query]: 1 / the place of the best relevant passage, 0 behind kMrrDepth. `base`
/// gives leave-out and filters of questions; no setting weighs sources differently. Memory: 4 bytes
/// a setting, query and thread, and tiles of passages. Fails with InvalidArgument where the parts
/// cannot give a setting or a query lacks a field; with Interrupted after Ctrl-C.
Result<std::vector<std::vector<float>>> grid_reciprocal_ranks(
    const QuerySession& session, const GridQueries& asked, const SearchSetting& base,
    std::span<const index::FusionSetting> settings, const GridRun& run = {});

}  // namespace crosstail::retrieve
