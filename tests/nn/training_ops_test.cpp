// The single operations of training against PyTorch's dumps (../shared/fixtures/training/ops.*),
// and facts that need no files.
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <random>

#include "nn/attention_training.h"
#include "nn/bfloat16.h"
#include "nn/pooling_backward.h"
#include "nn/row_kernels.h"
#include "nn/training_product.h"
#include "support/shared.h"
#include "support/training_dump.h"

namespace crosstail::nn {
namespace {

using testing::cast_to;
using testing::Dump;
using testing::relative_distance;

template <class Real>
class TrainingOps : public ::testing::Test {
 protected:
  void SetUp() override {
    CROSSTAIL_NEEDS_SHARED();
    dump = testing::read_dump(*testing::shared_dir() / "fixtures/training/ops.safetensors");
  }
  std::vector<Real> get(const std::string& name) { return cast_to<Real>(dump.at(name).values); }
  void expect(const std::vector<Real>& ours, const std::string& name) {
    EXPECT_LT(relative_distance(ours, dump.at(name).values), kTolerance) << name;
  }
  static constexpr double kTolerance = sizeof(Real) == 8 ? 1e-9 : 1e-4;
  Dump dump;
};
using Reals = ::testing::Types<double, float>;
TYPED_TEST_SUITE(TrainingOps, Reals);

TYPED_TEST(TrainingOps, LayerNorm) {
  using Real = TypeParam;
  for (const std::string name :
       {"layer-norm-1x1", "layer-norm-1x8", "layer-norm-5x17", "layer-norm-3x32"}) {
    const auto& shape = this->dump.at(name + ".in.x").shape;
    const std::size_t rows = shape[0], columns = shape[1];
    auto x = this->get(name + ".in.x"), d = this->get(name + ".dout");
    const auto gamma = this->get(name + ".in.weight"), beta = this->get(name + ".in.bias");
    std::vector<Real> normalised(x.size()), scale(rows), d_gamma(columns), d_beta(columns);
    add_norm<Real>({rows,
                    columns,
                    nullptr,
                    nullptr,
                    {},
                    gamma.data(),
                    beta.data(),
                    static_cast<Real>(1e-5),
                    x.data(),
                    normalised.data(),
                    scale.data()});
    this->expect(x, name + ".out");
    add_norm_backward<Real>({rows,
                             columns,
                             normalised.data(),
                             scale.data(),
                             gamma.data(),
                             {},
                             d.data(),
                             nullptr,
                             d_gamma.data(),
                             d_beta.data(),
                             nullptr});
    this->expect(d, name + ".din.x");
    this->expect(d_gamma, name + ".din.weight");
    this->expect(d_beta, name + ".din.bias");
  }
}

TYPED_TEST(TrainingOps, Activations) {
  using Real = TypeParam;
  for (const auto& [name, in, activation] :
       {std::tuple{std::string("gelu-erf"), std::string("x"), Activation::Gelu},
        {std::string("gelu-tanh"), std::string("x"), Activation::GeluTanh},
        {std::string("tanh"), std::string("input"), Activation::Tanh}}) {
    auto x = this->get(name + ".in." + in), d = this->get(name + ".dout");
    std::vector<Real> out(x.size()), again(x.size()), bias(x.size()), d_bias(x.size());
    bias_activation(activation, 1, x.size(), bias.data(), x.data(), out.data());
    this->expect(out, name + ".out");
    activation_backward(activation, 1, x.size(), x.data(), d.data(), again.data(), d_bias.data());
    this->expect(d, name + ".din." + in);
    EXPECT_EQ(again, out);
    EXPECT_EQ(d_bias, d);
  }
}

TYPED_TEST(TrainingOps, Attention) {
  using Real = TypeParam;
  for (const std::string name : {"attention-1", "attention-5", "attention-17"}) {
    const auto& shape = this->dump.at(name + ".in.q").shape;
    const std::size_t width = shape[3], padded = shape[2], heads = shape[0] * shape[1];
    const auto q = this->get(name + ".in.q"), k = this->get(name + ".in.k"),
               v = this->get(name + ".in.v"), given = this->get(name + ".dout");
    const auto lengths = this->get(name + ".in.lengths");
    // Rows beyond a text's length still ask in PyTorch's form; here they do not exist, so only
    // texts of the full length can be compared.
    AttentionScratch<Real> scratch;
    for (std::size_t h = 0; h < heads; ++h) {
      if (static_cast<std::size_t>(lengths[h / shape[1]]) != padded) continue;
      const std::size_t at = h * padded * width, size = padded * width;
      const AttentionHead<Real> head{padded,
                                     width,
                                     width,
                                     q.data() + at,
                                     k.data() + at,
                                     v.data() + at,
                                     Real(1) / std::sqrt(static_cast<Real>(width))};
      std::vector<Real> out(size), dq(size), dk(size), dv(size);
      attention_forward(head, out.data(), width, scratch);
      attention_backward(head, given.data() + at, width, dq.data(), dk.data(), dv.data(), width,
                         scratch);
      const auto part = [&](const std::string& key) {
        const auto& all = this->dump.at(key).values;
        const auto from = all.begin() + static_cast<std::ptrdiff_t>(at);
        return std::vector<double>(from, from + static_cast<std::ptrdiff_t>(size));
      };
      EXPECT_LT(relative_distance(out, part(name + ".out")), this->kTolerance) << name;
      EXPECT_LT(relative_distance(dq, part(name + ".din.q")), this->kTolerance) << name;
      EXPECT_LT(relative_distance(dk, part(name + ".din.k")), this->kTolerance) << name;
      EXPECT_LT(relative_distance(dv, part(name + ".din.v")), this->kTolerance) << name;
    }
  }
}

TYPED_TEST(TrainingOps, LengthOneAndMeanPooling) {
  using Real = TypeParam;
  auto x = this->get("l2-normalize.in.x"), d = this->get("l2-normalize.dout");
  const auto before = x;
  l2_normalise(x.data(), 4, 17);
  this->expect(x, "l2-normalize.out");
  l2_normalise_backward(before.data(), 4, 17, d.data());
  this->expect(d, "l2-normalize.din.x");
  // Packed: the rows under the mask only.
  const auto h = this->get("mean-pool.in.h"), given = this->get("mean-pool.dout");
  const auto lengths = this->get("mean-pool.in.lengths");
  std::vector<Real> packed;
  std::vector<double> expected;
  std::vector<std::int32_t> offsets = {0};
  for (std::size_t t = 0; t < 3; ++t) {
    const auto length = static_cast<std::size_t>(lengths[t]);
    packed.insert(packed.end(), h.begin() + static_cast<std::ptrdiff_t>(t * 45),
                  h.begin() + static_cast<std::ptrdiff_t>(t * 45 + length * 5));
    const auto& din = this->dump.at("mean-pool.din.h").values;
    expected.insert(expected.end(), din.begin() + static_cast<std::ptrdiff_t>(t * 45),
                    din.begin() + static_cast<std::ptrdiff_t>(t * 45 + length * 5));
    offsets.push_back(offsets.back() + static_cast<std::int32_t>(length));
  }
  std::vector<Real> pooled(15), d_hidden(packed.size());
  pool_texts<Real>(TextPooling::Mean, packed.data(), offsets, 5, pooled.data());
  this->expect(pooled, "mean-pool.out");
  pool_texts_backward<Real>(TextPooling::Mean, given.data(), offsets, 5, d_hidden.data());
  EXPECT_LT(relative_distance(d_hidden, expected), this->kTolerance);
}

TEST(DropoutMasks, AreTheScalarDefinitionAndDropTheirShare) {
  const DropoutKey key = {5, 6, 0.1F, 0};
  std::vector<std::uint64_t> keys(100);
  for (std::size_t r = 0; r < keys.size(); ++r) keys[r] = row_key(key, 3, 7, r);
  std::vector<float> ones(100 * 37, 1);
  drop_rows<float>(100, 37, {keys.data(), 0.1F}, ones.data());
  std::vector<double> doubles(100 * 37, 1);
  drop_rows<double>(100, 37, {keys.data(), 0.1F}, doubles.data());
  double dropped = 0;
  for (std::size_t i = 0; i < ones.size(); ++i) {
    const bool drops = is_dropped(keys[i / 37], static_cast<std::uint32_t>(i % 37), 0.1F);
    dropped += drops ? 1 : 0;
    EXPECT_EQ(ones[i] == 0, drops);
    EXPECT_EQ(doubles[i] == 0, drops);
    EXPECT_FLOAT_EQ(ones[i], drops ? 0.0F : 1 / 0.9F);
  }
  EXPECT_NEAR(dropped / 3700, 0.1, 0.02);  // four standard deviations
}

TEST(TrainingProducts, ByThreeBfloat16AreFarNearerThanByOne) {
  std::mt19937 random(2);
  std::normal_distribution<float> normal;
  const std::size_t m = 32, n = 48, k = 96;
  std::vector<float> a(m * k), b(n * k);
  for (auto& v : a) v = normal(random);
  for (auto& v : b) v = normal(random);
  const std::vector<double> wide_a(a.begin(), a.end()), wide_b(b.begin(), b.end());
  std::vector<double> exact(m * n);
  multiply<double>(Transpose::No, Transpose::Yes, m, n, k, wide_a.data(), wide_b.data(),
                   exact.data());
  const auto split = [](const std::vector<float>& x) {
    std::pair<std::vector<std::uint16_t>, std::vector<std::uint16_t>> parts;
    parts.first.resize(x.size());
    parts.second.resize(x.size());
    to_bfloat16(x, parts.first.data(), parts.second.data());
    return parts;
  };
  const auto pa = split(a), pb = split(b);
  const auto off = [&](ProductMode mode) {
    std::vector<float> c(m * n);
    multiply<float>({mode, Transpose::No, Transpose::Yes, m, n, k, false},
                    {a.data(), pa.first.data(), pa.second.data(), k},
                    {b.data(), pb.first.data(), pb.second.data(), k}, c.data(), n);
    return relative_distance(c, exact);
  };
  EXPECT_LT(off(ProductMode::F32), 1e-6);
  EXPECT_LT(off(ProductMode::F32x3), 2e-5);
  EXPECT_LT(off(ProductMode::BF16), 1e-2);
  EXPECT_GT(off(ProductMode::BF16), 1e-3);
}

TEST(Bfloat16, RoundsToNearestEvenAndKeepsNan) {
  // 1 + 2^-8 lies between 1 and 1 + 2^-7: to even, 1. 1 + 3·2^-8 goes up to 1 + 2^-6.
  EXPECT_EQ(from_bfloat16(to_bfloat16(1.00390625F)), 1.0F);
  EXPECT_EQ(from_bfloat16(to_bfloat16(1.01171875F)), 1.015625F);
  EXPECT_TRUE(std::isnan(from_bfloat16(to_bfloat16(std::nanf("")))));
  EXPECT_TRUE(std::isinf(from_bfloat16(to_bfloat16(3.4e38F))));
  std::vector<float> x(37, std::nanf(""));
  std::iota(x.begin() + 1, x.end(), 0.3F);
  std::vector<std::uint16_t> high(37);
  to_bfloat16(x, high.data(), nullptr);
  for (std::size_t i = 0; i < x.size(); ++i) EXPECT_EQ(high[i], to_bfloat16(x[i]));
}

}  // namespace
}  // namespace crosstail::nn
