/// Each kernel of each instruction set against the plain definition in f64.

#include "nn/kernels.h"

#include <gtest/gtest.h>

#include <cstring>

#include "nn/attention.h"
#include "nn/packed_matrix.h"
#include "nn/random_model.h"

namespace crosstail::nn {
namespace {

using testing::isas_here;
using testing::random_numbers;

float from_bf16(std::uint16_t x) {
  const std::uint32_t bits = static_cast<std::uint32_t>(x) << 16;
  float y = 0;
  std::memcpy(&y, &bits, 4);
  return y;
}

float bf16_of(float x) {
  return from_bf16(bf16_from(x));
}

std::vector<double> wide(const std::vector<float>& x) {
  return {x.begin(), x.end()};
}

class KernelsTest : public ::testing::TestWithParam<Isa> {
 protected:
  const Kernels& kernels = kernels_for(GetParam());
  std::mt19937 random{7};
};

TEST_P(KernelsTest, LinearIsTheDenseLayer) {
  for (const auto& [rows, in, out] : {std::tuple{1, 1, 1},
                                      {1, 32, 24},
                                      {2, 17, 33},
                                      {5, 31, 64},
                                      {14, 48, 16},
                                      {15, 100, 65},
                                      {29, 384, 130},
                                      {67, 12, 5},
                                      {130, 63, 31}}) {
    const auto r = static_cast<std::size_t>(rows), i = static_cast<std::size_t>(in),
               o = static_cast<std::size_t>(out);
    const auto x = random_numbers(random, r * i), w = random_numbers(random, o * i),
               b = random_numbers(random, o);
    for (const auto activation : {Activation::Identity, Activation::Relu, Activation::Gelu,
                                  Activation::GeluTanh, Activation::Tanh, Activation::Silu}) {
      const auto linear = Linear::build(i, o, {w, b}, activation, GetParam());
      ASSERT_TRUE(linear.ok());
      std::vector<float> y(r * o);
      linear->apply(x.data(), r, y.data());
      std::vector<double> expected(r * o);
      linear_plain(wide(x).data(), r, i, wide(w).data(), wide(b).data(), o, activation,
                   expected.data());
      for (std::size_t n = 0; n < y.size(); ++n)
        ASSERT_NEAR(static_cast<double>(y[n]), expected[n], 2e-5 + 1e-5 * std::abs(expected[n]))
            << rows << " x " << in << " x " << out << ", number " << n;
    }
  }
}

TEST_P(KernelsTest, GeluAndRoughGelu) {
  std::vector<float> x;
  for (int i = -1600; i < 1600; ++i) x.push_back(static_cast<float>(i) / 100.0F);
  const std::vector<float> bias(x.size());
  std::vector<float> y(x.size());
  Finish finish;
  finish.sums = x.data();
  finish.sums_stride = finish.out_stride = x.size();
  finish.rows = 1;
  finish.panels = x.size() / kLanes;
  finish.bias = bias.data();
  finish.activation = Activation::Gelu;
  finish.out = y.data();
  for (const bool rough : {false, true}) {
    finish.rough = rough;
    kernels.finish(finish);
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double expected = activate_plain(Activation::Gelu, static_cast<double>(x[i]));
      ASSERT_NEAR(static_cast<double>(y[i]), expected, rough ? 1.7e-4 : 1e-6) << "of " << x[i];
      if (std::abs(x[i]) < 4) {
        ASSERT_NEAR(static_cast<double>(y[i]), expected, rough ? 5e-5 : 5e-7) << "of " << x[i];
      }
    }
  }
}

TEST_P(KernelsTest, LayerNorm) {
  for (const std::size_t columns : {1u, 7u, 16u, 33u, 64u, 100u, 384u, 1000u}) {
    const std::size_t padded = up_to_multiple(columns, kColumnGroup), rows = 3;
    auto gamma = random_numbers(random, columns), beta = random_numbers(random, columns);
    std::vector<float> x(rows * padded);
    std::vector<double> expected;
    for (std::size_t r = 0; r < rows; ++r) {
      const auto row = random_numbers(random, columns, 2.0F, 5.0F);
      std::copy(row.begin(), row.end(), x.data() + r * padded);
      expected.insert(expected.end(), row.begin(), row.end());
    }
    layer_norm_plain(expected.data(), rows, columns, wide(gamma).data(), wide(beta).data(), 1e-5,
                     expected.data());
    gamma.resize(padded);
    beta.resize(padded);
    std::vector<std::uint16_t> rounded(rows * padded);
    kernels.norm({x.data(), padded, rows, columns, gamma.data(), beta.data(), 1e-5F, rounded.data(),
                  padded});
    for (std::size_t r = 0; r < rows; ++r)
      for (std::size_t c = 0; c < padded; ++c) {
        const double y = c < columns ? expected[r * columns + c] : 0.0;
        ASSERT_NEAR(static_cast<double>(x[r * padded + c]), y, 1e-5) << columns << " at " << c;
        ASSERT_EQ(from_bf16(rounded[r * padded + c]), bf16_of(x[r * padded + c]));
      }
  }
}

TEST_P(KernelsTest, EightBitRowsAreWithinHalfAStep) {
  const std::size_t columns = 128, rows = 4;
  auto x = random_numbers(random, rows * columns, 1.0F, 0.5F);
  std::fill_n(x.begin() + 2 * columns, columns, 0.0F);
  for (std::size_t c = 0; c < columns; ++c) x[3 * columns + c] = std::abs(x[3 * columns + c]);
  std::vector<std::uint8_t> q(rows * columns);
  std::vector<float> scale(rows);
  std::vector<std::int32_t> zero(rows);
  kernels.quantise(
      {x.data(), columns, rows, columns, q.data(), columns, scale.data(), zero.data()});
  for (std::size_t i = 0; i < x.size(); ++i) {
    const std::size_t r = i / columns;
    const float back = scale[r] * static_cast<float>(q[i] - zero[r]);
    ASSERT_NEAR(back, x[i], 1.01F * scale[r])
        << "row " << r;  // the zero point moves by half a step
  }
  EXPECT_EQ(zero[3], 0);  // nothing negative: all 255 steps are used
}

struct Multiplied {
  std::vector<float> got;
  std::vector<double> expected;
};

/// rows × in times (out × in)ᵀ in `precision`, and the same from the rounded numbers in f64.
Multiplied multiplied(const Kernels& kernels, Precision precision, std::size_t rows, std::size_t in,
                      std::size_t out, std::mt19937& random) {
  const auto x = random_numbers(random, rows * in), w = random_numbers(random, out * in),
             bias = random_numbers(random, out);
  PackedMatrix matrix;
  matrix.in = in;
  matrix.out = out;
  matrix.precision = precision;
  std::vector<float> panels(matrix.panel_bytes() / 4), biases(matrix.padded_out()),
      scales(matrix.padded_out());
  std::vector<std::int32_t> sums(matrix.padded_out());
  matrix.panels = reinterpret_cast<const std::byte*>(panels.data());
  matrix.bias = biases.data();
  matrix.scale = scales.data();
  matrix.sums = sums.data();
  pack({w, bias}, 0, matrix);

  const std::size_t number = input_bytes(precision), stride = row_stride(in, number) * number;
  const std::size_t padded = up_to_multiple(rows, kMostBlockRows);
  std::vector<float> storage(padded * stride / 4);
  auto* input = reinterpret_cast<std::byte*>(storage.data());
  std::vector<float> row_scale(padded);
  std::vector<std::int32_t> row_zero(padded);
  std::vector<double> seen(rows * in), weights(out * in);
  for (std::size_t i = 0; i < w.size(); ++i)
    weights[i] = precision == Precision::BF16 ? static_cast<double>(bf16_of(w[i]))
                                              : static_cast<double>(w[i]);
  for (std::size_t r = 0; r < rows; ++r)
    for (std::size_t c = 0; c < in; ++c) {
      const float value = x[r * in + c];
      std::byte* to = input + r * stride + c * number;
      seen[r * in + c] = static_cast<double>(value);
      if (precision == Precision::F32) {
        std::memcpy(to, &value, 4);
      } else if (precision == Precision::BF16) {
        const std::uint16_t half = bf16_from(value);
        std::memcpy(to, &half, 2);
        seen[r * in + c] = static_cast<double>(from_bf16(half));
      } else {
        row_scale[r] = 0.5F;
        row_zero[r] = 100;
        const auto q = static_cast<std::uint8_t>((r * 31 + c * 7) % 256);
        *to = std::byte{q};
        seen[r * in + c] = 0.5 * (q - 100);
      }
    }
  if (precision == Precision::INT8)
    for (std::size_t i = 0; i < w.size(); ++i) {
      const double scale = static_cast<double>(scales[i / in]);
      weights[i] = scale * std::nearbyint(static_cast<double>(w[i] * (1.0F / scales[i / in])));
    }
  Multiplied result;
  result.expected.resize(rows * out);
  std::vector<double> wide_bias(bias.begin(), bias.end());
  linear_plain(seen.data(), rows, in, weights.data(), wide_bias.data(), out, Activation::Identity,
               result.expected.data());
  std::vector<float> y(rows * matrix.padded_out());
  const KernelScope scope(kernels);
  for (std::size_t block = 0; block < column_blocks(matrix); ++block)
    multiply(kernels, matrix, {input, stride, row_scale.data(), row_zero.data()}, rows, block,
             {y.data(), matrix.padded_out()});
  for (std::size_t r = 0; r < rows; ++r)
    result.got.insert(result.got.end(), y.data() + r * matrix.padded_out(),
                      y.data() + r * matrix.padded_out() + out);
  return result;
}

TEST_P(KernelsTest, ProductsOfEveryPrecision) {
  for (const auto precision : {Precision::F32, Precision::BF16, Precision::INT8})
    for (const std::size_t rows : {1u, 2u, 13u, 16u, 17u, 33u, 57u, 100u})
      for (const auto& [in, out] : {std::pair<std::size_t, std::size_t>{1, 3},
                                    {30, 40},
                                    {64, 64},
                                    {100, 7},
                                    {129, 200},
                                    {384, 96}}) {
        const auto result = multiplied(kernels, precision, rows, in, out, random);
        for (std::size_t i = 0; i < result.got.size(); ++i)
          ASSERT_NEAR(static_cast<double>(result.got[i]), result.expected[i],
                      1e-4 + 1e-6 * std::abs(result.expected[i]))
              << name_of(precision) << " " << rows << " x " << in << " x " << out << " at " << i;
      }
}

TEST_P(KernelsTest, AttentionOfOneHead) {
  const KernelScope scope(kernels);
  for (const std::size_t width : {8u, 12u, 16u, 32u, 33u, 64u})
    for (const std::size_t tokens : {1u, 2u, 15u, 16u, 17u, 32u, 47u, 100u, 512u, 513u, 1100u})
      for (const bool bf16 : {false, true}) {
        const std::size_t hidden = width, stride = row_stride(3 * hidden, bf16 ? 2 : 4);
        auto qkv = random_numbers(random, tokens * 3 * hidden, 1.5F);
        if (bf16)
          for (auto& x : qkv) x = bf16_of(x);
        std::vector<float> f32((tokens + 1) * stride);
        std::vector<std::uint16_t> half((tokens + 1) * stride);
        for (std::size_t t = 0; t < tokens; ++t)
          for (std::size_t c = 0; c < 3 * hidden; ++c) {
            f32[t * stride + c] = qkv[t * 3 * hidden + c];
            half[t * stride + c] = bf16_from(qkv[t * 3 * hidden + c]);
          }
        Workspace scratch;
        std::vector<float> out(tokens * hidden);
        Attend at;
        const std::size_t number = bf16 ? 2 : 4;
        at.q = bf16 ? reinterpret_cast<const std::byte*>(half.data())
                    : reinterpret_cast<const std::byte*>(f32.data());
        at.k = at.q + hidden * number;
        at.v = at.k + hidden * number;
        at.stride = stride;
        at.tokens = tokens;
        at.width = width;
        at.out = out.data();
        at.out_stride = hidden;
        at.out_f32 = true;
        at.scratch = scratch.reserve(attend_layout(tokens, width, bf16, nullptr).bytes);
        (bf16 ? kernels.attend_bf16 : kernels.attend_f32)(at, kernels);
        std::vector<double> expected(tokens * hidden);
        attention_plain(wide(qkv).data(), tokens, 1, width, expected.data());
        for (std::size_t i = 0; i < out.size(); ++i)
          ASSERT_NEAR(static_cast<double>(out[i]), expected[i], bf16 ? 2e-2 : 2e-5)
              << tokens << " tokens of width " << width << (bf16 ? " in bf16" : " in f32")
              << ", number " << i;
      }
}

INSTANTIATE_TEST_SUITE_P(Isas, KernelsTest, ::testing::ValuesIn(isas_here()),
                         [](const auto& tested) {
                           std::string name(name_of(tested.param));
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace crosstail::nn
