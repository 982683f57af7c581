// Questions and answers in Microdata and RDFa as pages of the web state them, from the bytes to the
// pairs. The pages are ours, in the shapes that FAQ plug-ins, shop themes and hand-written pages
// use; the expected texts are what a browser shows of those elements when all is unfolded.

#include <gtest/gtest.h>

#include <array>
#include <random>
#include <string>
#include <string_view>

#include "markup/document_index.h"
#include "markup/faq.h"
#include "markup/microdata.h"
#include "markup/rdfa.h"
#include "markup/syntax_filter.h"

namespace crosstail {
namespace {

/// The pairs of a page in both syntaxes, without repetitions.
markup::PageFaq attribute_faq(std::string_view page,
                              std::string_view url = "https://site.example/faq") {
  const markup::HtmlTree tree = markup::HtmlTree::parse(page);
  const markup::DocumentIndex document(tree, url);
  markup::PageFaq faq;
  markup::Graph graph;
  markup::read_microdata(document, graph);
  markup::read_faq(graph, "microdata", faq);
  graph.clear();
  markup::read_rdfa(document, graph);
  markup::read_faq(graph, "rdfa", faq);
  markup::drop_duplicates(faq);
  return faq;
}

/// `kind page_type: question => answer`, one pair a line, answers' line breaks as ` / `.
std::string pairs(std::string_view page) {
  std::string out;
  for (const markup::FaqPair& pair : attribute_faq(page).pairs) {
    std::string answer;
    for (const char c : pair.answer) answer += c == '\n' ? std::string(" / ") : std::string(1, c);
    out += std::string(pair.kind) + " " + std::string(pair.page_type) + ": " + pair.question +
           " => " + answer + "\n";
  }
  return out;
}

TEST(AttributeFaq, AMicrodataPageAsDocumentedForSearchEngines) {
  EXPECT_EQ(
      pairs(R"(<html itemscope itemtype="https://schema.org/FAQPage"><head><title>FAQ</title></head>
<body><div itemscope itemprop="mainEntity" itemtype="https://schema.org/Question">
<h3 itemprop="name">What is the return policy?</h3>
<div itemscope itemprop="acceptedAnswer" itemtype="https://schema.org/Answer">
<div itemprop="text">Most unopened items in new condition are returned at no charge to you.
<p>Some items have a modified return policy.</p></div></div></div></body></html>)"),
      "microdata FAQPage: What is the return policy? => Most unopened items in new condition are "
      "returned at no charge to you. / Some items have a modified return policy.\n");
}

TEST(AttributeFaq, AccordionsOfShopThemes) {
  EXPECT_EQ(pairs(R"(<section itemscope itemtype="https://schema.org/FAQPage">
<details class="accordion" itemscope itemprop="mainEntity" itemtype="https://schema.org/Question">
<summary><h3 itemprop="name"><span class="icon" aria-hidden="true"></span><span>How <b>long</b></span>
<span>does it take?</span></h3></summary>
<div itemscope itemprop="acceptedAnswer" itemtype="https://schema.org/Answer" style="display:none">
<div itemprop="text" class="rte"><ul><li>Home: 2 days</li><li>Abroad: 7 days</li></ul></div></div></details>
</section>)"),
            "microdata FAQPage: How long does it take? => Home: 2 days / Abroad: 7 days\n");
}

TEST(AttributeFaq, AnswersFoldedAwayAreStillAnswers) {
  for (const char* hidden :
       {"style=\"display: none\"", "hidden", "aria-hidden=true", "style='visibility:hidden'"}) {
    EXPECT_EQ(
        pairs(std::string(
                  "<div itemscope itemtype=http://schema.org/Question><b itemprop=name>Q?</b>"
                  "<div itemprop=acceptedAnswer itemscope itemtype=http://schema.org/Answer ") +
              hidden + "><div " + hidden + " itemprop=text><p " + hidden +
              ">A.</p></div></div></div>"),
        "microdata : Q? => A.\n")
        << hidden;
  }
}

TEST(AttributeFaq, TablesWithAQuestionPerRow) {
  EXPECT_EQ(pairs(R"(<table itemscope itemtype="http://schema.org/FAQPage">
<tr itemscope itemprop="mainEntity" itemtype="http://schema.org/Question"><th itemprop="name">One?
<td itemprop="acceptedAnswer" itemscope itemtype="http://schema.org/Answer"><span itemprop="text">First.</span>
<tr itemscope itemprop="mainEntity" itemtype="http://schema.org/Question"><th itemprop="name">Two?
<td itemprop="acceptedAnswer" itemscope itemtype="http://schema.org/Answer"><span itemprop="text">Second.</span>
</table>)"),
            "microdata FAQPage: One? => First.\nmicrodata FAQPage: Two? => Second.\n");
}

TEST(AttributeFaq, DefinitionListsWithoutEndTags) {
  EXPECT_EQ(pairs(R"(<dl itemscope itemtype="http://schema.org/FAQPage">
<div itemprop=mainEntity itemscope itemtype=http://schema.org/Question><dt itemprop=name>One?
<dd itemprop=acceptedAnswer itemscope itemtype=http://schema.org/Answer><p itemprop=text>First.</div>
<div itemprop=mainEntity itemscope itemtype=http://schema.org/Question><dt itemprop=name>Two?
<dd itemprop=acceptedAnswer itemscope itemtype=http://schema.org/Answer><p itemprop=text>Second.</div></dl>)"),
            "microdata FAQPage: One? => First.\nmicrodata FAQPage: Two? => Second.\n");
}

TEST(AttributeFaq, AParagraphEndsWhereABlockBegins) {
  // §13.2.6.4.7: a list closes the open p, so the value of itemprop=text ends there; what follows
  // stands outside of it. A span is not closed.
  EXPECT_EQ(pairs("<div itemscope itemtype=http://schema.org/Question><p itemprop=name>Q?</p>"
                  "<div itemprop=acceptedAnswer itemscope itemtype=http://schema.org/Answer>"
                  "<p itemprop=text>Start<ul><li>item</li></ul>end</p></div></div>"),
            "microdata : Q? => Start\n");
  EXPECT_EQ(pairs("<div itemscope itemtype=http://schema.org/Question><p itemprop=name>Q?</p>"
                  "<div itemprop=acceptedAnswer itemscope itemtype=http://schema.org/Answer>"
                  "<span itemprop=text><p>Start</p><ul><li>item</li></ul>end</span></div></div>"),
            "microdata : Q? => Start / item / end\n");
}

TEST(AttributeFaq, UnclosedElementsNestAndStateWhatTheTreeSays) {
  // The first Question is never closed, so the second lies within it; both are stated by itemprop.
  EXPECT_EQ(
      pairs("<div itemscope itemtype=http://schema.org/FAQPage>"
            "<div itemprop=mainEntity itemscope itemtype=http://schema.org/Question><h3 "
            "itemprop=name>"
            "One?</h3><div itemprop=acceptedAnswer itemscope itemtype=http://schema.org/Answer>"
            "<div itemprop=text>First.</div></div></div>"
            "<div itemprop=mainEntity itemscope itemtype=http://schema.org/Question><h3 "
            "itemprop=name>"
            "<b>Two?</h3><div itemprop=acceptedAnswer itemscope itemtype=http://schema.org/Answer>"
            "<div itemprop=text>Second."),
      "microdata FAQPage: One? => First.\nmicrodata FAQPage: Two? => Second.\n");
}

TEST(AttributeFaq, ItemrefFromThePageToItsQuestions) {
  EXPECT_EQ(
      pairs(R"(<body><meta itemscope itemtype="https://schema.org/FAQPage" itemref="questions more">
<div id="questions"><div itemprop="mainEntity" itemscope itemtype="https://schema.org/Question" itemref="a1">
<h2 itemprop="name">One?</h2></div></div>
<div id="a1" itemprop="acceptedAnswer" itemscope itemtype="https://schema.org/Answer"><p itemprop="text">First.</p></div>
<div id="more" itemprop="mainEntity" itemscope itemtype="https://schema.org/Question"><h2 itemprop="name">Two?</h2>
<div itemprop="acceptedAnswer" itemscope itemtype="https://schema.org/Answer"><p itemprop="text">Second.</p></div>
</div>)"),
      "microdata FAQPage: One? => First.\nmicrodata FAQPage: Two? => Second.\n");
}

TEST(AttributeFaq, ContentAttributesHoldTextOrMarkup) {
  EXPECT_EQ(
      pairs("<div itemscope itemtype=https://schema.org/Question><meta itemprop=name "
            "content=\"Is 1 &lt; 2 &amp;amp; why?\"><div itemprop=acceptedAnswer itemscope "
            "itemtype=https://schema.org/Answer><span itemprop=text "
            "content=\"&lt;p&gt;Yes.&lt;/p&gt;&lt;p&gt;Always.&lt;/p&gt;\">…</span></div></div>"),
      "microdata : Is 1 < 2 & why? => Yes. / Always.\n");
}

TEST(AttributeFaq, AnswersAsPlainValuesAndWithSeveralNames) {
  EXPECT_EQ(pairs("<div itemscope itemtype=https://schema.org/Question><b itemprop=name>Q?</b>"
                  "<p itemprop=acceptedAnswer>Just text.</p></div>"),
            "microdata : Q? => Just text.\n");
  EXPECT_EQ(pairs("<div itemscope itemtype=https://schema.org/Question><b itemprop=name>Q?</b>"
                  "<div itemprop=acceptedAnswer itemscope itemtype=https://schema.org/Answer>"
                  "<p itemprop=\"text articleBody\">Body.</p></div></div>"),
            "microdata : Q? => Body.\n");
}

TEST(AttributeFaq, SeveralAcceptedAnswersArePairsOfTheirOwnAndSuggestedOnesAreNone) {
  EXPECT_EQ(
      pairs("<div itemscope itemtype=https://schema.org/QAPage><div itemprop=mainEntity itemscope "
            "itemtype=https://schema.org/Question><h1 itemprop=name>Q?</h1>"
            "<div itemprop=acceptedAnswer itemscope itemtype=https://schema.org/Answer>"
            "<p itemprop=text>One.</p></div>"
            "<div itemprop=suggestedAnswer itemscope itemtype=https://schema.org/Answer>"
            "<p itemprop=text>No.</p></div>"
            "<div itemprop=acceptedAnswer itemscope itemtype=https://schema.org/Answer>"
            "<p itemprop=text>Two.</p></div></div></div>"),
      "microdata QAPage: Q? => One.\nmicrodata QAPage: Q? => Two.\n");
}

TEST(AttributeFaq, QuestionsNestedWithoutItempropBelongToTheirPage) {
  EXPECT_EQ(
      pairs(
          "<div itemscope itemtype=https://schema.org/FAQPage><div itemscope "
          "itemtype=https://schema.org/Question><h3 itemprop=name>Q?</h3><div "
          "itemprop=acceptedAnswer itemscope itemtype=https://schema.org/Answer><p itemprop=text>A."
          "</p></div></div></div>"),
      "microdata FAQPage: Q? => A.\n");
}

TEST(AttributeFaq, AnswersWithoutItempropOrTextAreNotGuessed) {
  EXPECT_EQ(
      pairs(
          "<div itemscope itemtype=https://schema.org/Question><h3 itemprop=name>Q?</h3>"
          "<div itemscope itemtype=https://schema.org/Answer><p itemprop=text>A.</p></div></div>"),
      "");
  EXPECT_EQ(pairs("<div itemscope itemtype=https://schema.org/Question><h3 itemprop=name>Q?</h3>"
                  "<div itemprop=acceptedAnswer itemscope "
                  "itemtype=https://schema.org/Answer>A.</div></div>"),
            "");
}

TEST(AttributeFaq, QuestionsOfOtherVocabulariesAreNone) {
  EXPECT_EQ(pairs("<div itemscope itemtype=https://example.org/Question><h3 itemprop=name>Q?</h3>"
                  "<div itemprop=acceptedAnswer itemscope itemtype=https://example.org/Answer>"
                  "<p itemprop=text>A.</p></div></div>"),
            "");
}

TEST(AttributeFaq, AnRdfaPageAsDocumentedForSearchEngines) {
  EXPECT_EQ(
      pairs(
          R"(<html vocab="https://schema.org/" typeof="FAQPage"><head><title>FAQ</title></head><body>
<div property="mainEntity" typeof="Question"><h3 property="name">What is it?</h3>
<div property="acceptedAnswer" typeof="Answer"><div property="text">It is <a href="/this">this</a>:
<ol><li>one</li><li>two</li></ol></div></div></div></body></html>)"),
      "rdfa FAQPage: What is it? => It is this: / one / two\n");
}

TEST(AttributeFaq, RdfaOfContentManagementSystems) {
  EXPECT_EQ(
      pairs(
          R"(<html prefix="content: http://purl.org/rss/1.0/modules/content/ og: http://ogp.me/ns# schema: http://schema.org/ ">
<head><meta property="og:title" content="FAQ"></head><body><main typeof="schema:FAQPage">
<article about="/en/faq/open" rel="schema:mainEntity" resource="/en/faq/open#q" typeof="schema:Article"></article>
<article property="schema:mainEntity" resource="/en/faq/hours" typeof="schema:Question">
<h2><a href="/en/faq/hours" rel="bookmark"><span>Opening hours</span></a></h2>
<span property="schema:name" content="When are you open?" class="hidden"></span>
<div rel="schema:acceptedAnswer"><div typeof="schema:Answer"><div property="schema:text" datatype="rdf:HTML">
<p>Daily.</p><p>Not on Sundays.</p></div></div></div></article></main></body></html>)"),
      "rdfa FAQPage: When are you open? => Daily. / Not on Sundays.\n");
}

TEST(AttributeFaq, RdfaByReference) {
  EXPECT_EQ(pairs(R"(<body prefix="s: https://schema.org/"><div about="#faq" typeof="s:FAQPage">
<a rel="s:mainEntity" href="#q1">One?</a></div>
<section about="#q1" typeof="s:Question"><h2 property="s:name">One?</h2><link rel="s:acceptedAnswer" href="#a1"></section>
<section resource="#a1" typeof="s:Answer"><p property="s:text">First.</p></section></body>)"),
            "rdfa FAQPage: One? => First.\n");
}

TEST(AttributeFaq, RdfaReversed) {
  EXPECT_EQ(
      pairs(
          R"(<body vocab="https://schema.org/"><div resource="#q" typeof="Question"><b property="name">Q?</b></div>
<div resource="#a" typeof="Answer"><p property="text">A.</p><a rev="acceptedAnswer" href="#q">up</a></div>)"),
      "rdfa : Q? => A.\n");
}

TEST(AttributeFaq, BothSyntaxesOnOneElementCountOnce) {
  EXPECT_EQ(
      pairs(
          R"(<div itemscope itemtype="https://schema.org/FAQPage" vocab="https://schema.org/" typeof="FAQPage">
<div itemprop="mainEntity" itemscope itemtype="https://schema.org/Question" property="mainEntity" typeof="Question">
<h3 itemprop="name" property="name">Q?</h3>
<div itemprop="acceptedAnswer" itemscope itemtype="https://schema.org/Answer" property="acceptedAnswer" typeof="Answer">
<p itemprop="text" property="text">A.</p></div></div></div>)"),
      "microdata FAQPage: Q? => A.\n");
}

TEST(AttributeFaq, LanguageIsThatOfTheElements) {
  const auto faq = attribute_faq(
      "<html lang=en><div itemscope itemtype=https://schema.org/Question lang=de><h3 "
      "itemprop=name>Wie?</h3>"
      "<div itemprop=acceptedAnswer itemscope itemtype=https://schema.org/Answer><p "
      "itemprop=text>So.</p>"
      "</div></div>");
  ASSERT_EQ(faq.pairs.size(), 1u);
  EXPECT_EQ(faq.pairs[0].language, "de");
}

TEST(AttributeFaq, PairsKnowWhereTheyAreStated) {
  const std::string page =
      "<p>intro</p><div itemscope itemtype=https://schema.org/Question><h3 itemprop=name>Q?</h3>"
      "<p itemprop=acceptedAnswer>A.</p></div>";
  const auto faq = attribute_faq(page);
  ASSERT_EQ(faq.pairs.size(), 1u);
  EXPECT_EQ(faq.pairs[0].offset, page.find("<div"));
}

/// Random elements with well-formed attributes: pages that do state pairs.
std::string random_markup(std::mt19937_64& random) {
  static constexpr std::array<std::string_view, 26> kAttributes = {
      "itemscope",
      "itemtype=https://schema.org/Question",
      "itemtype='http://schema.org/Answer'",
      "itemtype=\"https://schema.org/FAQPage\"",
      "itemprop=name",
      "itemprop=text",
      "itemprop=acceptedAnswer",
      "itemprop=\"mainEntity\"",
      "itemprop='accepted&#65;nswer'",
      "itemref=a",
      "id=a",
      "vocab=https://schema.org/",
      "vocab='http://schema.org/Q'",
      "prefix='a: http://schema.org/accepted'",
      "typeof=Question",
      "typeof=schema:Answer",
      "typeof=uestion",
      "property=name",
      "property=schema:text",
      "property=acceptedAnswer",
      "property=a:Answer",
      "rel=schema:acceptedAnswer",
      "resource=#r",
      "about=#r",
      "rel=rdf:type",
      "href=https://schema.org/Question"};
  std::string page;
  for (std::size_t n = 2 + random() % 12; n != 0; --n) {
    if (random() % 4 == 0) {
      page += "</div>";
      continue;
    }
    page += "<div";
    for (std::size_t a = random() % 5; a != 0; --a)
      (page += " ") += kAttributes[random() % kAttributes.size()];
    page += ">";
    if (random() % 2 == 0) page += "x" + std::to_string(random() % 9);
  }
  return page;
}

TEST(AttributeFaq, EveryPageThatStatesAPairPassesTheSyntaxFilter) {
  std::mt19937_64 random(8);
  std::size_t stating = 0;
  for (int i = 0; i < 30000; ++i) {
    const std::string page = random_markup(random);
    if (markup::may_name_faq_term(page)) {
      stating += static_cast<std::size_t>(attribute_faq(page).pairs.size() != 0);
      continue;
    }
    ASSERT_EQ(attribute_faq(page).pairs.size(), 0u) << page;
  }
  EXPECT_GT(stating, 20u);
}

}  // namespace
}  // namespace crosstail
