#pragma once
/// Two rankings of one query joined: reciprocal rank fusion (Cormack, Clarke and Büttcher 2009) or
/// a weighted sum of scores scaled to 0…1.

#include <cstddef>

#include "retrieve/ranking.h"

namespace crosstail::retrieve {

inline constexpr double kReciprocalRankConstant = 60;

/// Σ over the two of 1 / (60 + rank).
Ranking by_reciprocal_rank(const Ranking& a, const Ranking& b, std::size_t depth);

/// weight·a + (1 - weight)·b, each scaled so that its best hit has 1 and its last 0; what a ranking
/// lacks has 0 there.
Ranking by_weighted_sum(const Ranking& a, const Ranking& b, double weight, std::size_t depth);

}  // namespace crosstail::retrieve
