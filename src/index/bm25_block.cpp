#include "index/bm25_block.h"

#include <emmintrin.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <utility>

namespace crosstail::index {
namespace {

/// Row `R` of four numbers: bits [R·B, R·B + B) of each of the four columns.
template <unsigned B, unsigned R>
void unpack_row(const __m128i* in, __m128i* out) {
  constexpr unsigned kWord = R * B / 32, kShift = R * B % 32;
  __m128i v = _mm_srli_epi32(_mm_loadu_si128(in + kWord), kShift);
  if constexpr (kShift + B > 32)
    v = _mm_or_si128(v, _mm_slli_epi32(_mm_loadu_si128(in + kWord + 1), 32 - kShift));
  if constexpr (B < 32) v = _mm_and_si128(v, _mm_set1_epi32(static_cast<int>((1U << B) - 1U)));
  _mm_storeu_si128(out + R, v);
}

template <unsigned B>
void unpack_width(const std::byte* bytes, std::uint32_t* values) {
  const auto* in = reinterpret_cast<const __m128i*>(bytes);
  auto* out = reinterpret_cast<__m128i*>(values);
  if constexpr (B == 0) {
    std::memset(values, 0, kBm25Block * sizeof(std::uint32_t));
  } else {
    [&]<unsigned... R>(std::integer_sequence<unsigned, R...>) {
      (unpack_row<B, R>(in, out), ...);
    }
    (std::make_integer_sequence<unsigned, 32>{});
  }
}

using Unpack = void (*)(const std::byte*, std::uint32_t*);

template <unsigned... B>
constexpr std::array<Unpack, sizeof...(B)> unpack_table(std::integer_sequence<unsigned, B...>) {
  return {unpack_width<B>...};
}

constexpr auto kUnpack = unpack_table(std::make_integer_sequence<unsigned, 33>{});

}  // namespace

unsigned bits_needed(std::span<const std::uint32_t> values) {
  std::uint32_t all = 0;
  for (const std::uint32_t value : values) all |= value;
  return static_cast<unsigned>(std::bit_width(all));
}

std::size_t packed_bytes(std::size_t count, unsigned width) {
  const std::size_t rows = (count + 3) / 4;
  return (rows * width + 31) / 32 * 16;
}

void pack_block(std::span<const std::uint32_t> values, unsigned width, std::string& out) {
  std::array<std::uint32_t, kBm25Block> words{};
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::size_t bit = i / 4 * width, column = i % 4;
    const std::uint64_t shifted = std::uint64_t{values[i]} << (bit % 32);
    words[bit / 32 * 4 + column] |= static_cast<std::uint32_t>(shifted);
    if (bit % 32 + width > 32)
      words[(bit / 32 + 1) * 4 + column] |= static_cast<std::uint32_t>(shifted >> 32);
  }
  out.append(reinterpret_cast<const char*>(words.data()), packed_bytes(values.size(), width));
}

void unpack_block(const std::byte* in, unsigned width, std::uint32_t* out) {
  kUnpack[std::min(width, 32U)](in, out);
}

void gaps_to_numbers(std::uint32_t before, std::uint32_t* values) {
  auto* rows = reinterpret_cast<__m128i*>(values);
  const __m128i ones = _mm_set1_epi32(1);
  __m128i last = _mm_set1_epi32(static_cast<int>(before));
  for (std::size_t r = 0; r < kBm25Block / 4; ++r) {
    __m128i v = _mm_add_epi32(_mm_loadu_si128(rows + r), ones);
    v = _mm_add_epi32(v, _mm_slli_si128(v, 4));
    v = _mm_add_epi32(v, _mm_slli_si128(v, 8));
    v = _mm_add_epi32(v, last);
    _mm_storeu_si128(rows + r, v);
    last = _mm_shuffle_epi32(v, 0xff);
  }
}

}  // namespace crosstail::index
