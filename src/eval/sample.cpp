#include "eval/sample.h"

#include <algorithm>

#include "eval/exact_sum.h"

namespace crosstail::eval {

Sample::Sample(std::vector<std::uint32_t> cluster, std::vector<std::uint32_t> stratum)
    : cluster_(std::move(cluster)), stratum_(std::move(stratum)) {
  if (stratum_.empty()) stratum_.assign(cluster_.size(), 0);
  for (const auto c : cluster_) clusters_ = std::max<std::size_t>(clusters_, c + 1);
  for (const auto s : stratum_) strata_ = std::max<std::size_t>(strata_, s + 1);
  sizes_.assign(strata_, 0);
  for (const auto s : stratum_) ++sizes_[s];
  filled_strata_ = static_cast<std::size_t>(
      std::count_if(sizes_.begin(), sizes_.end(), [](double n) { return n > 0; }));
}

std::size_t Sample::add(std::span<const double> values) {
  columns_.emplace_back(values.begin(), values.end());
  return columns_.size() - 1;
}

double Sample::weight(std::size_t q) const {
  return 1 / (static_cast<double>(filled_strata_) * sizes_[stratum_[q]]);
}

double Sample::stratum_mean(std::size_t column, std::size_t stratum) const {
  ExactSum sum;
  for (std::size_t q = 0; q < queries(); ++q)
    if (stratum_[q] == stratum) sum.add(columns_[column][q]);
  return sizes_[stratum] > 0 ? sum.total() / sizes_[stratum] : 0;
}

double Sample::estimate(std::size_t column) const {
  std::vector<ExactSum> sums(strata_);
  for (std::size_t q = 0; q < queries(); ++q) sums[stratum_[q]].add(columns_[column][q]);
  ExactSum total;
  for (std::size_t s = 0; s < strata_; ++s)
    if (sizes_[s] > 0) total.add(sums[s].total() / sizes_[s]);
  return filled_strata_ == 0 ? 0 : total.total() / static_cast<double>(filled_strata_);
}

}  // namespace crosstail::eval
