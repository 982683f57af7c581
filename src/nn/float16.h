#pragma once
/// IEEE 754 binary16 and back, the same on every processor.

#include <cmath>
#include <cstdint>
#include <cstring>

namespace crosstail::nn {

/// Exact.
inline float f16_to_f32(std::uint16_t half) {
  const std::uint32_t sign = (half & 0x8000u) << 16, exponent = (half >> 10) & 31,
                      rest = half & 1023;
  std::uint32_t bits = sign | (exponent + 112) << 23 | rest << 13;
  if (exponent == 31) bits = sign | 0x7F800000u | rest << 13;
  if (exponent == 0) {
    const float tiny = std::ldexp(static_cast<float>(rest), -24);
    return sign != 0 ? -tiny : tiny;
  }
  float value = 0;
  std::memcpy(&value, &bits, 4);
  return value;
}

/// The nearest, ties to even; what is too large becomes the largest finite number. x is finite.
inline std::uint16_t f16_from_f32(float x) {
  const std::uint16_t sign = std::signbit(x) ? 0x8000 : 0;
  const float size = std::fabs(x);
  if (size == 0.0F) return sign;
  if (size >= 65504.0F) return static_cast<std::uint16_t>(sign | 0x7BFF);
  // Steps of 2^-24 below the least normal number, else eleven bits.
  int exponent = 0;
  std::frexp(size, &exponent);
  const int step = exponent < -13 ? -24 : exponent - 11;
  const auto steps = static_cast<std::uint32_t>(std::nearbyint(std::ldexp(size, -step)));
  // A carry into the twelfth bit runs on into the exponent, as it should.
  const std::uint32_t bits =
      exponent < -13 ? steps : (static_cast<std::uint32_t>(exponent + 13) << 10) + steps;
  return static_cast<std::uint16_t>(sign | bits);
}

}  // namespace crosstail::nn
