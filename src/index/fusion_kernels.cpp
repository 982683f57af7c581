#include "index/fusion_kernels.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace crosstail::index {
namespace {

// Without FMA: a fused multiply-add rounds once where two operations round twice.
#define CROSSTAIL_AVX2 __attribute__((target("avx2")))

bool has_avx2() {
  static const bool known = __builtin_cpu_supports("avx2") != 0;
  return known;
}

[[gnu::always_inline]] inline float wide(std::uint16_t bits) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

[[gnu::always_inline]] inline std::uint16_t narrowed(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  return static_cast<std::uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

/// body(i) for all elements, in pieces of 16 that every compiler turns into vector instructions.
/// Written once and compiled for both processors, so that they cannot drift apart.
template <class Body>
[[gnu::always_inline]] inline void each(std::size_t dim, Body body) {
  std::size_t i = 0;
  for (; i + 16 <= dim; i += 16)
    for (std::size_t lane = 0; lane < 16; ++lane) body(i + lane);
  for (; i < dim; ++i) body(i);
}

[[gnu::always_inline]] inline void widen_loop(const std::byte* row, VectorType type,
                                              std::size_t dim, float* __restrict out) {
  if (type == VectorType::F32) {
    std::memcpy(out, row, dim * sizeof(float));
    return;
  }
  const auto* __restrict bits = reinterpret_cast<const std::uint16_t*>(row);
  each(
      dim, [=](std::size_t i) __attribute__((always_inline)) { out[i] = wide(bits[i]); });
}

[[gnu::always_inline]] inline void add_loop(const std::byte* row, VectorType type, std::size_t dim,
                                            float* __restrict out) {
  if (type == VectorType::F32) {
    const auto* __restrict numbers = reinterpret_cast<const float*>(row);
    each(
        dim, [=](std::size_t i) __attribute__((always_inline)) { out[i] += numbers[i]; });
    return;
  }
  const auto* __restrict bits = reinterpret_cast<const std::uint16_t*>(row);
  each(
      dim, [=](std::size_t i) __attribute__((always_inline)) { out[i] += wide(bits[i]); });
}

[[gnu::always_inline]] inline void scaled_loop(const float* __restrict sum, float weight,
                                               std::size_t dim, float* __restrict out) {
  each(
      dim, [=](std::size_t i) __attribute__((always_inline)) { out[i] += weight * sum[i]; });
}

[[gnu::always_inline]] inline void centred_loop(const float* __restrict sum, float weight,
                                                float count, const float* __restrict centroid,
                                                std::size_t dim, float* __restrict out) {
  each(
      dim, [=](std::size_t i) __attribute__((always_inline)) {
        out[i] += weight * (sum[i] - count * centroid[i]);
      });
}

[[gnu::always_inline]] inline void narrow_loop(const float* __restrict row, std::size_t dim,
                                               std::uint16_t* __restrict out) {
  each(
      dim, [=](std::size_t i) __attribute__((always_inline)) { out[i] = narrowed(row[i]); });
}

/// Of all numbers without their signs, the largest as bits: sizes are ordered as their bits are,
/// infinity above all numbers and NaN above infinity.
[[gnu::always_inline]] inline std::int32_t largest_loop(const float* numbers, std::size_t count) {
  std::int32_t lanes[16] = {};
  std::size_t i = 0;
  for (; i + 16 <= count; i += 16)
    for (std::size_t lane = 0; lane < 16; ++lane) {
      const auto bits = std::bit_cast<std::int32_t>(numbers[i + lane]) & 0x7fffffff;
      lanes[lane] = bits > lanes[lane] ? bits : lanes[lane];
    }
  for (; i < count; ++i)
    lanes[0] = std::max(lanes[0], std::bit_cast<std::int32_t>(numbers[i]) & 0x7fffffff);
  return *std::max_element(lanes, lanes + 16);
}

CROSSTAIL_AVX2 std::int32_t largest_avx2(const float* numbers, std::size_t count) {
  return largest_loop(numbers, count);
}
CROSSTAIL_AVX2 void widen_avx2(const std::byte* row, VectorType type, std::size_t dim, float* out) {
  widen_loop(row, type, dim, out);
}
CROSSTAIL_AVX2 void add_avx2(const std::byte* row, VectorType type, std::size_t dim, float* out) {
  add_loop(row, type, dim, out);
}
CROSSTAIL_AVX2 void scaled_avx2(const float* sum, float weight, std::size_t dim, float* out) {
  scaled_loop(sum, weight, dim, out);
}
CROSSTAIL_AVX2 void centred_avx2(const float* sum, float weight, float count, const float* centroid,
                                 std::size_t dim, float* out) {
  centred_loop(sum, weight, count, centroid, dim, out);
}
CROSSTAIL_AVX2 void narrow_avx2(const float* row, std::size_t dim, std::uint16_t* out) {
  narrow_loop(row, dim, out);
}

}  // namespace

void widen(const std::byte* row, VectorType type, std::size_t dim, float* out) {
  has_avx2() ? widen_avx2(row, type, dim, out) : widen_loop(row, type, dim, out);
}

void add_widened(const std::byte* row, VectorType type, std::size_t dim, float* out) {
  has_avx2() ? add_avx2(row, type, dim, out) : add_loop(row, type, dim, out);
}

void add_scaled(const float* sum, float weight, std::size_t dim, float* out) {
  has_avx2() ? scaled_avx2(sum, weight, dim, out) : scaled_loop(sum, weight, dim, out);
}

void add_centred(const float* sum, float weight, float count, const float* centroid,
                 std::size_t dim, float* out) {
  has_avx2() ? centred_avx2(sum, weight, count, centroid, dim, out)
             : centred_loop(sum, weight, count, centroid, dim, out);
}

bool all_below(const float* numbers, std::size_t count, float bound) {
  const std::int32_t largest =
      has_avx2() ? largest_avx2(numbers, count) : largest_loop(numbers, count);
  return largest < std::bit_cast<std::int32_t>(bound);
}

void narrow(const float* row, VectorType type, std::size_t dim, std::byte* out) {
  if (type == VectorType::F32) {
    std::memcpy(out, row, dim * sizeof(float));
    return;
  }
  auto* bits = reinterpret_cast<std::uint16_t*>(out);
  has_avx2() ? narrow_avx2(row, dim, bits) : narrow_loop(row, dim, bits);
}

void read_vector(const BlockFile& vectors, std::uint64_t i, float* out) {
  const std::size_t bytes = vectors.kind().record_bytes, dim = vectors.kind().dimension;
  const std::byte* row = vectors.touch(i * bytes, (i + 1) * bytes);
  if (row == nullptr)
    std::fill_n(out, dim, 0.0F);
  else
    widen(row, static_cast<VectorType>(vectors.kind().type), dim, out);
}

void add_vector(const BlockFile& vectors, std::uint64_t i, float* out) {
  const std::size_t bytes = vectors.kind().record_bytes, dim = vectors.kind().dimension;
  const std::byte* row = vectors.touch(i * bytes, (i + 1) * bytes);
  if (row != nullptr) add_widened(row, static_cast<VectorType>(vectors.kind().type), dim, out);
}

}  // namespace crosstail::index
