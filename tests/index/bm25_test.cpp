#include "index/bm25.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <random>
#include <set>

#include "base/file.h"
#include "index/bm25_slice.h"
#include "support/temporary_folder.h"

namespace crosstail::index {
namespace {

using Documents = std::vector<std::vector<std::uint32_t>>;

void build(const std::filesystem::path& path, const Documents& documents,
           Bm25BuildOptions options = {}) {
  auto builder = Bm25Builder::create(path, options);
  ASSERT_TRUE(builder.ok()) << builder.error().message;
  for (const auto& document : documents)
    ASSERT_TRUE(builder->add(std::span<const std::uint32_t>(document)).ok());
  const auto done = builder->finish();
  ASSERT_TRUE(done.ok()) << done.error().message;
}

/// The formula of bm25_score.h in f64, over the documents themselves.
std::vector<double> scores_of(const Documents& documents, const std::vector<std::uint32_t>& query,
                              double k1, double b) {
  double total = 0, filled = 0;
  for (const auto& document : documents) {
    total += static_cast<double>(document.size());
    filled += document.empty() ? 0 : 1;
  }
  std::vector<double> scores(documents.size(), 0.0);
  for (const std::uint32_t term : query) {
    double holding = 0;
    for (const auto& document : documents)
      holding += std::count(document.begin(), document.end(), term) > 0 ? 1 : 0;
    const double idf = std::log(1 + (filled - holding + 0.5) / (holding + 0.5));
    for (std::size_t d = 0; d < documents.size(); ++d) {
      const auto f =
          static_cast<double>(std::count(documents[d].begin(), documents[d].end(), term));
      const double length = static_cast<double>(documents[d].size());
      if (f > 0) scores[d] += idf * f / (f + k1 * (1 - b + b * length / (total / filled)));
    }
  }
  return scores;
}

/// Zipf-like documents in stretches of different vocabularies, with many equal ones.
Documents make_documents(std::size_t count, unsigned seed) {
  std::mt19937 random(seed);
  Documents documents;
  for (std::size_t d = 0; d < count; ++d) {
    if (!documents.empty() && random() % 4 == 0) {
      documents.push_back(documents[random() % documents.size()]);
      continue;
    }
    std::vector<std::uint32_t> document(random() % 3 == 0 ? random() % 4 : random() % 40);
    const std::uint32_t language = static_cast<std::uint32_t>(d * 5 / count) * 1000;
    for (auto& term : document) {
      const double u = static_cast<double>(random() % 100000 + 1) / 100000;
      const auto rank = static_cast<std::uint32_t>(std::pow(u, 3) * 900);
      term = random() % 3 == 0 ? rank % 20 : language + rank;
    }
    documents.push_back(document);
  }
  return documents;
}

TEST(Bm25, ScoresAreThoseOfTheFormulaOnAHandMadeExample) {
  testing::TemporaryFolder folder;
  // Lengths 3, 1, 2: mean 2. Term 7 is in two of three documents.
  build(folder / "x", {{7, 7, 9}, {8}, {7, 8}}, {.parameters = {1.2F, 0.75F}});
  const auto index = Bm25Index::open(folder / "x");
  ASSERT_TRUE(index.ok()) << index.error().message;
  Bm25Scratch scratch;
  const std::vector<std::uint32_t> query = {7};
  const auto hits = index->search(index->query(query), 10, scratch);
  ASSERT_TRUE(hits.ok());
  ASSERT_EQ(hits->size(), 2U);
  // idf = ln(1 + 1.5 / 2.5) = 0.470004. First: 2 / (2 + 1.2·(0.25 + 0.75·1.5)) = 0.547945;
  // third: 1 / (1 + 1.2·1) = 0.454545.
  EXPECT_EQ((*hits)[0].row, 0U);
  EXPECT_NEAR((*hits)[0].score, 0.470004 * 0.547945, 1e-6);
  EXPECT_EQ((*hits)[1].row, 2U);
  EXPECT_NEAR((*hits)[1].score, 0.470004 * 0.454545, 1e-6);
}

TEST(Bm25, TopHitsEqualScoringEveryDocumentWithTiesToTheSmallerRow) {
  testing::TemporaryFolder folder;
  const Documents documents = make_documents(20000, 5);
  build(folder / "x", documents);
  for (const auto parameters : {Bm25Parameters{}, Bm25Parameters{1.5F, 0.9F}}) {
    const auto index = Bm25Index::open(folder / "x", parameters);
    ASSERT_TRUE(index.ok()) << index.error().message;
    ASSERT_TRUE(index->verify().ok());
    Bm25Scratch scratch;
    std::mt19937 random(7);
    for (int trial = 0; trial < 60; ++trial) {
      std::vector<std::uint32_t> terms(1 + random() % 9);
      const std::uint32_t language = random() % 5 * 1000;
      for (auto& term : terms) term = random() % 3 == 0 ? random() % 20 : language + random() % 900;
      const std::size_t k = std::size_t{1} << (random() % 11);
      const Bm25Query query = index->query(terms);
      // Every document, scored by itself.
      std::vector<Hit> all;
      for (std::uint32_t row = 0; row < documents.size(); ++row) {
        std::vector<std::uint32_t> frequencies(query.terms.size(), 0);
        std::set<std::uint32_t> distinct(terms.begin(), terms.end());
        for (const std::uint32_t term : distinct)
          if (const auto entry = index->find(term))
            for (std::size_t t = 0; t < query.terms.size(); ++t)
              if (query.terms[t].entry == *entry)
                frequencies[t] = static_cast<std::uint32_t>(
                    std::count(documents[row].begin(), documents[row].end(), term));
        const float score =
            index->score(query, frequencies, static_cast<std::uint32_t>(documents[row].size()));
        if (score > 0) all.push_back({row, row, score});
      }
      std::sort(all.begin(), all.end(), better);
      all.resize(std::min(k, all.size()));
      const auto hits = index->search(query, k, scratch);
      ASSERT_TRUE(hits.ok()) << hits.error().message;
      ASSERT_EQ(*hits, all) << "trial " << trial << ", k " << k;
      const auto direct = scores_of(documents, terms, parameters.k1, parameters.b);
      for (const Hit& hit : *hits) ASSERT_NEAR(hit.score, direct[hit.row], 2e-5);
    }
  }
}

/// Lists longer than what is decoded as a whole, over several windows.
TEST(Bm25, LongListsAreSearchedAsShortOnesAre) {
  testing::TemporaryFolder folder;
  const Documents documents = make_documents(150000, 9);
  build(folder / "x", documents);
  const auto index = Bm25Index::open(folder / "x");
  ASSERT_TRUE(index.ok()) << index.error().message;
  Bm25Scratch scratch;
  std::mt19937 random(3);
  for (int trial = 0; trial < 40; ++trial) {
    std::vector<std::uint32_t> terms(1 + random() % 5);
    for (auto& term : terms) term = random() % 2 == 0 ? random() % 20 : 1000 + random() % 900;
    const Bm25Query query = index->query(terms);
    std::vector<Hit> all;
    for (std::uint32_t row = 0; row < documents.size(); ++row) {
      std::vector<std::uint32_t> frequencies(query.terms.size(), 0);
      for (const std::uint32_t term : std::set<std::uint32_t>(terms.begin(), terms.end()))
        if (const auto entry = index->find(term))
          for (std::size_t t = 0; t < query.terms.size(); ++t)
            if (query.terms[t].entry == *entry)
              frequencies[t] = static_cast<std::uint32_t>(
                  std::count(documents[row].begin(), documents[row].end(), term));
      const float score =
          index->score(query, frequencies, static_cast<std::uint32_t>(documents[row].size()));
      if (score > 0) all.push_back({row, row, score});
    }
    std::sort(all.begin(), all.end(), better);
    for (const std::size_t k : {1U, 10U, 100U, 5000U}) {
      const auto hits = index->search(query, k, scratch);
      ASSERT_TRUE(hits.ok()) << hits.error().message;
      ASSERT_EQ(*hits, std::vector<Hit>(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(
                                                                       std::min(k, all.size()))))
          << "trial " << trial << ", k " << k;
    }
  }
}

TEST(Bm25, AFilterKeepsTheBestOfWhatCounts) {
  testing::TemporaryFolder folder;
  const Documents documents = make_documents(9000, 11);
  build(folder / "x", documents);
  const auto index = Bm25Index::open(folder / "x");
  ASSERT_TRUE(index.ok());
  std::vector<std::uint64_t> counts((documents.size() + 63) / 64, 0);
  for (std::size_t row = 0; row < documents.size(); row += 3)
    counts[row / 64] |= std::uint64_t{1} << (row % 64);
  Bm25Scratch scratch;
  const Bm25Query query = index->query(std::vector<std::uint32_t>{1, 5, 1003});
  const auto all = index->search(query, documents.size(), scratch);
  const auto some = index->search(query, 50, scratch, counts);
  ASSERT_TRUE(all.ok() && some.ok());
  std::vector<Hit> expected;
  for (const Hit& hit : *all)
    if (hit.row % 3 == 0 && expected.size() < 50) expected.push_back(hit);
  EXPECT_EQ(*some, expected);
}

TEST(Bm25, TheFileDoesNotDependOnTheBuffer) {
  testing::TemporaryFolder folder;
  const Documents documents = make_documents(8000, 3);
  build(folder / "large", documents);
  build(folder / "small", documents, {.buffer_bytes = 1});
  EXPECT_EQ(*read_file(folder / "large"), *read_file(folder / "small"));
  std::size_t files = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder.path()))
    ++files;
  EXPECT_EQ(files, 2U) << "runs are taken away";
}

