#pragma once
/// The inner loop of everything that walks valid UTF-8 by code points; next_code_point() of utf8.h
/// for those who count nanoseconds.

#include <cstddef>
#include <string_view>

namespace crosstail::text {

/// Decodes the code point at `at` of valid UTF-8 and moves past it.
inline char32_t decode_next(std::string_view valid, std::size_t& at) {
  const auto byte = [&](std::size_t i) {
    return static_cast<char32_t>(static_cast<unsigned char>(valid[at + i]));
  };
  const char32_t a = byte(0);
  if (a < 0x80) {
    at += 1;
    return a;
  }
  const std::size_t left = valid.size() - at;
  if (a < 0xE0 && left >= 2) {
    const char32_t c = ((a & 0x1FU) << 6U) | (byte(1) & 0x3FU);
    at += 2;
    return c;
  }
  if (a < 0xF0 && left >= 3) {
    const char32_t c = ((a & 0x0FU) << 12U) | ((byte(1) & 0x3FU) << 6U) | (byte(2) & 0x3FU);
    at += 3;
    return c;
  }
  if (left >= 4) {
    const char32_t c = ((a & 0x07U) << 18U) | ((byte(1) & 0x3FU) << 12U) |
                       ((byte(2) & 0x3FU) << 6U) | (byte(3) & 0x3FU);
    at += 4;
    return c;
  }
  at = valid.size();  // not valid after all: end here
  return 0xFFFD;
}

}  // namespace crosstail::text
