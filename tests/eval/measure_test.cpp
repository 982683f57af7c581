/// Measures and policies against hand calculations and against a brute-force version in f64 that
/// sorts whole lists and knows nothing of hash tables.

#include "eval/measure.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <random>

#include "eval/run_scores.h"

namespace crosstail::eval {
namespace {

data::WholeText text_of(std::string_view text) {
  return data::WholeText::from(std::vector<char>(text.begin(), text.end()));
}

Result<RunScores> score(std::string_view qrels_text, std::string_view run_text,
                        std::string_view measures, RankingPolicy policy = {}) {
  const auto qrels = data::read_qrels_text(text_of(qrels_text), "qrels");
  if (!qrels) return qrels.error();
  const auto run = data::read_run_text(text_of(run_text), "run");
  if (!run) return run.error();
  return score_run(*run, *qrels, *parse_measures(measures), policy);
}

TEST(Measures, HandComputed) {
  // Ranking a b c d; a: 2, c: 1, not returned e: 3, judged not relevant b.
  const auto s =
      score("q 0 a 2\nq 0 b 0\nq 0 c 1\nq 0 e 3\n",
            "q 0 a 1 4 t\nq 0 b 2 3 t\nq 0 c 3 2 t\nq 0 d 4 1 t\n",
            "ndcg@3,ndcg-exp@3,mrr,map,recall@3,p@4,success@1,rprec,bpref,judged@4,map@1");
  ASSERT_TRUE(s.ok()) << s.error().message;
  const double log3 = std::log2(3.0);
  EXPECT_NEAR(s->value(0, 0), (2 + 1 / 2.0) / (3 + 2 / log3 + 1 / 2.0), 1e-12);
  EXPECT_NEAR(s->value(0, 1), (3 + 1 / 2.0) / (7 + 3 / log3 + 1 / 2.0), 1e-12);
  EXPECT_NEAR(s->value(0, 2), 1.0, 1e-12);
  EXPECT_NEAR(s->value(0, 3), (1.0 + 2.0 / 3) / 3, 1e-12);
  EXPECT_NEAR(s->value(0, 4), 2.0 / 3, 1e-12);
  EXPECT_NEAR(s->value(0, 5), 2.0 / 4, 1e-12);
  EXPECT_NEAR(s->value(0, 6), 1.0, 1e-12);
  EXPECT_NEAR(s->value(0, 7), 2.0 / 3, 1e-12);
  EXPECT_NEAR(s->value(0, 8), (1.0 + (1 - 1.0 / 1)) / 3, 1e-12);
  EXPECT_NEAR(s->value(0, 9), 3.0 / 4, 1e-12);
  EXPECT_NEAR(s->value(0, 10), 1.0 / 3, 1e-12);
}

TEST(Policies, EqualScoresAreOrderedByPassageIdDescending) {
  const auto s = score("q 0 a 1\n", "q 0 a 1 5 t\nq 0 c 2 5 t\nq 0 b 3 5 t\n", "mrr");
  ASSERT_TRUE(s.ok());
  EXPECT_NEAR(s->value(0, 0), 1.0 / 3, 1e-12);
}

TEST(Policies, AMissingQueryCountsAsZeroUnlessSkipped) {
  const auto s = score("p 0 a 1\nq 0 a 1\nr 0 a 0\n", "q 0 a 1 5 t\nx 0 a 1 5 t\n", "mrr");
  ASSERT_TRUE(s.ok());
  EXPECT_EQ(s->missing, 2u);
  EXPECT_EQ(s->unknown, 1u);
  EXPECT_EQ(s->unknown_example, "x");
  EXPECT_EQ(s->without_relevant, 1u);
  EXPECT_NEAR(s->mean(0, Missing::Zero), 1.0 / 3, 1e-12);
  EXPECT_NEAR(s->mean(0, Missing::Skip), 1.0, 1e-12);
}

TEST(Policies, ARunWithoutAnyKnownQueryIsAnError) {
  const auto s = score("p 0 a 1\n", "q 0 a 1 5 t\n", "mrr");
  ASSERT_FALSE(s.ok());
  EXPECT_EQ(s.error().message,
            "no query of the run is in the qrels: the run has \"q\", the qrels \"p\"");
}

TEST(Policies, APassageReturnedTwiceIsAnErrorUnlessTheBestIsAskedFor) {
  const char* run = "q 0 b 1 9 t\nq 0 a 1 5 t\nq 0 b 1 6 t\nq 0 c 1 4 t\n";
  const auto strict = score("q 0 a 1\n", run, "mrr");
  ASSERT_FALSE(strict.ok());
  EXPECT_EQ(strict.error().message,
            "query \"q\" returns passage \"b\" more than once; mend the run, or ask for "
            "--duplicates best");
  const auto best = score("q 0 a 1\n", run, "mrr", {.duplicates = data::Duplicates::Best});
  ASSERT_TRUE(best.ok());
  EXPECT_EQ(best->value(0, 0), 0.5);
  EXPECT_EQ(best->counts.duplicates, 1u);
}

TEST(Policies, AQueryThatReturnsItselfIsAnErrorOrKeptOrDropped) {
  const char* run = "q 0 q 1 9 t\nq 0 a 1 5 t\n";
  EXPECT_FALSE(score("q 0 a 1\n", run, "mrr").ok());
  EXPECT_EQ(score("q 0 a 1\n", run, "mrr", {.self_ids = SelfIds::Keep})->value(0, 0), 0.5);
  EXPECT_EQ(score("q 0 a 1\n", run, "mrr", {.self_ids = SelfIds::Drop})->value(0, 0), 1.0);
}

TEST(Policies, UnjudgedHitsCanBeDroppedBeforeRanking) {
  const char* run = "q 0 u 1 9 t\nq 0 n 1 8 t\nq 0 a 1 5 t\n";
  const auto s =
      score("q 0 a 1\nq 0 n 0\nq 0 u -1\n", run, "mrr,judged@5", {.unjudged = Unjudged::Drop});
  ASSERT_TRUE(s.ok());
  EXPECT_EQ(s->value(0, 0), 0.5);
  EXPECT_EQ(s->value(0, 1), 1.0);
}

TEST(MeasureNames, OursAndTrecEvalsAreUnderstoodAndOthersRefused) {
  EXPECT_EQ(measure_name(*parse_measure("ndcg_cut_10")), "ndcg@10");
  EXPECT_EQ(measure_name(*parse_measure("P_5")), "p@5");
  EXPECT_EQ(measure_name(*parse_measure("recip_rank")), "mrr");
  for (const char* name :
       {"", "ndcg@", "ndcg@0", "ndcg@-1", "recall", "rprec@5", "map@10x", "hits"})
    EXPECT_FALSE(parse_measure(name).ok()) << name;
  EXPECT_FALSE(parse_measures("mrr,recip_rank").ok());
}

/// Everything again, the slow way.
double brute(const Measure& m, const std::map<std::string, int>& judged,
             std::vector<std::pair<double, std::string>> hits) {
  std::sort(hits.begin(), hits.end(), std::greater<>());
  std::vector<int> rel;
  for (const auto& [score, doc] : hits) rel.push_back(judged.count(doc) ? judged.at(doc) : -1);
  const auto top = std::min(m.cutoff == 0 ? rel.size() : m.cutoff, rel.size());
  std::size_t relevant = 0, nonrelevant = 0, found = 0;
  std::vector<int> ideal;
  for (const auto& [doc, r] : judged) {
    relevant += r >= 1;
    nonrelevant += r == 0;
    ideal.push_back(r);
  }
  std::sort(ideal.begin(), ideal.end(), std::greater<>());
  for (std::size_t i = 0; i < top; ++i) found += rel[i] >= 1;
  const auto gain = [&](int r) {
    return r <= 0 ? 0.0 : m.kind == Measure::Kind::Ndcg ? r : std::pow(2.0, r) - 1;
  };
  const double all = static_cast<double>(relevant);
  switch (m.kind) {
    case Measure::Kind::Ndcg:
    case Measure::Kind::NdcgExp: {
      double dcg = 0, best = 0;
      for (std::size_t i = 0; i < top; ++i)
        dcg += gain(rel[i]) / std::log2(static_cast<double>(i) + 2);
      for (std::size_t i = 0; i < ideal.size() && (m.cutoff == 0 || i < m.cutoff); ++i)
        best += gain(ideal[i]) / std::log2(static_cast<double>(i) + 2);
      return best > 0 ? dcg / best : 0;
    }
    case Measure::Kind::Mrr:
      for (std::size_t i = 0; i < top; ++i)
        if (rel[i] >= 1) return 1 / static_cast<double>(i + 1);
      return 0;
    case Measure::Kind::Map: {
      double sum = 0;
      std::size_t seen = 0;
      for (std::size_t i = 0; i < top; ++i)
        if (rel[i] >= 1) sum += static_cast<double>(++seen) / static_cast<double>(i + 1);
      return relevant ? sum / all : 0;
    }
    case Measure::Kind::Recall:
      return relevant ? static_cast<double>(found) / all : 0;
    case Measure::Kind::Precision:
      return static_cast<double>(found) / static_cast<double>(m.cutoff);
    case Measure::Kind::Success:
      return found > 0;
    case Measure::Kind::RPrecision: {
      std::size_t seen = 0;
      for (std::size_t i = 0; i < std::min(relevant, rel.size()); ++i) seen += rel[i] >= 1;
      return relevant ? static_cast<double>(seen) / all : 0;
    }
    case Measure::Kind::Bpref: {
      double sum = 0;
      for (std::size_t i = 0; i < rel.size(); ++i) {
        if (rel[i] < 1) continue;
        std::size_t above = 0;
        for (std::size_t j = 0; j < i; ++j) above += rel[j] == 0;
        sum += above == 0 ? 1
                          : 1 - static_cast<double>(std::min(above, relevant)) /
                                    static_cast<double>(std::min(nonrelevant, relevant));
      }
      return relevant ? sum / all : 0;
    }
    case Measure::Kind::Judged: {
      std::size_t count = 0;
      for (std::size_t i = 0; i < top; ++i) count += rel[i] >= 0;
      return top ? static_cast<double>(count) / static_cast<double>(top) : 0;
    }
  }
  return -1;
}

TEST(Measures, AgreeWithBruteForceOnRandomRunsWithTies) {
  std::mt19937 random(11);
  const auto measures = *parse_measures(
      "ndcg,ndcg@5,ndcg-exp,ndcg-exp@7,mrr,mrr@3,map,map@4,recall@6,p@5,success@2,rprec,bpref,"
      "judged@8");
  for (int round = 0; round < 300; ++round) {
    std::string qrels_text, run_text;
    std::map<std::string, std::map<std::string, int>> judged;
    std::map<std::string, std::vector<std::pair<double, std::string>>> hits;
    for (int q = 0; q < 4; ++q) {
      const std::string query = "query" + std::to_string(q);
      for (unsigned d = 0; d < 40; ++d) {
        // Ids of every length up to beyond 16, with shared prefixes and suffixes.
        const std::string doc =
            std::string(d % 19, 'x') + std::to_string(d) + std::string(d % 3, 'y');
        if (random() % 3 == 0) {
          judged[query][doc] = static_cast<int>(random() % 4);
          qrels_text += query + " 0 " + doc + " " + std::to_string(judged[query][doc]) + "\n";
        }
        if (random() % 2 == 0) {
          hits[query].emplace_back(random() % 6, doc);
          run_text += query + " Q0 " + doc + " 1 " +
                      std::to_string(static_cast<int>(hits[query].back().first)) + " t\n";
        }
      }
    }
    const auto qrels = data::read_qrels_text(text_of(qrels_text), "qrels");
    const auto run = data::read_run_text(text_of(run_text), "run");
    ASSERT_TRUE(qrels.ok() && run.ok());
    const auto scores = score_run(*run, *qrels, measures, {});
    ASSERT_TRUE(scores.ok()) << scores.error().message;
    for (std::size_t q = 0; q < qrels->size(); ++q) {
      const std::string query(qrels->query(q));
      for (std::size_t m = 0; m < measures.size(); ++m)
        ASSERT_NEAR(scores->value(q, m), brute(measures[m], judged[query], hits[query]), 1e-12)
            << measure_name(measures[m]);
    }
  }
}

}  // namespace
}  // namespace crosstail::eval
