/// Vector measures on vectors small enough to compute by hand, and scipy's value of Kruskal–Wallis.

#include "eval/vector_measures.h"

#include <gtest/gtest.h>

#include <cmath>

namespace crosstail::eval {
namespace {

// Directions 0°, 90°, 45° (twice as long), in the plane.
const std::vector<float> kPlane{1, 0, 0, 1, 2, 2};
const std::vector<float> kOther{0, 3, 1, 0, 1, 1};

VectorRows rows(const std::vector<float>& values, std::size_t dim = 2) {
  return {values, values.size() / dim, dim};
}

TEST(Alignment, IsTheSquaredDistanceOfNormalisedPairs) {
  const auto value = alignment(rows(kPlane), rows(kOther));
  ASSERT_TRUE(value.ok());
  EXPECT_NEAR((*value)[0], 2, 1e-6);
  EXPECT_NEAR((*value)[1], 2, 1e-6);
  EXPECT_NEAR((*value)[2], 0, 1e-6);
  EXPECT_FALSE(alignment(rows(kPlane), rows(kPlane, 3)).ok());
}

TEST(Uniformity, IsTheLogarithmOfTheMeanPotential) {
  const auto terms = uniformity_terms(rows(kPlane), 0, 1);
  const double far = std::exp(-2 * 2.0), near = std::exp(-2 * (2 - std::sqrt(2.0)));
  EXPECT_NEAR(terms[0], (far + near) / 2, 1e-6);
  EXPECT_NEAR(terms[2], near, 1e-6);
  EXPECT_NEAR(uniformity(terms), std::log((2 * (far + near) / 2 + near) / 3), 1e-6);
  EXPECT_EQ(uniformity_terms(rows(kPlane), 50, 1), terms);
}

TEST(Margin, IsTheRatioOfTheCosineToTheNeighbourhood) {
  // k = 2. a0 = 0°: cosines to b (90°, 0°, 45°): 0, 1, r; a1: 1, 0, r; a2: r, r, 1 with r = √½.
  const double r = std::sqrt(0.5);
  const auto value = margin_scores(rows(kPlane), rows(kOther), 2);
  ASSERT_TRUE(value.ok());
  EXPECT_NEAR((*value)[0], 0, 1e-6);
  EXPECT_NEAR((*value)[2], 1 / (((1 + r) / 2 + (1 + r) / 2) / 2), 1e-6);
}

TEST(NeighbourAccuracy, CountsPairsThatFindEachOther) {
  EXPECT_EQ(*neighbour_accuracy(rows(kPlane), rows(kOther)), (std::vector<double>{0, 0, 1}));
  EXPECT_EQ(*neighbour_accuracy(rows(kPlane), rows(kPlane)), (std::vector<double>{1, 1, 1}));
}

TEST(PooledAveragePrecision, CountsAllTranslationsAsRelevant) {
  // Query at 0°; candidates at 0°, 45°, 90°: ranks 1, 2, 3.
  const std::vector<float> query{5, 0}, pool{0, 1, 1, 1, 1, 0};
  const auto value = pooled_average_precision(rows(query), {"g"}, rows(pool), {"g", "x", "g"});
  EXPECT_NEAR((*value)[0], (1.0 + 2.0 / 3) / 2, 1e-12);
  EXPECT_EQ((*pooled_average_precision(rows(query), {"none"}, rows(pool), {"g", "x", "g"}))[0], 0);
}

TEST(KruskalWallis, AgreesWithScipy) {
  // scipy.stats.kruskal([1, 2, 5], [3, 4, 9], [6, 7, 8]).pvalue
  EXPECT_NEAR(kruskal_wallis_p({0, 0, 1, 1, 0, 2, 2, 2, 1}, 3), 0.1479159442, 1e-9);
  EXPECT_TRUE(std::isnan(kruskal_wallis_p({0, 0, 0}, 1)));
}

TEST(LanguageBias, SeesALanguageThatComesFirst) {
  // Query at 0°: German candidates at 5°, 10°, 15°, French at 50°, 60°, 70°.
  std::vector<float> pool;
  for (const double degrees : {5.0, 10.0, 15.0, 50.0, 60.0, 70.0}) {
    pool.push_back(static_cast<float>(std::cos(degrees / 57.29577951)));
    pool.push_back(static_cast<float>(std::sin(degrees / 57.29577951)));
  }
  const std::vector<float> query{1, 0};
  const auto bias =
      language_bias(rows(query), {"de"}, rows(pool), {"de", "de", "de", "fr", "fr", "fr"}, 4);
  ASSERT_TRUE(bias.ok());
  EXPECT_EQ(bias->languages, (std::vector<std::string>{"de", "fr"}));
  EXPECT_NEAR(bias->top_share[0], 0.75, 1e-12);
  EXPECT_NEAR(bias->pool_share[0], 0.5, 1e-12);
  EXPECT_NEAR(bias->own_language_excess[0], 0.25, 1e-12);
  // Ranks 1 2 3 | 4 5 6: H = 27/7 = 3.857, one degree of freedom: p = 0.0495.
  EXPECT_NEAR(bias->p[0], 0.04953, 1e-5);
}

}  // namespace
}  // namespace crosstail::eval
