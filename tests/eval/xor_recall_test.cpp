/// NLTK's tokens (expected files made by running NLTK on texts of our own, nltk/make_expected.py)
/// and R@kt on hand-made predictions.

#include "eval/xor_recall.h"

#include <gtest/gtest.h>

#include <fstream>

#include "base/file.h"
#include "eval/nltk_words.h"

namespace crosstail::eval {
namespace {

const std::filesystem::path kFolder =
    std::filesystem::path(CROSSTAIL_SOURCE_DIR) / "tests/eval/nltk";

std::string unescaped(std::string text) {
  for (const auto& [from, to] : {std::pair{"\\n", "\n"}, std::pair{"\\t", "\t"}})
    for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; ++at)
      text.replace(at, 2, to);
  return text;
}

std::vector<std::vector<std::string>> rows(const char* name) {
  std::vector<std::vector<std::string>> out;
  std::ifstream file(kFolder / name);
  for (std::string line; std::getline(file, line);) {
    auto& row = out.emplace_back();
    for (std::size_t at = 0; at <= line.size();) {
      const auto tab = std::min(line.find('\t', at), line.size());
      row.push_back(unescaped(line.substr(at, tab - at)));
      at = tab + 1;
    }
  }
  return out;
}

Punkt small_punkt() {
  return Punkt(*PunktParameters::read(kFolder / "punkt"));
}

TEST(NltkWords, SentencesGiveNltksTokens) {
  const auto expected = rows("words.tsv");
  ASSERT_GT(expected.size(), 400u);
  for (auto row : expected) {
    const std::string text = row[0];
    row.erase(row.begin());
    EXPECT_EQ(nltk_sentence_words(to_code_points(text)), row) << text;
  }
}

TEST(Punkt, FindsNltksSentencesWithTheSameParameters) {
  const auto expected = rows("sentences.tsv");
  ASSERT_GT(expected.size(), 400u);
  const Punkt punkt = small_punkt();
  for (auto row : expected) {
    const CodePoints text = to_code_points(row[0]);
    std::vector<std::string> sentences{row[0]};
    for (const Sentence& s : punkt.sentences(text))
      sentences.push_back(to_utf8(CodePointView(text).substr(s.begin, s.end - s.begin)));
    // NLTK keeps an empty last sentence only where there is nothing at all.
    EXPECT_EQ(sentences, row) << row[0];
  }
}

TEST(Punkt, LongHostileTextsTakeLinearTime) {
  const Punkt punkt = small_punkt();
  for (const char* piece : {".", ". ", "a.)", "-", "' ", ". . ", "\"", "(a.", "a. \n", "...)"}) {
    std::string text;
    while (text.size() < 300000) text += piece;
    EXPECT_FALSE(nltk_words(punkt, text).empty());
  }
}

class Xor : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto add = [&](const char* id, const char* language, std::vector<std::string> answers) {
      data::Query query;
      query.id = id;
      query.language = language;
      query.answers = std::move(answers);
      ASSERT_TRUE(questions_.add(std::move(query)).ok());
    };
    add("a", "ja", {"Mount Fuji", "Fuji"});
    add("b", "ja", {"yes"});
    add("c", "ko", {"1,234 m"});
    add("d", "ko", {"Seoul"});
  }
  data::Queries questions_;
};

TEST_F(Xor, AnAnswerCountsWithinTheFirstTokensOnlyAndAsItStands) {
  const Punkt punkt = small_punkt();
  // Passage tokens: It is high . | Fuji is it .
  const std::vector<data::XorPrediction> predictions{{"a", "ja", {"It is high.", "Fuji is it."}},
                                                     {"c", "ko", {"it has 1,234 m in all"}},
                                                     {"b", "ja", {"yes"}}};
  const auto recall = xor_recall(questions_, predictions, punkt, {.tokens = {4, 5}});
  ASSERT_TRUE(recall.ok()) << recall.error().message;
  EXPECT_EQ(recall->question, (std::vector<std::size_t>{0, 2, 3}));
  EXPECT_EQ(recall->hits, (std::vector<double>{0, 1, 1, 1, 0, 0}));
  EXPECT_EQ(recall->missing, 1u);
  EXPECT_EQ(recall->without_span, 1u);
}

TEST_F(Xor, TheOfficialScriptForgetsMissingQuestions) {
  const Punkt punkt = small_punkt();
  const std::vector<data::XorPrediction> predictions{
      {"c", "te", {"it has 1,234 M"}}, {"a", "ja", {"mount fuji, Fuji"}}, {"zz", "ja", {}}};
  const auto recall =
      xor_recall(questions_, predictions, punkt, {.tokens = {2000}, .official = true});
  ASSERT_TRUE(recall.ok());
  EXPECT_EQ(recall->question, (std::vector<std::size_t>{2, 0}));
  EXPECT_EQ(recall->language, (std::vector<std::string>{"te", "ja"}));
  EXPECT_EQ(recall->hits, (std::vector<double>{0, 1}));
  EXPECT_EQ(recall->unknown, 1u);
}

TEST_F(Xor, NothingInCommonIsAnError) {
  const Punkt punkt = small_punkt();
  EXPECT_FALSE(xor_recall(questions_, {{"zz", "ja", {}}}, punkt, {}).ok());
  EXPECT_FALSE(xor_recall(questions_, {{"a", "ja", {}}, {"a", "ja", {}}}, punkt, {}).ok());
}

}  // namespace
}  // namespace crosstail::eval
