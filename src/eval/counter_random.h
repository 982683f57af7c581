#pragma once
/// Random numbers by position, not by order: the same seed, stream and counters give the same 64
/// bits whichever thread asks. SplitMix64's finaliser (Steele, Lea and Flood 2014) over a keyed
/// counter.

#include <cstdint>

namespace crosstail::eval {

class CounterRandom {
 public:
  /// `stream` keeps uses of one seed apart.
  CounterRandom(std::uint64_t seed, std::uint64_t stream)
      : key_(mix(mix(seed + kGolden) ^ (stream + 1) * 0xd1342543de82ef95)) {}

  [[nodiscard]] std::uint64_t at(std::uint64_t row, std::uint64_t column) const {
    return mix(mix(key_ + row * kGolden) + column * 0xda942042e4dd58b5 + kGolden);
  }

  /// The numbers at(row, 0), at(row, 1), …
  class Row {
   public:
    Row(const CounterRandom& random, std::uint64_t row) : base_(mix(random.key_ + row * kGolden)) {}
    std::uint64_t next() { return mix(base_ + column_++ * 0xda942042e4dd58b5 + kGolden); }

   private:
    std::uint64_t base_, column_ = 0;
  };

 private:
  static constexpr std::uint64_t kGolden = 0x9e3779b97f4a7c15;
  static std::uint64_t mix(std::uint64_t z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  std::uint64_t key_;
};

/// `bits` (32 random ones) scaled to [0, count) (Lemire 2019, without the rejection: the bias is
/// below count / 2^32).
inline std::uint32_t below(std::uint32_t bits, std::uint32_t count) {
  return static_cast<std::uint32_t>((static_cast<std::uint64_t>(bits) * count) >> 32);
}

}  // namespace crosstail::eval
