#include "index/score.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>

#include "index/simd.h"

namespace crosstail::index {

namespace {

constexpr std::size_t kLanes = 32;

float without_nan(float sum) {
  return std::isnan(sum) ? -std::numeric_limits<float>::infinity() : sum;
}

template <VectorType type>
float element(const std::byte* row, std::size_t i) {
  if constexpr (type == VectorType::F32) {
    float value = 0;
    std::memcpy(&value, row + 4 * i, sizeof value);
    return value;
  } else {
    std::uint16_t bits = 0;
    std::memcpy(&bits, row + 2 * i, sizeof bits);
    return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
  }
}

/// The definition, word for word.
template <VectorType type>
float score_plain(const float* query, const std::byte* row, std::size_t dim) {
  std::array<float, kLanes> lane{};
  for (std::size_t i = 0; i < dim; i += kLanes)
    for (std::size_t j = 0; j < kLanes; ++j) {
      const bool inside = i + j < dim;
      lane[j] = std::fma(inside ? query[i + j] : 0.0F, inside ? element<type>(row, i + j) : 0.0F,
                         lane[j]);
    }
  for (std::size_t half = kLanes / 2; half > 0; half /= 2)
    for (std::size_t j = 0; j < half; ++j) lane[j] += lane[j + half];
  return without_nan(lane[0]);
}

#if defined(__x86_64__)

/// Eight lanes down to one, in halves.
CT_AVX2 inline float halve(__m256 lanes) {
  const __m128 four = _mm_add_ps(_mm256_castps256_ps128(lanes), _mm256_extractf128_ps(lanes, 1));
  const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return without_nan(_mm_cvtss_f32(_mm_add_ss(two, _mm_shuffle_ps(two, two, 1))));
}

template <VectorType type>
CT_AVX2 inline __m256 load8(const std::byte* row, std::size_t i) {
  if constexpr (type == VectorType::F32) {
    return _mm256_loadu_ps(reinterpret_cast<const float*>(row) + i);
  } else {
    const __m128i bits = _mm_loadu_si128(reinterpret_cast<const __m128i*>(row + 2 * i));
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(bits), 16));
  }
}

template <VectorType type>
CT_AVX2 float score_avx2(const float* query, const std::byte* row, std::size_t dim) {
  __m256 a = _mm256_setzero_ps(), b = a, c = a, d = a;
  std::size_t i = 0;
  for (; i + kLanes <= dim; i += kLanes) {
    a = _mm256_fmadd_ps(_mm256_loadu_ps(query + i), load8<type>(row, i), a);
    b = _mm256_fmadd_ps(_mm256_loadu_ps(query + i + 8), load8<type>(row, i + 8), b);
    c = _mm256_fmadd_ps(_mm256_loadu_ps(query + i + 16), load8<type>(row, i + 16), c);
    d = _mm256_fmadd_ps(_mm256_loadu_ps(query + i + 24), load8<type>(row, i + 24), d);
  }
  if (i < dim) {
    alignas(32) std::array<float, kLanes> q{}, r{};
    for (std::size_t j = 0; i + j < dim; ++j) {
      q[j] = query[i + j];
      r[j] = element<type>(row, i + j);
    }
    a = _mm256_fmadd_ps(_mm256_load_ps(&q[0]), _mm256_load_ps(&r[0]), a);
    b = _mm256_fmadd_ps(_mm256_load_ps(&q[8]), _mm256_load_ps(&r[8]), b);
    c = _mm256_fmadd_ps(_mm256_load_ps(&q[16]), _mm256_load_ps(&r[16]), c);
    d = _mm256_fmadd_ps(_mm256_load_ps(&q[24]), _mm256_load_ps(&r[24]), d);
  }
  return halve(_mm256_add_ps(_mm256_add_ps(a, c), _mm256_add_ps(b, d)));
}

template <VectorType type>
CT_AVX512 inline __m512 load16(const std::byte* row, std::size_t i) {
  if constexpr (type == VectorType::F32) {
    return _mm512_loadu_ps(reinterpret_cast<const float*>(row) + i);
  } else {
    const __m256i bits = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(row + 2 * i));
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(bits), 16));
  }
}

template <VectorType type>
CT_AVX512 inline __m512 load16(const std::byte* row, std::size_t i, __mmask16 mask) {
  if constexpr (type == VectorType::F32) {
    return _mm512_maskz_loadu_ps(mask, reinterpret_cast<const float*>(row) + i);
  } else {
    const __m256i bits = _mm256_maskz_loadu_epi16(mask, row + 2 * i);
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(bits), 16));
  }
}

template <VectorType type>
CT_AVX512 float score_avx512(const float* query, const std::byte* row, std::size_t dim) {
  __m512 a = _mm512_setzero_ps(), b = a;
  std::size_t i = 0;
  for (; i + kLanes <= dim; i += kLanes) {
    a = _mm512_fmadd_ps(_mm512_loadu_ps(query + i), load16<type>(row, i), a);
    b = _mm512_fmadd_ps(_mm512_loadu_ps(query + i + 16), load16<type>(row, i + 16), b);
  }
  if (i < dim) {
    const std::uint32_t mask = (std::uint32_t{1} << (dim - i)) - 1;
    const auto low = static_cast<__mmask16>(mask & 0xffff);
    const auto high = static_cast<__mmask16>(mask >> 16);
    a = _mm512_fmadd_ps(_mm512_maskz_loadu_ps(low, query + i), load16<type>(row, i, low), a);
    // Also where `high` is empty: the padding takes part in the definition (−0 + 0 is +0).
    b = _mm512_fmadd_ps(_mm512_maskz_loadu_ps(high, query + i + 16),
                        load16<type>(row, i + 16, high), b);
  }
  const __m512 sum = _mm512_add_ps(a, b);
  const __m256 upper = _mm512_extractf32x8_ps(sum, 1);
  return halve(_mm256_add_ps(_mm512_castps512_ps256(sum), upper));
}

#endif

template <VectorType type>
ScoreKernel kernel_for([[maybe_unused]] nn::Isa isa) {
#if defined(__x86_64__)
  if (isa >= nn::Isa::Avx512) return score_avx512<type>;
  if (isa >= nn::Isa::Avx2) return score_avx2<type>;
#endif
  return score_plain<type>;
}

}  // namespace

ScoreKernel score_kernel(VectorType type, nn::Isa isa) {
  return type == VectorType::F32 ? kernel_for<VectorType::F32>(isa)
                                 : kernel_for<VectorType::BF16>(isa);
}

float score(const float* query, const float* row, std::size_t dim) {
  static const ScoreKernel kernel = score_kernel(VectorType::F32);
  return kernel(query, reinterpret_cast<const std::byte*>(row), dim);
}

float score(const float* query, const VectorView& rows, std::size_t row) {
  return score_kernel(rows.type)(query, rows.row(row), rows.dim);
}

void score_rows(const float* query, const VectorView& rows, std::size_t row, std::size_t count,
                float* out) {
  const ScoreKernel kernel = score_kernel(rows.type);
  for (std::size_t i = 0; i < count; ++i) out[i] = kernel(query, rows.row(row + i), rows.dim);
}

}  // namespace crosstail::index