TEST(Bm25, WordsAreFoundByTheirBytes) {
  testing::TemporaryFolder folder;
  auto builder = Bm25Builder::create(folder / "x", {.terms = Bm25Terms::Words});
  ASSERT_TRUE(builder.ok());
  const std::vector<std::vector<std::string>> documents = {
      {"drucken", "seite"}, {"印刷"}, {}, {"seite", "印刷", "seite"}};
  for (const auto& document : documents)
    ASSERT_TRUE(builder->add(std::span<const std::string>(document)).ok());
  ASSERT_TRUE(builder->finish().ok());
  const auto index = Bm25Index::open(folder / "x");
  ASSERT_TRUE(index.ok());
  Bm25Scratch scratch;
  const auto hits =
      index->search(index->query(std::vector<std::string>{"印刷", "nie"}), 5, scratch);
  ASSERT_TRUE(hits.ok());
  ASSERT_EQ(hits->size(), 2U);
  EXPECT_EQ((*hits)[0].row, 1U);
  EXPECT_EQ((*hits)[1].row, 3U);
  EXPECT_DOUBLE_EQ(index->mean_length(), 2.0);  // of the three that hold a word
}

/// Hits of a search against every document, scored by itself.
void expect_brute_force(const Bm25Index& index, const Documents& documents,
                        const std::vector<std::uint32_t>& terms, std::size_t k) {
  Bm25Scratch scratch;
  const Bm25Query query = index.query(terms);
  const std::set<std::uint32_t> distinct(terms.begin(), terms.end());
  std::vector<Hit> all;
  for (std::uint32_t row = 0; row < documents.size(); ++row) {
    std::vector<std::uint32_t> frequencies(query.terms.size(), 0);
    for (const std::uint32_t term : distinct)
      if (const auto entry = index.find(term))
        for (std::size_t t = 0; t < query.terms.size(); ++t)
          if (query.terms[t].entry == *entry)
            frequencies[t] = static_cast<std::uint32_t>(
                std::count(documents[row].begin(), documents[row].end(), term));
    const float score =
        index.score(query, frequencies, static_cast<std::uint32_t>(documents[row].size()));
    if (score > 0) all.push_back({row, row, score});
  }
  std::sort(all.begin(), all.end(), better);
  all.resize(std::min(k, all.size()));
  const auto hits = index.search(query, k, scratch);
  ASSERT_TRUE(hits.ok()) << hits.error().message;
  ASSERT_EQ(*hits, all) << "k " << k;
}

