#include "index/bm25_addends.h"

#include <immintrin.h>

namespace crosstail::index {
namespace {

void addends_portable(const Bm25Norm& norm, float weight, const std::uint32_t* lengths,
                      const std::uint32_t* documents, const std::uint32_t* frequencies,
                      std::size_t count, std::uint32_t* out) {
  for (std::size_t i = 0; i < count; ++i)
    out[i] = bm25_addend(weight, norm.impact(frequencies[i] + 1, lengths[documents[i]]));
}

__attribute__((target("avx2"))) void addends_avx2(const Bm25Norm& norm, float weight,
                                                  const std::uint32_t* lengths,
                                                  const std::uint32_t* documents,
                                                  const std::uint32_t* frequencies,
                                                  std::size_t count, std::uint32_t* out) {
  const __m256 base = _mm256_set1_ps(norm.base), slope = _mm256_set1_ps(norm.slope),
               w = _mm256_set1_ps(weight);
  const __m256i most = _mm256_set1_epi32(0x7fffffff), one = _mm256_set1_epi32(1);
  std::size_t i = 0;
  for (; i + 8 <= count; i += 8) {
    const __m256i d = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(documents + i));
    // Rows beyond 2^31 would be negative to the gather.
    const __m256i length =
        _mm256_min_epu32(most, _mm256_i32gather_epi32(reinterpret_cast<const int*>(lengths), d, 4));
    const __m256i frequency = _mm256_min_epu32(
        most, _mm256_add_epi32(
                  one, _mm256_loadu_si256(reinterpret_cast<const __m256i*>(frequencies + i))));
    const __m256 f = _mm256_cvtepi32_ps(frequency);
    const __m256 n = _mm256_add_ps(base, _mm256_mul_ps(slope, _mm256_cvtepi32_ps(length)));
    const __m256 impact = _mm256_div_ps(f, _mm256_add_ps(f, n));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + i),
                        _mm256_cvtps_epi32(_mm256_mul_ps(w, impact)));
  }
  addends_portable(norm, weight, lengths, documents + i, frequencies + i, count - i, out + i);
}

}  // namespace

Bm25Addends bm25_addends(std::uint64_t rows) {
  static const bool avx2 = __builtin_cpu_supports("avx2") != 0;
  // Larger numbers of documents would be negative to the gather.
  return avx2 && rows < 0x80000000U ? addends_avx2 : addends_portable;
}

}  // namespace crosstail::index
