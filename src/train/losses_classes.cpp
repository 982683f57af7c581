#include <algorithm>
#include <cmath>

#include "train/losses.h"
#include "train/score_rows.h"

namespace crosstail::train {

template <class Real>
double binary_cross_entropy(std::span<const Real> logits, std::span<const double> targets,
                            Real* gradient) {
  const auto count = static_cast<double>(logits.size());
  double loss = 0;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    const auto z = static_cast<double>(logits[i]);
    // log(1 + exp(z)) - t z, written so that exp never overflows
    loss += std::max(z, 0.0) + std::log1p(std::exp(-std::abs(z))) - targets[i] * z;
    gradient[i] = static_cast<Real>((1 / (1 + std::exp(-z)) - targets[i]) / count);
  }
  return logits.empty() ? 0 : loss / count;
}

template <class Real>
double cross_entropy(const Real* logits, std::span<const std::int64_t> labels, std::size_t classes,
                     Real* gradient) {
  const auto counted = static_cast<double>(
      std::count_if(labels.begin(), labels.end(), [](auto label) { return label >= 0; }));
  double loss = 0;
  for (std::size_t r = 0; r < labels.size(); ++r) {
    const std::span<Real> d_row(gradient + r * classes, classes);
    std::fill(d_row.begin(), d_row.end(), Real(0));
    if (labels[r] < 0) continue;
    loss += negative_log_softmax<Real>({logits + r * classes, classes},
                                       static_cast<std::size_t>(labels[r]), d_row);
    for (auto& d : d_row) d = static_cast<Real>(static_cast<double>(d) / counted);
  }
  return counted > 0 ? loss / counted : 0;
}

template double binary_cross_entropy(std::span<const float>, std::span<const double>, float*);
template double binary_cross_entropy(std::span<const double>, std::span<const double>, double*);
template double cross_entropy(const float*, std::span<const std::int64_t>, std::size_t, float*);
template double cross_entropy(const double*, std::span<const std::int64_t>, std::size_t, double*);

}  // namespace crosstail::train