TEST(Bm25, EqualDocumentsComeInTheOrderOfTheirRows) {
  testing::TemporaryFolder folder;
  // Term 1 is in all of 70,000 documents (its weight is next to nothing), 2 in every third.
  Documents documents(70000, {1, 9});
  for (std::size_t d = 0; d < documents.size(); d += 3) documents[d] = {1, 2};
  build(folder / "x", documents);
  const auto index = Bm25Index::open(folder / "x");
  ASSERT_TRUE(index.ok()) << index.error().message;
  for (const std::size_t k : {1U, 100U, 30000U, 70000U}) {
    expect_brute_force(*index, documents, {1, 2}, k);
    expect_brute_force(*index, documents, {1}, k);
  }
}

/// More than 65,535 pairs of a frequency and a length: the rarest have no code of their own.
TEST(Bm25, RareFrequenciesAreScoredAsOthersAre) {
  testing::TemporaryFolder folder;
  Documents documents;
  for (std::uint32_t d = 0; d < 1400; ++d) {
    std::vector<std::uint32_t> document(d, 100);  // lengths that differ
    for (std::uint32_t term = 0; term < 55; ++term)
      document.insert(document.end(), 1 + (term + d) % 55, term);
    documents.push_back(document);
  }
  build(folder / "x", documents);
  for (const auto parameters : {Bm25Parameters{}, Bm25Parameters{2.0F, 0.9F}}) {
    const auto index = Bm25Index::open(folder / "x", parameters);
    ASSERT_TRUE(index.ok()) << index.error().message;
    EXPECT_TRUE(index->verify().ok());
    expect_brute_force(*index, documents, {3, 54, 100}, 20);
    expect_brute_force(*index, documents, {0, 1, 2, 3, 4, 5}, 400);
  }
  Bm25Footer footer;
  const std::string bytes = *read_file(folder / "x");
  std::memcpy(&footer, bytes.data() + bytes.size() - sizeof footer, sizeof footer);
  EXPECT_EQ(footer.sections[kPairs].bytes / sizeof(Bm25Pair), 65535U);
  EXPECT_GT(footer.sections[kRarePostings].bytes, 0U);
}

