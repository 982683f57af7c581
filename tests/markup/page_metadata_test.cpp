#include "markup/page_metadata.h"

#include <gtest/gtest.h>

namespace crosstail::markup {
namespace {

using Alternates = std::vector<std::pair<std::string, std::string>>;

PageMetadata read(std::string_view html) {
  PageMetadata page;
  PageMetadataReader reader(page);
  HtmlTokenizer tokenizer(html);
  HtmlToken token;
  while (tokenizer.next(token)) reader.on_token(token, tokenizer.template_depth());
  reader.finish();
  return page;
}

/// The short way: only the tags it names.
PageMetadata read_wanted(std::string_view html) {
  PageMetadata page;
  PageMetadataReader reader(page);
  HtmlTokenizer tokenizer(html);
  HtmlToken token;
  while (tokenizer.next_start_tag(PageMetadataReader::tags(), token)) {
    reader.on_token(token, tokenizer.template_depth());
    if (reader.wants_text() && tokenizer.next(token)) {
      reader.on_token(token, tokenizer.template_depth());
    }
  }
  reader.finish();
  return page;
}

constexpr std::string_view kPage =
    "<!doctype html><HTML LANG=' pt-BR '><head><base href='/faq/'><base href='/other/'>"
    "<title>\n  Ajuda &amp;\n devoluções </title>"
    "<meta name=Description content=\"Como  devolver &quot;tudo&quot;\">"
    "<meta name=keywords content='ajuda, troca'>"
    "<meta property=og:title content=OG><meta property='og:locale' content=pt_PT>"
    "<link rel='CANONICAL' href=' https://example.org/ajuda '>"
    "<link href=/en/help rel=\"x Alternate\" hreflang=en>"
    "<link rel=alternate hreflang=de href='/de/hilfe?a=1&amp;b=2'>"
    "<link rel=alternate hreflang=en href=/en/help>"
    "<link rel=alternate type=application/rss+xml href=/feed>"
    "</head><body><svg><title>icon</title></svg></body></html>";

TEST(PageMetadata, SaysWhatTheHeadStates) {
  const PageMetadata page = read(kPage);
  EXPECT_EQ(page.title, "Ajuda & devoluções");
  EXPECT_EQ(page.description, "Como devolver \"tudo\"");
  EXPECT_EQ(page.keywords, "ajuda, troca");
  EXPECT_EQ(page.html_lang, "pt-BR");
  EXPECT_EQ(page.locale, "pt-PT");
  EXPECT_EQ(page.base, "/faq/");
  EXPECT_EQ(page.canonical, "https://example.org/ajuda");
  EXPECT_EQ(page.alternates, (Alternates{{"en", "/en/help"}, {"de", "/de/hilfe?a=1&b=2"}}));
}

TEST(PageMetadata, TheShortWayGivesTheSame) {
  const PageMetadata page = read_wanted(kPage);
  EXPECT_EQ(page.title, "Ajuda & devoluções");
  EXPECT_EQ(page.html_lang, "pt-BR");
  EXPECT_EQ(page.alternates.size(), 2U);
}

TEST(PageMetadata, OpenGraphFillsWhatIsNotStated) {
  const PageMetadata page =
      read("<title></title><meta property=og:title content=T><meta name=og:description content=D>");
  EXPECT_EQ(page.title, "T");
  EXPECT_EQ(page.description, "D");
}

TEST(PageMetadata, WhatIsNotPartOfThePageDoesNotCount) {
  const PageMetadata page = read(
      "<!-- <title>no</title> --><template><title>no</title><meta name=description content=no>"
      "<link rel=alternate hreflang=xx href=no></template><script>'<title>no</title>'</script>"
      "<noscript><meta name=description content=no></noscript><title>yes</title>");
  EXPECT_EQ(page.title, "yes");
  EXPECT_EQ(page.description, "");
  EXPECT_TRUE(page.alternates.empty());
}

TEST(PageMetadata, OnlyTheFirstTitleAndHtmlCount) {
  const PageMetadata page =
      read("<html lang=fr><title>un</title><html lang=de><title>zwei</title>");
  EXPECT_EQ(page.title, "un");
  EXPECT_EQ(page.html_lang, "fr");
}

TEST(PageMetadata, LanguageGoesFromHtmlToMetaToHttpToLocale) {
  EXPECT_EQ(read("<html lang=fr><meta http-equiv=Content-Language content=de>").language("it"),
            "fr");
  EXPECT_EQ(read("<html lang=''><meta http-equiv=Content-Language content=de>").language("it"),
            "de");
  EXPECT_EQ(read("<html xml:lang=es>").language("it"), "es");
  EXPECT_EQ(read("<meta http-equiv=content-language content='de, en'>").language(" it, en"), "it");
  EXPECT_EQ(read("<meta property=og:locale content=nl_BE>").language(), "nl-BE");
  EXPECT_EQ(read("<p>").language(), "");
}

TEST(PageMetadata, ListsWithoutEndAreBounded) {
  std::string html;
  for (int i = 0; i < 3000; ++i) {
    html += "<link rel=alternate hreflang=en href=/" + std::to_string(i) + ">";
  }
  html += "<title>" + std::string(1 << 20, 'x');
  const PageMetadata page = read(html);
  EXPECT_EQ(page.alternates.size(), 1000U);
  EXPECT_LE(page.title.size(), std::size_t{64} << 10);
}

}  // namespace
}  // namespace crosstail::markup
