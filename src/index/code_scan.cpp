#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "index/codes.h"
#include "index/simd.h"

namespace crosstail::index {

namespace {

/// From the integer sums of 16 rows to values and bounds.
inline std::uint32_t finish(const std::uint32_t* sums, const float* scales, const CodeQuery& query,
                            float threshold, float* values, float* bounds) {
  std::uint32_t passing = 0;
  const float* residuals = scales + kCodeBlockRows;
  for (std::size_t i = 0; i < kCodeBlockRows; ++i) {
    const auto sum = static_cast<std::int32_t>(sums[i] - query.bias);
    values[i] = query.base + query.step * scales[i] * static_cast<float>(sum);
    bounds[i] =
        (query.bound.alpha * residuals[i] + query.bound.beta * scales[i] + query.bound.gamma) *
        (1 + 0x1p-20F);
    passing |= static_cast<std::uint32_t>(!(highest_score(values[i], bounds[i]) < threshold)) << i;
  }
  return passing;
}

const float* scales_of(const std::uint8_t* block, std::size_t stride) {
  return reinterpret_cast<const float*>(block + kCodeBlockRows * stride);
}

std::uint32_t scan_plain(const std::uint8_t* block, std::size_t stride, const CodeQuery& query,
                         float threshold, float* values, float* bounds) {
  std::array<std::uint32_t, kCodeBlockRows> sums{};
  for (std::size_t i = 0; i < kCodeBlockRows; ++i) {
    const std::uint8_t* row = block + i * stride;
    std::uint32_t sum = 0;
    for (std::size_t k = 0; k < stride; ++k)
      sum += static_cast<std::uint32_t>(static_cast<std::int32_t>(row[k]) * query.both[k]);
    sums[i] = sum;
  }
  return finish(sums.data(), scales_of(block, stride), query, threshold, values, bounds);
}

#if defined(__x86_64__)

CT_AVX2 std::uint32_t scan_avx2(const std::uint8_t* block, std::size_t stride,
                                const CodeQuery& query, float threshold, float* values,
                                float* bounds) {
  std::array<std::uint32_t, kCodeBlockRows> sums{};
  for (std::size_t i = 0; i < kCodeBlockRows; ++i) {
    const std::uint8_t* row = block + i * stride;
    __m256i a = _mm256_setzero_si256(), b = a;
    for (std::size_t k = 0; k < stride; k += 32) {
      const auto* numbers = reinterpret_cast<const __m256i*>(&query.both[k]);
      const __m256i x =
          _mm256_cvtepu8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(row + k)));
      const __m256i y =
          _mm256_cvtepu8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(row + k + 16)));
      a = _mm256_add_epi32(a, _mm256_madd_epi16(x, _mm256_loadu_si256(numbers)));
      b = _mm256_add_epi32(b, _mm256_madd_epi16(y, _mm256_loadu_si256(numbers + 1)));
    }
    a = _mm256_add_epi32(a, b);
    __m128i c = _mm_add_epi32(_mm256_castsi256_si128(a), _mm256_extracti128_si256(a, 1));
    c = _mm_add_epi32(c, _mm_shuffle_epi32(c, 0x4e));
    c = _mm_add_epi32(c, _mm_shuffle_epi32(c, 0xb1));
    sums[i] = static_cast<std::uint32_t>(_mm_cvtsi128_si32(c));
  }
  return finish(sums.data(), scales_of(block, stride), query, threshold, values, bounds);
}

/// Four rows: 256·(row · high) + row · low, still in 16 lanes each.
CT_VNNI inline void four_rows(const std::uint8_t* rows, std::size_t stride, const CodeQuery& query,
                              __m512i* sums) {
  __m512i high[4], low[4];
#pragma GCC unroll 4
  for (std::size_t i = 0; i < 4; ++i) high[i] = low[i] = _mm512_setzero_si512();
  for (std::size_t k = 0; k < stride; k += 64) {
    const __m512i a = _mm512_loadu_si512(&query.high[k]), b = _mm512_loadu_si512(&query.low[k]);
#pragma GCC unroll 4
    for (std::size_t i = 0; i < 4; ++i) {
      const __m512i row = _mm512_loadu_si512(rows + i * stride + k);
      high[i] = _mm512_dpbusd_epi32(high[i], row, a);
      low[i] = _mm512_dpbusd_epi32(low[i], row, b);
    }
  }
#pragma GCC unroll 4
  for (std::size_t i = 0; i < 4; ++i)
    sums[i] = _mm512_add_epi32(_mm512_slli_epi32(high[i], 8), low[i]);
}

/// Lanes of four vectors added up: per 128 bits, one partial sum of each.
CT_VNNI inline __m512i fold(const __m512i* sums) {
  const __m512i a = _mm512_add_epi32(_mm512_unpacklo_epi32(sums[0], sums[1]),
                                     _mm512_unpackhi_epi32(sums[0], sums[1]));
  const __m512i b = _mm512_add_epi32(_mm512_unpacklo_epi32(sums[2], sums[3]),
                                     _mm512_unpackhi_epi32(sums[2], sums[3]));
  return _mm512_add_epi32(_mm512_unpacklo_epi64(a, b), _mm512_unpackhi_epi64(a, b));
}