TEST(Bm25, SlicesGiveBackTheirPlacesAndFindThem) {
  std::mt19937 random(4);
  for (const std::size_t count : {1U, 2U, 3U, 100U, 5119U, 5120U, 20001U, 65536U}) {
    std::vector<std::uint16_t> all(65536), codes;
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<std::uint16_t>(i);
    std::vector<std::uint16_t> places;
    std::sample(all.begin(), all.end(), std::back_inserter(places), count, random);
    for (std::size_t i = 0; i < count; ++i) codes.push_back(static_cast<std::uint16_t>(random()));
    std::string bytes;
    Bm25Slice::append(places, codes, bytes);
    ASSERT_EQ(bytes.size(), Bm25Slice::bytes(count));
    ASSERT_EQ(bytes.size() % 4, 0U);
    const std::vector<std::uint32_t> aligned(
        reinterpret_cast<const std::uint32_t*>(bytes.data()),
        reinterpret_cast<const std::uint32_t*>(bytes.data() + bytes.size()));
    const Bm25Slice slice(reinterpret_cast<const std::byte*>(aligned.data()), count);
    std::vector<std::uint16_t> room(65536);
    const std::uint16_t* back = slice.places(room.data());
    ASSERT_NE(back, nullptr);
    EXPECT_TRUE(std::equal(places.begin(), places.end(), back)) << count;
    std::vector<std::uint32_t> found(all.size()),
        expected(all.size(), static_cast<unsigned>(count));
    slice.find(all.data(), all.size(), found.data());
    for (std::size_t i = 0; i < count; ++i) {
      expected[places[i]] = static_cast<std::uint32_t>(i);
      ASSERT_EQ(slice.code(i), codes[i]);
    }
    EXPECT_EQ(found, expected) << count;
  }
}

