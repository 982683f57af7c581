#include "retrieve/session.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "retrieve/asked_index.h"
#include "retrieve/hybrid.h"

namespace crosstail::retrieve {
namespace {

TEST(Session, KCountsDocumentsAfterGrouping) {
  TemporaryFolder folder;
  auto passages = crosstail::testing::random_passages(90, kDim);
  // All the best hits fall into few documents.
  for (std::size_t p = 0; p < passages.size(); ++p)
    passages[p].doc = p % 10 == 0 ? "doc" + std::to_string(p) : "big" + std::to_string(p % 2);
  write(folder / "x", passages);
  Pool pool(1);
  auto session = QuerySession::open(folder / "x", pool);
  ASSERT_TRUE(session.ok());
  const Asked asked = asked_of(passages, 5);
  SearchSetting setting;
  setting.k = 90;
  auto all = session->search(asked.queries, asked.vectors, setting);
  ASSERT_TRUE(all.ok());
  setting.group_by_doc = true;
  for (const std::size_t k : {1U, 3U, 8U, 11U, 50U}) {
    setting.k = k;
    const auto grouped = session->search(asked.queries, asked.vectors, setting);
    ASSERT_TRUE(grouped.ok());
    for (std::size_t q = 0; q < asked.queries.size(); ++q) {
      Ranking expected;
      std::set<std::string> seen;
      for (const auto& hit : (*all)[q])
        if (expected.size() < k && seen.insert(passages[hit.passage].doc).second)
          expected.push_back(hit);
      EXPECT_EQ((*grouped)[q], expected) << k;
    }
  }
}

TEST(Session, CollapsingAGroupGivesTheReadersLanguage) {
  TemporaryFolder folder;
  auto passages = crosstail::testing::random_passages(12, kDim);
  for (std::size_t p = 0; p < passages.size(); ++p) {
    passages[p].group = "page" + std::to_string(p / 3);
    passages[p].tag = p % 3 == 0 ? "en" : p % 3 == 1 ? "pt-BR" : "ja";
  }
  passages[4].tag = "fr";  // group page1 has no Portuguese
  write(folder / "x", passages);
  Pool pool(0);
  auto session = QuerySession::open(folder / "x", pool);
  ASSERT_TRUE(session.ok());
  const Asked asked = asked_of(passages, 3);
  SearchSetting setting;
  setting.k = 4;
  setting.collapse_group = true;
  setting.prefer_language = "pt";
  const auto found = session->search(asked.queries, asked.vectors, setting);
  ASSERT_TRUE(found.ok());
  for (const auto& ranking : *found) {
    ASSERT_EQ(ranking.size(), 4U);
    std::set<std::string> groups;
    for (const auto& hit : ranking) {
      groups.insert(passages[hit.passage].group);
      if (passages[hit.passage].group != "page1") {
        EXPECT_EQ(passages[hit.passage].tag, "pt-BR");
      }
    }
    EXPECT_EQ(groups.size(), 4U);
  }
}

TEST(Session, FiltersKeepTheBestOfWhatCounts) {
  TemporaryFolder folder;
  auto passages = crosstail::testing::random_passages(40, kDim);
  for (std::size_t p = 0; p < passages.size(); p += 2) passages[p].tag = "de-AT";
  write(folder / "x", passages);
  Pool pool(0);
  auto session = QuerySession::open(folder / "x", pool);
  ASSERT_TRUE(session.ok());
  const Asked asked = asked_of(passages, 4);
  for (const auto system : {System::Dense, System::Bm25, System::Hybrid}) {
    SearchSetting setting;
    setting.system = system;
    setting.words = true;
    setting.fields = Bm25Fields::Both;
    setting.fusion.mode = index::FusionMode::Max;
    setting.languages = {"de"};
    setting.sites = {"site2.example", "site4.example"};
    const auto found = session->search(asked.queries, asked.vectors, setting);
    ASSERT_TRUE(found.ok()) << found.error().message;
    for (const auto& ranking : *found) {
      EXPECT_FALSE(ranking.empty());
      for (const auto& hit : ranking) {
        EXPECT_EQ(hit.passage % 2, 0U);
        EXPECT_TRUE(hit.passage % 5 == 2 || hit.passage % 5 == 4);
      }
    }
  }
}

TEST(Hybrid, JoinsByRanksAndByScaledScores) {
  const Ranking a{{5, 9.0F}, {2, 7.0F}, {8, 5.0F}}, b{{2, 0.9F}, {4, 0.3F}};
  const Ranking ranks = by_reciprocal_rank(a, b, 10);
  ASSERT_EQ(ranks.size(), 4U);
  EXPECT_EQ(ranks[0].passage, 2U);
  EXPECT_FLOAT_EQ(ranks[0].score, static_cast<float>(1.0 / 62 + 1.0 / 61));
  EXPECT_EQ(ranks[1].passage, 5U);  // 1/61
  EXPECT_EQ(ranks[2].passage, 4U);  // 1/62
  EXPECT_EQ(ranks[3].passage, 8U);  // 1/63
  // a scaled: 5: 1, 2: 0.5, 8: 0; b scaled: 2: 1, 4: 0. With 0.75: 5: 0.75, 2: 0.625.
  const Ranking sums = by_weighted_sum(a, b, 0.75, 3);
  ASSERT_EQ(sums.size(), 3U);
  EXPECT_EQ(sums[0].passage, 5U);
  EXPECT_FLOAT_EQ(sums[0].score, 0.75F);
  EXPECT_EQ(sums[1].passage, 2U);
  EXPECT_FLOAT_EQ(sums[1].score, 0.625F);
  EXPECT_EQ(sums[2].passage, 4U);  // 0, and the smaller number than 8
}

}  // namespace
}  // namespace crosstail::retrieve
