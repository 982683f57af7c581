#pragma once
/// Integer inner products of rows of codes with one int8 vector: what approximate search walks by.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "index/codes.h"
#include "nn/isa.h"

namespace crosstail::index {

/// An int8 vector of codes.stride() numbers, and 128 times their sum: codes are kept with 128
/// added.
struct CodePlane {
  std::vector<std::int8_t> numbers;
  std::int32_t bias = 0;

  /// The codes of a row, 128 taken off.
  void take(const std::uint8_t* row, std::size_t stride);
};

/// out[i] = Σ (code − 128) · plane over row ids[i]. Reads ahead; the same on every processor.
using CodeDots = void (*)(const Codes& codes, std::span<const std::uint32_t> ids,
                          const CodePlane& plane, std::int32_t* out);
CodeDots code_dots(nn::Isa isa);

/// Asks for a row's codes from memory.
inline void prefetch_row(const Codes& codes, std::uint32_t row) {
  const std::uint8_t* bytes = codes.row(row);
  for (std::size_t k = 0; k < codes.stride(); k += 64) __builtin_prefetch(bytes + k);
}

}  // namespace crosstail::index
