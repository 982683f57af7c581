#pragma once
/// Numbers in four bits: groups of 32 along a row, each with one scale. A code c of 0 … 15 stands
/// for scale · (c − 8); the scale is an f16 of either sign, so that −8 can serve the group's
/// largest number whatever its sign.

#include <cstddef>
#include <cstdint>

#include "nn/float16.h"

namespace crosstail::nn {

inline constexpr std::size_t kFourBitGroup = 32;
inline constexpr std::size_t kFourBitBytes = 16;  ///< the codes of a group

constexpr std::size_t four_bit_groups(std::size_t columns) {
  return (columns + kFourBitGroup - 1) / kFourBitGroup;
}

/// Codes and scale of `count` ≤ 32 numbers, with about the least squared error there is: codes are
/// tried for scales around the largest number's, each gets the scale that suits its codes best
/// (least squares), and the best pair is kept. Byte j holds the code of number j in its low half
/// and of number j + 16 in its high half; numbers from `count` on are 0.
void to_four_bits(const float* numbers, std::size_t count, std::uint8_t* codes,
                  std::uint16_t* scale);

/// row[0 … 31] += the group's numbers. Plain arithmetic: the same bits on every processor.
inline void add_four_bits(const std::uint8_t* codes, std::uint16_t scale, float* row) {
  const float wide = f16_to_f32(scale);
  for (std::size_t j = 0; j < kFourBitBytes; ++j) {
    row[j] += wide * static_cast<float>(static_cast<int>(codes[j] & 15) - 8);
    row[j + kFourBitBytes] += wide * static_cast<float>(static_cast<int>(codes[j] >> 4) - 8);
  }
}

}  // namespace crosstail::nn
