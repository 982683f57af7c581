#include "retrieve/hybrid.h"

#include <algorithm>
#include <map>

namespace crosstail::retrieve {
namespace {

using Sums = std::map<index::PassageNumber, double>;

Ranking best_of(const Sums& sums, std::size_t depth) {
  Ranking out;
  out.reserve(sums.size());
  for (const auto& [passage, sum] : sums) out.push_back({passage, static_cast<float>(sum)});
  std::sort(out.begin(), out.end(), better);
  if (out.size() > depth) out.resize(depth);
  return out;
}

void add_scaled(const Ranking& ranking, double weight, Sums& sums) {
  if (ranking.empty()) return;
  const double most = ranking.front().score, least = ranking.back().score;
  for (const RankedPassage& hit : ranking)
    sums[hit.passage] += weight * (most > least ? (hit.score - least) / (most - least) : 1.0);
}

}  // namespace

Ranking by_reciprocal_rank(const Ranking& a, const Ranking& b, std::size_t depth) {
  Sums sums;
  for (const Ranking* ranking : {&a, &b})
    for (std::size_t i = 0; i < ranking->size(); ++i)
      sums[(*ranking)[i].passage] += 1 / (kReciprocalRankConstant + static_cast<double>(i + 1));
  return best_of(sums, depth);
}

Ranking by_weighted_sum(const Ranking& a, const Ranking& b, double weight, std::size_t depth) {
  Sums sums;
  add_scaled(a, weight, sums);
  add_scaled(b, 1 - weight, sums);
  return best_of(sums, depth);
}

}  // namespace crosstail::retrieve
