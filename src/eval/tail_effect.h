#pragma once
/// Does it help the tail more? Gain on the tail minus gain on the head (difference in differences)
/// for one view of the long tail (design.md §4), macro over languages, on clusters.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/pool.h"
#include "eval/study.h"

namespace crosstail::eval {

enum class TailPart : std::uint8_t { Head, Torso, Tail, None };
inline constexpr std::size_t kTailParts = 3;
std::string_view tail_part_name(TailPart part);  ///< "head", "torso", "tail"; "" for None

struct TailInput {
  std::size_t system = 0, baseline = 0;
  std::vector<TailPart> part;  ///< by query of the study
  /// Baseline's reciprocal rank by query, for the strata; may be empty.
  std::vector<double> reciprocal_rank;
  /// The view compares languages: labels are permuted among whole languages, not clusters.
  bool by_language = false;
};

struct TailRow {
  TailPart part = TailPart::None;
  std::size_t queries = 0, clusters = 0;
  Figure baseline, system, gain;
};

/// Queries for which the baseline's reciprocal rank lies in (above, up_to].
struct TailStratum {
  double above = 0, up_to = 0;
  std::size_t tail_queries = 0, head_queries = 0;
  double tail_gain = 0, head_gain = 0;  ///< plain means
};

struct TailEffect {
  std::vector<TailRow> rows;  ///< head, torso, tail; those that have queries
  Figure difference;          ///< tail's gain less head's
  std::optional<double> p;  ///< permuting labels; none under kMinClusters (by language: under ten)
  std::vector<TailStratum> strata;
  /// Tail less head within strata, weighted by their queries: what is left when both start equal.
  std::optional<double> within_strata;
};

/// Labels are permuted as follows: clusters are put in random order, and in every language the
/// labels of its cells (cluster × language), torso apart, are dealt out again in that order; so
/// clusters that have all languages keep their labels together, as translations of one question do.
/// None when there is no query in the head or none in the tail.
std::optional<TailEffect> tail_effect(const Study& study, const TailInput& input,
                                      const StudyOptions& options, Pool* pool = nullptr);

}  // namespace crosstail::eval
