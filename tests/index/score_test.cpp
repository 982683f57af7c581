#include "index/score.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

#include "index/vectors.h"

namespace crosstail::index {
namespace {

using testing::Kind;

std::uint32_t bits(float x) {
  return std::bit_cast<std::uint32_t>(x);
}

TEST(Score, HasTheBitsOfItsDefinitionOnEveryProcessor) {
  for (const std::size_t dim :
       {1UL, 7UL, 31UL, 32UL, 33UL, 48UL, 63UL, 100UL, 384UL, 768UL, 1024UL})
    for (const Kind kind : testing::kKinds) {
      const auto rows = testing::vectors(kind, 20, dim, dim);
      const auto query = testing::vectors(Kind::Normal, 1, dim, 99);
      for (std::size_t r = 0; r < 20; ++r) {
        const float* row = &rows[r * dim];
        const float expected = testing::defined_score(query.data(), row, dim);
        for (const auto isa : nn::kAllIsas)
          if (isa <= nn::best_isa()) {
            ASSERT_EQ(bits(score_kernel(VectorType::F32, isa)(
                          query.data(), reinterpret_cast<const std::byte*>(row), dim)),
                      bits(expected))
                << "dim " << dim << ", " << testing::name_of(kind) << ", " << nn::name_of(isa);
          }
      }
    }
}

TEST(Score, OfABf16RowIsThatOfTheWidenedRow) {
  for (const std::size_t dim : {1UL, 7UL, 33UL, 384UL}) {
    auto rows = testing::vectors(Kind::Normal, 10, dim, dim);
    const auto stored = testing::as_bf16(rows);
    const auto query = testing::vectors(Kind::Normal, 1, dim, 99);
    for (std::size_t r = 0; r < 10; ++r)
      for (const auto isa : nn::kAllIsas)
        if (isa <= nn::best_isa()) {
          ASSERT_EQ(bits(score_kernel(VectorType::BF16, isa)(
                        query.data(), reinterpret_cast<const std::byte*>(&stored[r * dim]), dim)),
                    bits(testing::defined_score(query.data(), &rows[r * dim], dim)));
        }
  }
}

TEST(Score, OverflowToBothSidesCountsAsTheLowest) {
  // Lane 0 overflows to +∞, lane 1 to −∞; their sum would be NaN.
  const std::vector<float> query = {1e30F, 1e30F}, row = {1e30F, -1e30F};
  EXPECT_EQ(score(query.data(), row.data(), 2), -std::numeric_limits<float>::infinity());
}

TEST(Score, IsNearTheInnerProduct) {
  // 1·4 + 2·5 + 3·6 = 32, exact in f32.
  const std::vector<float> query = {1, 2, 3}, row = {4, 5, 6};
  EXPECT_EQ(score(query.data(), row.data(), 3), 32);
}

}  // namespace
}  // namespace crosstail::index
