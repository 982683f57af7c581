/// Expected tokens follow from the states of the HTML standard, §13.2.5; section numbers beside
/// them.

#include "markup/html_tokenizer.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "html_token_dump.h"

namespace crosstail::markup {
namespace {

using crosstail::testing::tokens;
using Lines = std::vector<std::string>;
using namespace std::string_view_literals;

TEST(HtmlTokenizer, ReadsTagsTextAndAttributes) {
  EXPECT_EQ(tokens("<p class=\"a b\" ID=x hidden>Hi</p>"),
            (Lines{"S p class=a b id=x hidden=", "T Hi", "E p"}));
  EXPECT_EQ(tokens("<IMG SRC='a&amp;b'/>"), (Lines{"S img src=a&b /"}));
  EXPECT_EQ(tokens("<x-Foo Data-Ä=1>"), (Lines{"S x-foo data-Ä=1"}));
}

TEST(HtmlTokenizer, KeepsTheFirstOfRepeatedAttributes) {
  EXPECT_EQ(tokens("<a b=1 B=2 c b=3>"), (Lines{"S a b=1 c="}));
  std::string many = "<a";
  std::string expected = "S a";
  for (int i = 0; i < 100; ++i) {
    many += " x" + std::to_string(i) + "=" + std::to_string(i);
    expected += " x" + std::to_string(i) + "=" + std::to_string(i);
  }
  for (int i = 0; i < 100; ++i) many += " X" + std::to_string(i) + "=again";
  EXPECT_EQ(tokens(many + ">"), (Lines{expected}));
}

// §13.2.5.32–39
TEST(HtmlTokenizer, ReadsOddAttributesAsBrowsersDo) {
  EXPECT_EQ(tokens("<a ='x'>"), (Lines{"S a ='x'="}));
  EXPECT_EQ(tokens("<a b=c=\"d>e\">"), (Lines{"S a b=c=\"d", "T e\">"}));
  EXPECT_EQ(tokens("<a b='c'd=e>"), (Lines{"S a b=c d=e"}));
  EXPECT_EQ(tokens("<a b = c>"), (Lines{"S a b=c"}));
  EXPECT_EQ(tokens("<a b=>c"), (Lines{"S a b=", "T c"}));
  EXPECT_EQ(tokens("<a/b/>"), (Lines{"S a b= /"}));
  EXPECT_EQ(tokens("<a href=b/>"), (Lines{"S a href=b/"}));
  EXPECT_EQ(tokens("<a \"b\">"), (Lines{"S a \"b\"="}));
  EXPECT_EQ(tokens("<a title='a>b' x>"), (Lines{"S a title=a>b x="}));
  EXPECT_EQ(tokens("<a\fb\rc=\td>"), (Lines{"S a b= c=d"}));
}

TEST(HtmlTokenizer, ReplacesNulAndNormalisesNewlines) {
  EXPECT_EQ(tokens("<a\0b c\0=d\0>"sv), (Lines{"S a\ufffdb c\ufffd=d\ufffd"}));
  EXPECT_EQ(tokens("<a\0>"sv), (Lines{"S a\ufffd"}));
  EXPECT_EQ(tokens("a\r\nb\rc<!--\r\n\0-->"sv), (Lines{"T a\nb\nc", "C \n\ufffd"}));
  EXPECT_EQ(tokens("<a b='\r\n'>"), (Lines{"S a b=\n"}));
  EXPECT_EQ(tokens("&#13;"), (Lines{"T \r"}));
}

TEST(HtmlTokenizer, DropsATagCutOffByTheEnd) {
  for (const char* page : {"x<a", "x<a ", "x<a b", "x<a b=", "x<a b='", "x<a b='c", "x<a b=c",
                           "x</a", "x<a /", "x<a b='c'"})
    EXPECT_EQ(tokens(page), (Lines{"T x"})) << page;
  EXPECT_EQ(tokens("x<"), (Lines{"T x<"}));
  EXPECT_EQ(tokens("x</"), (Lines{"T x</"}));
}

TEST(HtmlTokenizer, TakesALoneLessThanAsText) {
  EXPECT_EQ(tokens("1 < 2 <3 << <=<b>"), (Lines{"T 1 < 2 <3 << <=", "S b"}));
  EXPECT_EQ(tokens("a</>b"), (Lines{"T a", "T b"}));
}

// §13.2.5.41–52
TEST(HtmlTokenizer, ReadsCommentsInAllTheirForms) {
  EXPECT_EQ(tokens("<!-- a -->b"), (Lines{"C  a ", "T b"}));
  EXPECT_EQ(tokens("<!-->b"), (Lines{"C ", "T b"}));
  EXPECT_EQ(tokens("<!--->b"), (Lines{"C ", "T b"}));
  EXPECT_EQ(tokens("<!---->b"), (Lines{"C ", "T b"}));
  EXPECT_EQ(tokens("<!----->b"), (Lines{"C -", "T b"}));
  EXPECT_EQ(tokens("<!--a--!>b"), (Lines{"C a", "T b"}));
  EXPECT_EQ(tokens("<!----!>b"), (Lines{"C ", "T b"}));
  EXPECT_EQ(tokens("<!---!>b-->"), (Lines{"C -!>b"}));
  EXPECT_EQ(tokens("<!--a--!-->b"), (Lines{"C a--!", "T b"}));
  EXPECT_EQ(tokens("<!--a>b->c-- >d-->e"), (Lines{"C a>b->c-- >d", "T e"}));
  EXPECT_EQ(tokens("<!--<!-->b"), (Lines{"C <!", "T b"}));
  EXPECT_EQ(tokens("<!--<!--a-->b"), (Lines{"C <!--a", "T b"}));
}

TEST(HtmlTokenizer, EndsACommentWithThePage) {
  EXPECT_EQ(tokens("<!--"), (Lines{"C "}));
  EXPECT_EQ(tokens("<!---"), (Lines{"C "}));
  EXPECT_EQ(tokens("<!--a"), (Lines{"C a"}));
  EXPECT_EQ(tokens("<!--a-"), (Lines{"C a"}));
  EXPECT_EQ(tokens("<!--a--"), (Lines{"C a"}));
  EXPECT_EQ(tokens("<!--a--!"), (Lines{"C a"}));
  EXPECT_EQ(tokens("<!--a---"), (Lines{"C a-"}));
}

TEST(HtmlTokenizer, MakesBogusCommentsOfOtherDeclarations) {
  EXPECT_EQ(tokens("<!x y>z"), (Lines{"C x y", "T z"}));
  EXPECT_EQ(tokens("<?xml version='1.0'?>z"), (Lines{"C ?xml version='1.0'?", "T z"}));
  EXPECT_EQ(tokens("</ a>z"), (Lines{"C  a", "T z"}));
  EXPECT_EQ(tokens("<![CDATA[x]]>z"), (Lines{"C [CDATA[x]]", "T z"}));
  EXPECT_EQ(tokens("<!>z"), (Lines{"C ", "T z"}));
}

// §13.2.5.53–68
TEST(HtmlTokenizer, ReadsDoctypes) {
  EXPECT_EQ(tokens("<!DOCTYPE HTML>"), (Lines{"D html"}));
  EXPECT_EQ(tokens("<!doctypehtml>"), (Lines{"D html"}));
  EXPECT_EQ(tokens("<!DOCTYPE>"), (Lines{"D  quirks"}));
  EXPECT_EQ(tokens("<!DOCTYPE html PUBLIC \"a\" 'b'>"), (Lines{"D html public=a system=b"}));
  EXPECT_EQ(tokens("<!DOCTYPE html PUBLIC'a''b'>"), (Lines{"D html public=a system=b"}));
  EXPECT_EQ(tokens("<!DOCTYPE html SYSTEM ''>"), (Lines{"D html system="}));
  EXPECT_EQ(tokens("<!DOCTYPE html SYSTEM>"), (Lines{"D html quirks"}));
  EXPECT_EQ(tokens("<!DOCTYPE html PUBLIC \"a>x"), (Lines{"D html public=a quirks", "T x"}));
  EXPECT_EQ(tokens("<!DOCTYPE html x>y"), (Lines{"D html quirks", "T y"}));
  EXPECT_EQ(tokens("<!DOCTYPE html SYSTEM 'a' x>y"), (Lines{"D html system=a", "T y"}));
  EXPECT_EQ(tokens("<!DOCTYPE html"), (Lines{"D html quirks"}));
}

TEST(HtmlTokenizer, ReadsRawTextUpToItsOwnEndTag) {
  EXPECT_EQ(tokens("<style>a<b>&amp;</p></STYLE >c"),
            (Lines{"S style", "T a<b>&amp;</p>", "E style", "T c"}));
  EXPECT_EQ(tokens("<title>a<b>&amp;</titlex></title>c"),
            (Lines{"S title", "T a<b>&</titlex>", "E title", "T c"}));
  EXPECT_EQ(tokens("<textarea><script>x</script></textarea>"),
            (Lines{"S textarea", "T <script>x</script>", "E textarea"}));
  for (const std::string_view tag : {"xmp", "iframe", "noembed", "noframes", "noscript"}) {
    const std::string name(tag);
    std::string page = "<";
    page.append(name).append("><script>x</script></").append(name).append(">");
    EXPECT_EQ(tokens(page), (Lines{"S " + name, "T <script>x</script>", "E " + name}));
  }
  EXPECT_EQ(tokens("<plaintext>a</plaintext>"), (Lines{"S plaintext", "T a</plaintext>"}));
  EXPECT_EQ(tokens("<title>a</title"), (Lines{"S title", "T a</title"}));
  EXPECT_EQ(tokens("<title>a</title "), (Lines{"S title", "T a"}));
  EXPECT_EQ(tokens("<style></style>"), (Lines{"S style", "E style"}));
}

// §13.2.5.15–31
TEST(HtmlTokenizer, FollowsTheEscapesOfScripts) {
  EXPECT_EQ(tokens("<script>a</script>b"), (Lines{"S script", "T a", "E script", "T b"}));
  EXPECT_EQ(tokens("<script>'</scripts>'</script/x>b"),
            (Lines{"S script", "T '</scripts>'", "E script", "T b"}));
  EXPECT_EQ(tokens("<script><!--a</script>b"), (Lines{"S script", "T <!--a", "E script", "T b"}));
  EXPECT_EQ(tokens("<script><!--<script>a</script>b</script>c"),
            (Lines{"S script", "T <!--<script>a</script>b", "E script", "T c"}));
  EXPECT_EQ(tokens("<script><!--<script>--></script>c"),
            (Lines{"S script", "T <!--<script>-->", "E script", "T c"}));
  EXPECT_EQ(tokens("<script><!--><script></script>c"),
            (Lines{"S script", "T <!--><script>", "E script", "T c"}));
  EXPECT_EQ(tokens("<script><!--<scripts></script>c"),
            (Lines{"S script", "T <!--<scripts>", "E script", "T c"}));
  EXPECT_EQ(tokens("<script><!--<script></script><script></script>x"),
            (Lines{"S script", "T <!--<script></script><script></script>x"}));
}

TEST(HtmlTokenizer, TakesForeignContentAsForeign) {
  EXPECT_EQ(tokens("<svg><![CDATA[a<b]]>c</svg><![CDATA[d]]>"),
            (Lines{"S svg", "T a<b", "T c", "E svg", "C [CDATA[d]]"}));
  EXPECT_EQ(tokens("<svg><title/><style/><a>"), (Lines{"S svg", "S title /", "S style /", "S a"}));
  EXPECT_EQ(tokens("<svg><p><title>a<b>"), (Lines{"S svg", "S p", "S title", "T a<b>"}));
  EXPECT_EQ(tokens("<svg><foreignObject><title>a<b></title></foreignObject><title/><g>"),
            (Lines{"S svg", "S foreignobject", "S title", "T a<b>", "E title", "E foreignobject",
                   "S title /", "S g"}));
  EXPECT_EQ(tokens("<svg/><title>a<b>"), (Lines{"S svg /", "S title", "T a<b>"}));
}

TEST(HtmlTokenizer, CountsOpenTemplates) {
  HtmlTokenizer tokenizer("<template><script></script></template><script>");
  HtmlToken token;
  const HtmlTagSet scripts = {HtmlTag::Script};
  ASSERT_TRUE(tokenizer.next_start_tag(scripts, token));
  EXPECT_EQ(tokenizer.template_depth(), 1u);
  ASSERT_TRUE(tokenizer.next_start_tag(scripts, token));
  EXPECT_EQ(tokenizer.template_depth(), 0u);
}

TEST(HtmlTokenizer, FindsTheNextTagOfInterestAndNothingHidden) {
  HtmlTokenizer tokenizer(
      "<!--<script a=0>--><title><script a=1></title><p x='<script a=2>'><textarea><script "
      "a=3></textarea><noscript><script a=4></noscript><script a=5>body</script>");
  HtmlToken token;
  ASSERT_TRUE(tokenizer.next_start_tag({HtmlTag::Script}, token));
  EXPECT_EQ(testing::dump(token), "S script a=5");
  ASSERT_TRUE(tokenizer.next(token));
  EXPECT_EQ(testing::dump(token), "T body");
  EXPECT_FALSE(tokenizer.next_start_tag({HtmlTag::Script}, token));
}

TEST(HtmlTokenizer, PassesOverAttributesNobodyWants) {
  HtmlTokenizer tokenizer("<p a='>'><meta a=1><br/>");
  tokenizer.set_attribute_filter({HtmlTag::Meta});
  EXPECT_EQ(tokens(tokenizer), (Lines{"S p", "S meta a=1", "S br /"}));
}

/// Attributes are passed over by a quicker way than they are read; both must end at the same byte.
TEST(HtmlTokenizer, ReadsAndPassesOverTheSameTags) {
  const std::vector<std::string_view> parts = {"<a",
                                               "<p ",
                                               "<img",
                                               " ",
                                               "\n",
                                               "/",
                                               ">",
                                               "=",
                                               "\"",
                                               "'",
                                               "=\"",
                                               "='",
                                               "x",
                                               "class",
                                               "\" b=\"",
                                               " data-a-long-name-of-an-attribute=",
                                               "a value that is longer than sixteen bytes",
                                               "/>"};
  std::mt19937_64 random(3);
  for (int round = 0; round < 50000; ++round) {
    std::string page = "<x";
    for (std::size_t n = random() % 24; n > 0; --n) page += parts[random() % parts.size()];
    page += std::string(random() % 40, '>');
    HtmlTokenizer reading(page), passing(page);
    passing.set_attribute_filter({});
    HtmlToken read, passed;
    while (reading.next(read)) {
      ASSERT_TRUE(passing.next(passed)) << page;
      ASSERT_EQ(read.begin, passed.begin) << page;
      ASSERT_EQ(read.end, passed.end) << page;
      ASSERT_EQ(read.self_closing, passed.self_closing) << page;
    }
    ASSERT_FALSE(passing.next(passed)) << page;
  }
}

TEST(HtmlTokenizer, HoldsItsLimits) {
  HtmlTokenizer tokenizer("<a b=1 c=2 d=3 e=ääää>",
                          {.max_attributes = 3, .max_attribute_bytes = 5});
  EXPECT_EQ(tokens(tokenizer), (Lines{"S a b=1 c=2 d=3"}));
  EXPECT_EQ(tokenizer.attributes_dropped(), 1u);
  HtmlTokenizer cutting("<a e=ääää>", {.max_attributes = 3, .max_attribute_bytes = 5});
  EXPECT_EQ(tokens(cutting), (Lines{"S a e=ää"}));
  EXPECT_EQ(cutting.attributes_cut(), 1u);
}

// §13.2.5.72–80
TEST(HtmlReferences, DecodeInText) {
  const auto text = [](std::string_view raw) {
    std::string out;
    decode_text(out, raw);
    return out;
  };
  EXPECT_EQ(text("&lt;&gt;&amp;&quot;&nbsp;&hellip;"), "<>&\"\u00a0\u2026");
  EXPECT_EQ(text("&lt&gt&ampx"), "<>&x");
  EXPECT_EQ(text("&notit; &notin; &NotEqualTilde;"), "\u00acit; \u2209 \u2242\u0338");
  EXPECT_EQ(text("&nosuch; & &; &a &#; &#x; &#xg;"), "&nosuch; & &; &a &#; &#x; &#xg;");
  EXPECT_EQ(text("&#65;&#x41;&#X41&#128;&#x9f;"), "AAA\u20ac\u0178");
  EXPECT_EQ(text("&#0;&#xD800;&#x110000;&#99999999999;"), "\ufffd\ufffd\ufffd\ufffd");
  EXPECT_EQ(text("&#x1F600;&CounterClockwiseContourIntegral;"), "\U0001F600\u2233");
  EXPECT_EQ(text("&Tab;&NewLine;"), "\t\n");
}

TEST(HtmlReferences, DecodeInAttributesOnlyWhereTheyAreClosed) {
  const auto value = [](std::string_view raw) {
    std::string out;
    decode_attribute(out, raw);
    return out;
  };
  EXPECT_EQ(value("?a=b&copy=1&copyx&copy;&copy"), "?a=b&copy=1&copyx\u00a9\u00a9");
  EXPECT_EQ(value("&notit;&not it&amp"), "&notit;\u00ac it&");
  EXPECT_EQ(value("&#65x"), "Ax");
}

/// Any bytes: spans lie in order inside the page, limits hold, and it ends.
TEST(HtmlTokenizer, SurvivesAnyBytes) {
  const std::vector<std::string_view> parts = {
      "<",          ">",           "</",        "/>",      "<!--",       "-->",
      "--!>",       "<!",          "<![CDATA[", "]]>",     "<script",    "</script>",
      "<svg>",      "</svg>",      "<title>",   "</title", "<textarea>", "<style>",
      "</style>",   "<plaintext>", " a=",       "\"",      "'",          "=",
      "&amp",       "&#x",         "\0"sv,      "\r\n",    "x",          " ",
      "<!doctype ", "<template>",  "<p",        "ä",       "\xff",       "<math><mi>"};
  std::mt19937_64 random(7);
  for (int round = 0; round < 20000; ++round) {
    std::string page;
    for (std::size_t n = random() % 30; n > 0; --n) page += parts[random() % parts.size()];
    HtmlTokenizer tokenizer(page, {.max_attributes = 2, .max_attribute_bytes = 4});
    HtmlToken token;
    std::size_t at = 0;
    while (tokenizer.next(token)) {
      ASSERT_LE(at, token.begin) << page;
      ASSERT_LT(token.begin, token.end) << page;
      ASSERT_LE(token.end, page.size()) << page;
      ASSERT_LE(token.attributes.size(), 2u);
      for (const auto& attribute : token.attributes) ASSERT_LE(attribute.value.size(), 4u);
      at = token.end;
    }
  }
}

}  // namespace
}  // namespace crosstail::markup
