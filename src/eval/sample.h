#pragma once
/// The sample that statistics work on: queries in clusters and strata, with any number of columns
/// of values (systems, or differences of systems), all resampled together.
///
/// The estimate of a column is the mean over strata of the stratum's mean over its queries: with
/// one stratum the plain mean, with languages as strata the macro average.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace crosstail::eval {

class Sample {
 public:
  /// `cluster` and `stratum` by query; every query counts.
  Sample(std::vector<std::uint32_t> cluster, std::vector<std::uint32_t> stratum);

  /// Adds a column: a value a query. Returns its number.
  std::size_t add(std::span<const double> values);

  [[nodiscard]] std::size_t queries() const { return cluster_.size(); }
  [[nodiscard]] std::size_t clusters() const { return clusters_; }
  [[nodiscard]] std::size_t strata() const { return strata_; }
  [[nodiscard]] std::size_t columns() const { return columns_.size(); }
  [[nodiscard]] std::span<const double> column(std::size_t c) const { return columns_[c]; }
  [[nodiscard]] std::uint32_t cluster(std::size_t q) const { return cluster_[q]; }
  [[nodiscard]] std::uint32_t stratum(std::size_t q) const { return stratum_[q]; }
  /// Queries in a stratum.
  [[nodiscard]] double stratum_size(std::size_t s) const { return sizes_[s]; }
  /// What one query's value weighs in the estimate: 1 / (strata × queries of its stratum).
  [[nodiscard]] double weight(std::size_t q) const;

  [[nodiscard]] double estimate(std::size_t column) const;
  [[nodiscard]] double stratum_mean(std::size_t column, std::size_t stratum) const;

 private:
  std::vector<std::uint32_t> cluster_, stratum_;
  std::size_t clusters_ = 0, strata_ = 0, filled_strata_ = 0;
  std::vector<double> sizes_;
  std::vector<std::vector<double>> columns_;
};

}  // namespace crosstail::eval
