#include "data/runs.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <random>

namespace crosstail::data {
namespace {

WholeText text_of(std::string_view text) {
  return WholeText::from(std::vector<char>(text.begin(), text.end()));
}

Result<Run> read(std::string_view text, Pool* pool = nullptr) {
  return read_run_text(text_of(text), "a.run", pool);
}

TEST(TrecRun, FieldsAreSplitAtAnyBlanksAndTheRankIsIgnored) {
  const auto run =
      read("q1 Q0 d1 1 0.5 tag\nq1\tQ0\t d2  7\t-1e-3 tag more junk\r\n\n# c\nq2 Q0 x 1 3 last");
  ASSERT_TRUE(run.ok()) << run.error().message;
  ASSERT_EQ(run->size(), 2u);
  EXPECT_EQ(run->query(0), "q1");
  ASSERT_EQ(run->hits(0).size(), 2u);
  EXPECT_EQ(run->doc(run->hits(0)[1]), "d2");
  EXPECT_EQ(run->hits(0)[1].score, -1e-3);
  EXPECT_EQ(run->doc(run->hits(1)[0]), "x");
  EXPECT_EQ(run->tag(), "last");
  EXPECT_EQ(run->find("q2"), 1u);
  EXPECT_FALSE(run->find("q3"));
}

TEST(TrecRun, AQueryScatteredOverTheFileIsOneQueryInFileOrder) {
  const auto run = read("a 0 1 0 9 t\nb 0 2 0 8 t\na 0 3 0 7 t\nb 0 4 0 6 t\nc 0 5 0 5 t\n");
  ASSERT_TRUE(run.ok());
  ASSERT_EQ(run->size(), 3u);
  ASSERT_EQ(run->hits(0).size(), 2u);
  EXPECT_EQ(run->doc(run->hits(0)[1]), "3");
  EXPECT_EQ(run->doc(run->hits(1)[0]), "2");
  EXPECT_EQ(run->total_hits(), 5u);
}

TEST(TrecRun, MalformedLinesNameFileAndLineAndWhatWasExpected) {
  const auto message = [](std::string_view text) {
    const auto run = read(text);
    return run.ok() ? std::string() : run.error().message;
  };
  const std::string good = "q Q0 d 1 1.0 t\n";
  EXPECT_EQ(message(good + good + "q Q0 d 1 1.0\n"),
            "a.run:3: expected 6 fields `qid Q0 docid rank score tag`, found 5: \"q Q0 d 1 1.0\"");
  EXPECT_EQ(message(good + "q Q0 d 1 nan t\n"),
            "a.run:2: expected a number as score (field 5), found \"nan\"");
  EXPECT_EQ(message("\nq Q0 d 1 1.0x t\n"),
            "a.run:2: expected a number as score (field 5), found \"1.0x\"");
  EXPECT_NE(message("  \n").find("the run is empty"), std::string::npos);
  EXPECT_NE(message("# only a comment\n").find("no hits"), std::string::npos);
}

TEST(TrecRun, AnErrorFarIntoALargeFileHasItsLineNumberWithAnyNumberOfThreads) {
  std::string text;
  for (int i = 0; i < 200000; ++i)
    text += "query" + std::to_string(i / 10) + " Q0 doc" + std::to_string(i) + " 1 2.5 t\n";
  text += "broken line\n";
  Pool pool(3);
  for (Pool* p : {static_cast<Pool*>(nullptr), &pool}) {
    const auto run = read(text, p);
    ASSERT_FALSE(run.ok());
    EXPECT_TRUE(run.error().message.starts_with("a.run:200001: ")) << run.error().message;
  }
}

TEST(TrecRun, ThreadsDoNotChangeWhatIsRead) {
  std::mt19937 random(7);
  std::string text;
  for (int i = 0; i < 150000; ++i) {
    text += "q" + std::to_string(random() % 50 == 0 ? random() % 3000 : i / 100);
    text += std::string(1 + random() % 40, ' ') + "Q0 d" + std::to_string(random()) + "\t1 " +
            std::to_string(random() % 1000) + ".25 tag\n";
  }
  Pool pool(3);
  const auto one = read(text), many = read(text, &pool);
  ASSERT_TRUE(one.ok() && many.ok());
  ASSERT_EQ(one->size(), many->size());
  for (std::size_t q = 0; q < one->size(); ++q) {
    ASSERT_EQ(one->query(q), many->query(q));
    ASSERT_EQ(one->hits(q).size(), many->hits(q).size());
    for (std::size_t i = 0; i < one->hits(q).size(); ++i) {
      ASSERT_EQ(one->doc(one->hits(q)[i]), many->doc(many->hits(q)[i]));
      ASSERT_EQ(one->hits(q)[i].score, many->hits(q)[i].score);
    }
  }
}

TEST(JsonRun, ReadsBeirsResults) {
  const auto run = read(R"( {"q1": {"d\"1": 1.5, "d2": 2}, "q2": {}} )");
  ASSERT_TRUE(run.ok()) << run.error().message;
  ASSERT_EQ(run->size(), 2u);
  EXPECT_EQ(run->doc(run->hits(0)[0]), "d\"1");
  EXPECT_EQ(run->hits(0)[1].score, 2.0);
  EXPECT_TRUE(run->hits(1).empty());
}

TEST(JsonRun, WhatIsNoRunIsAnError) {
  for (const char* text : {"{\"q\": {\"d\": \"1\"}}", "{\"q\": [1]}", "{\"q\": {\"d\": NaN}}",
                           "{\"q\"", "{} x", "{}", "{\"q\":{\"d\":1}} {}"})
    EXPECT_FALSE(read(text).ok()) << text;
  EXPECT_NE(read("{\"q7\": {\"d\": \"1\"}}").error().message.find("\"q7\""), std::string::npos);
}

TEST(Score, IsTheDoubleNearestToTheDecimal) {
  std::mt19937_64 random(3);
  for (int i = 0; i < 20000; ++i) {
    char buffer[64];
    const double value =
        std::ldexp(static_cast<double>(random()), static_cast<int>(random() % 80) - 100) *
        (random() % 2 ? 1 : -1);
    const char* format[] = {"%.17g", "%.6f", "%.3e", "%g", "%.0f"};
    std::snprintf(buffer, sizeof buffer, format[random() % 5], value);
    const auto parsed = parse_score(buffer);
    ASSERT_TRUE(parsed) << buffer;
    ASSERT_EQ(*parsed, std::strtod(buffer, nullptr)) << buffer;
  }
}

TEST(Score, OddFormsAreReadOrRefused) {
  EXPECT_EQ(parse_score("+1.5"), 1.5);
  EXPECT_EQ(parse_score(".5"), 0.5);
  EXPECT_EQ(parse_score("5."), 5.0);
  EXPECT_EQ(parse_score("1e400"), HUGE_VAL);
  EXPECT_EQ(parse_score("-1e400"), -HUGE_VAL);
  EXPECT_EQ(parse_score("1e-400"), 0.0);
  for (const char* text :
       {"", "-", "+", ".", "+-1", "--1", "nan", "NaN", "-nan", "1,5", "1 ", "0x10", "e5"})
    EXPECT_FALSE(parse_score(text)) << text;
}

}  // namespace
}  // namespace crosstail::data
