#include "eval/randomisation.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "eval/counter_random.h"

namespace crosstail::eval {
namespace {

/// Clusters whose signs one random byte decides: the sums of all 256 subsets are made once.
constexpr std::size_t kBits = 8;
constexpr std::size_t kSubsets = std::size_t{1} << kBits;
/// Columns that are worked on together.
constexpr std::size_t kLanes = 4;
/// Permutations a piece of work; a multiple of 8, the bytes of one random number.
constexpr std::size_t kTile = 2048;

/// Bits of the fixed-point sums: enough to tell real differences apart, few enough that the
/// rounding of doubles (2^-53) stays below a unit and equal differences stay ties.
constexpr int kPrecision = 44;

struct Lanes {
  std::int64_t of[kLanes] = {};
  void operator+=(const Lanes& other) {
    for (std::size_t k = 0; k < kLanes; ++k) of[k] += other.of[k];
  }
};

/// Weighted cluster sums of up to kLanes columns, as whole numbers.
std::vector<Lanes> fixed_point_sums(const Sample& sample, std::size_t first_column) {
  std::vector<Lanes> out(sample.clusters());
  const std::size_t count = std::min(kLanes, sample.columns() - first_column);
  for (std::size_t k = 0; k < count; ++k) {
    std::vector<double> sums(sample.clusters(), 0);
    const auto values = sample.column(first_column + k);
    for (std::size_t q = 0; q < sample.queries(); ++q)
      sums[sample.cluster(q)] += sample.weight(q) * values[q];
    double magnitude = 0;
    for (const double s : sums) magnitude += std::fabs(s);
    if (magnitude == 0) continue;
    const int exponent = kPrecision - std::ilogb(magnitude);
    for (std::size_t c = 0; c < sums.size(); ++c)
      out[c].of[k] = std::llround(std::ldexp(sums[c], exponent));
  }
  return out;
}

/// The sums of the clusters whose sign is flipped, for every subset of one block of clusters.
void subset_sums(const std::vector<Lanes>& sums, std::size_t block, std::vector<Lanes>& table) {
  table[0] = {};
  for (std::size_t bit = 0; bit < kBits; ++bit) {
    const std::size_t cluster = block * kBits + bit;
    const Lanes value = cluster < sums.size() ? sums[cluster] : Lanes{};
    for (std::size_t subset = 0; subset < (std::size_t{1} << bit); ++subset) {
      Lanes& with = table[subset | std::size_t{1} << bit];
      with = table[subset];
      with += value;
    }
  }
}

/// How many of `count` permutations from `first` on are at least as extreme, by lane.
Lanes count_extreme(const std::vector<Lanes>& sums, const CounterRandom& random, std::size_t first,
                    std::size_t count) {
  std::vector<Lanes> flipped(kTile);
  std::vector<Lanes> table(kSubsets);
  for (std::size_t block = 0; block * kBits < sums.size(); ++block) {
    subset_sums(sums, block, table);
    for (std::size_t i = 0; i < count; i += 8) {
      const std::uint64_t bits = random.at(block, (first + i) / 8);
      for (std::size_t j = 0; j < 8; ++j) flipped[i + j] += table[(bits >> (8 * j)) & 0xff];
    }
  }
  Lanes total;
  for (const Lanes& s : sums) total += s;
  // Each cluster was rounded by about half a unit, so ties are ties within this many units.
  const auto slack = static_cast<std::int64_t>(sums.size());
  Lanes extreme;
  for (std::size_t i = 0; i < count; ++i)
    for (std::size_t k = 0; k < kLanes; ++k)
      if (std::abs(total.of[k] - 2 * flipped[i].of[k]) >= std::abs(total.of[k]) - slack)
        ++extreme.of[k];
  return extreme;
}

}  // namespace

std::vector<double> randomisation_test(const Sample& differences, std::size_t permutations,
                                       std::uint64_t seed, Pool* pool) {
  if (differences.columns() == 0) return {};
  const CounterRandom random(seed, 1);
  const std::size_t tiles = (permutations + kTile - 1) / kTile;
  const std::size_t groups = (differences.columns() + kLanes - 1) / kLanes;
  std::vector<std::vector<Lanes>> sums;
  sums.reserve(groups);
  for (std::size_t g = 0; g < groups; ++g)
    sums.push_back(fixed_point_sums(differences, g * kLanes));
  std::vector<Lanes> extreme(tiles * groups);
  const auto work = [&](std::size_t i) {
    const std::size_t tile = i / sums.size(), first = tile * kTile;
    extreme[i] = count_extreme(sums[i - tile * sums.size()], random, first,
                               std::min(kTile, permutations - first));
  };
  if (pool == nullptr) {
    for (std::size_t i = 0; i < extreme.size(); ++i) work(i);
  } else {
    pool->parallel_for(extreme.size(), work);
  }
  std::vector<double> p(differences.columns());
  for (std::size_t column = 0; column < p.size(); ++column) {
    std::int64_t count = 1;
    for (std::size_t tile = 0; tile < tiles; ++tile)
      count += extreme[tile * groups + column / kLanes].of[column % kLanes];
    p[column] = static_cast<double>(count) / static_cast<double>(permutations + 1);
  }
  return p;
}

}  // namespace crosstail::eval
