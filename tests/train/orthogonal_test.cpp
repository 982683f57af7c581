// Muon: the iteration on singular values known by hand, and one step of the optimiser.
#include "train/orthogonal.h"

#include <gtest/gtest.h>

#include <cmath>

#include "train/optimizer.h"

namespace crosstail::train {
namespace {

/// What five steps of 3.4445 s - 4.775 s³ + 2.0315 s⁵ make of a singular value.
double after_five(double s) {
  for (int i = 0; i < 5; ++i) s = 3.4445 * s - 4.7750 * s * s * s + 2.0315 * s * s * s * s * s;
  return s;
}

TEST(Orthogonal, MovesSingularValuesAlone) {
  // U diag(3, 1) Vᵀ with U a rotation by 30° and V the first two of three axes, and its transpose.
  const double c = std::sqrt(0.75), s = 0.5, norm = std::sqrt(10);
  const double one = after_five(3 / norm), two = after_five(1 / norm);
  EXPECT_GT(two, 0.6);  // both are brought near 1
  EXPECT_LT(one, 1.25);
  std::vector<double> wide = {3 * c, -s, 0, 3 * s, c, 0}, tall = {3 * c, 3 * s, -s, c, 0, 0};
  OrthogonalScratch<double> scratch;
  orthogonalise(nn::ProductMode::F64, 2, 3, wide.data(), scratch);
  orthogonalise(nn::ProductMode::F64, 3, 2, tall.data(), scratch);
  const double wanted[] = {one * c, -two * s, 0, one * s, two * c, 0};
  for (std::size_t i = 0; i < 6; ++i) {
    EXPECT_NEAR(wide[i], wanted[i], 1e-12) << i;
    EXPECT_NEAR(tall[i % 3 * 2 + i / 3], wanted[i], 1e-12) << i;
  }
  std::vector<double> null(6);
  orthogonalise(nn::ProductMode::F64, 2, 3, null.data(), scratch);
  for (const double x : null) EXPECT_EQ(x, 0);
}

TEST(Orthogonal, AStepByHandAndBiasesStayWithAdamW) {
  Pool pool(2);
  nn::Parameters<double> parameters;
  const auto matrix = parameters.add("encoder.layer.0.output.dense.weight", 2, 2, 1, true);
  const auto bias = parameters.add("encoder.layer.0.output.dense.bias", 2, 1, 1, false);
  const auto head = parameters.add("classifier.dense.weight", 2, 2, 2, true);
  parameters.allocate(false);
  for (std::size_t i = 0; i < 10; ++i) *parameters.value(i) = 1;
  AdamOptions options;
  options.clip_norm = 0;
  options.muon = 0.5;
  options.mode = nn::ProductMode::F64;
  options.weight_decay = 0.1;
  AdamW<double> optimizer(parameters, pool);
  // Gradient diag(4, 3): momentum diag(2, 1.5), Nesterov's diag(3, 2.25), over its length diag(.8,
  // .6).
  *parameters.gradient(matrix) = 4;
  *parameters.gradient(matrix + 3) = 3;
  *parameters.gradient(bias) = 5;
  *parameters.gradient(head) = 5;
  ASSERT_TRUE(optimizer.step(options, {0.01, 0.01, 0.01}, 1).finite);
  const double size = 0.01 * 0.2 * std::sqrt(2.0), decayed = 1 - 0.01 * 0.1;
  EXPECT_NEAR(*parameters.value(matrix), decayed - size * after_five(0.8), 1e-12);
  EXPECT_NEAR(*parameters.value(matrix + 3), decayed - size * after_five(0.6), 1e-12);
  EXPECT_NEAR(*parameters.value(matrix + 1), decayed, 1e-12);
  // AdamW's first step is the rate, whatever the gradient.
  EXPECT_NEAR(*parameters.value(bias), 1 - 0.01, 1e-9);
  EXPECT_NEAR(*parameters.value(head), decayed - 0.01, 1e-9);
}

}  // namespace
}  // namespace crosstail::train
