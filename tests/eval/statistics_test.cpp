/// Tests, intervals and corrections against tables, hand calculations and exact enumeration.

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "eval/bootstrap.h"
#include "eval/cluster_t.h"
#include "eval/clusters.h"
#include "eval/distributions.h"
#include "eval/multiplicity.h"
#include "eval/randomisation.h"

namespace crosstail::eval {
namespace {

std::vector<std::uint32_t> numbered(std::size_t n, std::size_t size = 1) {
  std::vector<std::uint32_t> out(n);
  for (std::size_t i = 0; i < n; ++i) out[i] = static_cast<std::uint32_t>(i / size);
  return out;
}

TEST(Distributions, AgreeWithPublishedTables) {
  EXPECT_NEAR(normal_cdf(1.959963984540054), 0.975, 1e-12);
  EXPECT_NEAR(normal_quantile(0.975), 1.959963984540054, 1e-9);
  EXPECT_NEAR(normal_quantile(1e-6), -4.753424308822899, 1e-8);
  // Student's t, two-sided 5% and others: standard tables.
  EXPECT_NEAR(student_quantile(0.975, 1), 12.706, 5e-4);
  EXPECT_NEAR(student_quantile(0.975, 10), 2.228, 5e-4);
  EXPECT_NEAR(student_quantile(0.975, 29), 2.045, 5e-4);
  EXPECT_NEAR(student_quantile(0.995, 120), 2.617, 5e-4);
  EXPECT_NEAR(student_quantile(0.80, 20), 0.860, 5e-4);
  EXPECT_NEAR(student_cdf(-2.0, 1), 0.5 - std::atan(2.0) / std::acos(-1.0), 1e-12);
  // Chi-square: 5% points of the standard table, and exp(-x/2) for two degrees.
  EXPECT_NEAR(chi_square_tail(3.841, 1), 0.05, 2e-5);
  EXPECT_NEAR(chi_square_tail(18.307, 10), 0.05, 2e-5);
  EXPECT_NEAR(chi_square_tail(5, 2), std::exp(-2.5), 1e-12);
  EXPECT_NEAR(student_cdf(0.5, 2), 0.5 + 0.5 / (2 * std::sqrt(2 + 0.25)), 1e-12);
}

TEST(Multiplicity, HolmsOwnStepsAndBenjaminiHochbergs) {
  // Four p-values: Holm multiplies by 4, 3, 2, 1 and never falls; BH by 4/1, 4/2, 4/3, 4/4.
  const std::vector<double> p{0.01, 0.04, 0.03, 0.005};
  const std::vector<double> h{0.03, 0.06, 0.06, 0.02};
  const std::vector<double> b{0.02, 0.04, 0.04, 0.02};
  for (std::size_t i = 0; i < p.size(); ++i) {
    EXPECT_NEAR(holm(p)[i], h[i], 1e-12);
    EXPECT_NEAR(benjamini_hochberg(p)[i], b[i], 1e-12);
  }
  const auto with_gap = holm({0.02, std::nan(""), 0.5});
  EXPECT_NEAR(with_gap[0], 0.04, 1e-12);
  EXPECT_TRUE(std::isnan(with_gap[1]));
}

TEST(Clusters, QueriesThatShareARelevantPassageOrAGroupAreOneEvenThroughOthers) {
  const std::string text =
      "a 0 p1 1\nb 0 p1 1\nb 0 p2 1\nc 0 p2 2\nd 0 p3 1\ne 0 p1 0\ne 0 p4 1\nf 0 p5 1\n";
  const auto qrels = data::read_qrels_text(
      data::WholeText::from(std::vector<char>(text.begin(), text.end())), "qrels");
  ASSERT_TRUE(qrels.ok());
  const auto plain = connected_clusters(*qrels, {}, 1);
  EXPECT_EQ(plain.of, (std::vector<std::uint32_t>{0, 0, 0, 1, 2, 3}));
  EXPECT_EQ(plain.count, 4u);
  const auto grouped = connected_clusters(*qrels, {"", "", "g", "", "g", "h"}, 1);
  EXPECT_EQ(grouped.of, (std::vector<std::uint32_t>{0, 0, 0, 1, 0, 2}));
  EXPECT_EQ(clusters_by_key({"x", "", "x", ""}).of, (std::vector<std::uint32_t>{0, 1, 0, 2}));
}

TEST(Sample, MacroAverageIsTheMeanOfLanguageMeans) {
  Sample sample(numbered(4), {0, 0, 0, 1});
  const std::vector<double> values{1, 0, 0, 1};
  sample.add(values);
  EXPECT_NEAR(sample.estimate(0), (1.0 / 3 + 1) / 2, 1e-15);
  EXPECT_NEAR(sample.weight(0), 1.0 / 6, 1e-15);
}

TEST(Randomisation, ApproachesTheExactPValueOfEnumeratingAllSigns) {
  // 12 clusters of 2; all 4,096 sign patterns enumerated here.
  const std::vector<double> d{.5, .5, 0,  .25, -.25, .5, 1, 0,  0,  .1, .3,  -.2,
                              .2, .2, .5, .5,  -.5,  0,  0, .7, .1, .1, -.3, .2};
  Sample sample(numbered(24, 2), {});
  sample.add(d);
  std::vector<double> minus = d;
  for (double& v : minus) v = -v;
  sample.add(minus);
  sample.add(std::vector<double>(24, 0.0));
  double observed = 0, extreme = 0;
  for (const double v : d) observed += v;
  for (unsigned mask = 0; mask < 4096; ++mask) {
    double sum = 0;
    for (std::size_t q = 0; q < 24; ++q) sum += (mask >> (q / 2) & 1 ? -1 : 1) * d[q];
    extreme += std::fabs(sum) >= std::fabs(observed) - 1e-9;
  }
  const auto p = randomisation_test(sample, 200000, 5);
  EXPECT_NEAR(p[0], extreme / 4096, 0.001);
  EXPECT_EQ(p[0], p[1]);
  EXPECT_EQ(p[2], 1.0);  // identical systems
}

TEST(Randomisation, TheSmallestPossiblePValueIsOneOverPermutationsPlusOne) {
  Sample sample(numbered(100), {});
  sample.add(std::vector<double>(100, 0.25));
  EXPECT_EQ(randomisation_test(sample, 9999, 1)[0], 1e-4);
}

TEST(Randomisation, WholeClustersAreFlipped) {
  // 30 clusters of 100 equal values each: as many independent pieces of evidence as 30 values.
  std::mt19937 random(2);
  std::normal_distribution<double> normal(0.2, 1);
  std::vector<double> one, many;
  for (int c = 0; c < 30; ++c) {
    one.push_back(normal(random));
    for (int i = 0; i < 100; ++i) many.push_back(one.back());
  }
  Sample clustered(numbered(3000, 100), {}), alone(numbered(3000), {}), few(numbered(30), {});
  clustered.add(many);
  alone.add(many);
  few.add(one);
  EXPECT_EQ(randomisation_test(clustered, 10000, 1)[0], randomisation_test(few, 10000, 1)[0]);
  EXPECT_GT(randomisation_test(clustered, 10000, 1)[0], 0.05);
  EXPECT_LT(randomisation_test(alone, 10000, 1)[0], 0.001);
}

TEST(Statistics, DoNotDependOnThreads) {
  std::mt19937 random(4);
  std::normal_distribution<double> normal;
  Sample sample(numbered(600, 3), numbered(600, 150));
  for (int c = 0; c < 6; ++c) {
    std::vector<double> values(600);
    for (double& v : values) v = normal(random) + 0.02 * c;
    sample.add(values);
  }
  Pool pool(3);
  EXPECT_EQ(randomisation_test(sample, 5000, 9), randomisation_test(sample, 5000, 9, &pool));
  EXPECT_NE(randomisation_test(sample, 5000, 9), randomisation_test(sample, 5000, 10));
  const BootstrapOptions options{.resamples = 500, .seed = 3};
  const auto alone = bootstrap_intervals(sample, options);
  const auto shared = bootstrap_intervals(sample, options, &pool);
  for (std::size_t i = 0; i < alone.size(); ++i) {
    EXPECT_EQ(alone[i].low, shared[i].low);
    EXPECT_EQ(alone[i].high, shared[i].high);
  }
}

TEST(ClusterT, WithSingleClustersIsThePlainPairedTTest) {
  // mean 2, sd sqrt(2.5), se sqrt(.5), t = 2.828, df 4: p = 0.0474 (table: between .05 and .02).
  Sample sample(numbered(5), {});
  sample.add(std::vector<double>{0, 1, 2, 3, 4});
  const auto t = cluster_t_test(sample, 0, {});
  EXPECT_NEAR(t.estimate, 2, 1e-12);
  EXPECT_NEAR(t.standard_error, std::sqrt(0.5), 1e-12);
  EXPECT_NEAR(t.t, 2 / std::sqrt(0.5), 1e-12);
  EXPECT_NEAR(t.p, 0.0474, 1e-4);
  EXPECT_NEAR(t.effect_size, 2 / std::sqrt(2.5), 1e-12);
  EXPECT_NEAR(t.interval.low, 2 - 2.7764 * std::sqrt(0.5), 1e-4);
  EXPECT_NEAR(t.minimum_detectable, (2.7764 + 0.9410) * std::sqrt(0.5), 1e-3);
}

TEST(ClusterT, EqualValuesWithinClustersCountOnce) {
  Sample few(numbered(5), {}), many(numbered(50, 10), {});
  few.add(std::vector<double>{0, 1, 2, 3, 4});
  std::vector<double> repeated;
  for (int i = 0; i < 50; ++i) repeated.push_back(i / 10);
  many.add(repeated);
  EXPECT_NEAR(cluster_t_test(few, 0, {}).p, cluster_t_test(many, 0, {}).p, 1e-12);
}

TEST(ClusterT, IdenticalSystemsHaveP1) {
  Sample sample(numbered(40), {});
  sample.add(std::vector<double>(40, 0.0));
  EXPECT_EQ(cluster_t_test(sample, 0, {}).p, 1);
}

TEST(ClusterT, TheSameDifferenceEverywhereIsAnInfiniteEffect) {
  Sample sample(numbered(30), {});
  sample.add(std::vector<double>(30, 0.1));  // no binary fraction: means and residuals are rounded
  const auto t = cluster_t_test(sample, 0, {});
  EXPECT_EQ(t.standard_error, 0);
  EXPECT_EQ(t.effect_size, std::numeric_limits<double>::infinity());
  EXPECT_EQ(t.p, 0);
}

TEST(Bootstrap, StandardErrorAndIntervalAreThoseOfTheMean) {
  std::mt19937 random(6);
  std::normal_distribution<double> normal(1, 2);
  std::vector<double> values(400);
  for (double& v : values) v = normal(random);
  Sample sample(numbered(400), {});
  sample.add(values);
  const auto t = cluster_t_test(sample, 0, {});
  const Bootstrap bootstrap(sample, {.resamples = 20000, .seed = 1}, 1, estimates(1));
  EXPECT_NEAR(bootstrap.standard_error(0), t.standard_error, 0.02 * t.standard_error);
  EXPECT_NEAR(bootstrap.interval(0).low, t.interval.low, 0.05 * t.standard_error);
  EXPECT_NEAR(bootstrap.interval(0).high, t.interval.high, 0.05 * t.standard_error);
}

TEST(Bootstrap, RandomLanguagesWidenTheIntervalWhenLanguagesDiffer) {
  std::mt19937 random(8);
  std::normal_distribution<double> normal;
  std::vector<double> values(1000);
  std::vector<std::uint32_t> language(1000);
  for (std::size_t q = 0; q < 1000; ++q) {
    language[q] = static_cast<std::uint32_t>(q % 10);
    values[q] = static_cast<double>(q % 10) + 0.1 * normal(random);
  }
  Sample sample(numbered(1000, 10), language);
  sample.add(values);
  const auto fixed = bootstrap_intervals(sample, {.resamples = 4000})[0];
  const auto drawn = bootstrap_intervals(sample, {.resamples = 4000, .resample_strata = true})[0];
  EXPECT_LT(fixed.high - fixed.low, 0.1);
  // Ten language means 0 … 9: the standard error of their mean is 3.03 / √10 (0.91 for the
  // bootstrap, which divides by 10), so the interval is about 3.6 wide.
  EXPECT_NEAR(drawn.high - drawn.low, 3.6, 0.35);
  EXPECT_NEAR(cluster_t_test(sample, 0, {.random_strata = true}).standard_error,
              3.0277 / std::sqrt(10.0), 0.02);
}

/// 10 translations of each question: a common effect a question and noise a query, both without
/// effect on the mean; MRR-like steps, so ties occur.
std::vector<double> null_differences(std::mt19937_64& random, std::size_t questions) {
  std::normal_distribution<double> normal;
  std::vector<double> out;
  for (std::size_t g = 0; g < questions; ++g) {
    const double common = normal(random);
    for (int t = 0; t < 10; ++t) {
      const double raw = common + 0.5 * normal(random);
      out.push_back(std::fabs(raw) < 0.8 ? 0 : std::round(raw * 4) / 4);
    }
  }
  return out;
}

TEST(NullSimulation, FiveInAHundredAreRejectedAndNinetyFiveCovered) {
  constexpr std::size_t kRounds = 4000, kQuestions = 60;
  std::mt19937_64 random(2024);
  std::size_t rejected = 0, rejected_t = 0, unclustered = 0, covered = 0;
  for (std::size_t round = 0; round < kRounds; ++round) {
    const auto d = null_differences(random, kQuestions);
    Sample sample(numbered(d.size(), 10), {}), naive(numbered(d.size()), {});
    sample.add(d);
    naive.add(d);
    rejected += randomisation_test(sample, 999, round)[0] <= 0.05;
    rejected_t += cluster_t_test(sample, 0, {}).p <= 0.05;
    unclustered += cluster_t_test(naive, 0, {}).p <= 0.05;
    const auto interval = bootstrap_intervals(sample, {.resamples = 499, .seed = round})[0];
    covered += interval.low <= 0 && 0 <= interval.high;
  }
  const auto share = [](std::size_t n) { return static_cast<double>(n) / kRounds; };
  RecordProperty("rejected", std::to_string(share(rejected)));
  RecordProperty("covered", std::to_string(share(covered)));
  EXPECT_GE(share(rejected), 0.04);
  EXPECT_LE(share(rejected), 0.06);
  EXPECT_GE(share(rejected_t), 0.04);
  EXPECT_LE(share(rejected_t), 0.06);
  EXPECT_GE(share(covered), 0.93);
  EXPECT_LE(share(covered), 0.97);
  EXPECT_GT(share(unclustered), 0.3) << "the simulation would not tell clusters from queries";
}

}  // namespace
}  // namespace crosstail::eval
