#include "index/exact_search.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

namespace crosstail::index {
namespace {

// Four rows of two dimensions; for the query (1, 2) the inner products are 5, 2, 5, -1.
const std::vector<float> kRows = {1, 2, 2, 0, 5, 0, 1, -1};

Hits search(const SearchRequest& request, std::size_t dim = 2) {
  const ViewRows rows(view_of(kRows, dim));
  auto hits = ExactSearch(rows).search(request);
  EXPECT_TRUE(hits.ok());
  return hits.ok() ? *hits : Hits{};
}

TEST(ExactSearch, RanksByInnerProductAndTiesGoToTheSmallerRow) {
  const std::vector<float> query = {1, 2};
  Hits expected;
  expected.append(std::vector<Hit>{{0, 0, 5}, {2, 2, 5}, {1, 1, 2}});
  EXPECT_EQ(search({.queries = query, .k = 3}), expected);
}

TEST(ExactSearch, MoreHitsThanRowsGivesAllRows) {
  const std::vector<float> query = {1, 2};
  EXPECT_EQ(search({.queries = query, .k = 100})[0].size(), 4U);
}

TEST(ExactSearch, RowsThatDoNotCountAreNotFound) {
  const std::vector<float> query = {1, 2};
  const std::vector<std::uint64_t> counts = {0b1010};
  Hits expected;
  expected.append(std::vector<Hit>{{1, 1, 2}, {3, 3, -1}});
  EXPECT_EQ(search({.queries = query, .k = 4, .counts = counts}), expected);
}

TEST(ExactSearch, AnOwnerIsFoundOnceByItsBestRow) {
  const std::vector<float> query = {1, 2};
  const std::vector<std::uint32_t> owners = {7, 7, 9, 9};
  Hits expected;
  expected.append(std::vector<Hit>{{0, 7, 5}, {2, 9, 5}});
  EXPECT_EQ(search({.queries = query, .k = 4, .owner_of = owners}), expected);
}

TEST(ExactSearch, EveryQueryOfABatchHasItsHits) {
  const std::vector<float> queries = {1, 2, 0, 1, -1, 0};
  const Hits hits = search({.queries = queries, .k = 1});
  ASSERT_EQ(hits.size(), 3U);
  EXPECT_EQ(hits[1][0], (Hit{0, 0, 2}));
  EXPECT_EQ(hits[2][0], (Hit{0, 0, -1}));
}

TEST(ExactSearch, ImpossibleRequestsAreErrors) {
  const ViewRows rows(view_of(kRows, 2));
  const ExactSearch search(rows);
  const std::vector<float> query = {1, 2}, odd = {1, 2, 3};
  const std::vector<float> nan = {1, std::numeric_limits<float>::quiet_NaN()};
  const std::vector<std::uint32_t> owners = {7};
  for (const SearchRequest& request :
       {SearchRequest{.queries = query, .k = 0}, SearchRequest{.queries = odd},
        SearchRequest{.queries = nan}, SearchRequest{.queries = query, .owner_of = owners}}) {
    const auto hits = search.search(request);
    ASSERT_FALSE(hits.ok());
    EXPECT_EQ(hits.error().code, ErrorCode::InvalidArgument);
  }
}

}  // namespace
}  // namespace crosstail::index
