#pragma once
/// Paired randomisation test on clusters: under the null hypothesis that two systems are
/// exchangeable, the sign of a whole cluster's difference is arbitrary. All columns of a sample
/// (each a difference of two systems) share the signs, so their p-values belong together.
///
/// p = (1 + #{|T*| >= |T|}) / (1 + permutations), T the sample's estimate. Sums are in fixed
/// point (44 bits), so equal differences stay ties and the result does not depend on threads.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/pool.h"
#include "eval/sample.h"

namespace crosstail::eval {

/// One two-sided p-value a column. Identical systems get exactly 1.
std::vector<double> randomisation_test(const Sample& differences, std::size_t permutations,
                                       std::uint64_t seed, Pool* pool = nullptr);

}  // namespace crosstail::eval
