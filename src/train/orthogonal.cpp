#include "train/orthogonal.h"

#include <algorithm>
#include <cmath>

namespace crosstail::train {
namespace {

constexpr int kSteps = 5;
constexpr double kLinear = 3.4445, kCubic = -4.7750, kQuintic = 2.0315;

template <class Real>
double frobenius_norm(const Real* x, std::size_t n) {
  double lanes[8] = {};
  for (std::size_t i = 0; i < n; ++i)
    lanes[i % 8] += static_cast<double>(x[i]) * static_cast<double>(x[i]);
  double sum = 0;
  for (const double lane : lanes) sum += lane;
  return std::sqrt(sum);
}

}  // namespace

template <class Real>
void orthogonalise(nn::ProductMode mode, std::size_t rows, std::size_t columns, Real* x,
                   OrthogonalScratch<Real>& s) {
  using nn::Transpose;
  const std::size_t n = rows * columns;
  const double norm = frobenius_norm(x, n);
  if (norm <= 0 || !std::isfinite(norm)) return;
  for (std::size_t i = 0; i < n; ++i) x[i] = static_cast<Real>(static_cast<double>(x[i]) / norm);
  // The smaller of x xᵀ and xᵀ x is the one to take.
  const bool wide = rows <= columns;
  const std::size_t m = std::min(rows, columns), inner = std::max(rows, columns);
  const auto flipped = wide ? Transpose::No : Transpose::Yes,
             straight = wide ? Transpose::Yes : Transpose::No;
  for (auto* square : {&s.gram, &s.square}) square->resize(m * m);
  s.product.resize(n);
  s.x.resize(mode, rows, columns);
  s.gram_factor.resize(mode, m, m);
  s.polynomial.resize(mode, m, m);
  for (int step = 0; step < kSteps; ++step) {
    s.x.put(0, rows, x);
    nn::multiply<Real>({mode, flipped, straight, m, m, inner, false}, s.x.operand(0),
                       s.x.operand(0), s.gram.data(), m);
    s.gram_factor.put(0, m, s.gram.data());
    nn::multiply<Real>({mode, Transpose::No, Transpose::No, m, m, m, false},
                       s.gram_factor.operand(0), s.gram_factor.operand(0), s.square.data(), m);
    for (std::size_t i = 0; i < m * m; ++i)
      s.square.data()[i] = static_cast<Real>(kCubic) * s.gram.data()[i] +
                           static_cast<Real>(kQuintic) * s.square.data()[i];
    s.polynomial.put(0, m, s.square.data());
    const auto left = wide ? s.polynomial.operand(0) : s.x.operand(0),
               right = wide ? s.x.operand(0) : s.polynomial.operand(0);
    nn::multiply<Real>({mode, Transpose::No, Transpose::No, rows, columns, m, false}, left, right,
                       s.product.data(), columns);
    for (std::size_t i = 0; i < n; ++i)
      x[i] = static_cast<Real>(kLinear) * x[i] + s.product.data()[i];
  }
}

template void orthogonalise(nn::ProductMode, std::size_t, std::size_t, float*,
                            OrthogonalScratch<float>&);
template void orthogonalise(nn::ProductMode, std::size_t, std::size_t, double*,
                            OrthogonalScratch<double>&);

}  // namespace crosstail::train
