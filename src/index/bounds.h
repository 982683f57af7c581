#pragma once
/// How far fast values can lie from score(): the few formulas that every filter shares. The proofs
/// are in docs/search-bounds.md; all roundings here go to the safe side.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

namespace crosstail::index {

inline constexpr float kInfinity = std::numeric_limits<float>::infinity();
/// Dimensions beyond this are refused; the slack below covers sums of that length.
inline constexpr std::size_t kMaxDim = 65536;

/// γ_n = n·u / (1 − n·u) of Higham, "Accuracy and Stability of Numerical Algorithms", §3.1.
[[nodiscard]] inline double gamma(std::size_t n, double unit) {
  const double product = static_cast<double>(n) * unit;
  return product / (1 - product);
}
inline constexpr double kUnit = 0x1p-24;          ///< f32, to nearest
inline constexpr double kFaithfulUnit = 0x1p-23;  ///< f32, any neighbour (bf16 product units)

/// |score − q·x| ≤ score_gamma(dim)·‖q‖‖x‖ (+ underflow): dim/32 fused additions and 5 levels.
[[nodiscard]] inline double score_gamma(std::size_t dim) {
  return gamma((dim + 31) / 32 + 5, kUnit);
}

/// Up to the next float but a few: never below `value`.
[[nodiscard]] inline float above(double value) {
  return static_cast<float>(value * (1 + 0x1p-20));
}

/// At least the length of a vector of `dim` numbers whose squares were added up in f32, in any
/// order, to `squares`. Above 10¹⁸ it is infinite, so that no product of two lengths and no sum in
/// a filter that uses it overflows.
[[nodiscard]] inline float norm_above(float squares, std::size_t dim) {
  const double slack = 1 + static_cast<double>(dim + 8) * 0x1p-23;
  const double norm = std::sqrt(squares * slack + static_cast<double>(dim) * 0x1p-120);
  return norm <= 1e18 ? above(norm) : kInfinity;
}

/// What a filter knows of a query: |fast − score| ≤ alpha·norm + beta·residual + gamma for a row
/// with these two lengths.
struct QueryBound {
  float alpha = 0, beta = 0, gamma = 0;

  /// Infinite where any part is, or where the product of zero and infinity leaves nothing known.
  [[nodiscard]] float operator()(float norm, float residual) const {
    const float bound = (alpha * norm + beta * residual + gamma) * (1 + 0x1p-20F);
    return bound < kInfinity ? bound : kInfinity;
  }
};

[[nodiscard]] inline float lowest_score(float fast, float bound) {
  const float low = fast - bound - (std::fabs(fast) + bound) * 0x1p-22F;
  return low > -kInfinity && bound < kInfinity ? low : -kInfinity;
}
[[nodiscard]] inline float highest_score(float fast, float bound) {
  const float high = fast + bound + (std::fabs(fast) + bound) * 0x1p-22F;
  return high < kInfinity && bound < kInfinity ? high : kInfinity;
}
/// A fast value below this means a score below `threshold`. −∞ where nothing can be excluded.
[[nodiscard]] inline float exclusion_limit(float threshold, float bound) {
  const float limit = threshold - bound - (std::fabs(threshold) + bound) * 0x1p-22F;
  return limit > -kInfinity ? limit : -kInfinity;
}

}  // namespace crosstail::index
