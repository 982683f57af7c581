/// Exact search finds the same rows, scores and ties as looking at every row, on data made to
/// mislead its filters.

#include <gtest/gtest.h>

#include <memory>

#include "index/codes.h"
#include "index/exact_search.h"
#include "index/vectors.h"
#include "support/temporary_folder.h"

namespace crosstail::index {
namespace {

using testing::Kind;

struct Setting {
  Kind kind = Kind::Normal;
  std::size_t rows = 700, dim = 32, queries = 40, k = 10;
  bool bf16 = false, hidden = false, codes = false, filtered = false, owned = false;
  std::size_t threads = 1;
  nn::Isa isa = nn::best_isa();
  std::uint64_t seed = 1;
};

std::string text(const Setting& s) {
  return std::string(testing::name_of(s.kind)) + " " + std::to_string(s.rows) + "×" +
         std::to_string(s.dim) + ", " + std::to_string(s.queries) + " queries, k " +
         std::to_string(s.k) + (s.bf16 ? " bf16" : "") + (s.hidden ? " hidden" : "") +
         (s.codes ? " codes" : "") + (s.filtered ? " filtered" : "") + (s.owned ? " owned" : "") +
         ", threads " + std::to_string(s.threads) + ", " + std::string(nn::name_of(s.isa));
}

/// One search, compared with brute force; returns what share of rows was scored.
double check(const Setting& s) {
  SCOPED_TRACE(text(s));
  auto rows = testing::vectors(s.kind, s.rows, s.dim, s.seed);
  std::vector<std::uint16_t> stored;
  VectorView view = view_of(rows, s.dim);
  if (s.bf16) {
    stored = testing::as_bf16(rows);
    view = {reinterpret_cast<const std::byte*>(stored.data()), s.rows, s.dim, 2 * s.dim,
            VectorType::BF16};
  }
  auto queries =
      testing::vectors(s.seed % 2 == 0 ? Kind::Normal : s.kind, s.queries, s.dim, s.seed + 1000);
  // Some queries are rows themselves.
  for (std::size_t q = 0; q < s.queries; q += 3)
    std::copy_n(&rows[q * 17 % s.rows * s.dim], s.dim, &queries[q * s.dim]);
  std::mt19937_64 random(s.seed);
  SearchRequest request{.queries = queries, .k = s.k};
  std::vector<std::uint64_t> counts((s.rows + 63) / 64);
  for (auto& word : counts) word = random() & random() & (random() % 4 == 0 ? 0 : ~0ULL);
  if (s.filtered) request.counts = counts;
  std::vector<std::uint32_t> owners(s.rows);
  for (std::size_t r = 0; r < s.rows; ++r) owners[r] = static_cast<std::uint32_t>(r / 5);
  if (s.owned) request.owner_of = owners;

  std::unique_ptr<RowSource> source = std::make_unique<ViewRows>(view);
  if (s.hidden) source = std::make_unique<testing::HiddenRows>(view);
  const testing::TemporaryFolder folder;
  Codes codes;
  if (s.codes) {
    EXPECT_TRUE(Codes::build(*source, folder / "codes").ok());
    auto opened = Codes::open(folder / "codes");
    EXPECT_TRUE(opened.ok());
    if (!opened.ok()) return 0;
    codes = *std::move(opened);
  }
  Pool pool(s.threads);
  const ExactSearch search(*source, &pool, s.codes ? &codes : nullptr, s.isa);
  SearchStats stats;
  const auto hits = search.search(request, &stats);
  EXPECT_TRUE(hits.ok());
  if (!hits.ok()) return 0;
  for (std::size_t q = 0; q < s.queries; ++q) {
    const auto expected = testing::brute_force(rows, s.dim, &queries[q * s.dim], request);
    const auto found = (*hits)[q];
    EXPECT_EQ(std::vector<Hit>(found.begin(), found.end()), expected) << "query " << q;
    if (::testing::Test::HasFailure()) return 0;
  }
  return static_cast<double>(stats.rows_scored) / static_cast<double>(stats.rows_seen);
}

std::vector<nn::Isa> isas() {
  std::vector<nn::Isa> all;
  for (const auto isa : nn::kAllIsas)
    if (isa <= nn::best_isa()) all.push_back(isa);
  return all;
}

TEST(SearchExactness, BatchesOnEveryProcessorAndKindOfData) {
  for (const auto isa : isas())
    for (const Kind kind : testing::kKinds)
      for (const bool bf16 : {false, true})
        check({.kind = kind, .dim = 48, .bf16 = bf16, .isa = isa, .seed = bf16 ? 3UL : 2UL});
}

TEST(SearchExactness, CodesOnEveryProcessorAndKindOfData) {
  for (const auto isa : isas())
    for (const Kind kind : testing::kKinds)
      for (const std::size_t queries : {1UL, 5UL})
        check({.kind = kind,
               .dim = 48,
               .queries = queries,
               .codes = true,
               .isa = isa,
               .seed = queries});
}

TEST(SearchExactness, OddDimensions) {
  for (const auto isa : isas())
    for (const std::size_t dim : {1UL, 7UL, 32UL, 100UL, 384UL, 768UL, 1024UL})
      for (const std::size_t queries : {1UL, 33UL})
        for (const bool codes : {false, true})
          check({.rows = 333,
                 .dim = dim,
                 .queries = queries,
                 .codes = codes,
                 .isa = isa,
                 .seed = dim});
}

TEST(SearchExactness, FiltersOwnersThreadsAndRowsWithoutAView) {
  std::uint64_t seed = 0;
  for (const Kind kind : {Kind::Normal, Kind::Duplicates, Kind::Mixed})
    for (const std::size_t queries : {1UL, 2UL, 70UL})
      for (const bool hidden : {false, true})
        for (const bool codes : {false, true})
          for (const bool filtered : {false, true})
            for (const bool owned : {false, true})
              check({.kind = kind,
                     .rows = 9000,
                     .dim = 8,
                     .queries = queries,
                     .hidden = hidden,
                     .codes = codes,
                     .filtered = filtered,
                     .owned = owned,
                     .threads = 1 + seed % 3,
                     .seed = ++seed});
}

TEST(SearchExactness, RandomSizes) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 60; ++round) {
    const std::size_t rows = 1 + random() % 1500;
    check({.kind = testing::kKinds[random() % testing::kKinds.size()],
           .rows = rows,
           .dim = 1 + random() % 130,
           .queries = 1 + random() % 75,
           .k = 1 + random() % (rows + 5),
           .bf16 = random() % 2 == 0,
           .hidden = random() % 2 == 0,
           .codes = random() % 2 == 0,
           .filtered = random() % 2 == 0,
           .owned = random() % 3 == 0,
           .threads = 1 + random() % 3,
           .isa = isas()[random() % isas().size()],
           .seed = random()});
  }
}

TEST(SearchExactness, MoreQueriesThanAGroup) {
  check({.kind = Kind::Normal, .rows = 200, .dim = 4, .queries = 2100, .k = 3, .threads = 2});
}

TEST(SearchExactness, FiltersExcludeMostRowsOfOrdinaryData) {
  for (const auto isa : isas()) {
    EXPECT_LT(check({.rows = 3000, .dim = 384, .queries = 33, .isa = isa}), 0.1);
    EXPECT_LT(check({.rows = 3000, .dim = 384, .queries = 4, .codes = true, .isa = isa}), 0.1);
    EXPECT_LT(check({.kind = Kind::Common,
                     .rows = 8000,
                     .dim = 384,
                     .queries = 4,
                     .codes = true,
                     .isa = isa}),
              0.1);
  }
}

}  // namespace
}  // namespace crosstail::index
