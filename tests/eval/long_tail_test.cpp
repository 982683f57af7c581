/// The views of the long tail on hand-made questions and vectors, and against brute force.

#include "eval/long_tail.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <random>

#include "base/file.h"
#include "eval/nearest_cosines.h"

namespace crosstail::eval {
namespace {

data::Query query(std::string id, std::string language, std::string group, std::string text) {
  data::Query q;
  q.id = std::move(id);
  q.language = std::move(language);
  q.group = std::move(group);
  q.text = std::move(text);
  return q;
}

TEST(NearestCosines, AreThoseOfBruteForceWithTiesToTheSmallerRow) {
  std::mt19937 random(3);
  std::normal_distribution<float> normal;
  constexpr std::size_t kDim = 19, kFrom = 75, kAmong = 130;
  std::vector<float> from(kFrom * kDim), among(kAmong * kDim);
  for (float& v : from) v = normal(random);
  for (float& v : among) v = normal(random);
  std::copy_n(among.begin(), kDim * 20, among.begin() + kDim * 60);  // exact ties
  std::fill_n(from.begin(), kDim, 0.0F);                             // a zero vector
  const auto allowed = [](std::size_t a, std::size_t b) { return (a + b) % 3 != 0; };
  Pool pool(2);
  const auto got = nearest_cosines({from, kFrom, kDim}, {among, kAmong, kDim}, 7, allowed, &pool);
  for (std::size_t a = 0; a < kFrom; ++a) {
    std::vector<std::pair<double, std::size_t>> all;
    for (std::size_t b = 0; b < kAmong; ++b) {
      double dot = 0, aa = 0, bb = 0;
      for (std::size_t d = 0; d < kDim; ++d) {
        const double x = from[a * kDim + d], y = among[b * kDim + d];
        dot += x * y;
        aa += x * x;
        bb += y * y;
      }
      if (allowed(a, b)) all.emplace_back(aa == 0 ? 0 : -dot / std::sqrt(aa * bb), b);
    }
    std::stable_sort(all.begin(), all.end(),
                     [](auto x, auto y) { return x.first < y.first - 1e-9; });
    ASSERT_EQ(got[a].size(), 7u);
    for (std::size_t i = 0; i < 7; ++i) {
      EXPECT_NEAR(static_cast<double>(got[a][i].cosine), -all[i].first, 1e-5);
      if (i > 0 && got[a][i].cosine == got[a][i - 1].cosine)
        EXPECT_LT(got[a][i - 1].row, got[a][i].row);
    }
  }
}

TEST(Density, LeavesOutOwnPassageGroupLanguageAndSite) {
  data::Queries queries;
  ASSERT_TRUE(queries.add(query("q", "de-AT", "g", "?")).ok());
  const std::string judged = "q 0 own 1\n";
  const auto qrels = data::read_qrels_text(
      data::WholeText::from(std::vector<char>(judged.begin(), judged.end())), "q");
  // Ten questions at cosine 0.6 that count; four at cosine 1 that do not.
  std::vector<AttachedQuestion> questions;
  std::vector<float> vectors;
  const auto add = [&](const char* passage, const char* language, const char* group, bool equal) {
    questions.push_back({passage, language, "x", group, ""});
    vectors.insert(vectors.end(), {equal ? 2.0F : 0.6F, equal ? 0.0F : 0.8F});
  };
  add("own", "fr", "h", true);
  add("p", "de", "h", true);
  add("p", "fr", "g", true);
  for (int i = 0; i < 10; ++i) add("p", "fr", i % 2 == 0 ? "h" : "", false);
  const std::vector<float> own{3.0F, 0.0F};
  const auto value = density(queries, {own, 1, 2}, questions, {vectors, 13, 2}, *qrels, 1);
  ASSERT_TRUE(value.ok()) << value.error().message;
  EXPECT_NEAR((*value)[0], 0.6, 1e-6);
  // Nine allowed neighbours are too few.
  questions.pop_back();
  vectors.resize(24);
  EXPECT_TRUE(
      std::isnan((*density(queries, {own, 1, 2}, questions, {vectors, 12, 2}, *qrels, 1))[0]));
  EXPECT_FALSE(density(queries, {own, 1, 2}, questions, {vectors, 11, 2}, *qrels, 1).ok());
  const std::vector<float> broken{NAN, 0.0F};
  EXPECT_FALSE(density(queries, {broken, 1, 2}, questions, {vectors, 12, 2}, *qrels, 1).ok());
}

TEST(Rarity, IsTheMeanOfTheThreeLargestInverseDocumentFrequencies) {
  // 1,000 questions: "common" in all, "half" in 500, "ten" in 10, "own" in 1 of the query's group.
  std::vector<AttachedQuestion> questions;
  for (int i = 0; i < 1000; ++i) {
    std::string text = "Common";
    if (i < 500) text += " half, half";
    if (i < 10) text += " ten";
    questions.push_back({"p", "en", text, "", ""});
  }
  questions[0].group = "g";
  questions[0].text += " own";
  data::Queries queries;
  ASSERT_TRUE(queries.add(query("a", "en-GB", "", "COMMON half ten!")).ok());
  ASSERT_TRUE(queries.add(query("b", "en", "g", "own ten common half never")).ok());
  ASSERT_TRUE(queries.add(query("c", "fr", "", "common")).ok());
  ASSERT_TRUE(queries.add(query("d", "en", "", "?!")).ok());
  const auto value = rarity(queries, questions);
  EXPECT_NEAR(value[0], (std::log(1000.0 / 10) + std::log(2.0) + 0) / 3, 1e-12);
  // Without its own group: 999 questions, "own" and "never" unseen, "ten" in 9.
  EXPECT_NEAR(value[1], (2 * std::log(999.0) + std::log(999.0 / 9)) / 3, 1e-12);
  EXPECT_TRUE(std::isnan(value[2]));
  EXPECT_TRUE(std::isnan(value[3]));
}

TEST(Rarity, CountsSubwordsOnlyWhereAScriptHasNoSpacesAndATokenizerIsGiven) {
  // A vocabulary that knows single characters; so in Japanese every character is a term.
  const auto subwords = text::tokenizer_from_json(R"({"version":"1.0","added_tokens":[],
    "normalizer":null,"pre_tokenizer":{"type":"WhitespaceSplit"},"post_processor":null,"decoder":null,
    "model":{"type":"WordPiece","unk_token":"[UNK]","continuing_subword_prefix":"##",
    "max_input_chars_per_word":100,"vocab":{"[UNK]":0,"水":1,"##水":2,"火":3,"##火":4,"a":5,"##a":6}}})");
  ASSERT_TRUE(subwords.ok()) << subwords.error().message;
  std::vector<AttachedQuestion> questions;
  for (int i = 0; i < 1000; ++i)
    questions.push_back({"p", "ja", i < 100 ? "水火" : "水水", "", ""});
  for (int i = 0; i < 1000; ++i) questions.push_back({"p", "en", "aa", "", ""});
  data::Queries queries;
  ASSERT_TRUE(queries.add(query("a", "ja", "", "火水")).ok());
  ASSERT_TRUE(queries.add(query("b", "en", "", "a")).ok());
  std::vector<std::string> by_subwords;
  const auto value = rarity(queries, questions, &*subwords, &by_subwords);
  EXPECT_EQ(by_subwords, (std::vector<std::string>{"ja"}));
  // 火 in 100 of 1,000 questions, 水 in all, wherever in the word they stand.
  EXPECT_NEAR(value[0], (std::log(10.0) + 0) / 2, 1e-12);
  // By words "a" was never seen, though "aa" holds the piece.
  EXPECT_NEAR(value[1], std::log(1000.0), 1e-12);
}

TEST(DistinctWords, AreFoundWithoutSpacesToo) {
  EXPECT_EQ(distinct_words("The cat, the CAT!"), (std::vector<std::string>{"cat", "the"}));
  EXPECT_GT(distinct_words("東京都に住んでいます").size(), 2u);
  EXPECT_GT(distinct_words("ภาษาไทยไม่มีช่องว่าง").size(), 2u);
}

TEST(Views, AreCutIntoThirdsWithinEachLanguageAndSurviveTheFile) {
  data::Queries queries;
  std::vector<double> values;
  for (int i = 0; i < 9; ++i) {
    ASSERT_TRUE(queries.add(query("de" + std::to_string(i), "de", "", "x")).ok());
    values.push_back(i);
    ASSERT_TRUE(queries.add(query("fr" + std::to_string(i), "fr", "", "x")).ok());
    values.push_back(100 + i);
  }
  ASSERT_TRUE(queries.add(query("it", "it", "", "x")).ok());
  values.push_back(NAN);
  SlicesFile out;
  add_view(out, queries, {"density", "by hand", true, false, {}, {}}, values);
  add_resource_view(out, queries, {{"de", 10}, {"fr", 5}, {"it", 1}, {"ja", 100}}, "a table");
  const auto path =
      std::filesystem::temp_directory_path() / ("slices-" + std::to_string(::getpid()));
  std::vector<std::string> ids;
  for (const auto& q : queries.all()) ids.push_back(q.id);
  ASSERT_TRUE(write_file_atomic(path, slices_text(out, ids)).ok());
  const auto back = read_slices(path);
  ASSERT_TRUE(back.ok()) << back.error().message;
  std::filesystem::remove(path);
  EXPECT_EQ(back->entries.at("de2")[0].part, TailPart::Tail);
  EXPECT_EQ(back->entries.at("de3")[0].part, TailPart::Torso);
  EXPECT_EQ(back->entries.at("de6")[0].part, TailPart::Head);
  EXPECT_EQ(back->entries.at("fr0")[0].part, TailPart::Tail);
  EXPECT_EQ(back->entries.at("fr0")[0].value, 100);
  EXPECT_EQ(back->entries.at("it")[0].part, TailPart::None);
  EXPECT_EQ(back->entries.at("it")[1].part, TailPart::Tail);
  EXPECT_EQ(back->entries.at("de0")[1].part, TailPart::Head);
  EXPECT_TRUE(back->views[1].by_language);
  EXPECT_EQ(back->views[0].remarks, (std::vector<std::string>{"1 queries in it have no value"}));
}

TEST(Views, KeepEqualValuesTogetherAndTheirPartsAsEqualAsThatAllows) {
  // Unseen words: many queries share the largest rarity. Were the second cut at the value of the
  // sixth of nine, no query would lie above it.
  const auto tail_of = [](const std::vector<double>& values) {
    data::Queries queries;
    for (std::size_t i = 0; i < values.size(); ++i)
      EXPECT_TRUE(queries.add(query("q" + std::to_string(i), "de", "", "x")).ok());
    SlicesFile out;
    add_view(out, queries, {"rarity", "by hand", false, false, {}, {}}, values);
    std::string parts;
    for (std::size_t i = 0; i < values.size(); ++i) {
      const TailPart part = out.entries.at("q" + std::to_string(i))[0].part;
      parts += part == TailPart::Head ? 'h' : part == TailPart::Tail ? 't' : '-';
    }
    return parts;
  };
  EXPECT_EQ(tail_of({1, 2, 3, 4, 5, 9, 9, 9, 9}), "hhh--tttt");
  EXPECT_EQ(tail_of({1, 1, 1, 1, 1, 1, 1, 9, 9}), "hhhhhhhtt");
  EXPECT_EQ(tail_of({5, 5, 5, 5}), "hhhh");
}

}  // namespace
}  // namespace crosstail::eval
