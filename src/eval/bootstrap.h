#pragma once
/// Cluster bootstrap: clusters are drawn with replacement, each with all its queries in all strata
/// (languages), so that a macro average is resampled jointly. With `resample_strata` strata are
/// drawn too (the pigeonhole bootstrap, Owen 2007), for claims about languages that were not
/// tested.
///
/// Intervals are expanded percentile intervals (Hesterberg 2015, §4.4): percentiles at the level at
/// which a normal sample of this many clusters would be covered as Student's t covers it.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/pool.h"
#include "eval/sample.h"

namespace crosstail::eval {

struct BootstrapOptions {
  std::size_t resamples = 10000;
  std::uint64_t seed = 1;
  double level = 0.95;
  bool resample_strata = false;
};

struct Interval {
  double low = 0, high = 0;
};

/// What one resample holds: means by stratum and column.
class Resample {
 public:
  Resample(std::size_t strata, std::size_t columns)
      : columns_(columns), sizes_(strata), sums_(strata * columns), draws_(strata, 1) {}
  [[nodiscard]] std::size_t strata() const { return sizes_.size(); }
  /// False when no query of the stratum was drawn; it has no mean then.
  [[nodiscard]] bool has(std::size_t stratum) const { return sizes_[stratum] > 0; }
  [[nodiscard]] double mean(std::size_t stratum, std::size_t column) const {
    return sums_[stratum * columns_ + column] / sizes_[stratum];
  }
  /// How often the stratum itself was drawn (1 unless strata are resampled).
  [[nodiscard]] double draws(std::size_t stratum) const { return draws_[stratum]; }

 private:
  friend class Bootstrap;
  std::size_t columns_;
  std::vector<double> sizes_, sums_, draws_;
};

/// A figure computed from stratum means: fills `out` with as many values as were announced.
using Functional = std::function<void(const Resample&, std::span<double> out)>;

class Bootstrap {
 public:
  /// Draws once and keeps the values of `figures` in every resample. The result does not depend on
  /// threads.
  Bootstrap(const Sample& sample, const BootstrapOptions& options, std::size_t figures,
            const Functional& functional, Pool* pool = nullptr);

  [[nodiscard]] Interval interval(std::size_t figure) const;
  [[nodiscard]] double standard_error(std::size_t figure) const;

 private:
  std::size_t clusters_, resamples_, figures_;
  double level_;
  std::vector<double> values_;  ///< figures × resamples
};

/// The sample's own estimates as figures: one a column, the mean over strata.
Functional estimates(std::size_t columns);

/// One interval a column for the sample's estimates.
std::vector<Interval> bootstrap_intervals(const Sample& sample, const BootstrapOptions& options,
                                          Pool* pool = nullptr);

}  // namespace crosstail::eval