CT_VNNI std::uint32_t scan_vnni(const std::uint8_t* block, std::size_t stride,
                                const CodeQuery& query, float threshold, float* values,
                                float* bounds) {
  __m512i folded[4];
#pragma GCC unroll 4
  for (std::size_t i = 0; i < 4; ++i) {
    __m512i sums[4];
    four_rows(block + 4 * i * stride, stride, query, sums);
    folded[i] = fold(sums);
  }
  // Each 128 bits of folded[i] hold partial sums of rows 4i … 4i+3.
  const __m512i a = _mm512_add_epi32(_mm512_shuffle_i32x4(folded[0], folded[1], 0x44),
                                     _mm512_shuffle_i32x4(folded[0], folded[1], 0xee));
  const __m512i b = _mm512_add_epi32(_mm512_shuffle_i32x4(folded[2], folded[3], 0x44),
                                     _mm512_shuffle_i32x4(folded[2], folded[3], 0xee));
  const __m512i sums = _mm512_sub_epi32(
      _mm512_add_epi32(_mm512_shuffle_i32x4(a, b, 0x88), _mm512_shuffle_i32x4(a, b, 0xdd)),
      _mm512_set1_epi32(static_cast<int>(query.bias)));
  const float* scales = scales_of(block, stride);
  const __m512 scale = _mm512_loadu_ps(scales);
  const __m512 residual = _mm512_loadu_ps(scales + kCodeBlockRows);
  const __m512 value = _mm512_fmadd_ps(_mm512_mul_ps(_mm512_set1_ps(query.step), scale),
                                       _mm512_cvtepi32_ps(sums), _mm512_set1_ps(query.base));
  const __m512 bound =
      _mm512_mul_ps(_mm512_set1_ps(1 + 0x1p-20F),
                    _mm512_fmadd_ps(_mm512_set1_ps(query.bound.alpha), residual,
                                    _mm512_fmadd_ps(_mm512_set1_ps(query.bound.beta), scale,
                                                    _mm512_set1_ps(query.bound.gamma))));
  _mm512_storeu_ps(values, value);
  _mm512_storeu_ps(bounds, bound);
  // highest_score(), for 16 rows at once.
  const __m512 slack =
      _mm512_mul_ps(_mm512_add_ps(_mm512_abs_ps(value), bound), _mm512_set1_ps(0x1p-22F));
  const __m512 highest = _mm512_add_ps(_mm512_add_ps(value, bound), slack);
  return _mm512_cmp_ps_mask(highest, _mm512_set1_ps(threshold), _CMP_NLT_UQ);
}

#endif

double length(std::span<const double> numbers) {
  double squares = 0;
  for (const double number : numbers) squares += number * number;
  return std::sqrt(squares);
}

}  // namespace

CodeQuery::CodeQuery(const Codes& codes, std::span<const float> query)
    : high(codes.stride()), low(codes.stride()), both(codes.stride()) {
  const std::size_t dim = codes.dim();
  const auto mean = codes.mean();
  double largest = 0, sum = 0, squares = 0, product = 0, mean_squares = 0;
  for (std::size_t k = 0; k < dim; ++k) {
    const double number = query[k];
    largest = std::max(largest, std::fabs(number));
    sum += std::fabs(number);
    squares += number * number;
    product += number * static_cast<double>(mean[k]);
    mean_squares += static_cast<double>(mean[k]) * static_cast<double>(mean[k]);
  }
  // High planes stay within ±127, and Σ|both|·127 below 2³¹ so that the row's sum fits 32 bits.
  step = above(std::max(largest / 32512, sum / 1.6e7));
  if (!(step >= 0x1p-120F)) step = 0x1p-120F;
  std::vector<double> rest(dim);
  for (std::size_t k = 0; k < dim; ++k) {
    const long number = std::lrint(static_cast<double>(query[k]) / static_cast<double>(step));
    const long lower = ((number + 128) & 255) - 128;
    both[k] = static_cast<std::int16_t>(number);
    low[k] = static_cast<std::int8_t>(lower);
    high[k] = static_cast<std::int8_t>((number - lower) / 256);
    bias += 128 * static_cast<std::uint32_t>(number);
    rest[k] =
        static_cast<double>(query[k]) - static_cast<double>(step) * static_cast<double>(number);
  }
  base = static_cast<float>(product);
  // docs/search-bounds.md, "Int8 codes".
  const double norm = std::sqrt(squares), lost = length(rest), scored = score_gamma(dim);
  const double widest = 127 * std::sqrt(static_cast<double>(dim));
  bound.alpha = above(norm * (1 + scored));
  bound.beta = above(widest * (lost + 8 * kUnit * (norm + lost) + scored * norm));
  bound.gamma = above(4 * kUnit * std::fabs(product) + scored * norm * std::sqrt(mean_squares) +
                      0x1p-90 * (1 + norm));
  if (!(norm <= 1e18)) bound.gamma = kInfinity;
}

CodeScan code_scan([[maybe_unused]] nn::Isa isa) {
#if defined(__x86_64__)
  if (isa >= nn::Isa::Avx512Bf16) return scan_vnni;
  if (isa >= nn::Isa::Avx2) return scan_avx2;
#endif
  return scan_plain;
}

}  // namespace crosstail::index
