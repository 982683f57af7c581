#include "text/utf8.h"

#include <gtest/gtest.h>

#include <random>

namespace crosstail::text {
namespace {

using namespace std::string_literals;

TEST(Utf8, AcceptsTheFirstAndLastCodePointOfEachLength) {
  for (const auto& text :
       {"\0"s, "\x7F"s, "\xC2\x80"s, "\xDF\xBF"s, "\xE0\xA0\x80"s, "\xED\x9F\xBF"s, "\xEE\x80\x80"s,
        "\xEF\xBF\xBF"s, "\xF0\x90\x80\x80"s, "\xF4\x8F\xBF\xBF"s}) {
    EXPECT_TRUE(is_valid_utf8(text));
    EXPECT_EQ(repair_utf8(text), text);
  }
}

TEST(Utf8, RefusesOverlongFormsSurrogatesAndValuesAboveTheLast) {
  for (const auto& text : {"\xC0\x80"s, "\xC1\xBF"s, "\xE0\x9F\xBF"s, "\xF0\x8F\xBF\xBF"s,
                           "\xED\xA0\x80"s, "\xED\xBF\xBF"s, "\xF4\x90\x80\x80"s,
                           "\xF5\x80\x80\x80"s, "\x80"s, "\xFF"s, "\xE2\x82"s, "a\xF0\x9F\x98"s}) {
    EXPECT_FALSE(is_valid_utf8(text));
  }
}

// The Unicode Standard 15.0, §3.9, tables 3-8 to 3-11: "U+FFFD for maximal subparts".
TEST(Utf8, ReplacesMaximalSubpartsAsTheUnicodeStandardShows) {
  const std::string r = "\xEF\xBF\xBD";
  EXPECT_EQ(repair_utf8("\xC0\xAF\xE0\x80\xBF\xF0\x81\x82\x41"),
            r + r + r + r + r + r + r + r + "A");
  EXPECT_EQ(repair_utf8("\xED\xA0\x80\xED\xBF\xBF\xED\xAF\x41"),
            r + r + r + r + r + r + r + r + "A");
  EXPECT_EQ(repair_utf8("\xF4\x91\x92\x93\xFF\x41\x80\xBF\x42"),
            r + r + r + r + r + "A" + r + r + "B");
  EXPECT_EQ(repair_utf8("\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41"), r + r + r + r + "A");
}

TEST(Utf8, CountsReplacementsOnTopOfWhatWasThere) {
  std::uint64_t replaced = 5;
  EXPECT_EQ(repair_utf8("ok\xFFok\xE2\x82", &replaced), "ok\xEF\xBF\xBDok\xEF\xBF\xBD");
  EXPECT_EQ(replaced, 7U);
  repair_utf8("fine", &replaced);
  EXPECT_EQ(replaced, 7U);
}

TEST(Utf8, EveryCodePointSurvivesWritingAndReading) {
  for (char32_t c = 0; c <= 0x10FFFF; ++c) {
    if (c >= 0xD800 && c <= 0xDFFF) continue;
    std::string text;
    append_utf8(text, c);
    std::size_t position = 0;
    ASSERT_EQ(next_code_point(text, position), c);
    ASSERT_EQ(position, text.size());
    ASSERT_TRUE(is_valid_utf8(text));
  }
}

TEST(Utf8, WhatIsNoCodePointIsWrittenAsTheReplacementCharacter) {
  for (const char32_t c :
       {char32_t{0xD800}, char32_t{0xDFFF}, char32_t{0x110000}, char32_t{0xFFFFFFFF}}) {
    std::string text;
    append_utf8(text, c);
    EXPECT_EQ(text, "\xEF\xBF\xBD");
  }
}

TEST(Utf8, CountsCodePointsAcrossBlockBorders) {
  EXPECT_EQ(count_code_points(""), 0U);
  EXPECT_EQ(count_code_points("zażółć"), 6U);
  for (std::size_t n = 0; n < 50; ++n) {
    std::string text;
    for (std::size_t i = 0; i < n; ++i) text += "a\u00e9\u4e2d\U0001F600";
    EXPECT_EQ(count_code_points(text), 4 * n);
  }
}

TEST(Utf8, AnyBytesBecomeValidAndKeepTheirValidParts) {
  std::mt19937 random(7);
  for (int round = 0; round < 20000; ++round) {
    std::string bytes(random() % 40, '\0');
    for (char& c : bytes)
      c = static_cast<char>(random() % 3 == 0 ? random() % 128 : 128 + random() % 128);
    const std::string repaired = repair_utf8(bytes);
    ASSERT_TRUE(is_valid_utf8(repaired));
    ASSERT_EQ(repair_utf8(repaired), repaired);
    std::string ascii_before;
    std::string ascii_after;
    for (const char c : bytes) {
      if (static_cast<signed char>(c) >= 0) ascii_before.push_back(c);
    }
    for (const char c : repaired) {
      if (static_cast<signed char>(c) >= 0) ascii_after.push_back(c);
    }
    ASSERT_EQ(ascii_before, ascii_after);
  }
}

}  // namespace
}  // namespace crosstail::text
