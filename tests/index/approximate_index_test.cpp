#include "index/approximate_index.h"

#include <gtest/gtest.h>

#include <set>

#include "base/file.h"
#include "index/graph_file.h"
#include "index/vectors.h"
#include "support/temporary_folder.h"

namespace crosstail::index {
namespace {

using testing::Kind;

/// 20,000 clustered rows of unit length in 24 dimensions, codes, and a graph; built once.
class ApproximateSearch : public ::testing::Test {
 protected:
  static constexpr std::size_t kDim = 24, kRows = 20000, kQueries = 100;

  static std::vector<float> clustered(std::size_t count, std::uint64_t seed) {
    const auto centres = testing::vectors(Kind::Normal, 500, kDim, 1);
    auto numbers = testing::vectors(Kind::Normal, count, kDim, seed);
    for (std::size_t r = 0; r < count; ++r) {
      float squares = 0;
      for (std::size_t k = 0; k < kDim; ++k) {
        float& x = numbers[r * kDim + k];
        x = 0.7F * x + centres[r * 7 % 500 * kDim + k] + 0.3F;
        squares += x * x;
      }
      for (std::size_t k = 0; k < kDim; ++k) numbers[r * kDim + k] /= std::sqrt(squares);
    }
    return numbers;
  }

  static void SetUpTestSuite() {
    folder_ = new testing::TemporaryFolder;
    numbers_ = new std::vector<float>(clustered(kRows, 2));
    queries_ = new std::vector<float>(clustered(kQueries, 3));
    rows_ = new ViewRows(view_of(*numbers_, kDim));
    ASSERT_TRUE(Codes::build(*rows_, *folder_ / "codes").ok());
    codes_ = new Codes(*Codes::open(*folder_ / "codes"));
    Pool pool(2);
    ASSERT_TRUE(ApproximateIndex::build(*rows_, *codes_, *folder_ / "graph", {}, &pool).ok());
    index_ = new ApproximateIndex(*ApproximateIndex::open(*folder_ / "graph", *codes_));
  }
  static void TearDownTestSuite() {
    delete index_;
    delete codes_;
    delete rows_;
    delete queries_;
    delete numbers_;
    delete folder_;
  }

  static double recall(const SearchRequest& request, std::size_t effort,
                       const ApproximateIndex& index = *index_) {
    const auto found = index.search(*rows_, request, effort);
    const auto expected = ExactSearch(*rows_).search(request);
    EXPECT_TRUE(found.ok() && expected.ok());
    double right = 0, all = 0;
    for (std::size_t q = 0; q < expected->size(); ++q) {
      std::set<std::uint32_t> owners;
      for (const Hit& hit : (*found)[q]) owners.insert(hit.owner);
      for (const Hit& hit : (*expected)[q]) right += owners.count(hit.owner) > 0 ? 1 : 0;
      all += static_cast<double>((*expected)[q].size());
    }
    return right / all;
  }

