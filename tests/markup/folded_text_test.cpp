#include "markup/folded_text.h"

#include <gtest/gtest.h>

#include <random>

namespace crosstail::markup {
namespace {

std::string folded(std::string_view text, TextSpace space = TextSpace::Fold) {
  FoldedText out;
  out.text(text, space);
  return out.take();
}

TEST(FoldedText, RunsOfWhiteSpaceAreOneSpaceInHtml) {
  EXPECT_EQ(folded("  a \t\r\n b\f\fc  "), "a b c");
  EXPECT_EQ(folded("a\u00a0\u00a0 b"), "a b");
}

TEST(FoldedText, LineEndsStayInPlainText) {
  EXPECT_EQ(folded("one \r\n\r\n  two\rthree\n", TextSpace::KeepLines), "one\ntwo\nthree");
  EXPECT_EQ(folded("a  b\u2028c\u2029d", TextSpace::KeepLines), "a b\nc\nd");
}

TEST(FoldedText, SpacesStayInPreformattedTextButNotAtLineEnds) {
  EXPECT_EQ(folded("\nif x:\n    y\t z  \n   \n", TextSpace::Keep), "if x:\n    y\t z");
}

TEST(FoldedText, SpaceOverPieceBordersIsOneSpace) {
  FoldedText out;
  out.text("a ", TextSpace::Fold);
  out.text(" b", TextSpace::Fold);
  out.text("c", TextSpace::Fold);
  out.space();
  out.text(" d", TextSpace::Fold);
  EXPECT_EQ(out.take(), "a bc d");
}

TEST(FoldedText, LineBreaksCollapseAndEatTheSpaceAroundThem) {
  FoldedText out;
  out.line_break();
  out.text("a ", TextSpace::Fold);
  out.line_break();
  out.line_break();
  out.text("  ", TextSpace::Fold);
  out.line_break();
  out.text(" b", TextSpace::Fold);
  out.line_break();
  EXPECT_EQ(out.take(), "a\nb");
}

TEST(FoldedText, WhatIsNeverSeenIsLeftOut) {
  EXPECT_EQ(folded("Donau\u00addampf\u00adschiff \ufeffda\x01\x7f"), "Donaudampfschiff da\x7f");
}

TEST(FoldedText, JoinersAndZeroWidthSpacesStay) {
  const std::string_view persian = "می\u200cخواهم";
  EXPECT_EQ(folded(persian), persian);
  EXPECT_EQ(folded("ក\u200bខ"), "ក\u200bខ");
}

TEST(FoldedText, IdeographicAndOtherSpacesAreTrimmedButNotFolded) {
  EXPECT_EQ(folded("\u3000はい\u3000いいえ\u3000"), "はい\u3000いいえ");
  EXPECT_EQ(folded("\u2003\u00a0x\u202f\u205f"), "x");
}

TEST(FoldedText, TakingLeavesItEmpty) {
  FoldedText out;
  out.text("a ", TextSpace::Fold);
  EXPECT_EQ(out.take(), "a");
  out.text("b", TextSpace::Fold);
  EXPECT_EQ(out.take(), "b");
}

/// A character at a time, the long way: the reference for the block-wise one.
std::string folded_slowly(std::string_view text) {
  FoldedText out;
  std::size_t i = 0;
  while (i < text.size()) {
    std::size_t length = 1;
    while (i + length < text.size() &&
           (static_cast<unsigned char>(text[i + length]) & 0xC0) == 0x80) {
      ++length;
    }
    out.text(text.substr(i, length), TextSpace::Fold);
    i += length;
  }
  return out.take();
}

TEST(FoldedText, BlocksGiveWhatSingleCharactersGive) {
  const std::vector<std::string> parts = {"a",         " ",      "\n",     "\u00a0", "\u00ad",
                                          "\u00e9",    "\ufeff", "\u2028", "\u2019", "\uff0c",
                                          "long word", "\u0085", "\t"};
  std::mt19937 random(3);
  for (int round = 0; round < 20000; ++round) {
    std::string text;
    const std::size_t count = random() % 60;
    for (std::size_t i = 0; i < count; ++i) {
      text += random() % 3 == 0 ? parts[random() % parts.size()] : std::string("w");
    }
    ASSERT_EQ(folded(text), folded_slowly(text));
    ASSERT_EQ(folded(folded(text), TextSpace::KeepLines), folded(text));
    const std::string plain = folded(text, TextSpace::KeepLines);
    // Text of several lines takes the long way too.
    ASSERT_EQ(is_folded(text), plain == text && text.find('\n') == std::string::npos) << text;
  }
}

}  // namespace
}  // namespace crosstail::markup
