#pragma once
/// Cluster-robust t-test of one column of a sample against 0 (Liang and Zeger 1986, with the factor
/// C / (C - 1) and C - 1 degrees of freedom), and what follows from its standard error.

#include <cstddef>

#include "eval/bootstrap.h"
#include "eval/sample.h"

namespace crosstail::eval {

struct ClusterT {
  double estimate = 0;
  double standard_error = 0;
  double t = 0;
  double degrees = 0;  ///< clusters - 1 (strata resampled: the smaller of clusters, strata, - 1)
  double p = 1;        ///< two-sided; 1 where the column is 0 throughout
  Interval interval;   ///< at the level asked for
  /// estimate / (standard error × √clusters): the mean in standard deviations of a cluster;
  /// infinite where every cluster has the same difference.
  double effect_size = 0;
  /// The smallest true difference that a test at 1 - level finds with this power, with as many
  /// clusters as vary as much as these.
  double minimum_detectable = 0;
};

struct ClusterTOptions {
  double level = 0.95;
  double power = 0.8;
  /// Strata are drawn too: two-way clustered variance (Cameron, Gelbach and Miller 2011).
  bool random_strata = false;
};

/// With fewer than two clusters there is no variance: the standard error is NaN, p is NaN.
ClusterT cluster_t_test(const Sample& sample, std::size_t column, const ClusterTOptions& options);

}  // namespace crosstail::eval
