#include "nn/four_bits.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <vector>

namespace crosstail::nn {
namespace {

TEST(Float16, HasTheBitsOfIeee754) {
  EXPECT_EQ(f16_from_f32(1.0F), 0x3C00);
  EXPECT_EQ(f16_from_f32(-2.0F), 0xC000);
  EXPECT_EQ(f16_from_f32(0.1F), 0x2E66);
  EXPECT_EQ(f16_from_f32(1.0F / 3.0F), 0x3555);
  EXPECT_EQ(f16_from_f32(65504.0F), 0x7BFF);
  EXPECT_EQ(f16_from_f32(std::ldexp(1.0F, -14)), 0x0400);  // the least normal number
  EXPECT_EQ(f16_from_f32(std::ldexp(1.0F, -24)), 0x0001);  // the least of all
  EXPECT_EQ(f16_from_f32(2049.0F), 0x6800);                // halfway: to the even 2048
  EXPECT_EQ(f16_from_f32(2051.0F), 0x6802);                // halfway: to the even 2052
  EXPECT_EQ(f16_from_f32(1e9F), 0x7BFF);                   // never infinite
  EXPECT_EQ(f16_from_f32(0.0F), 0x0000);
}

TEST(Float16, EveryFiniteNumberGoesThereAndBack) {
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    if ((bits >> 10 & 31) == 31) continue;
    const auto half = static_cast<std::uint16_t>(bits);
    ASSERT_EQ(f16_from_f32(f16_to_f32(half)), half) << bits;
  }
  EXPECT_TRUE(std::isinf(f16_to_f32(0x7C00)));
  EXPECT_TRUE(std::isnan(f16_to_f32(0x7E00)));
}

TEST(FourBits, NumbersOnAGridOfSixteenStepsAreKeptExactly) {
  // Code j % 16 for number j, scale 1/4: as 4-bit files elsewhere lay them out (GGML's Q4_0).
  std::vector<float> numbers;
  for (int j = 0; j < 32; ++j) numbers.push_back(0.25F * static_cast<float>(j % 16 - 8));
  std::uint8_t codes[16];
  std::uint16_t scale = 0;
  to_four_bits(numbers.data(), 32, codes, &scale);
  EXPECT_EQ(scale, f16_from_f32(0.25F));
  for (std::uint8_t j = 0; j < 16; ++j) EXPECT_EQ(codes[j], j | j << 4);
  std::vector<float> row(32, 1.0F);
  add_four_bits(codes, scale, row.data());
  for (std::size_t j = 0; j < 32; ++j) EXPECT_EQ(row[j], 1.0F + numbers[j]);
}

TEST(FourBits, AnExtremeOfEitherSignCanHaveTheEighthStep) {
  const std::vector<float> numbers = {8.0F, -7.0F, 3.0F, 1.0F};
  std::uint8_t codes[16];
  std::uint16_t scale = 0;
  to_four_bits(numbers.data(), 4, codes, &scale);
  EXPECT_EQ(f16_to_f32(scale), -1.0F);
  std::vector<float> row(32);
  add_four_bits(codes, scale, row.data());
  EXPECT_EQ(std::vector<float>(row.begin(), row.begin() + 4), numbers);
  EXPECT_EQ(std::count(row.begin() + 4, row.end(), 0.0F), 28);
}

/// The least squared error over scales of both signs, by trying very many.
double least_error(const std::vector<float>& x) {
  double most = 0, least = 1e300;
  for (const float v : x) most = std::max(most, std::abs(double(v)));
  for (int sign : {-1, 1})
    for (int i = 1; i <= 3000; ++i) {
      const double scale = sign * most * i / 3000 / 5;  // up to a fifth of the largest number
      double error = 0;
      for (const float v : x) {
        const double lost =
            double(v) - scale * std::clamp(std::nearbyint(double(v) / scale), -8.0, 7.0);
        error += lost * lost;
      }
      least = std::min(least, error);
    }
  return least;
}

TEST(FourBits, LoseHardlyMoreThanTheBestScaleWould) {
  std::mt19937 random(3);
  std::normal_distribution<float> normal(0.01F, 0.05F);
  double lost = 0, least = 0, plain = 0;
  for (int group = 0; group < 100; ++group) {
    std::vector<float> x(32);
    for (float& v : x) v = normal(random);
    std::uint8_t codes[16];
    std::uint16_t scale = 0;
    to_four_bits(x.data(), 32, codes, &scale);
    std::vector<float> row(32);
    add_four_bits(codes, scale, row.data());
    float most = 0;
    for (const float v : x) most = std::abs(v) > std::abs(most) ? v : most;
    for (std::size_t i = 0; i < 32; ++i) {
      lost += std::pow(double(x[i] - row[i]), 2);
      const float step = most / -8.0F;
      const float simple = step * std::clamp(std::nearbyint(x[i] / step), -8.0F, 7.0F);
      plain += std::pow(double(x[i] - simple), 2);
    }
    least += least_error(x);
  }
  EXPECT_LT(lost, 1.01 * least);
  EXPECT_LT(lost, 0.95 * plain);  // what max/8 alone would lose
}

TEST(FourBits, ZerosAndTinyNumbersAreZero) {
  std::uint8_t codes[16];
  std::uint16_t scale = 1;
  const std::vector<float> zeros(32);
  to_four_bits(zeros.data(), 32, codes, &scale);
  std::vector<float> row(32, 2.0F);
  add_four_bits(codes, scale, row.data());
  EXPECT_EQ(row, std::vector<float>(32, 2.0F));
  const std::vector<float> tiny(32, 1e-38F);
  to_four_bits(tiny.data(), 32, codes, &scale);
  add_four_bits(codes, scale, row.data());
  EXPECT_EQ(row, std::vector<float>(32, 2.0F));
}

}  // namespace
}  // namespace crosstail::nn
