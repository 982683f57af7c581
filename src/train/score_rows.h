#pragma once
/// Softmax losses of one row of scores, with their gradients. Private to train.

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

namespace crosstail::train {

/// log Σ exp(row), with the maximum taken out first; probabilities into `softmax`. -inf has none.
template <class Real>
double log_sum_exp(std::span<const Real> row, std::span<Real> softmax) {
  const Real top = *std::max_element(row.begin(), row.end());
  double sum = 0;
  for (std::size_t j = 0; j < row.size(); ++j) sum += softmax[j] = std::exp(row[j] - top);
  for (auto& p : softmax) p = static_cast<Real>(p / sum);
  return static_cast<double>(top) + std::log(sum);
}

/// -log softmax(row)[target]; `gradient`: softmax(row) less 1 at the target.
template <class Real>
double negative_log_softmax(std::span<const Real> row, std::size_t target,
                            std::span<Real> gradient) {
  const double sum = log_sum_exp<Real>(row, gradient);
  gradient[target] -= Real(1);
  return sum - static_cast<double>(row[target]);
}

/// Σ t (log t - log s) with t = softmax(teacher), s = softmax(row); `gradient`: s - t.
template <class Real>
double soft_cross_entropy(std::span<const Real> row, std::span<const double> teacher,
                          std::span<Real> gradient) {
  const double sum = log_sum_exp<Real>(row, gradient);
  std::vector<double> t(teacher.size());
  const double teacher_sum = log_sum_exp<double>(teacher, t);
  double loss = 0;
  for (std::size_t j = 0; j < row.size(); ++j) {
    if (t[j] > 0) loss += t[j] * (teacher[j] - teacher_sum - static_cast<double>(row[j]) + sum);
    gradient[j] = static_cast<Real>(static_cast<double>(gradient[j]) - t[j]);
  }
  return loss;
}

}  // namespace crosstail::train
