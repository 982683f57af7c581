#include "nn/four_bits.h"

#include <algorithm>
#include <limits>

namespace crosstail::nn {

namespace {

/// Tried on both sides of the scale that puts the largest number at the end of the range, in tenths
/// of a step.
constexpr int kTries = 12;

struct Candidate {
  int steps[kFourBitGroup] = {};  ///< −8 … 7
  std::uint16_t scale = 0;
  double error = std::numeric_limits<double>::infinity();
};

void round_steps(const float* x, std::size_t count, float inverse, int* steps) {
  for (std::size_t i = 0; i < count; ++i) {
    const float wanted = x[i] * inverse;
    steps[i] = std::clamp(static_cast<int>(wanted + (wanted < 0 ? -0.5F : 0.5F)), -8, 7);
  }
}

/// The scale that suits the steps best, and what is lost with it.
void fit(const float* x, std::size_t count, Candidate& c) {
  double product = 0, square = 0;
  for (std::size_t i = 0; i < count; ++i) {
    product += static_cast<double>(x[i]) * c.steps[i];
    square += static_cast<double>(c.steps[i] * c.steps[i]);
  }
  c.scale = square > 0 ? f16_from_f32(static_cast<float>(product / square)) : 0;
  const auto scale = static_cast<double>(f16_to_f32(c.scale));
  c.error = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const double lost = static_cast<double>(x[i]) - scale * c.steps[i];
    c.error += lost * lost;
  }
}

void keep_better(const Candidate& candidate, Candidate& best) {
  if (candidate.error < best.error) best = candidate;
}

}  // namespace

void to_four_bits(const float* numbers, std::size_t count, std::uint8_t* codes,
                  std::uint16_t* scale) {
  const float* end = numbers + count;
  const float largest = count == 0 ? 0.0F : *std::max_element(numbers, end, [](float a, float b) {
    return std::fabs(a) < std::fabs(b);
  });
  Candidate best;
  fit(numbers, count, best);
  if (std::fabs(largest) > 1e-30F) {
    for (const float edge : {-8.0F, 7.0F})
      for (int t = -kTries; t <= kTries; ++t) {
        Candidate candidate;
        round_steps(numbers, count, (edge + 0.1F * static_cast<float>(t)) / largest,
                    candidate.steps);
        fit(numbers, count, candidate);
        keep_better(candidate, best);
      }
    // Once more with the scale as it is stored.
    Candidate again = best;
    const float stored = f16_to_f32(best.scale);
    if (stored != 0.0F) {
      round_steps(numbers, count, 1.0F / stored, again.steps);
      fit(numbers, count, again);
      keep_better(again, best);
    }
  }
  for (std::size_t j = 0; j < kFourBitBytes; ++j)
    codes[j] =
        static_cast<std::uint8_t>((best.steps[j] + 8) | (best.steps[j + kFourBitBytes] + 8) << 4);
  *scale = best.scale;
}

}  // namespace crosstail::nn
