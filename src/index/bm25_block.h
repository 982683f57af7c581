#pragma once
/// Blocks of up to 128 small numbers, each with as many bits as the largest needs, laid out four
/// columns wide so that four are unpacked at once (Lemire and Boytsov 2015, "Decoding billions of
/// integers per second through vectorization", SIMD-BP128). Value i stands in column i mod 4.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace crosstail::index {

inline constexpr std::size_t kBm25Block = 128;

/// Bits that the largest of `values` needs, 0 to 32.
unsigned bits_needed(std::span<const std::uint32_t> values);

/// Bytes that pack_block() appends for `count` values: a multiple of 16.
std::size_t packed_bytes(std::size_t count, unsigned width);

/// Appends at most 128 values, each below 2^width.
void pack_block(std::span<const std::uint32_t> values, unsigned width, std::string& out);

/// Unpacks all 128 places. Reads packed_bytes(128, width) bytes: where fewer were packed, the
/// places beyond them hold whatever follows. `out` has room for 128 numbers.
void unpack_block(const std::byte* in, unsigned width, std::uint32_t* out);

/// Gaps (distance to the number before, less one) to ascending numbers, in place, 128 places; the
/// number before the first is `before` (-1 at the start of a list). Wraps modulo 2^32.
void gaps_to_numbers(std::uint32_t before, std::uint32_t* values);

}  // namespace crosstail::index
