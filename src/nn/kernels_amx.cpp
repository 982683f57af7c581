// Kernels for AMX: products by tiles, all else as with AVX512-BF16.

#include "nn/kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#include "nn/kernel_includes.h"

#define CT_AMX __attribute__((target("amx-tile,amx-bf16,amx-int8")))

namespace crosstail::nn {

namespace {

/// Eight tiles of 16 rows × 64 bytes: 0–3 sums, 4 and 5 inputs, 6 and 7 weights.
struct alignas(64) TileConfig {
  std::uint8_t palette = 1, start_row = 0, reserved[14] = {};
  std::uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  std::uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};

CT_AMX void load_tile_config() {
  static const TileConfig config;
  // gcc 12's _tile_loadconfig does not tell the compiler that it reads memory.
  __asm__ volatile("ldtilecfg %0" : : "m"(config));
}

CT_AMX void release_tiles() {
  _tile_release();
}

/// gcc 12's tile loads and stores do not either: keep all other accesses on their side.
inline void fence() {
  __asm__ volatile("" : : : "memory");
}

/// 16 or 32 rows × 16 or 32 columns.
template <bool kInt8, bool kTwoRows, bool kTwoPanels>
CT_AMX void tile_block(const PanelProduct& p, const std::byte* a, const std::byte* b, float* c) {
  const std::size_t a_stride = p.a_stride, c_stride = p.c_stride * 4;
  const std::byte *a1 = a + 16 * a_stride, *b1 = b + p.steps * 64;
  _tile_zero(0);
  if constexpr (kTwoPanels) _tile_zero(1);
  if constexpr (kTwoRows) _tile_zero(2);
  if constexpr (kTwoRows && kTwoPanels) _tile_zero(3);
  for (std::size_t s = 0; s < p.steps; s += 16) {
    _tile_loadd(4, a + s * 4, a_stride);
    _tile_loadd(6, b + s * 64, 64);
    if constexpr (kTwoRows) _tile_loadd(5, a1 + s * 4, a_stride);
    if constexpr (kTwoPanels) _tile_loadd(7, b1 + s * 64, 64);
    if constexpr (kInt8) {
      _tile_dpbusd(0, 4, 6);
      if constexpr (kTwoPanels) _tile_dpbusd(1, 4, 7);
      if constexpr (kTwoRows) _tile_dpbusd(2, 5, 6);
      if constexpr (kTwoRows && kTwoPanels) _tile_dpbusd(3, 5, 7);
    } else {
      _tile_dpbf16ps(0, 4, 6);
      if constexpr (kTwoPanels) _tile_dpbf16ps(1, 4, 7);
      if constexpr (kTwoRows) _tile_dpbf16ps(2, 5, 6);
      if constexpr (kTwoRows && kTwoPanels) _tile_dpbf16ps(3, 5, 7);
    }
  }
  _tile_stored(0, c, c_stride);
  if constexpr (kTwoPanels) _tile_stored(1, c + 16, c_stride);
  if constexpr (kTwoRows) _tile_stored(2, c + 16 * p.c_stride, c_stride);
  if constexpr (kTwoRows && kTwoPanels) _tile_stored(3, c + 16 * p.c_stride + 16, c_stride);
}

template <bool kInt8, bool kTwoPanels>
CT_AMX void tile_rows(const PanelProduct& p, const std::byte* b, float* c) {
  std::size_t r = 0;
  for (; r + 16 < p.rows; r += 32)
    tile_block<kInt8, true, kTwoPanels>(p, p.a + r * p.a_stride, b, c + r * p.c_stride);
  if (r < p.rows)
    tile_block<kInt8, false, kTwoPanels>(p, p.a + r * p.a_stride, b, c + r * p.c_stride);
}

/// int8 sums are int32; a tile's bits are stored as they are.
template <bool kInt8>
CT_AMX void tile_product(const PanelProduct& p) {
  fence();
  const std::byte* b = p.b;
  auto* c = static_cast<float*>(p.c);
  std::size_t panel = 0;
  for (; panel + 2 <= p.panels; panel += 2, b += 2 * p.steps * 64, c += 2 * kLanes)
    tile_rows<kInt8, true>(p, b, c);
  if (panel < p.panels) tile_rows<kInt8, false>(p, b, c);
  fence();
}

}  // namespace

const Kernels& amx_kernels() {
  static const Kernels kernels = [] {
    Kernels k = avx512_bf16_kernels();
    k.product_bf16 = tile_product<false>;
    k.product_int8 = tile_product<true>;
    k.narrow_block_rows = kMostBlockRows;
    k.enter = load_tile_config;
    k.leave = release_tiles;
    return k;
  }();
  return kernels;
}

}  // namespace crosstail::nn
#else
namespace crosstail::nn {
const Kernels& amx_kernels() {
  return portable_kernels();
}
}  // namespace crosstail::nn
#endif
