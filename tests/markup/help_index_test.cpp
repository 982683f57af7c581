/// The index entries of a help: what a person would read, and what is wrong where.

#include "markup/help_index.h"

#include <gtest/gtest.h>

namespace crosstail::markup {
namespace {

std::string list(const std::string& entries) {
  return "var bookmarks = [\n" + entries + "];\n";
}

std::string entry(const std::string& text) {
  return "{url:\"de/text/shared/guide/a.html?DbPAR=SHARED#bm_1\", app:\"SHARED\", text:\"" + text +
         "\"},\n";
}

std::string text_of(const std::string& literal) {
  const auto entries = parse_help_index(list(entry(literal)), "bookmarks.js");
  if (!entries.ok()) return "error: " + entries.error().message;
  return entries->size() == 1 ? entries->front().text : "not one entry";
}

std::string problem(const std::string& bytes, const HelpIndexLimits& limits = {}) {
  const auto entries = parse_help_index(bytes, "bookmarks.js", limits);
  return entries.ok() ? "" : entries.error().message;
}

TEST(HelpIndex, EntriesLeadToPagesBelowTheLanguage) {
  const auto entries = parse_help_index(
      list("{url:\"pt-BR/text/scalc/guide/a.html?DbPAR=CALC#bm_1\", app:\"CALC\", text:\"um\"},\n"
           "{url:\"pt-BR/text/b.html#bm_2\", app:\"CALC\", text:\"dois\"}"),
      "bookmarks.js");
  ASSERT_TRUE(entries.ok()) << entries.error().message;
  ASSERT_EQ(entries->size(), 2U);
  EXPECT_EQ((*entries)[0].page, "text/scalc/guide/a.html");
  EXPECT_EQ((*entries)[0].text, "um");
  EXPECT_EQ((*entries)[1].page, "text/b.html");
}

// As shared/tools/parallel/beir_sets.py reads them (index_entries), by hand.
TEST(HelpIndex, SubEntriesStandBehindACommaAndReferencesAreDecoded) {
  EXPECT_EQ(text_of("Umschl&#228;ge --  drucken"), "Umschläge, drucken");
  EXPECT_EQ(text_of("a --  b --  c"), "a, b, c");
  EXPECT_EQ(text_of("-- drucken"), "drucken");
  EXPECT_EQ(text_of("= --  in Tabellen"), "=, in Tabellen");
  EXPECT_EQ(text_of("&#34;x&#34; &amp;#39;y&amp;#39;"), "\"x\" 'y'");
  EXPECT_EQ(text_of("Taste <Compose> dr\xc2\xa0\xe3\x80\x80\xc3\xbc"
                    "cken"),
            "Taste dr ücken");
  EXPECT_EQ(text_of("kleiner (<), ungleich (<>)"), "kleiner (<), ungleich (<>)");
  EXPECT_EQ(text_of(""), "");
}

TEST(HelpIndex, StringsAreThoseOfJavaScript) {
  EXPECT_EQ(text_of(R"(\\ (Operator))"), R"(\ (Operator))");
  EXPECT_EQ(text_of(R"(\"a\" \u00e4\x41\tb)"), "\"a\" äA b");
  EXPECT_NE(text_of(R"(\u00g4)").find("a hexadecimal digit"), std::string::npos);
}

// The Khmer help of LibreOffice 7.4 has such an entry.
TEST(HelpIndex, ABackslashBeforeTheLastQuoteBelongsToTheText) {
  EXPECT_EQ(text_of("b\\"), "b\\");
}

TEST(HelpIndex, AnErrorNamesTheLineAndWhatWasExpected) {
  EXPECT_EQ(problem("hello"),
            "bookmarks.js:1: expected `var bookmarks = [`, as in the bookmarks.js of a help");
  EXPECT_NE(problem("").find(":1: expected `var bookmarks = [`"), std::string::npos);
  EXPECT_NE(problem(list(entry("a") + "{url:\"x\", text:3},\n")).find(":3: expected a string"),
            std::string::npos);
  EXPECT_NE(problem(list("{url:\"x\"},\n")).find("url and text"), std::string::npos);
  EXPECT_NE(problem("var bookmarks = [\n" + entry("a")).find(":3: expected `{`"),
            std::string::npos);
  EXPECT_NE(problem("var bookmarks = [{url:\"a").find("closes a string"), std::string::npos);
}

TEST(HelpIndex, LimitsHold) {
  const std::string two = list(entry("a") + entry("b"));
  EXPECT_EQ(problem(two, {1000, 2}), "");
  EXPECT_NE(problem(two, {1000, 1}).find("more than 1 entries"), std::string::npos);
  EXPECT_NE(problem(two, {10, 2}).find("larger than 10 bytes"), std::string::npos);
}

TEST(HelpIndex, BytesThatAreNoTextAreRepaired) {
  EXPECT_EQ(text_of("a\xff"), "a\xef\xbf\xbd");
}

}  // namespace
}  // namespace crosstail::markup
