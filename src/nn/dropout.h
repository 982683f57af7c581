#pragma once
/// Dropout whose mask is a function of place, not of order: an element is dropped or not by a hash
/// of (seed, step, site, text, token, column), so a second forward pass, other threads and a
/// resumed run meet the same masks.

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "nn/lanes.h"

namespace crosstail::nn {

/// One training step's masks. rate 0 is no dropout.
struct DropoutKey {
  std::uint64_t seed = 0, step = 0;
  float hidden_rate = 0;     ///< after the embeddings and each sublayer
  float attention_rate = 0;  ///< on the attention's weights
};

/// splitmix64's mixing of one word into another (Steele, Lea and Flood, 2014).
constexpr std::uint64_t mix(std::uint64_t state, std::uint64_t word) {
  std::uint64_t z = state ^ (word * 0x9E3779B97F4A7C15ULL + 0x9E3779B97F4A7C15ULL);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31);
}

/// The key of one row of numbers: site is layer · 4 + place in the layer, text and token say which.
constexpr std::uint64_t row_key(const DropoutKey& key, std::uint64_t site, std::uint64_t text,
                                std::uint64_t token) {
  return mix(mix(mix(mix(key.seed, key.step), site), text), token);
}

/// Whether element `column` of a row is dropped; the scalar definition of DropoutMask.
constexpr bool is_dropped(std::uint64_t key, std::uint32_t column, float rate) {
  std::uint32_t x = (column + static_cast<std::uint32_t>(key)) * 0x9E3779B1U;
  x ^= static_cast<std::uint32_t>(key >> 32);
  x ^= x >> 16;
  x *= 0x85EBCA6BU;
  x ^= x >> 13;
  x *= 0xC2B2AE35U;
  x ^= x >> 16;
  return x < static_cast<std::uint32_t>(rate * 4294967296.0F);
}

/// What `kCount` elements from `column` on are multiplied by: 0, or 1 / (1 - rate).
template <class Real>
CT_INLINE typename Lanes<Real>::Pack dropout_pack(std::uint64_t key, std::uint32_t column,
                                                  float rate) {
  using Bits = typename Lanes<Real>::Bits;
  using Pack = typename Lanes<Real>::Pack;
  Bits x = {};
  for (std::uint32_t i = 0; i < Lanes<Real>::kCount; ++i) x[i] = i;
  x = (x + column + static_cast<std::uint32_t>(key)) * 0x9E3779B1U;
  x ^= static_cast<std::uint32_t>(key >> 32);
  x ^= x >> 16;
  x *= 0x85EBCA6BU;
  x ^= x >> 13;
  x *= 0xC2B2AE35U;
  x ^= x >> 16;
  const auto limit = static_cast<std::uint32_t>(rate * 4294967296.0F);
  const Real kept = Real(1) / (Real(1) - static_cast<Real>(rate));
  if constexpr (sizeof(Real) == 4) {
    const Pack zero = {}, one = Pack{} + kept;
    return x < limit ? zero : one;
  } else {
    Pack out = {};
    for (std::size_t i = 0; i < Lanes<Real>::kCount; ++i) out[i] = x[i] < limit ? Real(0) : kept;
    return out;
  }
}

}  // namespace crosstail::nn
