#pragma once
/// y = (x - mean) / sqrt(variance + epsilon) · gamma + beta over the last dimension; the variance
/// is that of the population (Ba, Kiros and Hinton, 2016).

#include <cmath>
#include <cstddef>
#include <span>

namespace crosstail::nn {

/// gamma and beta: one number per column. Borrowed.
struct NormWeights {
  std::span<const float> gamma, beta;
};

/// The definition, for tests. x, y: rows × columns, may be the same.
template <class Real>
void layer_norm_plain(const Real* x, std::size_t rows, std::size_t columns, const Real* gamma,
                      const Real* beta, Real epsilon, Real* y) {
  for (std::size_t r = 0; r < rows; ++r, x += columns, y += columns) {
    Real mean = 0, variance = 0;
    for (std::size_t c = 0; c < columns; ++c) mean += x[c];
    mean /= static_cast<Real>(columns);
    for (std::size_t c = 0; c < columns; ++c) variance += (x[c] - mean) * (x[c] - mean);
    variance /= static_cast<Real>(columns);
    const Real scale = Real(1) / std::sqrt(variance + epsilon);
    for (std::size_t c = 0; c < columns; ++c) y[c] = (x[c] - mean) * scale * gamma[c] + beta[c];
  }
}

}  // namespace crosstail::nn
