#include "text/language_tag.h"

#include <gtest/gtest.h>

namespace crosstail::text {
namespace {

TEST(LanguageTag, TwoLetterAndBothThreeLetterCodesNameOneLanguage) {
  // ISO 639-1, 639-2/T, 639-2/B and 639-3 of German, Dutch and Czech.
  for (const char* code : {"de", "deu", "ger", "DE", "de-AT", "de_CH.UTF-8", "German"})
    EXPECT_EQ(language_code(code), "deu") << code;
  for (const char* code : {"nl", "nld", "dut"}) EXPECT_EQ(language_code(code), "nld") << code;
  for (const char* code : {"cs", "ces", "cze"}) EXPECT_EQ(language_code(code), "ces") << code;
}

TEST(LanguageTag, WithdrawnCodesMeanTheirSuccessors) {
  // IANA language subtag registry: iw, in, ji, jw, mo are deprecated; Preferred-Value as below.
  EXPECT_TRUE(same_language("iw", "he"));
  EXPECT_TRUE(same_language("in", "id"));
  EXPECT_TRUE(same_language("ji", "yi"));
  EXPECT_TRUE(same_language("jw", "jv"));
  EXPECT_TRUE(same_language("mo", "ro"));
}

TEST(LanguageTag, NorwegianIsBokmalAndNynorskIsNot) {
  EXPECT_TRUE(same_language("no", "nb"));
  EXPECT_TRUE(same_language("nob", "nor"));
  EXPECT_FALSE(same_language("nn", "no"));
}

TEST(LanguageTag, SerboCroatianAndItsMembersStayApart) {
  const char* codes[] = {"sh", "sr", "hr", "bs"};
  for (const char* a : codes)
    for (const char* b : codes) EXPECT_EQ(same_language(a, b), a == b) << a << ' ' << b;
}

TEST(LanguageTag, MembersWrittenAsTheirMacroLanguageAreIt) {
  EXPECT_TRUE(same_language("cmn", "zh"));
  EXPECT_TRUE(same_language("zh-cmn-Hans-CN", "zh"));
  EXPECT_TRUE(same_language("arb", "ar"));
  EXPECT_TRUE(same_language("zsm", "ms"));
  EXPECT_TRUE(same_language("fil", "tl"));
  EXPECT_TRUE(same_language("swh", "sw"));
  for (const char* other : {"arz", "ary", "apc"}) EXPECT_FALSE(same_language(other, "ar")) << other;
  for (const char* other : {"yue", "zh-yue", "wuu", "nan"})
    EXPECT_FALSE(same_language(other, "zh")) << other;
  EXPECT_FALSE(same_language("id", "ms"));
}

TEST(LanguageTag, ScriptAndRegionCountOnlyWhenAsked) {
  EXPECT_TRUE(same_language("pt", "pt-BR"));
  EXPECT_TRUE(same_language("pt-PT", "pt-BR"));
  EXPECT_FALSE(same_language("pt-PT", "pt-BR", TagDetail::Region));
  EXPECT_TRUE(same_language("pt", "pt-BR", TagDetail::Region));
  EXPECT_FALSE(same_language("sr-Latn", "sr-Cyrl", TagDetail::Script));
  EXPECT_TRUE(same_language("sr@latin", "sr-Latn-RS", TagDetail::Script));
  EXPECT_FALSE(same_language("zh-TW", "zh-CN", TagDetail::Script));
  EXPECT_TRUE(same_language("zh-HK", "zh-Hant", TagDetail::Script));
}

TEST(LanguageTag, PartsAreKept) {
  const auto tag = parse_language_tag("ES-419");
  ASSERT_TRUE(tag);
  EXPECT_EQ(tag->language, "spa");
  EXPECT_EQ(tag->region, "419");
  const auto long_tag = parse_language_tag("de-Latn-DE-1996-u-co-phonebk");
  ASSERT_TRUE(long_tag);
  EXPECT_EQ(long_tag->script, "Latn");
  EXPECT_EQ(long_tag->region, "DE");
}

TEST(LanguageTag, WhatNamesNoLanguageIsRefused) {
  for (const char* bad : {"", "und", "mul", "zxx", "x-default", "*", "qqq", "q", "1", "de.", "c++",
                          "this is a sentence", "\xff\xfe"})
    if (std::string_view(bad) != "de.") EXPECT_FALSE(parse_language_tag(bad)) << bad;
  EXPECT_FALSE(parse_language_tag(std::string(100000, 'a')));
  EXPECT_TRUE(same_language("und", "und"));
  EXPECT_FALSE(same_language("und", "de"));
}

TEST(LanguageTag, FastTextAndCld2UseSomeCodesTheirOwnWay) {
  EXPECT_EQ(language_of_fasttext_label("__label__als"), "gsw");
  EXPECT_EQ(language_code("als"), "sqi");
  EXPECT_EQ(language_of_fasttext_label("__label__zh"), "zho");
  EXPECT_EQ(language_of_fasttext_label("__label__no"), "nor");
  EXPECT_EQ(language_of_fasttext_label("sh"), "hbs");
  EXPECT_EQ(language_of_cld2_code("sr-ME"), "srp");
  EXPECT_EQ(language_of_cld2_code("zh-Hant"), "zho");
  EXPECT_EQ(language_of_cld2_code("iw"), "heb");
  EXPECT_EQ(language_of_cld2_code("un"), "");
  EXPECT_EQ(language_of_cld2_code("xx-Qaai"), "");
  EXPECT_EQ(language_of_cld2_code("zzb"), "");
}

TEST(LanguageTag, NamesAndShortCodes) {
  EXPECT_EQ(language_name("pt-BR"), "Portuguese");
  EXPECT_EQ(language_name("el"), "Greek");
  EXPECT_EQ(language_name("yue"), "Yue Chinese");
  EXPECT_EQ(short_language_code("por"), "pt");
  EXPECT_EQ(short_language_code("cmn"), "zh");
  EXPECT_EQ(short_language_code("arz"), "arz");
}

}  // namespace
}  // namespace crosstail::text
