#pragma once
/// Many comparisons at once. NaN entries (comparisons without a p-value) stay NaN and do not count.

#include <vector>

namespace crosstail::eval {

/// Adjusted p-values that keep the chance of any false rejection (Holm 1979).
std::vector<double> holm(const std::vector<double>& p);
/// Adjusted p-values that keep the expected share of false rejections (Benjamini and Hochberg
/// 1995).
std::vector<double> benjamini_hochberg(const std::vector<double>& p);

}  // namespace crosstail::eval
