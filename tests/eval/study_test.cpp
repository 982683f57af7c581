/// Studies as a whole: what a comparison, a headline, a slice and a tail effect say on data made so
/// that the answer is known.

#include "eval/study.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "eval/leakage.h"
#include "eval/tail_effect.h"

namespace crosstail::eval {
namespace {

/// `questions` questions in three languages each; system s has mean gain[s] over the first.
Study make_study(std::size_t questions, const std::vector<double>& gain, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<double> normal;
  Study study;
  study.measures = {"mrr@10", "recall@100"};
  study.languages = {"de", "fr", "ja"};
  study.values.resize(gain.size());
  for (std::size_t s = 0; s < gain.size(); ++s) study.systems.push_back("s" + std::to_string(s));
  for (std::size_t g = 0; g < questions; ++g) {
    const double common = normal(random);
    for (std::uint32_t l = 0; l < 3; ++l) {
      study.queries.push_back("q" + std::to_string(g) + "." + std::to_string(l));
      study.language.push_back(l);
      study.clusters.of.push_back(static_cast<std::uint32_t>(g));
      for (std::size_t s = 0; s < gain.size(); ++s) {
        const double value = 5 + common + gain[s] + 0.3 * normal(random);
        study.values[s].push_back(value);
        study.values[s].push_back(value / 2);
      }
    }
  }
  study.clusters.count = questions;
  return study;
}

TEST(Study, StatesDifferencesWithTheirIntervalsAndCounts) {
  const auto result = run_study(make_study(100, {0, 0.5, 0}, 1), {.resamples = 2000});
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->queries, 300u);
  EXPECT_EQ(result->clusters, 100u);
  ASSERT_EQ(result->comparisons.size(), 4u);
  const Comparison& better = result->comparisons[0];
  EXPECT_NEAR(better.difference.value, 0.5, 0.1);
  EXPECT_LT(better.difference.interval.low, better.difference.value);
  EXPECT_GT(better.difference.interval.low, 0);
  EXPECT_LT(*better.p, 0.001);
  EXPECT_LE(*better.p, *better.p_holm);
  EXPECT_EQ(better.wins + better.losses + better.ties, 300u);
  EXPECT_NEAR(better.relative, better.difference.value / result->means[0][0].value, 1e-12);
  const Comparison& same = result->comparisons[1];
  EXPECT_GT(*same.p, 0.01);
  EXPECT_LT(same.difference.interval.low, 0.02);
}

TEST(Study, UnderThirtyClustersThereIsAWarningAndNoPValue) {
  const auto result = run_study(make_study(29, {0, 1}, 2), {.resamples = 200});
  ASSERT_TRUE(result.ok());
  ASSERT_EQ(result->warnings.size(), 1u);
  EXPECT_NE(result->warnings[0].find("29 clusters"), std::string::npos);
  EXPECT_FALSE(result->comparisons[0].p);
  EXPECT_FALSE(result->comparisons[0].p_t);
  EXPECT_TRUE(run_study(make_study(30, {0, 1}, 2), {.resamples = 200})->comparisons[0].p);
}

TEST(Study, IdenticalRunsHaveP1) {
  Study study = make_study(50, {0, 0}, 3);
  study.values[1] = study.values[0];
  const auto result = run_study(study, {.resamples = 200});
  EXPECT_EQ(result->comparisons[0].p, 1.0);
  EXPECT_EQ(result->comparisons[0].p_t, 1.0);
  EXPECT_EQ(result->comparisons[0].difference.value, 0);
}

TEST(Headline, IsTheGainOverTheBestSystemWithoutOtherLanguages) {
  const Study study = make_study(80, {0, 0.6, 0.2, 1.0, 0.9}, 4);
  const StudyOptions options{.permutations = 2000, .resamples = 500};
  const auto headline = find_headline(study, {false, false, true, true, std::nullopt}, {}, options);
  ASSERT_TRUE(headline);
  EXPECT_EQ(headline->baseline, 1u);
  EXPECT_EQ(headline->system, 3u);
  EXPECT_NEAR(headline->gain.value, 0.4, 0.1);
  EXPECT_EQ(headline->candidates, 2u);
  EXPECT_EQ(headline->baselines, 2u);
  EXPECT_LT(*headline->p, 0.01);
  // A system worse than a baseline is not "better than every one of them", however sure we are.
  EXPECT_EQ(*find_headline(study, {false, false, true, true, {}}, 2, options)->p, 1.0);
  EXPECT_FALSE(find_headline(study, {true, true, true, {}, {}}, {}, options));
}

TEST(Slice, KeepsItsQueriesAndNumbersItsClustersAnew) {
  const Study study = make_study(40, {0, 1}, 5);
  const Study part = study.part({0, 1, 2, 30, 33});
  EXPECT_EQ(part.clusters.of, (std::vector<std::uint32_t>{0, 0, 0, 1, 2}));
  EXPECT_EQ(part.value(1, 3, 1), study.value(1, 30, 1));
  const auto slice = run_slice(part, {.resamples = 200});
  EXPECT_EQ(slice.queries, 5u);
  EXPECT_EQ(slice.clusters, 3u);
  EXPECT_EQ(slice.gains[0].value, 0);
  EXPECT_NEAR(slice.gains[1].value, slice.means[1].value - slice.means[0].value, 1e-12);
}

/// Gain 1 on the tail and 0.2 on the head, for two thirds of the questions.
TailInput make_tail(Study& study, double extra) {
  TailInput input{.system = 1, .baseline = 0};
  for (std::size_t q = 0; q < study.queries.size(); ++q) {
    input.part.push_back(static_cast<TailPart>(study.clusters.of[q] % 3));
    if (input.part[q] == TailPart::Tail) study.values[1][2 * q] += extra;
    input.reciprocal_rank.push_back(q % 4 == 0 ? 1 : 0.2);
  }
  return input;
}

TEST(TailEffect, FindsADifferenceInDifferences) {
  Study study = make_study(150, {0, 0.2}, 6);
  const auto effect =
      tail_effect(study, make_tail(study, 0.8), {.permutations = 2000, .resamples = 1000});
  ASSERT_TRUE(effect);
  ASSERT_EQ(effect->rows.size(), 3u);
  EXPECT_EQ(effect->rows[2].part, TailPart::Tail);
  EXPECT_EQ(effect->rows[2].queries, 150u);
  EXPECT_EQ(effect->rows[2].clusters, 50u);
  EXPECT_NEAR(effect->rows[2].gain.value, 1.0, 0.1);
  EXPECT_NEAR(effect->difference.value, 0.8, 0.12);
  EXPECT_GT(effect->difference.interval.low, 0.6);
  EXPECT_LT(*effect->p, 0.001);
  EXPECT_NEAR(*effect->within_strata, 0.8, 0.15);
}

TEST(TailEffect, WithoutAnyDifferenceFiveInAHundredAreCalledOne) {
  std::size_t rejected = 0, covered = 0;
  constexpr std::size_t kRounds = 600;
  for (unsigned round = 0; round < kRounds; ++round) {
    Study study = make_study(60, {0, 0.2}, 1000 + round);
    const auto effect = tail_effect(study, make_tail(study, 0),
                                    {.permutations = 399, .resamples = 299, .seed = round});
    rejected += *effect->p <= 0.05;
    covered += effect->difference.interval.low <= 0 && effect->difference.interval.high >= 0;
  }
  EXPECT_GT(rejected, kRounds * 25 / 1000);
  EXPECT_LT(rejected, kRounds * 75 / 1000);
  EXPECT_GT(covered, kRounds * 92 / 100);
}

TEST(TailEffect, NeedsBothEnds) {
  Study study = make_study(40, {0, 1}, 7);
  TailInput input{.system = 1, .baseline = 0};
  input.part.assign(study.queries.size(), TailPart::Tail);
  EXPECT_FALSE(tail_effect(study, input, {}));
}

TEST(Leakage, CountsOnlyQuestionsOfRelevantPassages) {
  const std::string text = "q1 0 p1 1\nq1 0 p2 0\nq2 0 p2 1\nq3 0 p3 1\n";
  const auto qrels = data::read_qrels_text(
      data::WholeText::from(std::vector<char>(text.begin(), text.end())), "q");
  data::RunMeta meta;
  meta.checked = {data::LeakGrade::SameText, data::LeakGrade::SameGroup};
  meta.leaks["q1"] = {{data::LeakGrade::SameText, {"p2"}}, {data::LeakGrade::SameGroup, {"p1"}}};
  meta.leaks["q3"] = {{data::LeakGrade::SameText, {"p3"}}};
  meta.leaks["gone"] = {{data::LeakGrade::SameText, {"p3"}}};
  const Leaks leaks = leaks_from_meta(meta, *qrels, 1);
  EXPECT_EQ(leaks[0].queries, 1u);
  EXPECT_EQ(leaks[0].leaks, (std::vector<char>{0, 0, 1}));
  EXPECT_EQ(leaks[1].leaks, (std::vector<char>{1, 0, 0}));
  EXPECT_FALSE(leaks[2].checked);
}

TEST(Leakage, FromTheQuestionFileFollowsWhatWasLeftOut) {
  const std::string text = "q1 0 p1 1\nq2 0 p1 1\n";
  const auto qrels = data::read_qrels_text(
      data::WholeText::from(std::vector<char>(text.begin(), text.end())), "q");
  data::Queries queries;
  ASSERT_TRUE(queries
                  .add({.id = "q1",
                        .text = "How  much is it?",
                        .language = "en",
                        .group = "g1",
                        .answers = {},
                        .fields = {}})
                  .ok());
  ASSERT_TRUE(queries
                  .add({.id = "q2",
                        .text = "Quoi ?",
                        .language = "fr",
                        .group = "g2",
                        .answers = {},
                        .fields = {}})
                  .ok());
  const std::vector<AttachedQuestion> attached{{"p1", "de", "HOW MUCH IS IT", "x", ""},
                                               {"p1", "de", "Wie viel?", "g1", ""},
                                               {"p1", "fr-CA", "quoi", "g3", ""},
                                               {"p9", "de", "Quoi", "g2", ""}};
  const auto counts = [&](std::vector<std::string> leave_out) {
    const Leaks leaks = leaks_from_questions(attached, queries, *qrels, 1, leave_out);
    EXPECT_FALSE(leaks[2].checked);
    return std::pair(leaks[0].queries, leaks[1].queries);
  };
  EXPECT_EQ(counts({}), std::pair(std::size_t{2}, std::size_t{1}));
  EXPECT_EQ(counts({"language"}), std::pair(std::size_t{1}, std::size_t{1}));
  EXPECT_EQ(counts({"language", "group"}), std::pair(std::size_t{1}, std::size_t{0}));
  EXPECT_EQ(counts({"text", "group"}), std::pair(std::size_t{0}, std::size_t{0}));
}

TEST(Leakage, NearCopiesAreFoundByVectorsAndSitesCanBeLeftOut) {
  const std::string text = "q1 0 p1 1\nq2 0 p2 1\n";
  const auto qrels = data::read_qrels_text(
      data::WholeText::from(std::vector<char>(text.begin(), text.end())), "q");
  data::Queries queries;
  for (const char* id : {"q1", "q2"})
    ASSERT_TRUE(queries
                    .add({.id = id,
                          .text = id,
                          .language = "en",
                          .group = "",
                          .answers = {},
                          .fields = {{"site", "a.example"}}})
                    .ok());
  const std::vector<AttachedQuestion> attached{{"p1", "de", "eins", "", "a.example"},
                                               {"p2", "de", "zwei", "", "b.example"}};
  // Cosines: q1 with "eins" .96 (a near copy), q2 with "zwei" .9.
  const LeakVectors vectors{{1, 0, 1, 0}, {0.96F, 0.28F, 0.9F, 0.435889894F}, 2};
  const Leaks all = leaks_from_questions(attached, queries, *qrels, 1, {}, vectors);
  EXPECT_TRUE(all[2].checked);
  EXPECT_EQ(all[2].leaks, (std::vector<char>{1, 0}));
  const Leaks other_sites = leaks_from_questions(attached, queries, *qrels, 1, {"site"}, vectors);
  EXPECT_EQ(other_sites[2].queries, 0u);
}

}  // namespace
}  // namespace crosstail::eval
