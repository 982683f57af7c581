#include "index/code_dot.h"

#include <algorithm>

#include "index/simd.h"

namespace crosstail::index {

namespace {

constexpr std::size_t kAhead = 8;  ///< rows between asking for one and using it

void dots_plain(const Codes& codes, std::span<const std::uint32_t> ids, const CodePlane& plane,
                std::int32_t* out) {
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const std::uint8_t* row = codes.row(ids[i]);
    std::int32_t sum = 0;
    for (std::size_t k = 0; k < codes.stride(); ++k) sum += row[k] * plane.numbers[k];
    out[i] = sum - plane.bias;
  }
}

#if defined(__x86_64__)

CT_AVX2 void dots_avx2(const Codes& codes, std::span<const std::uint32_t> ids,
                       const CodePlane& plane, std::int32_t* out) {
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (i + kAhead < ids.size()) prefetch_row(codes, ids[i + kAhead]);
    const std::uint8_t* row = codes.row(ids[i]);
    __m256i sum = _mm256_setzero_si256();
    for (std::size_t k = 0; k < codes.stride(); k += 16) {
      const __m256i x =
          _mm256_cvtepu8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(row + k)));
      const __m256i y = _mm256_cvtepi8_epi16(
          _mm_loadu_si128(reinterpret_cast<const __m128i*>(&plane.numbers[k])));
      sum = _mm256_add_epi32(sum, _mm256_madd_epi16(x, y));
    }
    __m128i c = _mm_add_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256(sum, 1));
    c = _mm_add_epi32(c, _mm_shuffle_epi32(c, 0x4e));
    c = _mm_add_epi32(c, _mm_shuffle_epi32(c, 0xb1));
    out[i] = _mm_cvtsi128_si32(c) - plane.bias;
  }
}

/// Four rows at once, so that their loads overlap and the lanes are added up together.
CT_VNNI inline __m128i four_dots(const std::uint8_t* const* rows, std::size_t stride,
                                 const std::int8_t* plane) {
  __m512i sum[4];
#pragma GCC unroll 4
  for (std::size_t i = 0; i < 4; ++i) sum[i] = _mm512_setzero_si512();
  for (std::size_t k = 0; k < stride; k += 64) {
    const __m512i numbers = _mm512_loadu_si512(plane + k);
#pragma GCC unroll 4
    for (std::size_t i = 0; i < 4; ++i)
      sum[i] = _mm512_dpbusd_epi32(sum[i], _mm512_loadu_si512(rows[i] + k), numbers);
  }
  const __m512i a = _mm512_add_epi32(_mm512_unpacklo_epi32(sum[0], sum[1]),
                                     _mm512_unpackhi_epi32(sum[0], sum[1]));
  const __m512i b = _mm512_add_epi32(_mm512_unpacklo_epi32(sum[2], sum[3]),
                                     _mm512_unpackhi_epi32(sum[2], sum[3]));
  const __m512i c = _mm512_add_epi32(_mm512_unpacklo_epi64(a, b), _mm512_unpackhi_epi64(a, b));
  const __m256i d = _mm256_add_epi32(_mm512_castsi512_si256(c), _mm512_extracti64x4_epi64(c, 1));
  return _mm_add_epi32(_mm256_castsi256_si128(d), _mm256_extracti128_si256(d, 1));
}

CT_VNNI void dots_vnni(const Codes& codes, std::span<const std::uint32_t> ids,
                       const CodePlane& plane, std::int32_t* out) {
  const __m128i bias = _mm_set1_epi32(plane.bias);
  const std::size_t count = ids.size();
  for (std::size_t i = 0; i < std::min(kAhead, count); ++i) prefetch_row(codes, ids[i]);
  for (std::size_t i = 0; i < count; i += 4) {
    for (std::size_t j = i + kAhead; j < std::min(i + kAhead + 4, count); ++j)
      prefetch_row(codes, ids[j]);
    const std::uint8_t* rows[4];
    for (std::size_t j = 0; j < 4; ++j) rows[j] = codes.row(ids[std::min(i + j, count - 1)]);
    const __m128i sums = _mm_sub_epi32(four_dots(rows, codes.stride(), plane.numbers.data()), bias);
    const auto mask = static_cast<__mmask8>(count - i >= 4 ? 15 : (1U << (count - i)) - 1);
    _mm_mask_storeu_epi32(out + i, mask, sums);
  }
}

#endif

}  // namespace

void CodePlane::take(const std::uint8_t* row, std::size_t stride) {
  numbers.resize(stride);
  std::uint32_t sum = 0;
  for (std::size_t block = 0; block < stride; block += 64) {
    // Fixed lengths, which compilers turn into vectors.
    std::uint16_t part = 0;  // at most 64 × 255
    for (std::size_t k = 0; k < 64; ++k) part = static_cast<std::uint16_t>(part + row[block + k]);
    // Codes are 1 … 255; a damaged file's 0 becomes −128, which fits too.
    for (std::size_t k = 0; k < 64; ++k)
      numbers[block + k] = static_cast<std::int8_t>(row[block + k] ^ 0x80U);
    sum += part;
  }
  bias = 128 * (static_cast<std::int32_t>(sum) - 128 * static_cast<std::int32_t>(stride));
}

CodeDots code_dots([[maybe_unused]] nn::Isa isa) {
#if defined(__x86_64__)
  if (isa >= nn::Isa::Avx512Bf16) return dots_vnni;
  if (isa >= nn::Isa::Avx2) return dots_avx2;
#endif
  return dots_plain;
}

}  // namespace crosstail::index
