#pragma once
/// Several systems on the same queries: means with intervals, differences from a baseline with
/// p-values, by language and by slice. Everything clustered (clusters.h), everything seeded.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/pool.h"
#include "eval/bootstrap.h"
#include "eval/clusters.h"

namespace crosstail::eval {

/// Fewer clusters than this give a warning and no p-value.
inline constexpr std::size_t kMinClusters = 30;

/// What is compared. `values[system][query × measures + measure]`.
struct Study {
  std::vector<std::string> measures;  ///< names; the first is the one that choices turn on
  /// By measure: 1 where a smaller value is the better one. Empty: nowhere.
  std::vector<char> smaller_is_better;
  std::vector<std::string> systems;  ///< names
  std::vector<std::string> queries;  ///< ids
  std::vector<std::vector<double>> values;
  Clusters clusters;  ///< of the queries
  /// Strata of the macro average; `language` by query. One nameless stratum: the plain mean.
  std::vector<std::string> languages;
  std::vector<std::uint32_t> language;

  [[nodiscard]] double value(std::size_t system, std::size_t query, std::size_t measure) const {
    return values[system][query * measures.size() + measure];
  }
  /// 1, or -1 where smaller is better: differences times this are gains.
  [[nodiscard]] double direction(std::size_t measure) const {
    return measure < smaller_is_better.size() && smaller_is_better[measure] != 0 ? -1 : 1;
  }
  /// The part of the study with these queries (ascending); clusters are numbered anew.
  [[nodiscard]] Study part(const std::vector<std::size_t>& of_queries) const;
};

struct StudyOptions {
  std::size_t baseline = 0;  ///< a system
  std::size_t permutations = 10000, resamples = 10000;
  std::uint64_t seed = 1;
  double level = 0.95;
  bool random_languages = false;
};

/// A number with its interval.
struct Figure {
  double value = 0;
  Interval interval;
};

struct Comparison {
  std::size_t system = 0, baseline = 0, measure = 0;
  Figure difference;
  double relative = 0;                 ///< difference / baseline's mean; NaN where that is 0
  std::optional<double> p;             ///< randomisation; none under kMinClusters
  std::optional<double> p_holm, p_bh;  ///< corrected over all comparisons of the study
  std::optional<double> p_t;           ///< cluster-robust t
  double effect_size = 0, minimum_detectable = 0;
  std::size_t wins = 0, losses = 0, ties = 0;  ///< queries; a win is for the better
};

struct StudyResult {
  std::size_t queries = 0, clusters = 0;
  std::vector<std::vector<Figure>> means;  ///< system × measure
  std::vector<Comparison> comparisons;     ///< every other system with the baseline, every measure
  std::vector<std::string> warnings;
};

/// Fails with InvalidArgument when there is nothing to compare (no query, no system).
Result<StudyResult> run_study(const Study& study, const StudyOptions& options,
                              Pool* pool = nullptr);

/// Means of all systems and differences from the baseline on the first measure, with intervals:
/// what one slice of the queries says.
struct SliceResult {
  std::size_t queries = 0, clusters = 0;
  std::vector<Figure> means;  ///< by system
  std::vector<Figure> gains;  ///< by system, raw differences; 0 for the baseline
  std::vector<std::optional<double>>
      p;  ///< by system; none for the baseline, nor under kMinClusters
};
SliceResult run_slice(const Study& part, const StudyOptions& options, Pool* pool = nullptr);

/// The gain of a chosen system over the best of those that use no question in another language.
struct Headline {
  std::size_t system = 0, baseline = 0;
  Figure gain;
  /// The largest p over all baselines: "better than every one of them" (intersection-union test),
  /// Holm-corrected over the candidates. None under kMinClusters.
  std::optional<double> p;
  std::size_t candidates = 0, baselines = 0;
  std::size_t queries = 0, clusters = 0;
};

/// `other_languages` by system: uses questions in another language; not known systems take no part.
/// The baseline is the best of the first measure among those without, the system the best among
/// those with (or `system`, if given). None when either kind is missing.
std::optional<Headline> find_headline(const Study& study,
                                      const std::vector<std::optional<bool>>& other_languages,
                                      std::optional<std::size_t> system,
                                      const StudyOptions& options, Pool* pool = nullptr);

}  // namespace crosstail::eval
