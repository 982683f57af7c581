#include "retrieve/row_files.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <set>

#include "base/interrupt.h"
#include "retrieve/asked_index.h"
#include "support/program.h"

namespace crosstail::retrieve {
namespace {

std::set<std::string> names_in(const std::filesystem::path& folder) {
  std::set<std::string> out;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    out.insert(entry.path().filename().string());
  return out;
}

std::filesystem::path file_of(const std::filesystem::path& folder, const std::string& extension) {
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (entry.path().extension() == extension) return entry.path();
  return {};
}

/// Every query by itself, as a person asks.
std::vector<Ranking> one_by_one(QuerySession& session, const Asked& asked,
                                const SearchSetting& setting, DenseStats* stats = nullptr) {
  std::vector<Ranking> out;
  for (std::size_t q = 0; q < asked.queries.size(); ++q) {
    auto found = session.search({&asked.queries[q], 1},
                                std::span(asked.vectors).subspan(q * kDim, kDim), setting, stats);
    EXPECT_TRUE(found.ok()) << found.error().message;
    out.push_back(found.ok() ? found->front() : Ranking{});
  }
  return out;
}

TEST(RowFiles, SearchesByCodesFindWhatAScanFindsInEveryMode) {
  for (const auto type : {index::VectorType::F32, index::VectorType::BF16}) {
    TemporaryFolder folder;
    const auto passages = with_sites(crosstail::testing::random_passages(700, kDim));
    index::SegmentOptions options;
    options.dimension = kDim;
    options.keep = index::KeepParts::Question;
    options.type = type;
    ASSERT_TRUE(crosstail::testing::write_small_index(folder / "x", passages, options).ok());
    Pool pool(1);
    auto session = QuerySession::open(folder / "x", pool);
    ASSERT_TRUE(session.ok());
    const Asked asked = asked_of(passages, 12);
    for (const auto mode : {index::FusionMode::None, index::FusionMode::Sum,
                            index::FusionMode::Mean, index::FusionMode::Max}) {
      SearchSetting setting;
      setting.k = 7;
      setting.fusion.mode = mode;
      setting.fusion.alpha = 0.4;
      setting.fusion.center =
          mode == index::FusionMode::Mean ? index::Centering::Language : index::Centering::None;
      setting.leave_out.language = setting.leave_out.group = true;
      setting.sites = {"site1.example", "site3.example"};
      setting.codes = CodeUse::Never;
      const auto expected = one_by_one(*session, asked, setting);
      setting.codes = CodeUse::Always;
      DenseStats stats;
      EXPECT_EQ(one_by_one(*session, asked, setting, &stats), expected) << name_of(mode);
      EXPECT_EQ(stats.filter, "int8 codes");
      EXPECT_LT(stats.rows_scored, stats.rows_seen);
      EXPECT_GT(stats.largest_bound, 0);
    }
  }
}

TEST(RowFiles, AreMadeOnceWhereAskedForAndFoundByTheNextSession) {
  TemporaryFolder folder;
  const auto passages = crosstail::testing::random_passages(300, kDim);
  write(folder / "x", passages);
  const Asked asked = asked_of(passages, 3);
  Pool pool(0);
  SearchSetting setting;
  const auto search = [&](CodeUse codes) {
    auto session = QuerySession::open(folder / "x", pool);
    DenseStats stats;
    setting.codes = codes;
    one_by_one(*session, asked, setting, &stats);
    return stats.filter;
  };
  EXPECT_NE(search(CodeUse::Kept), "int8 codes");
  EXPECT_NE(search(CodeUse::WhenWorth), "int8 codes") << "the scan is short";
  EXPECT_FALSE(std::filesystem::exists(folder / "x/rows"));
  EXPECT_EQ(search(CodeUse::Always), "int8 codes");
  const auto made = names_in(folder / "x/rows");
  EXPECT_EQ(made.size(), 2U) << "codes, and the lock";
  const auto before = std::filesystem::last_write_time(file_of(folder / "x/rows", ".codes"));
  EXPECT_EQ(search(CodeUse::Kept), "int8 codes");
  EXPECT_EQ(names_in(folder / "x/rows"), made);
  EXPECT_EQ(std::filesystem::last_write_time(file_of(folder / "x/rows", ".codes")), before);
}

TEST(RowFiles, WhatAKilledMakingLeftGoesAndSoDoFilesOfOtherContents) {
  TemporaryFolder folder;
  const auto passages = crosstail::testing::random_passages(300, kDim);
  write(folder / "x", passages);
  std::filesystem::create_directories(folder / "x/rows/making");
  std::ofstream(folder / "x/rows/making/0123.codes.part") << "half";
  std::ofstream(folder / "x/rows/0123456789abcdef-00.codes") << "of an index that was";
  Pool pool(0);
  auto session = QuerySession::open(folder / "x", pool);
  SearchSetting setting;
  setting.codes = CodeUse::Always;
  one_by_one(*session, asked_of(passages, 1), setting);
  EXPECT_EQ(names_in(folder / "x/rows").size(), 2U) << "codes, and the lock";
  EXPECT_FALSE(std::filesystem::exists(folder / "x/rows/0123456789abcdef-00.codes"));
}

TEST(RowFiles, AnInterruptedMakingLeavesNothing) {
  TemporaryFolder folder;
  const auto passages = crosstail::testing::random_passages(300, kDim);
  write(folder / "x", passages);
  const Asked asked = asked_of(passages, 1);
  Pool pool(0);
  for (const double recall : {0.0, 0.9}) {
    auto session = QuerySession::open(folder / "x", pool);
    SearchSetting setting;
    setting.codes = CodeUse::Always;
    setting.recall = recall;
    request_interrupt();
    const auto found = session->search(asked.queries, asked.vectors, setting);
    clear_interrupt();
    ASSERT_FALSE(found.ok());
    EXPECT_EQ(found.error().code, ErrorCode::Interrupted);
    EXPECT_EQ(names_in(folder / "x/rows"), std::set<std::string>{"lock"});
  }
}

TEST(RowFiles, DamageIsNamedWithItsBytes) {
  TemporaryFolder folder;
  const auto passages = crosstail::testing::random_passages(300, kDim);
  write(folder / "x", passages);
  const Asked asked = asked_of(passages, 1);
  Pool pool(0);
  SearchSetting setting;
  setting.codes = CodeUse::Always;
  const auto message = [&] {
    auto session = QuerySession::open(folder / "x", pool);
    const auto found = session->search(asked.queries, asked.vectors, setting);
    return found.ok() ? std::string() : found.error().message;
  };
  EXPECT_EQ(message(), "");
  const auto path = file_of(folder / "x/rows", ".codes");
  std::string bytes = testing::whole_file(path);
  bytes[700] = static_cast<char>(bytes[700] ^ 1);
  std::ofstream(path, std::ios::binary) << bytes;
  EXPECT_NE(message().find(path.string() + ": checksum mismatch in bytes 0.."), std::string::npos)
      << message();
  EXPECT_NE(message().find("take the file away"), std::string::npos) << message();
  std::filesystem::resize_file(path, bytes.size() - 9);
  EXPECT_NE(message().find(path.string() + ": " + std::to_string(bytes.size() - 9) +
                           " bytes where the header promises " + std::to_string(bytes.size())),
            std::string::npos)
      << message();
  std::filesystem::remove(path);
  EXPECT_EQ(message(), "");
}

TEST(RowFiles, ARecallTargetFindsThatShareOfTheExactHitsAndTheirScores) {
  TemporaryFolder folder;
  const auto passages = crosstail::testing::random_passages(1500, kDim);
  write(folder / "x", passages);
  Pool pool(0);
  auto session = QuerySession::open(folder / "x", pool);
  ASSERT_TRUE(session.ok());
  const Asked asked = asked_of(passages, 40);
  for (const auto mode :
       {index::FusionMode::None, index::FusionMode::Mean, index::FusionMode::Max}) {
    SearchSetting setting;
    setting.fusion.mode = mode;
    setting.leave_out.group = true;
    const auto exact = session->search(asked.queries, asked.vectors, setting);
    setting.recall = 0.95;
    const auto found = session->search(asked.queries, asked.vectors, setting);
    ASSERT_TRUE(exact.ok() && found.ok()) << found.error().message;
    std::size_t of = 0, same = 0;
    for (std::size_t q = 0; q < exact->size(); ++q)
      for (const auto& hit : (*exact)[q]) {
        ++of;
        same += static_cast<std::size_t>(
            std::any_of((*found)[q].begin(), (*found)[q].end(), [&](const auto& other) {
              return other.passage == hit.passage && other.score == hit.score;
            }));
      }
    EXPECT_GE(static_cast<double>(same), 0.9 * static_cast<double>(of));
  }
  EXPECT_TRUE(std::filesystem::exists(folder / "x/rows"));
  // The second session finds the graphs and the same hits.
  auto again = QuerySession::open(folder / "x", pool);
  SearchSetting setting;
  setting.recall = 0.95;
  const auto one = session->search(asked.queries, asked.vectors, setting);
  const auto two = again->search(asked.queries, asked.vectors, setting);
  ASSERT_TRUE(one.ok() && two.ok());
  for (std::size_t q = 0; q < one->size(); ++q)
    for (std::size_t i = 0; i < (*one)[q].size(); ++i) {
      EXPECT_EQ((*one)[q][i].passage, (*two)[q][i].passage);
      EXPECT_EQ((*one)[q][i].score, (*two)[q][i].score);
    }
}

}  // namespace
}  // namespace crosstail::retrieve
