#pragma once
/// Measures of vectors themselves, each per query so that slices and tests apply (papers.md §3).
/// Everything works on L2-normalised copies; rows of `a` and `b` with the same number belong
/// together (a query and its passage, a sentence and its translation).

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/pool.h"
#include "base/result.h"
#include "eval/nearest_cosines.h"

namespace crosstail::eval {

/// ‖a_i − b_i‖² of every pair; its mean is the alignment (Wang and Isola 2020, α = 2).
Result<std::vector<double>> alignment(VectorRows a, VectorRows b);

/// Mean over the other rows j of exp(−2‖x_i − x_j‖²), by row i; the uniformity is the logarithm of
/// its mean. Over `sample` random other rows each (0: all), seeded.
std::vector<double> uniformity_terms(VectorRows x, std::size_t sample, std::uint64_t seed,
                                     Pool* pool = nullptr);
double uniformity(const std::vector<double>& terms);

/// cos(a_i, b_i) / ½(mean_k cos(a_i, NN_k) + mean_k cos(b_i, NN_k)), neighbours in the other set, k
/// = 4 (Artetxe and Schwenk 2019, ratio).
Result<std::vector<double>> margin_scores(VectorRows a, VectorRows b, std::size_t k = 4,
                                          Pool* pool = nullptr);

/// 1 where the nearest row of b (ties: the smaller row) is the one that belongs to a_i, else 0.
Result<std::vector<double>> neighbour_accuracy(VectorRows a, VectorRows b, Pool* pool = nullptr);

/// LAReQA's mAP (Roy et al. 2020): candidates of all languages in one pool; every candidate with
/// the query's group is relevant. Average precision by query; 0 where nothing is relevant.
Result<std::vector<double>> pooled_average_precision(VectorRows queries,
                                                     const std::vector<std::string>& query_groups,
                                                     VectorRows candidates,
                                                     const std::vector<std::string>& groups,
                                                     Pool* pool = nullptr);

/// Language bias by query: over the candidates with the query's group (its translations), the
/// Kruskal–Wallis p-value that their ranks do not depend on the language (as hltcoe's PEER does per
/// query), and the share of each language among the top k of the pool. One relevant candidate a
/// language gives no p-value; ranks of all candidates of the pool are compared then.
struct LanguageBias {
  std::vector<double> p;                    ///< by query; NaN with fewer than two languages
  std::vector<std::string> languages;       ///< sorted
  std::vector<double> top_share;            ///< by language, mean over queries
  std::vector<double> pool_share;           ///< by language: what chance would give
  std::vector<double> own_language_excess;  ///< by query: share of its own language in the top k
                                            ///< less that language's share of the pool
};
Result<LanguageBias> language_bias(VectorRows queries,
                                   const std::vector<std::string>& query_languages,
                                   VectorRows candidates, const std::vector<std::string>& languages,
                                   std::size_t k, Pool* pool = nullptr);

/// P-value of Kruskal and Wallis's test: `groups[i]` is the group of rank i + 1 (no ties). NaN with
/// fewer than two groups.
double kruskal_wallis_p(const std::vector<std::uint32_t>& groups, std::size_t group_count);

}  // namespace crosstail::eval
