#include "markup/text_rendering.h"

#include <gtest/gtest.h>

#include <random>

#include "markup/folded_text.h"
#include "text/utf8.h"

namespace crosstail::markup {
namespace {

// Plain literals.

TEST(LiteralToText, PlainTextIsItself) {
  EXPECT_EQ(literal_to_text("What is Crosstail?"), "What is Crosstail?");
  EXPECT_EQ(literal_to_text(""), "");
}

TEST(LiteralToText, PlainTextKeepsItsLines) {
  EXPECT_EQ(literal_to_text("First.\r\n\r\n  Second,  still.\n"), "First.\nSecond, still.");
}

TEST(LiteralToText, ReferencesInPlainTextAreDecodedAndItsLinesKept) {
  EXPECT_EQ(literal_to_text("R&amp;D\nPrice:&nbsp;5&euro;"), "R&D\nPrice: 5€");
}

TEST(LiteralToText, ALessThanSignThatOpensNoTagStays) {
  EXPECT_EQ(literal_to_text("a < b and b > c"), "a < b and b > c");
  EXPECT_EQ(literal_to_text("x<5 & y>3"), "x<5 & y>3");
  EXPECT_EQ(literal_to_text("I <3 you"), "I <3 you");
  EXPECT_EQ(literal_to_text("<p>a < b, x<5</p>"), "a < b, x<5");
  EXPECT_EQ(literal_to_text("if x<y then"), "if x<y then");
  EXPECT_EQ(literal_to_text("Q&A; AT&T"), "Q&A; AT&T");
}

TEST(LiteralToText, ATagThatIsCutOffIsNoText) {
  EXPECT_EQ(literal_to_text("See <b>this</b> page <a href=\"https://exam"), "See this page");
}

// HTML literals: what a browser shows for an element with this innerHTML.

TEST(LiteralToText, BlocksAndBreaksAreLines) {
  EXPECT_EQ(literal_to_text("<p>One</p><p>Two</p>"), "One\nTwo");
  EXPECT_EQ(literal_to_text("One<br>Two<br/>Three<BR />Four"), "One\nTwo\nThree\nFour");
  EXPECT_EQ(literal_to_text("<div>a<div>b</div>c</div>"), "a\nb\nc");
  EXPECT_EQ(literal_to_text("a<hr>b<h2>c</h2>d"), "a\nb\nc\nd");
}

TEST(LiteralToText, InlineElementsDoNotPartWords) {
  EXPECT_EQ(literal_to_text("un<b>believ</b>able <i>it</i>"), "unbelievable it");
}

TEST(LiteralToText, LineEndsFoldWhereThereAreTags) {
  EXPECT_EQ(literal_to_text("<p>one\n   two\n</p>\n\n<p>three</p>"), "one two\nthree");
}

TEST(LiteralToText, ListItemsHaveALineEach) {
  EXPECT_EQ(literal_to_text("Do:<ul>\n<li>this</li>\n<li>that<ol><li>deep</ol></ul>Done"),
            "Do:\nthis\nthat\ndeep\nDone");
}

TEST(LiteralToText, CellsArePartedAndRowsAreLines) {
  EXPECT_EQ(
      literal_to_text("<table><tr><th>Size</th><th>Price</th></tr><tr><td>S</td><td>5</td></tr>"
                      "</table>"),
      "Size Price\nS 5");
}

TEST(LiteralToText, WhiteSpaceStaysInPre) {
  EXPECT_EQ(literal_to_text("Type:<pre>\ngit add\n  -A</pre>now"), "Type:\ngit add\n  -A\nnow");
}

TEST(LiteralToText, ScriptsStylesAndCommentsVanish) {
  EXPECT_EQ(
      literal_to_text("a<script>var x = '<p>no</p>';</script>b<style>p{}</style>c<!-- no -->d"),
      "abcd");
  EXPECT_EQ(literal_to_text("a<template><p>no</p></template><noscript>no</noscript>b"), "ab");
  EXPECT_EQ(literal_to_text("a<svg><title>icon</title><path d=''/></svg><textarea>no</textarea>b"),
            "ab");
}

TEST(LiteralToText, HiddenElementsVanish) {
  EXPECT_EQ(literal_to_text("a<span hidden>no</span>b"), "ab");
  EXPECT_EQ(literal_to_text("a<div style='color:red; DISPLAY : none'>no<div>no</div>no</div>b"),
            "ab");
  EXPECT_EQ(literal_to_text("a<i style=\"visibility&#58;hidden\">no</i>b"), "ab");
  EXPECT_EQ(literal_to_text("<span style='display:inline;x-display:none-x'>yes</span>"), "yes");
}

TEST(LiteralToText, AHiddenPartEndsWhereABrowserEndsIt) {
  EXPECT_EQ(literal_to_text("<p hidden>no<p>yes"), "yes");
  EXPECT_EQ(literal_to_text("<ul><li hidden>no<li>yes</ul>"), "yes");
  EXPECT_EQ(literal_to_text("<div><p hidden>no</div>yes"), "yes");
  EXPECT_EQ(literal_to_text("<input hidden>yes<br hidden>still"), "yesstill");
}

TEST(LiteralToText, ReferencesAreDecodedOnceInProperHtml) {
  EXPECT_EQ(literal_to_text("<p>5 &lt; 6 &amp;&amp; 7 &gt; 6 &#8211; caf&eacute; &#x1F600;</p>"),
            "5 < 6 && 7 > 6 – café 😀");
}

TEST(LiteralToText, UnknownElementsAreElements) {
  EXPECT_EQ(literal_to_text("<font-icon name=x></font-icon>Yes<o:p></o:p>"), "Yes");
}

// Mark-up that was encoded twice.

TEST(LiteralToText, DoublyEncodedMarkupIsRendered) {
  EXPECT_EQ(literal_to_text("&lt;p&gt;One&lt;/p&gt;&lt;p&gt;Two &amp;amp; three&lt;/p&gt;"),
            "One\nTwo & three");
  EXPECT_EQ(literal_to_text("One.&lt;br /&gt;Two."), "One.\nTwo.");
  EXPECT_EQ(literal_to_text("See &lt;a href=&quot;/x&quot;&gt;here&lt;/a&gt;"), "See here");
}

TEST(LiteralToText, MarkupEncodedThreeAndFourTimesIsRendered) {
  EXPECT_EQ(literal_to_text("&amp;lt;p&amp;gt;One&amp;lt;/p&amp;gt;"), "One");
  EXPECT_EQ(literal_to_text("&amp;amp;lt;b&amp;amp;gt;One&amp;amp;lt;/b&amp;amp;gt;"), "One");
}

TEST(LiteralToText, DoublyEncodedReferencesAreDecoded) {
  EXPECT_EQ(literal_to_text("<p>Don&amp;#39;t&amp;nbsp;worry</p>"), "Don't worry");
  EXPECT_EQ(literal_to_text("a&amp;amp;nbsp;b"), "a b");
}

TEST(LiteralToText, DoublyEncodedMarkupInsideATagIsRendered) {
  EXPECT_EQ(literal_to_text("<div>&lt;p&gt;One&lt;/p&gt;&lt;p&gt;Two&lt;/p&gt;</div>"), "One\nTwo");
}

TEST(LiteralToText, TextAboutHtmlKeepsItsTags) {
  EXPECT_EQ(literal_to_text("Use the &lt;br&gt; tag to break a line."),
            "Use the <br> tag to break a line.");
  EXPECT_EQ(literal_to_text("Paste it before the &lt;/head&gt; tag."),
            "Paste it before the </head> tag.");
  EXPECT_EQ(literal_to_text("What does \"&lt;hr&gt;\" do?"), "What does \"<hr>\" do?");
  EXPECT_EQ(literal_to_text("<p>Write &lt;b&gt;bold&lt;/b&gt; for bold.</p>"),
            "Write <b>bold</b> for bold.");
  EXPECT_EQ(literal_to_text("<p>Add:</p><pre>&lt;div class=\"x\"&gt;&lt;/div&gt;</pre>"),
            "Add:\n<div class=\"x\"></div>");
}

// Properties.

TEST(LiteralToText, AnyTextGivesBoundedValidUtf8InFoldedForm) {
  const std::vector<std::string> parts = {
      "<p>",    "</p>",      "<b>",    "</b>", "<br>", "<li>",     "<div hidden>", "</div>",
      "&lt;",   "&gt;",      "&amp;",  "<!--", "-->",  "<script>", "</script>",    "<",
      ">",      "&",         " ",      "\n",   "word", "é",        "<a href='x'>", "</a>",
      "&nbsp;", "<pre>",     "</pre>", "p",    "/",    "\"",       "<x",           "<title>",
      "&#0;",   "&#x110000;"};
  std::mt19937 random(11);
  for (int round = 0; round < 20000; ++round) {
    std::string literal;
    const std::size_t count = random() % 30;
    for (std::size_t i = 0; i < count; ++i) literal += parts[random() % parts.size()];
    const std::string text = literal_to_text(literal);
    ASSERT_TRUE(text::is_valid_utf8(text)) << literal;
    // The longest growth is U+FFFD for a byte of NUL.
    ASSERT_LE(text.size(), 3 * literal.size()) << literal;
    ASSERT_EQ(trim_unicode_space(text), text) << literal;
  }
}

}  // namespace
}  // namespace crosstail::markup
