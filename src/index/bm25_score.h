#pragma once
/// The score of a document, in one place so that building, searching and re-scoring agree on every
/// bit (Robertson and Zaragoza 2009, with the inverse document frequency of Lucene, never
/// negative):
///
///   impact(t, d) = f / (f + k1·(1 - b + b·|d| / mean length))       f = occurrences of t in d
///   score(q, d)  = Σ_t  n_t · ln(1 + (N - n + 0.5) / (n + 0.5)) · impact(t, d)
///
/// with n_t = occurrences in the query, n = documents that hold t, N = documents with any term.
/// Each addend is rounded to a multiple of a power of two, chosen by the query so that no sum
/// reaches 2^24 of them: sums are then exact in any order, as integers and as f32, and ties are
/// ties.

#include <emmintrin.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>

#include "index/bm25_builder.h"

namespace crosstail::index {

/// impact() as f / (f + base + slope·length).
struct Bm25Norm {
  float base = 0, slope = 0;

  static Bm25Norm make(const Bm25Parameters& parameters, double mean_length) {
    const double slope = mean_length > 0 ? double{parameters.k1} * parameters.b / mean_length : 0;
    return {static_cast<float>(double{parameters.k1} * (1 - double{parameters.b})),
            static_cast<float>(slope)};
  }
  [[nodiscard]] float impact(std::uint32_t frequency, std::uint32_t length) const {
    const float f = static_cast<float>(static_cast<std::int32_t>(std::min(frequency, 0x7fffffffU)));
    const float norm =
        base + slope * static_cast<float>(static_cast<std::int32_t>(std::min(length, 0x7fffffffU)));
    return f / (f + norm);
  }
};

inline double bm25_idf(std::uint64_t documents, std::uint64_t frequency) {
  const double n = static_cast<double>(std::min(frequency, documents));
  return std::log1p((static_cast<double>(documents) - n + 0.5) / (n + 0.5));
}

/// The largest power of two by which the weights may be multiplied.
inline float bm25_scale(std::span<const float> weights) {
  double sum = 0;
  for (const float weight : weights) sum += weight;
  const double room = double{1 << 24} - 1 - static_cast<double>(weights.size());
  if (sum <= 0 || room <= 0) return 1.0F;
  return static_cast<float>(std::exp2(std::floor(std::log2(room / sum))));
}

/// One addend in units of 1 / scale; `scaled_weight` = weight · scale.
inline std::uint32_t bm25_addend(float scaled_weight, float impact) {
  // To nearest, ties to even; what the vector form of this instruction does.
  return static_cast<std::uint32_t>(_mm_cvtss_si32(_mm_set_ss(scaled_weight * impact)));
}

}  // namespace crosstail::index