  static testing::TemporaryFolder* folder_;
  static std::vector<float>*numbers_, *queries_;
  static ViewRows* rows_;
  static Codes* codes_;
  static ApproximateIndex* index_;
};

testing::TemporaryFolder* ApproximateSearch::folder_;
std::vector<float>*ApproximateSearch::numbers_, *ApproximateSearch::queries_;
ViewRows* ApproximateSearch::rows_;
Codes* ApproximateSearch::codes_;
ApproximateIndex* ApproximateSearch::index_;

TEST_F(ApproximateSearch, FindsNearlyAllAtTheEffortThatWasMeasured) {
  for (const double target : {0.9, 0.95, 0.99}) {
    const std::size_t effort = index_->effort_for(target, 10);
    EXPECT_GE(recall({.queries = *queries_, .k = 10}, effort), target - 0.03) << effort;
  }
  EXPECT_GE(recall({.queries = *queries_, .k = 100}, index_->effort_for(0.95, 100)), 0.92);
}

TEST_F(ApproximateSearch, LooksAtFewRows) {
  SearchStats stats;
  const std::size_t effort = index_->effort_for(0.95, 10);
  ASSERT_TRUE(
      index_->search(*rows_, {.queries = *queries_, .k = 10}, effort, nullptr, &stats).ok());
  EXPECT_LT(stats.rows_seen, kQueries * kRows / 8);
}

TEST_F(ApproximateSearch, HitsHaveTheScoresAndOrderOfAnExactSearch) {
  const auto hits = index_->search(*rows_, {.queries = *queries_, .k = 10}, 50);
  ASSERT_TRUE(hits.ok());
  for (std::size_t q = 0; q < kQueries; ++q) {
    ASSERT_EQ((*hits)[q].size(), 10U);
    for (std::size_t i = 0; i < 10; ++i) {
      const Hit& hit = (*hits)[q][i];
      EXPECT_EQ(hit.score,
                testing::defined_score(&(*queries_)[q * kDim], &(*numbers_)[hit.row * kDim], kDim));
      EXPECT_TRUE(i == 0 || better((*hits)[q][i - 1], hit));
    }
  }
}

TEST_F(ApproximateSearch, TheFileDependsOnTheSeedAndNotOnThreads) {
  const std::string built = *read_file(*folder_ / "graph");
  ASSERT_TRUE(ApproximateIndex::build(*rows_, *codes_, *folder_ / "again").ok());
  EXPECT_TRUE(*read_file(*folder_ / "again") == built);
  ASSERT_TRUE(ApproximateIndex::build(*rows_, *codes_, *folder_ / "other", {.seed = 2}).ok());
  EXPECT_FALSE(*read_file(*folder_ / "other") == built);
}

TEST_F(ApproximateSearch, IsTheSameOnEveryProcessorAndWithThreads) {
  const SearchRequest request{.queries = *queries_, .k = 10};
  const auto expected = index_->search(*rows_, request, 40, nullptr, nullptr, nn::Isa::Portable);
  Pool pool(3);
  for (const auto isa : nn::kAllIsas) {
    if (isa > nn::best_isa()) continue;
    const auto found = index_->search(*rows_, request, 40, &pool, nullptr, isa);
    EXPECT_TRUE(found.ok() && *found == *expected) << nn::name_of(isa);
  }
}

TEST_F(ApproximateSearch, FiltersLoseLittleHoweverStrict) {
  std::mt19937_64 random(5);
  for (const std::uint64_t one_in : {2UL, 10UL, 300UL}) {
    std::vector<std::uint64_t> counts((kRows + 63) / 64);
    for (std::size_t r = 0; r < kRows; ++r)
      if (random() % one_in == 0) counts[r / 64] |= std::uint64_t{1} << (r % 64);
    const SearchRequest request{.queries = *queries_, .k = 10, .counts = counts};
    EXPECT_GE(recall(request, index_->effort_for(0.95, 10)), 0.9) << "one in " << one_in;
    const auto hits = index_->search(*rows_, request, 40);
    for (std::size_t q = 0; q < kQueries; ++q)
      for (const Hit& hit : (*hits)[q]) EXPECT_NE(counts[hit.row / 64] >> (hit.row % 64) & 1, 0U);
  }
}

TEST_F(ApproximateSearch, FindsOwnersByTheirBestRow) {
  std::vector<std::uint32_t> owners(kRows);
  for (std::size_t r = 0; r < kRows; ++r) owners[r] = static_cast<std::uint32_t>(r % 3000);
  const SearchRequest request{.queries = *queries_, .k = 10, .owner_of = owners};
  EXPECT_GE(recall(request, index_->effort_for(0.95, 10)), 0.9);
  const auto hits = index_->search(*rows_, request, 40);
  for (std::size_t q = 0; q < kQueries; ++q) {
    std::set<std::uint32_t> met;
    for (const Hit& hit : (*hits)[q]) EXPECT_TRUE(met.insert(hit.owner).second);
    EXPECT_EQ(met.size(), 10U);
  }
}

TEST_F(ApproximateSearch, OneOwnerOfAllRowsIsFoundOnce) {
  const std::vector<std::uint32_t> owners(kRows, 7);
  const auto hits = index_->search(
      *rows_, {.queries = std::span(*queries_).first(kDim), .k = 3, .owner_of = owners}, 10);
  ASSERT_TRUE(hits.ok());
  ASSERT_EQ((*hits)[0].size(), 1U);
  EXPECT_EQ((*hits)[0][0].owner, 7U);
}

TEST_F(ApproximateSearch, OtherCodesAreRefused) {
  ASSERT_TRUE(Codes::build(ViewRows(view_of(*queries_, kDim)), *folder_ / "others").ok());
  const auto others = Codes::open(*folder_ / "others");
  const auto index = ApproximateIndex::open(*folder_ / "graph", *others);
  ASSERT_FALSE(index.ok());
  EXPECT_EQ(index.error().code, ErrorCode::InvalidArgument);
}

TEST_F(ApproximateSearch, DamagedFilesAreErrorsThatNameTheBytes) {
  const std::string bytes = *read_file(*folder_ / "graph");
  for (const std::size_t size : {0UL, 7UL, 100UL, 279UL, 280UL, 5000UL, bytes.size() - 1}) {
    ASSERT_TRUE(write_file_atomic(*folder_ / "damaged", bytes.substr(0, size)).ok());
    EXPECT_FALSE(ApproximateIndex::open(*folder_ / "damaged", *codes_).ok()) << size;
  }
  for (const std::size_t at :
       {3UL, 9UL, 13UL, 20UL, 100UL, 275UL, 330UL, 90000UL, bytes.size() - 3}) {
    std::string damaged = bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ 2);
    ASSERT_TRUE(write_file_atomic(*folder_ / "damaged", damaged).ok());
    const auto index = ApproximateIndex::open(*folder_ / "damaged", *codes_);
    const auto status = index.ok() ? index->verify() : Status(index.error());
    ASSERT_FALSE(status.ok()) << at;
    EXPECT_NE(status.error().message.find("bytes "), std::string::npos) << at;
  }
}

TEST(ApproximateIndex, AnyNumberOfRowsAndAnyDataCanBeBuiltAndAsked) {
  for (const Kind kind : testing::kKinds)
    for (const std::size_t count : {1UL, 2UL, 3UL, 70UL, 1500UL}) {
      constexpr std::size_t kDim = 9;
      const auto numbers = testing::vectors(kind, count, kDim, 4);
      const ViewRows rows(view_of(numbers, kDim));
      const testing::TemporaryFolder folder;
      ASSERT_TRUE(Codes::build(rows, folder / "codes").ok());
      const auto codes = Codes::open(folder / "codes");
      ASSERT_TRUE(ApproximateIndex::build(rows, *codes, folder / "graph").ok());
      const auto index = ApproximateIndex::open(folder / "graph", *codes);
      ASSERT_TRUE(index.ok());
      const auto query = testing::vectors(Kind::Normal, 1, kDim, 5);
      const auto hits = index->search(rows, {.queries = query, .k = 3}, 10);
      ASSERT_TRUE(hits.ok());
      EXPECT_EQ((*hits)[0].size(), std::min<std::size_t>(count, 3)) << testing::name_of(kind);
    }
}

TEST(ApproximateIndex, ManyDuplicatesDoNotHideOtherRows) {
  constexpr std::size_t kDim = 8, kRows = 6000;
  auto numbers = testing::vectors(Kind::Normal, kRows, kDim, 4);
  for (std::size_t r = 0; r < kRows; r += 2) std::fill_n(&numbers[r * kDim], kDim, 0.3F);
  const ViewRows rows(view_of(numbers, kDim));
  const testing::TemporaryFolder folder;
  ASSERT_TRUE(Codes::build(rows, folder / "codes").ok());
  const auto codes = Codes::open(folder / "codes");
  ASSERT_TRUE(ApproximateIndex::build(rows, *codes, folder / "graph").ok());
  const auto index = ApproximateIndex::open(folder / "graph", *codes);
  std::size_t found = 0;
  for (std::size_t r = 1; r < 400; r += 2) {
    std::vector<float> query(&numbers[r * kDim], &numbers[(r + 1) * kDim]);
    for (float& x : query) x *= 10;
    const SearchRequest request{.queries = query, .k = 1};
    const auto hits = index->search(rows, request, 64);
    if ((*hits)[0][0].score == (*ExactSearch(rows).search(request))[0][0].score) ++found;
  }
  EXPECT_GE(found, 190U);  // of 200
}

}  // namespace
}  // namespace crosstail::index
