#include "eval/cluster_t.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <utility>

#include "eval/distributions.h"

namespace crosstail::eval {
namespace {

double inflate(double squares, std::size_t count) {
  const auto n = static_cast<double>(count);
  return squares * n / (n - 1);
}

double sum_of_squares(const std::vector<double>& values) {
  double squares = 0;
  for (const double v : values) squares += v * v;
  return squares;
}

/// Residuals of queries around their stratum's mean, weighted as in the estimate.
std::vector<double> residuals(const Sample& sample, std::size_t column) {
  std::vector<double> means(sample.strata(), 0);
  const auto values = sample.column(column);
  for (std::size_t q = 0; q < sample.queries(); ++q) means[sample.stratum(q)] += values[q];
  for (std::size_t s = 0; s < means.size(); ++s)
    if (sample.stratum_size(s) > 0) means[s] /= sample.stratum_size(s);
  std::vector<double> out(sample.queries());
  for (std::size_t q = 0; q < out.size(); ++q)
    out[q] = sample.weight(q) * (values[q] - means[sample.stratum(q)]);
  return out;
}

double cluster_variance(const Sample& sample, std::size_t column) {
  const auto residual = residuals(sample, column);
  std::vector<double> by_cluster(sample.clusters(), 0);
  for (std::size_t q = 0; q < residual.size(); ++q) by_cluster[sample.cluster(q)] += residual[q];
  return inflate(sum_of_squares(by_cluster), sample.clusters());
}

/// Strata as draws from a population: the spread of stratum means plus that of clusters, less that
/// of their intersections, which both contain.
double two_way_variance(const Sample& sample, std::size_t column, double estimate) {
  const auto residual = residuals(sample, column);
  std::vector<double> means(sample.strata(), 0);
  std::size_t filled = 0;
  for (std::size_t s = 0; s < sample.strata(); ++s) {
    if (sample.stratum_size(s) == 0) continue;
    means[s] = sample.stratum_mean(column, s) - estimate;
    ++filled;
  }
  if (filled < 2) return std::numeric_limits<double>::quiet_NaN();
  const auto strata = static_cast<double>(filled);
  const double between = inflate(sum_of_squares(means), filled) / (strata * strata);
  std::map<std::pair<std::uint32_t, std::uint32_t>, double> cells;
  for (std::size_t q = 0; q < residual.size(); ++q)
    cells[{sample.cluster(q), sample.stratum(q)}] += residual[q];
  double within = 0;
  for (const auto& [cell, sum] : cells) within += sum * sum;
  const double clusters = cluster_variance(sample, column);
  return std::max({between + clusters - within, between, clusters});
}

}  // namespace

ClusterT cluster_t_test(const Sample& sample, std::size_t column, const ClusterTOptions& options) {
  ClusterT out;
  out.estimate = sample.estimate(column);
  const std::size_t clusters = sample.clusters();
  if (clusters < 2) {
    out.standard_error = out.t = out.p = std::numeric_limits<double>::quiet_NaN();
    out.effect_size = out.minimum_detectable = out.standard_error;
    out.interval = {out.standard_error, out.standard_error};
    return out;
  }
  const double variance = options.random_strata ? two_way_variance(sample, column, out.estimate)
                                                : cluster_variance(sample, column);
  out.standard_error = std::sqrt(variance);
  if (out.standard_error < 1e-12 * std::fabs(out.estimate)) out.standard_error = 0;  // rounding
  const std::size_t units = options.random_strata ? std::min(clusters, sample.strata()) : clusters;
  out.degrees = static_cast<double>(units) - 1;
  if (out.degrees < 1) out.degrees = 1;
  if (out.standard_error > 0) {
    out.t = out.estimate / out.standard_error;
    out.p = 2 * student_cdf(-std::fabs(out.t), out.degrees);
    out.effect_size = out.t / std::sqrt(static_cast<double>(clusters));
  } else {
    // The same difference in every cluster: the test has no spread to go by.
    out.p = out.estimate == 0 ? 1 : 0;
    if (out.estimate != 0)
      out.effect_size = std::copysign(std::numeric_limits<double>::infinity(), out.estimate);
  }
  const double quantile = student_quantile(1 - (1 - options.level) / 2, out.degrees);
  out.interval = {out.estimate - quantile * out.standard_error,
                  out.estimate + quantile * out.standard_error};
  out.minimum_detectable =
      (quantile + student_quantile(options.power, out.degrees)) * out.standard_error;
  return out;
}

}  // namespace crosstail::eval