TEST(Bm25, AFileOfAnotherVersionSaysSo) {
  testing::TemporaryFolder folder;
  build(folder / "x", make_documents(100, 2));
  std::string bytes = *read_file(folder / "x");
  for (const std::uint32_t version : {0U, 3U}) {  // version 1 had 0 there
    std::memcpy(bytes.data() + 8, &version, sizeof version);
    ASSERT_TRUE(write_file_atomic(folder / "y", bytes).ok());
    const auto opened = Bm25Index::open(folder / "y");
    ASSERT_FALSE(opened.ok());
    EXPECT_EQ(opened.error().code, ErrorCode::Unsupported);
    EXPECT_NE(opened.error().message.find(version == 0 ? "version 1 of" : "version 3 of"),
              std::string::npos)
        << opened.error().message;
  }
}

TEST(Bm25, DamagedBytesNeverGiveRowsThatAreNotThere) {
  testing::TemporaryFolder folder;
  const Documents documents = make_documents(12000, 6);
  build(folder / "x", documents);
  const std::string good = *read_file(folder / "x");
  std::mt19937 random(8);
  Bm25Scratch scratch;
  for (int trial = 0; trial < 150; ++trial) {
    std::string bytes = good;
    for (int i = 0; i < 2000; ++i)
      bytes[64 + random() % (bytes.size() - 64 - sizeof(Bm25Footer))] = static_cast<char>(random());
    ASSERT_TRUE(write_file_atomic(folder / "y", bytes).ok());
    const auto index = Bm25Index::open(folder / "y");
    ASSERT_TRUE(index.ok());
    const auto hits =
        index->search(index->query(std::vector<std::uint32_t>{1, 2, 3, 1005}), 50, scratch);
    if (!hits.ok()) {
      EXPECT_EQ(hits.error().code, ErrorCode::Corrupt);
      continue;
    }
    for (const Hit& hit : *hits) ASSERT_LT(hit.row, documents.size());
  }
}

TEST(Bm25, DamageIsAnErrorThatNamesFileAndPlace) {
  testing::TemporaryFolder folder;
  build(folder / "x", make_documents(3000, 2));
  const std::string good = *read_file(folder / "x");
  const auto opened = [&](const std::string& bytes) {
    EXPECT_TRUE(write_file_atomic(folder / "y", bytes).ok());
    return Bm25Index::open(folder / "y");
  };
  EXPECT_EQ(opened(good.substr(0, good.size() - 1)).error().code, ErrorCode::Corrupt);
  EXPECT_EQ(opened("").error().code, ErrorCode::Corrupt);
  std::string wrong = good;
  wrong[wrong.size() - 100] ^= 1;
  EXPECT_NE(opened(wrong).error().message.find("footer's checksum"), std::string::npos);
  wrong = good;
  wrong[70] ^= 0x55;
  const auto index = opened(wrong);
  ASSERT_TRUE(index.ok());
  const auto verified = index->verify();
  ASSERT_FALSE(verified.ok());
  EXPECT_NE(verified.error().message.find("byte 64: checksum mismatch in section postings"),
            std::string::npos)
      << verified.error().message;
  wrong = good;
  wrong[30] ^= 0x55;  // of the head's zeros
  const auto gap = opened(wrong);
  ASSERT_TRUE(gap.ok());
  ASSERT_FALSE(gap->verify().ok());
  EXPECT_NE(gap->verify().error().message.find("byte 30: a byte between sections is not 0"),
            std::string::npos);
}

TEST(Bm25, NonsenseIsRefused) {
  testing::TemporaryFolder folder;
  EXPECT_EQ(Bm25Builder::create(folder / "x", {.parameters = {-1, 0.5F}}).error().code,
            ErrorCode::InvalidArgument);
  EXPECT_EQ(Bm25Builder::create(folder / "x", {.parameters = {1, 1.5F}}).error().code,
            ErrorCode::InvalidArgument);
  build(folder / "empty", {});
  const auto index = Bm25Index::open(folder / "empty");
  ASSERT_TRUE(index.ok()) << index.error().message;
  Bm25Scratch scratch;
  const auto query = index->query(std::vector<std::uint32_t>{1});
  EXPECT_TRUE(index->search(query, 1, scratch)->empty());
  EXPECT_EQ(index->search(query, 0, scratch).error().code, ErrorCode::InvalidArgument);
}

}  // namespace
}  // namespace crosstail::index
