#include "markup/syntax_filter.h"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <random>
#include <string>

namespace crosstail {
namespace {

using markup::may_name_faq_term;

/// What the start tags of the page name, as the tokenizer sees them, if one of them has a property.
markup::FaqSyntaxes syntaxes_of_tokens(std::string_view page) {
  markup::HtmlTokenizer tokenizer(page);
  markup::HtmlToken token;
  markup::FaqSyntaxes found;
  bool properties = false;
  while (tokenizer.next(token)) {
    if (token.kind != markup::HtmlTokenKind::StartTag) continue;
    const markup::FaqSyntaxes here = markup::faq_syntaxes(token);
    found.microdata |= here.microdata;
    found.rdfa |= here.rdfa;
    for (const markup::HtmlAttribute& attribute : token.attributes)
      properties |= attribute.name == "itemprop" || attribute.name == "property";
  }
  return properties ? found : markup::FaqSyntaxes{};
}

bool tokens_name_faq_term(std::string_view page) {
  const markup::FaqSyntaxes found = syntaxes_of_tokens(page);
  return found.microdata || found.rdfa;
}

TEST(SyntaxFilter, TermsInAttributesOfMicrodataAndRdfa) {
  for (const char* page : {
           "<p itemprop=x><div itemtype=\"https://schema.org/FAQPage\">",
           "<p itemprop=x><div itemtype='http://schema.org/qapage'>",
           "<p itemprop=mainEntity itemtype=https://schema.org/Question>",
           "<p itemprop=acceptedanswer>",
           "<p ITEMPROP = \n\"text\tACCEPTEDANSWER\" >",
           "<p itemprop=parentItem>",
           "<p class='x'itemprop='suggestedAnswer'>",
           "<p/itemprop=acceptedAnswer/>",
           "<p property=\"schema:acceptedAnswer\">",
           "<p property=name><p typeof=\"schema:Question\">",
           "<p property=name><p rel=schema:acceptedAnswer>",
           "<p property=name><p rev\f=\f'schema:acceptedAnswer'>",
           "<p itemprop=\"accepted&#65;nswer\">",
           "<p itemprop=accepted&#x61nswer>",
           "<p itemprop=\"'>'\" itemprop='x' typeof='\">\" question'>",
       }) {
    EXPECT_TRUE(tokens_name_faq_term(page)) << page;
    EXPECT_TRUE(may_name_faq_term(page)) << page;
    const std::string long_page = std::string(100, 'x') + page + std::string(100, 'y');
    EXPECT_TRUE(may_name_faq_term(long_page)) << page;
  }
}

TEST(SyntaxFilter, OtherPagesNeedNoTree) {
  for (const char* page : {
           "",
           "<meta property=\"og:title\" content=\"Question and answer\">",
           "<meta property=\"og:type\" content=\"article\"><p>Any question? The answer!</p>",
           "<p itemprop=name itemtype=https://schema.org/Product>question</p>",
           "<script "
           "type=\"application/ld+json\">{\"@type\":\"Question\",\"acceptedAnswer\":{}}</script>"
           "<p itemprop=name>",
           "<p class=question itemprop=name data-answer=x id=\"acceptedAnswer\">",
           "<p data-itemprop=acceptedAnswer itemprop=x>",
           "<p xitemprop=acceptedAnswer itemprop=x>",
           "<p itemprop=x =rel=answer>",
           "<p itemprop=x rel=>answer",
           "itemprop=",
           "<p itemprop=\"acceptedAnswer",
       }) {
    EXPECT_FALSE(tokens_name_faq_term(page)) << page;
    EXPECT_FALSE(may_name_faq_term(page)) << page;
  }
}

TEST(SyntaxFilter, SyntaxesAreToldApart) {
  const auto microdata =
      markup::faq_syntaxes("<p itemtype=https://schema.org/Question><p itemprop=name>");
  EXPECT_TRUE(microdata.microdata);
  EXPECT_FALSE(microdata.rdfa);
  const auto rdfa = markup::faq_syntaxes("<p itemprop=name><p property=acceptedAnswer>");
  EXPECT_FALSE(rdfa.microdata);
  EXPECT_TRUE(rdfa.rdfa);
  const auto both = markup::faq_syntaxes("<b title=\"x rel=/\"itemprop=acceptedAnswer>");
  EXPECT_TRUE(both.microdata);
}

TEST(SyntaxFilter, EveryPlaceInAPageIsSeen) {
  const std::string tag = "<b itemprop=acceptedAnswer>";
  for (std::size_t before = 0; before < 80; ++before)
    for (std::size_t after = 0; after < 40; ++after)
      ASSERT_TRUE(may_name_faq_term(std::string(before, '=') + tag + std::string(after, '=')))
          << before << " " << after;
}

/// Random pages out of the pieces that matter.
std::string random_page(std::mt19937_64& random) {
  static constexpr std::array<std::string_view, 52> kPieces = {"<p ",
                                                               "<div ",
                                                               "<a ",
                                                               "<script>",
                                                               "</script>",
                                                               "<!--",
                                                               "-->",
                                                               "<textarea>",
                                                               "</textarea>",
                                                               "itemscope ",
                                                               "itemtype",
                                                               "itemprop",
                                                               "ITEMPROP",
                                                               "typeof",
                                                               "property",
                                                               "rel",
                                                               "rev",
                                                               "vocab=",
                                                               "itemref=i ",
                                                               "id=i ",
                                                               "=",
                                                               " = ",
                                                               "\"",
                                                               "'",
                                                               ">",
                                                               ">",
                                                               ">",
                                                               "/",
                                                               " ",
                                                               "\n",
                                                               "\f",
                                                               "<",
                                                               "https://schema.org/Question",
                                                               "schema:Question",
                                                               "https://schema.org/",
                                                               "acceptedAnswer",
                                                               "mainEntity",
                                                               "name",
                                                               "text",
                                                               "FAQPage",
                                                               "&#81;uestion",
                                                               "accepted&#x41nswer",
                                                               "Answer",
                                                               "x",
                                                               "</p>",
                                                               "</div>",
                                                               " itemprop=",
                                                               " typeof='",
                                                               "<b property=\"",
                                                               "<i rel =",
                                                               "acceptedAnswer ",
                                                               "' "};
  std::string page;
  for (std::size_t n = 2 + random() % 40; n != 0; --n) page += kPieces[random() % kPieces.size()];
  return page;
}

TEST(SyntaxFilter, NeverMissesWhatATokenNames) {
  std::mt19937_64 random(7);
  std::size_t named = 0;
  for (int i = 0; i < 60000; ++i) {
    const std::string page = random_page(random);
    const markup::FaqSyntaxes tokens = syntaxes_of_tokens(page);
    const markup::FaqSyntaxes bytes = markup::faq_syntaxes(page);
    named += static_cast<std::size_t>(tokens.microdata) + static_cast<std::size_t>(tokens.rdfa);
    ASSERT_TRUE(bytes.microdata || !tokens.microdata) << page;
    ASSERT_TRUE(bytes.rdfa || !tokens.rdfa) << page;
  }
  EXPECT_GT(named, 500u);  // or the test would state nothing
}

TEST(SyntaxFilter, HostilePagesAreLinear) {
  std::string unclosed, slashes, spaces, nested;
  for (int i = 0; i < 1000000; ++i) {
    unclosed += "prop rel=\"rel='";
    slashes += "/rel=";
    nested += " rel='rel=\"x\"";
  }
  spaces = "prop" + std::string(4000000, ' ') + "=" + std::string(4000000, ' ') + "=";
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_FALSE(may_name_faq_term(unclosed));
  EXPECT_FALSE(may_name_faq_term("prop" + slashes));
  EXPECT_FALSE(may_name_faq_term(spaces));
  EXPECT_FALSE(may_name_faq_term("prop" + nested));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10));
}

}  // namespace
}  // namespace crosstail
