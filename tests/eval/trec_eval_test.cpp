/// trec_eval's own cases, every value of every measure we share with it, to the printed digit.

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <map>
#include <sstream>

#include "eval/measure.h"
#include "eval/run_scores.h"
#include "support/shared.h"

namespace crosstail::eval {
namespace {

struct Case {
  const char* expected;
  const char* qrels;
  const char* run;
  bool complete = false;     ///< -c
  std::size_t depth = 0;     ///< -M
  std::int32_t level = 1;    ///< -l
  std::size_t at_least = 0;  ///< values that must have been compared
};

std::string printed(double value) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%6.4f", value);
  return std::string(buffer).substr(std::string(buffer).find_first_not_of(' '));
}

/// What trec_eval prints under `name`, from our scores; empty for measures we do not have.
std::string ours(const std::string& name, const RunScores& all,
                 const std::vector<Measure>& measures, std::optional<std::size_t> query,
                 Missing missing) {
  if (name == "num_rel_ret" && !query) return std::to_string(all.relevant_retrieved);
  const auto measure = parse_measure(name);
  if (!measure) return {};
  const auto column = static_cast<std::size_t>(
      std::find(measures.begin(), measures.end(), *measure) - measures.begin());
  return printed(query ? all.value(*query, column) : all.mean(column, missing));
}

class TrecEval : public ::testing::TestWithParam<Case> {};

TEST_P(TrecEval, PrintsTheSameNumbers) {
  CROSSTAIL_NEEDS_SHARED();
  const Case& c = GetParam();
  const auto folder = *testing::shared_dir() / "data/trec_eval";
  const auto qrels = data::read_qrels(folder / c.qrels);
  ASSERT_TRUE(qrels.ok()) << qrels.error().message;
  Pool pool(2);
  const auto run = data::read_run(folder / c.run, &pool);
  ASSERT_TRUE(run.ok()) << run.error().message;

  std::vector<std::array<std::string, 3>> rows;
  std::vector<Measure> measures;
  std::ifstream file(folder / c.expected);
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::array<std::string, 3> row;
    words >> row[0] >> row[1] >> row[2];
    rows.push_back(row);
    const auto measure = parse_measure(row[0]);
    if (measure && std::find(measures.begin(), measures.end(), *measure) == measures.end())
      measures.push_back(*measure);
  }
  RankingPolicy policy;
  policy.depth = c.depth;
  policy.relevance_level = c.level;
  const auto scores = score_run(*run, *qrels, measures, policy, &pool);
  ASSERT_TRUE(scores.ok()) << scores.error().message;
  const Missing missing = c.complete ? Missing::Zero : Missing::Skip;
  std::size_t compared = 0;
  for (const auto& [name, query, value] : rows) {
    const auto q = query == "all" ? std::optional<std::size_t>() : qrels->find(query);
    const std::string text = ours(name, *scores, measures, q, missing);
    if (text.empty()) continue;
    EXPECT_EQ(text, value) << c.expected << ": " << name << " " << query;
    ++compared;
  }
  EXPECT_GE(compared, c.at_least);
}

INSTANTIATE_TEST_SUITE_P(
    OwnTests, TrecEval,
    ::testing::Values(
        Case{.expected = "out.test", .qrels = "qrels.test", .run = "results.test", .at_least = 14},
        Case{
            .expected = "out.test.a", .qrels = "qrels.test", .run = "results.test", .at_least = 44},
        Case{.expected = "out.test.aq",
             .qrels = "qrels.test",
             .run = "results.test",
             .at_least = 170},
        Case{.expected = "out.test.aqc",
             .qrels = "qrels.test",
             .run = "results.trunc",
             .complete = true,
             .at_least = 170},
        Case{.expected = "out.test.aqcM",
             .qrels = "qrels.test",
             .run = "results.trunc",
             .complete = true,
             .depth = 100,
             .at_least = 170},
        Case{.expected = "out.test.aql",
             .qrels = "qrels.rel_level",
             .run = "results.test",
             .level = 2,
             .at_least = 170},
        Case{.expected = "out.test.meas_params",
             .qrels = "qrels.test",
             .run = "results.test",
             .at_least = 44},
        Case{.expected = "out.comment.test",
             .qrels = "qrels.comment.test",
             .run = "results.comment.test",
             .at_least = 14}),
    [](const auto& info) {
      std::string name = info.param.expected;
      std::replace(name.begin(), name.end(), '.', '_');
      return name;
    });

}  // namespace
}  // namespace crosstail::eval
