#include "curate/filters.h"

#include <gtest/gtest.h>

#include <string>

#include "curate/cleaning.h"
#include "curate/page_url.h"
#include "curate/question_type.h"

namespace crosstail::curate {
namespace {

Reason judge(std::string_view question, std::string_view answer, Preset preset) {
  PairForms forms;
  return filter(question, answer, preset, forms);
}

constexpr std::string_view kQuestion = "What is this?";
constexpr std::string_view kAnswer = "This answer has at least thirty characters.";

/// papers.md §2: drop when question or answer empty; answer contains '?'; answer has 10 or more
/// newlines; question under 10 characters; answer under 30 characters.
class WebFaqPreset : public ::testing::TestWithParam<Preset> {};
INSTANTIATE_TEST_SUITE_P(Both, WebFaqPreset, ::testing::Values(Preset::WebFaqV1, Preset::WebFaqV2));

TEST_P(WebFaqPreset, Empty) {
  EXPECT_EQ(judge("", kAnswer, GetParam()), Reason::EmptyQuestion);
  EXPECT_EQ(judge(kQuestion, "", GetParam()), Reason::EmptyAnswer);
}
TEST_P(WebFaqPreset, AnswerWithAQuestionMark) {
  EXPECT_EQ(judge(kQuestion, "Is it so? Yes it is, as everybody knows.", GetParam()),
            Reason::AnswerWithQuestion);
  EXPECT_EQ(
      judge(kQuestion,
            "これは何ですか？これは三十文字以上の長い答えです。これは三十文字以上の長い答えです。",
            GetParam()),
      Reason::Kept)
      << "only '?' is meant";
}
TEST_P(WebFaqPreset, TenNewlines) {
  EXPECT_EQ(judge(kQuestion, "1\n2\n3\n4\n5\n6\n7\n8\n9\n10 and enough characters", GetParam()),
            Reason::Kept);
  EXPECT_EQ(judge(kQuestion, "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11 and enough characters", GetParam()),
            Reason::TooManyLines);
}
TEST_P(WebFaqPreset, LengthsAreCharacters) {
  EXPECT_EQ(judge("123456789", kAnswer, GetParam()), Reason::QuestionTooShort);
  EXPECT_EQ(judge("1234567890", kAnswer, GetParam()), Reason::Kept);
  EXPECT_EQ(judge("ääääääääää", kAnswer, GetParam()), Reason::Kept);
  EXPECT_EQ(judge(kQuestion, std::string(29, 'x'), GetParam()), Reason::AnswerTooShort);
  EXPECT_EQ(judge(kQuestion, std::string(30, 'x'), GetParam()), Reason::Kept);
}

TEST(DefaultFilters, ScriptsThatSayMoreWithACharacterAreNotPunished) {
  EXPECT_EQ(
      judge("什么是比特币？", "比特币是一种去中心化的数字货币，没有中央银行。", Preset::Default),
      Reason::Kept);
  EXPECT_EQ(
      judge("配送料はいくら？", "全国一律五百円です。ご注文の際にお支払い。", Preset::Default),
      Reason::Kept);
  EXPECT_EQ(judge("배송비는?", "배송비는 전국 어디나 삼천 원입니다.", Preset::Default),
            Reason::Kept);
  EXPECT_EQ(
      judge("什么是比特币？", "比特币是一种去中心化的数字货币，没有中央银行。", Preset::WebFaqV1),
      Reason::QuestionTooShort);
}

TEST(DefaultFilters, QuestionMarksOfAllScripts) {
  for (const char32_t c : {U'?', U'？', U'؟', U'\u037E', U'՞', U'፧', U'⁇', U'⸮'})
    EXPECT_TRUE(is_question_mark(c));
  EXPECT_FALSE(is_question_mark(';'));
  EXPECT_TRUE(is_question_mark(';', true));
  EXPECT_EQ(judge(kQuestion, "Have you tried to turn it off and on again?", Preset::Default),
            Reason::AnswerWithQuestion);
  EXPECT_EQ(
      judge("ما هو هذا الشيء؟", "هل حاولت إيقاف تشغيل الجهاز ثم تشغيله مرة أخرى؟", Preset::Default),
      Reason::AnswerWithQuestion);
  EXPECT_EQ(
      judge(kQuestion, "Is it slow? Turn it off and on again, then call us.", Preset::Default),
      Reason::Kept);
}

TEST(DefaultFilters, TemplatesAndPointersAndEchoes) {
  EXPECT_EQ(judge("Question 12", kAnswer, Preset::Default), Reason::Template);
  EXPECT_EQ(judge("{{ faq.question }}", kAnswer, Preset::Default), Reason::Template);
  EXPECT_EQ(judge("Häufig gestellte Fragen", kAnswer, Preset::Default), Reason::Template);
  EXPECT_EQ(judge("Do you ship abroad?", "Lorem ipsum dolor sit amet, consectetur adipiscing.",
                  Preset::Default),
            Reason::Template);
  EXPECT_EQ(
      judge("How do I pay for it?", "Please click here for more information!", Preset::Default),
      Reason::PointsElsewhere);
  EXPECT_EQ(judge("Wie kann ich zahlen?", "Bitte klicken Sie hier.", Preset::Default),
            Reason::PointsElsewhere);
  EXPECT_EQ(judge("What is the price of the product?", "what is the price of the product",
                  Preset::Default),
            Reason::AnswerIsQuestion);
  EXPECT_EQ(judge("… ???? 1234567", kAnswer, Preset::Default), Reason::NoLetters);
}

std::string cleaned(std::string text, Part part) {
  clean(text, part);
  return text;
}

TEST(Cleaning, AnnouncementsGoInManyLanguages) {
  EXPECT_EQ(cleaned("Q: What is it?", Part::Question), "What is it?");
  EXPECT_EQ(cleaned("QUESTION 3: What is it?", Part::Question), "What is it?");
  EXPECT_EQ(cleaned("Q1. What is it?", Part::Question), "What is it?");
  EXPECT_EQ(cleaned("Frage: Was ist das?", Part::Question), "Was ist das?");
  EXPECT_EQ(cleaned("質問：これは何ですか？", Part::Question), "これは何ですか？");
  EXPECT_EQ(cleaned("Вопрос: Что это?", Part::Question), "Что это?");
  EXPECT_EQ(cleaned("A: It is a thing.", Part::Answer), "It is a thing.");
  EXPECT_EQ(cleaned("Respuesta: Es una cosa.", Part::Answer), "Es una cosa.");
  EXPECT_EQ(cleaned("答：这是一个东西。", Part::Answer), "这是一个东西。");
}

TEST(Cleaning, WordsThatOnlyBeginAlikeStay) {
  for (const char* text :
       {"A good question", "Questions: what are they?", "Qatar: where is it?",
        "Answering machines: how?", "C: a language", "3D printing: what is it?", "2020 was what?",
        "1.5 million of what?", "24/7 support?", "5 ways to pay?"})
    EXPECT_EQ(cleaned(text, Part::Question), text);
}

TEST(Cleaning, NumberingGoesFromQuestionsOnly) {
  EXPECT_EQ(cleaned("1. What is it?", Part::Question), "What is it?");
  EXPECT_EQ(cleaned("(12) What is it?", Part::Question), "What is it?");
  EXPECT_EQ(cleaned("3) What is it?", Part::Question), "What is it?");
  EXPECT_EQ(cleaned("1.2. What is it?", Part::Question), "What is it?");
  EXPECT_EQ(cleaned("#4 What is it?", Part::Question), "What is it?");
  EXPECT_EQ(cleaned("1. Open it. 2. Close it.", Part::Answer), "1. Open it. 2. Close it.");
}

TEST(Cleaning, QuotesAroundTheWholeAndEmojiGo) {
  EXPECT_EQ(cleaned("\"What is it?\"", Part::Question), "What is it?");
  EXPECT_EQ(cleaned("„Was ist das?“", Part::Question), "Was ist das?");
  EXPECT_EQ(cleaned("«Qu'est-ce?»", Part::Question), "Qu'est-ce?");
  EXPECT_EQ(cleaned("\"A\" or \"B\"", Part::Question), "\"A\" or \"B\"");
  EXPECT_EQ(cleaned("🚀 What is it? 👩‍👩‍👧", Part::Question), "What is it?");
  EXPECT_EQ(cleaned("Is © the same as ™?", Part::Question), "Is © the same as ™?");
  EXPECT_EQ(cleaned("  a \t b \n c  ", Part::Answer), "a b\nc");
}

TEST(Cleaning, WebFaqKnowsEnglishOnly) {
  std::string text = "Frage: Was ist das?";
  EXPECT_FALSE(clean_webfaq(text));
  text = "Question: \"1. What is it?\" 🙂";
  clean_webfaq(text);
  EXPECT_EQ(text, "\"1. What is it?\"");
  text = "Answer: 1. It is a thing.";
  clean_webfaq(text);
  EXPECT_EQ(text, "It is a thing.");
}

TEST(QuestionType, ByTheFirstQuestionWord) {
  const std::tuple<const char*, const char*, QuestionType> cases[] = {
      {"What is it?", "eng", QuestionType::What},
      {"In which country is it?", "eng", QuestionType::Which},
      {"Whose is it?", "eng", QuestionType::Who},
      {"Can I pay?", "eng", QuestionType::Can},
      {"Do you know what it is?", "eng", QuestionType::Is},
      {"How long does it take?", "eng", QuestionType::How},
      {"Delivery times", "eng", QuestionType::NoQuestionWord},
      {"Delivery?", "eng", QuestionType::Unknown},
      {"Warum ist das so?", "deu", QuestionType::Why},
      {"Kann ich zahlen?", "deu", QuestionType::Can},
      {"¿Cuándo llega?", "spa", QuestionType::When},
      {"¿Por qué?", "spa", QuestionType::Why},
      {"Où êtes-vous ?", "fra", QuestionType::Where},
      {"Puis-je payer ?", "fra", QuestionType::Can},
      {"比特币是什么？", "zho", QuestionType::What},
      {"为什么要付款？", "zho", QuestionType::Why},
      {"どこで買えますか？", "jpn", QuestionType::Where},
      {"Кто это?", "rus", QuestionType::Who},
      {"هل يمكنني الدفع؟", "ara", QuestionType::Can},
      {"Nasıl ödeyebilirim?", "tur", QuestionType::How},
      {"What is it?", "xyz", QuestionType::Unknown}};
  for (const auto& [question, language, type] : cases)
    EXPECT_EQ(name_of(question_type(question, language)), name_of(type)) << question;
}

TEST(PageUrl, SitesAreRegistrableDomains) {
  // publicsuffix.org: co.uk and com.br are suffixes; github.io is a private one.
  EXPECT_EQ(site_of("https://faq.shop.example.co.uk/x"), "example.co.uk");
  EXPECT_EQ(site_of("http://www.Example.com.br:8080/"), "example.com.br");
  EXPECT_EQ(site_of("https://someone.github.io/faq"), "someone.github.io");
  EXPECT_EQ(site_of("http://192.168.0.1/faq"), "192.168.0.1");
  EXPECT_EQ(site_of("http://localhost/faq"), "localhost");
  EXPECT_EQ(site_of("de/faq.html"), "");
  EXPECT_EQ(site_of("Shop/de/faq.html"), "shop");
  EXPECT_EQ(site_of("faq.html"), "");
}

TEST(PageUrl, LanguagesOfAddresses) {
  EXPECT_EQ(language_of_url("https://a.example/de/faq"), "deu");
  EXPECT_EQ(language_of_url("https://a.example/pt-br/faq"), "por");
  EXPECT_EQ(language_of_url("https://fr.a.example/faq"), "fra");
  EXPECT_EQ(language_of_url("https://a.example/faq?x=1&lang=ja"), "jpn");
  EXPECT_EQ(language_of_url("de.html"), "deu");
  EXPECT_EQ(language_of_url("docs/faq.de.html"), "deu");
  EXPECT_EQ(language_of_url("https://a.example/faq/app/new"), "");
  EXPECT_EQ(language_of_url("https://it.example/faq"), "") << "the site's own name";
}

TEST(PageUrl, TranslationsOfAPageShareTheirAddress) {
  for (const char* url : {"https://de.a.example/faq", "http://www.a.example/fr/faq",
                          "https://a.example/faq?lang=de", "https://a.example/faq/"})
    EXPECT_EQ(url_without_language(url), "a.example/faq") << url;
  EXPECT_EQ(url_without_language("de.html"), url_without_language("en.html"));
  EXPECT_EQ(url_without_language("x/zh-CN/faq.html"), url_without_language("x/faq.html"));
  EXPECT_NE(url_without_language("https://a.example/faq?id=1"),
            url_without_language("https://a.example/faq?id=2"));
}

}  // namespace
}  // namespace crosstail::curate
