#include "index/panel_products.h"

#include <array>
#include <cstring>

#include "index/simd.h"

namespace crosstail::index {

namespace {

void nothing() {}

std::uint32_t passing_plain(const float* values, const float* limits) {
  std::uint32_t mask = 0;
  for (std::size_t j = 0; j < kPanelQueries; ++j)
    mask |= static_cast<std::uint32_t>(!(values[j] < limits[j])) << j;
  return mask;
}

void multiply_plain(const std::byte* rows, std::size_t stride, const std::byte* panel,
                    std::size_t dim, float* values) {
  const auto* queries = reinterpret_cast<const float*>(panel);
  for (std::size_t i = 0; i < 4; ++i, rows += stride, values += kPanelQueries) {
    const auto* row = reinterpret_cast<const float*>(rows);
    std::array<float, kPanelQueries> sum{};
    for (std::size_t k = 0; k < dim; ++k)
      for (std::size_t j = 0; j < kPanelQueries; ++j)
        sum[j] += row[k] * queries[k * kPanelQueries + j];
    std::memcpy(values, sum.data(), sizeof sum);
  }
}

#if defined(__x86_64__)

CT_AVX2 std::uint32_t passing_avx2(const float* values, const float* limits) {
  std::uint32_t mask = 0;
  for (unsigned j = 0; j < kPanelQueries; j += 8) {
    const __m256 passes =
        _mm256_cmp_ps(_mm256_loadu_ps(values + j), _mm256_loadu_ps(limits + j), _CMP_NLT_UQ);
    mask |= static_cast<std::uint32_t>(_mm256_movemask_ps(passes)) << j;
  }
  return mask;
}

/// 6 rows × 16 queries at a time: 12 sums, 2 panel loads and a broadcast in 15 registers.
CT_AVX2 void multiply_avx2(const std::byte* rows, std::size_t stride, const std::byte* panel,
                           std::size_t dim, float* values) {
  constexpr std::size_t kRows = 6;
  for (std::size_t half = 0; half < kPanelQueries; half += 16) {
    const float* queries = reinterpret_cast<const float*>(panel) + half;
    __m256 sum[kRows][2];
#pragma GCC unroll 6
    for (std::size_t i = 0; i < kRows; ++i) sum[i][0] = sum[i][1] = _mm256_setzero_ps();
    for (std::size_t k = 0; k < dim; ++k, queries += kPanelQueries) {
      const __m256 a = _mm256_loadu_ps(queries), b = _mm256_loadu_ps(queries + 8);
#pragma GCC unroll 6
      for (std::size_t i = 0; i < kRows; ++i) {
        const __m256 number =
            _mm256_broadcast_ss(reinterpret_cast<const float*>(rows + i * stride) + k);
        sum[i][0] = _mm256_fmadd_ps(number, a, sum[i][0]);
        sum[i][1] = _mm256_fmadd_ps(number, b, sum[i][1]);
      }
    }
#pragma GCC unroll 6
    for (std::size_t i = 0; i < kRows; ++i) {
      _mm256_storeu_ps(values + i * kPanelQueries + half, sum[i][0]);
      _mm256_storeu_ps(values + i * kPanelQueries + half + 8, sum[i][1]);
    }
  }
}

CT_AVX512 std::uint32_t passing_avx512(const float* values, const float* limits) {
  const auto low =
      _mm512_cmp_ps_mask(_mm512_loadu_ps(values), _mm512_loadu_ps(limits), _CMP_NLT_UQ);
  const auto high =
      _mm512_cmp_ps_mask(_mm512_loadu_ps(values + 16), _mm512_loadu_ps(limits + 16), _CMP_NLT_UQ);
  return static_cast<std::uint32_t>(low) | static_cast<std::uint32_t>(high) << 16;
}

constexpr std::size_t kRows512 = 14;  // 28 sums, 2 panel loads and a broadcast in 31 registers

CT_AVX512 void multiply_avx512(const std::byte* rows, std::size_t stride, const std::byte* panel,
                               std::size_t dim, float* values) {
  const auto* queries = reinterpret_cast<const float*>(panel);
  __m512 sum[kRows512][2];
#pragma GCC unroll 14
  for (std::size_t i = 0; i < kRows512; ++i) sum[i][0] = sum[i][1] = _mm512_setzero_ps();
  for (std::size_t k = 0; k < dim; ++k, queries += kPanelQueries) {
    const __m512 a = _mm512_loadu_ps(queries), b = _mm512_loadu_ps(queries + 16);
    _mm_prefetch(reinterpret_cast<const char*>(queries + 8 * kPanelQueries), _MM_HINT_T0);
    _mm_prefetch(reinterpret_cast<const char*>(queries + 8 * kPanelQueries + 16), _MM_HINT_T0);
#pragma GCC unroll 14
    for (std::size_t i = 0; i < kRows512; ++i) {
      const __m512 number = _mm512_set1_ps(reinterpret_cast<const float*>(rows + i * stride)[k]);
      sum[i][0] = _mm512_fmadd_ps(number, a, sum[i][0]);
      sum[i][1] = _mm512_fmadd_ps(number, b, sum[i][1]);
    }
  }
#pragma GCC unroll 14
  for (std::size_t i = 0; i < kRows512; ++i) {
    _mm512_storeu_ps(values + i * kPanelQueries, sum[i][0]);
    _mm512_storeu_ps(values + i * kPanelQueries + 16, sum[i][1]);
  }
}

CT_BF16 inline __m512 add_pairs(__m512 sum, __m512i a, __m512i b) {
#if defined(__clang__)
  using Pairs = __m512bh;
  return _mm512_dpbf16_ps(sum, reinterpret_cast<Pairs>(a), reinterpret_cast<Pairs>(b));
#else
  return _mm512_dpbf16_ps(sum, reinterpret_cast<__m512bh>(a), reinterpret_cast<__m512bh>(b));
#endif
}

CT_BF16 void multiply_bf16(const std::byte* rows, std::size_t stride, const std::byte* panel,
                           std::size_t dim, float* values) {
  __m512 sum[kRows512][2];
#pragma GCC unroll 14
  for (std::size_t i = 0; i < kRows512; ++i) sum[i][0] = sum[i][1] = _mm512_setzero_ps();
  for (std::size_t k = 0; k < dim / 2; ++k, panel += 128) {
    const __m512i a = _mm512_loadu_si512(panel), b = _mm512_loadu_si512(panel + 64);
#pragma GCC unroll 14
    for (std::size_t i = 0; i < kRows512; ++i) {
      const __m512i pair =
          _mm512_set1_epi32(reinterpret_cast<const std::int32_t*>(rows + i * stride)[k]);
      sum[i][0] = add_pairs(sum[i][0], pair, a);
      sum[i][1] = add_pairs(sum[i][1], pair, b);
    }
  }
#pragma GCC unroll 14
  for (std::size_t i = 0; i < kRows512; ++i) {
    _mm512_storeu_ps(values + i * kPanelQueries, sum[i][0]);
    _mm512_storeu_ps(values + i * kPanelQueries + 16, sum[i][1]);
  }
}

/// Intel SDM, "Tile configuration": palette 1, eight tiles of 16 rows × 64 bytes.
struct alignas(64) TileConfiguration {
  std::uint8_t palette = 1, start_row = 0;
  std::array<std::uint8_t, 14> reserved{};
  std::array<std::uint16_t, 16> bytes{64, 64, 64, 64, 64, 64, 64, 64};
  std::array<std::uint8_t, 16> rows{16, 16, 16, 16, 16, 16, 16, 16};
};

CT_AMX void enter_amx() {
  static const TileConfiguration kConfiguration;
  _tile_loadconfig(&kConfiguration);
}

CT_AMX void leave_amx() {
  _tile_release();
}

/// 32 rows × 32 queries: four tiles of sums, two of rows, two of queries.
CT_AMX void multiply_amx(const std::byte* rows, std::size_t stride, const std::byte* panel,
                         std::size_t dim, float* values) {
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
  for (std::size_t k = 0; k < dim; k += 32, panel += std::size_t{16} * 128) {
    _tile_loadd(4, rows + 2 * k, stride);
    _tile_loadd(6, panel, 128);
    _tile_loadd(7, panel + 64, 128);
    _tile_dpbf16ps(0, 4, 6);
    _tile_dpbf16ps(1, 4, 7);
    _tile_loadd(5, rows + 16 * stride + 2 * k, stride);
    _tile_dpbf16ps(2, 5, 6);
    _tile_dpbf16ps(3, 5, 7);
  }
  _tile_stored(0, values, 128);
  _tile_stored(1, values + 16, 128);
  _tile_stored(2, values + 16 * kPanelQueries, 128);
  _tile_stored(3, values + 16 * kPanelQueries + 16, 128);
}

#endif

}  // namespace

const PanelKernel& panel_kernel([[maybe_unused]] nn::Isa isa) {
#if defined(__x86_64__)
  static constexpr PanelKernel kAmx{"bf16 products (AMX)", VectorType::BF16, 32,        32,
                                    multiply_amx,          passing_avx512,   enter_amx, leave_amx};
  static constexpr PanelKernel kBf16{"bf16 products (AVX-512)",
                                     VectorType::BF16,
                                     kRows512,
                                     2,
                                     multiply_bf16,
                                     passing_avx512,
                                     nothing,
                                     nothing};
  static constexpr PanelKernel kAvx512{
      "f32 products (AVX-512)", VectorType::F32, kRows512, 1,
      multiply_avx512,          passing_avx512,  nothing,  nothing};
  static constexpr PanelKernel kAvx2{"f32 products (AVX2)", VectorType::F32, 6,       1,
                                     multiply_avx2,         passing_avx2,    nothing, nothing};
  if (isa >= nn::Isa::Amx) return kAmx;
  if (isa >= nn::Isa::Avx512Bf16) return kBf16;
  if (isa >= nn::Isa::Avx512) return kAvx512;
  if (isa >= nn::Isa::Avx2) return kAvx2;
#endif
  static constexpr PanelKernel kPlain{"f32 products", VectorType::F32, 4,       1,
                                      multiply_plain, passing_plain,   nothing, nothing};
  return kPlain;
}

}  // namespace crosstail::index
