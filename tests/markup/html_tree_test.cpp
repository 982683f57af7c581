/// Expected trees follow from the HTML standard, §13.2.6, and its examples in §13.2.9.

#include "markup/html_tree.h"

#include <gtest/gtest.h>

#include <string>

#include "html_tree_dump.h"

namespace crosstail::markup {
namespace {

using crosstail::testing::brief_body;
using crosstail::testing::brief_page;
using namespace std::string_view_literals;

TEST(HtmlTree, MakesTheMissingFrame) {
  EXPECT_EQ(brief_page(""), "<html><head></head><body></body></html>");
  EXPECT_EQ(brief_page("<title>a&amp;b</title>c"),
            "<html><head><title>a&b</title></head><body>c</body></html>");
  EXPECT_EQ(brief_page("<!DOCTYPE HTML><html lang=de> <head> <meta charset=x> </head> <p>x"),
            "<!DOCTYPE html><html lang=de><head> <meta charset=x></meta> </head> "
            "<body><p>x</p></body></html>");
  EXPECT_EQ(brief_page("a</body>b</html>c<!--d-->"),
            "<html><head></head><body>abc<!--d--></body></html>");
  EXPECT_EQ(brief_page("a</body><!--b--></html><!--c-->"),
            "<html><head></head><body>a</body><!--b--></html><!--c-->");
  EXPECT_EQ(brief_page("<!--a--><head></head><style>b</style><p>"),
            "<!--a--><html><head><style>b</style></head><body><p></p></body></html>");
}

TEST(HtmlTree, MergesFurtherHtmlAndBodyTags) {
  EXPECT_EQ(brief_page("<html a=1><body b=1>x<html a=2 c=3><body b=2 d=4>"),
            "<html a=1 c=3><head></head><body b=1 d=4>x</body></html>");
  EXPECT_EQ(brief_page("<html a=1><p e=1><html c=3><html f=4>"),
            "<html a=1 c=3 f=4><head></head><body><p e=1></p></body></html>");
}

TEST(HtmlTree, ClosesWhatIsImplied) {
  EXPECT_EQ(brief_body("<p>a<p>b<div>c"), "<p>a</p><p>b</p><div>c</div>");
  EXPECT_EQ(brief_body("<ul><li>a<li>b<ul><li>c</ul><li>d"),
            "<ul><li>a</li><li>b<ul><li>c</li></ul></li><li>d</li></ul>");
  EXPECT_EQ(brief_body("<dl><dt>a<dd>b<dt>c"), "<dl><dt>a</dt><dd>b</dd><dt>c</dt></dl>");
  EXPECT_EQ(brief_body("<h1>a<h2>b</h3>c"), "<h1>a</h1><h2>b</h2>c");
  EXPECT_EQ(brief_body("<ruby>a<rp>(<rt>b<rp>)</ruby>"),
            "<ruby>a<rp>(</rp><rt>b</rt><rp>)</rp></ruby>");
  EXPECT_EQ(brief_body("<option>a<option>b<optgroup>c"),
            "<option>a</option><option>b</option><optgroup>c</optgroup>");
  EXPECT_EQ(brief_body("<button>a<button>b"), "<button>a</button><button>b</button>");
  EXPECT_EQ(brief_body("a</p>b"), "a<p></p>b");
  EXPECT_EQ(brief_body("a</br>b"), "a<br></br>b");
  EXPECT_EQ(brief_body("<div>a</span></p>b</div>c"), "<div>a<p></p>b</div>c");
  EXPECT_EQ(brief_body("<span><div></span>a</div>b"), "<span><div>a</div>b</span>");
}

TEST(HtmlTree, KnowsVoidElements) {
  EXPECT_EQ(brief_body("<br>a<img src=x>b<hr/>c<input>d<div/>e"),
            "<br></br>a<img src=x></img>b<hr></hr>c<input></input>d<div>e</div>");
  EXPECT_EQ(brief_body("<image src=x>"), "<img src=x></img>");
}

TEST(HtmlTree, DropsTheFirstNewlineOfPreAndTextarea) {
  EXPECT_EQ(brief_body("<pre>\n\na</pre>"), "<pre>\na</pre>");
  EXPECT_EQ(brief_body("<textarea>\r\na</textarea>"), "<textarea>a</textarea>");
  EXPECT_EQ(brief_body("<pre><b>\na</b></pre>"), "<pre><b>\na</b></pre>");
}

TEST(HtmlTree, NestsNoForms) {
  EXPECT_EQ(brief_body("<form a=1><form b=2>x</form>y"), "<form a=1>x</form>y");
  EXPECT_EQ(brief_body("<div><form></div>a</form>b"), "<div><form></form></div>ab");
}

// §13.2.9.1
TEST(HtmlTree, ResolvesMisnestedFormatting) {
  EXPECT_EQ(brief_body("<p>1<b>2<i>3</b>4</i>5</p>"), "<p>1<b>2<i>3</i></b><i>4</i>5</p>");
}

// §13.2.9.2
TEST(HtmlTree, ResolvesMisnestedBlocks) {
  EXPECT_EQ(brief_body("<b>1<p>2</b>3</p>"), "<b>1</b><p><b>2</b>3</p>");
  EXPECT_EQ(brief_body("<a>1<div>2<div>3</a>4</div>5</div>"),
            "<a>1</a><div><a>2</a><div><a>3</a>4</div>5</div>");
  EXPECT_EQ(brief_body("<a href=1>x<a href=2>y"), "<a href=1>x</a><a href=2>y</a>");
  EXPECT_EQ(brief_body("<nobr>x<nobr>y"), "<nobr>x</nobr><nobr>y</nobr>");
}

// §13.2.9.3
TEST(HtmlTree, MovesUnexpectedMarkupOutOfTables) {
  EXPECT_EQ(brief_body("<table><b><tr><td>aaa</td></tr>bbb</table>ccc"),
            "<b></b><b>bbb</b><table><tbody><tr><td>aaa</td></tr></tbody></table><b>ccc</b>");
  EXPECT_EQ(brief_body("<table> a <tr> <td>b"),
            " a <table><tbody><tr> <td>b</td></tr></tbody></table>");
}

// §13.2.9.6
TEST(HtmlTree, CarriesUnclosedFormattingOnAndKeepsThreeOfAKind) {
  EXPECT_EQ(brief_body(
                "<!DOCTYPE html><p><b class=x><b class=x><b><b class=x><b class=x><b>X<p>X<p><b><b "
                "class=x><b>X<p></b></b></b></b></b></b>X"),
            "<p><b class=x><b class=x><b><b class=x><b class=x><b>X</b></b></b></b></b></b></p>"
            "<p><b class=x><b><b class=x><b class=x><b>X</b></b></b></b></b></p>"
            "<p><b class=x><b><b class=x><b class=x><b><b><b "
            "class=x><b>X</b></b></b></b></b></b></b></b></p>"
            "<p>X</p>");
}

TEST(HtmlTree, StopsFormattingAtMarkers) {
  EXPECT_EQ(brief_body("<b><table><td>a</table>b"),
            "<b><table><tbody><tr><td>a</td></tr></tbody></table>b</b>");
  EXPECT_EQ(brief_body("<table><td><b>a<td>b</table>"),
            "<table><tbody><tr><td><b>a</b></td><td>b</td></tr></tbody></table>");
  EXPECT_EQ(brief_body("<b><object></b>a</object>b"), "<b><object>a</object>b</b>");
}

TEST(HtmlTree, BuildsTables) {
  EXPECT_EQ(brief_body("<table><caption>a<col><tr><th>b<td>c<tfoot><tr><td>d</table>e"),
            "<table><caption>a</caption><colgroup><col></col></colgroup><tbody><tr><th>b</"
            "th><td>c</td></tr>"
            "</tbody><tfoot><tr><td>d</td></tr></tfoot></table>e");
  EXPECT_EQ(brief_body("<table><tr><td><table><td>a</table>b</table>c"),
            "<table><tbody><tr><td><table><tbody><tr><td>a</td></tr></tbody></table>b</td></tr></"
            "tbody></table>c");
  EXPECT_EQ(brief_body("<table><table>a"), "<table></table>a<table></table>");
  EXPECT_EQ(brief_body("<table><tr><td>a</tr></tbody>b</table>"),
            "b<table><tbody><tr><td>a</td></tr></tbody></table>");
  EXPECT_EQ(brief_body("<table><input type=HIDDEN><input><form><tr>"),
            "<input></input><table><input "
            "type=HIDDEN></input><form></form><tbody><tr></tr></tbody></table>");
  EXPECT_EQ(brief_body("<tr><td>a"), "a");
}

TEST(HtmlTree, ClosesPBeforeATableOutsideQuirks) {
  EXPECT_EQ(brief_body("<!DOCTYPE html><p><table>"), "<p></p><table></table>");
  EXPECT_EQ(brief_body("<p><table>"), "<p><table></table></p>");
  EXPECT_EQ(brief_body("<!DOCTYPE html PUBLIC '-//W3C//DTD HTML 4.01 Transitional//EN'><p><table>"),
            "<p><table></table></p>");
  EXPECT_EQ(
      brief_body("<!DOCTYPE html PUBLIC '-//W3C//DTD HTML 4.01 Transitional//EN' 'x'><p><table>"),
      "<p></p><table></table>");
}

TEST(HtmlTree, KeepsOnlyOptionsInSelect) {
  EXPECT_EQ(brief_body("<select><div>a<option>b<p>c<optgroup>d<option>e</select>f"),
            "<select>a<option>bc</option><optgroup>d<option>e</option></optgroup></select>f");
  EXPECT_EQ(brief_body("<select>a<input>b"), "<select>a</select><input></input>b");
  EXPECT_EQ(brief_body("<table><td><select>a<td>b"),
            "<table><tbody><tr><td><select>a</select></td><td>b</td></tr></tbody></table>");
}

TEST(HtmlTree, KeepsTemplatesApart) {
  EXPECT_EQ(brief_body("<template><tr><td>a</td></tr></template>b"), "b");
  EXPECT_EQ(brief_page("<template><tr><td>a</td></tr></template>b"),
            "<html><head><template><tr><td>a</td></tr></template></head><body>b</body></html>");
  EXPECT_EQ(brief_body("<div><template><p>a</div>b</template>c</div>"),
            "<div><template><p>ab</p></template>c</div>");
}

TEST(HtmlTree, TakesForeignContentAsForeign) {
  EXPECT_EQ(
      brief_body("<svg viewbox=1><foreignobject><p>a</p></foreignobject><lineargradient/></svg>b"),
      "<svg:svg viewBox=1><svg:foreignObject><p>a</p></svg:foreignObject><svg:linearGradient>"
      "</svg:linearGradient></svg:svg>b");
  EXPECT_EQ(brief_body("<svg><g><p>a</svg>b"), "<svg:svg><svg:g></svg:g></svg:svg><p>ab</p>");
  EXPECT_EQ(brief_body("<svg><title>a<b>c</b></title><![CDATA[<x>]]></svg>"),
            "<svg:svg><svg:title>a<b>c</b></svg:title><x></svg:svg>");
  EXPECT_EQ(brief_body("<math><mi><b>a</b></mi><mo/><annotation-xml><b>c"),
            "<math:math><math:mi><b>a</b></math:mi><math:mo></math:mo><math:annotation-xml>"
            "</math:annotation-xml></math:math><b>c</b>");
  EXPECT_EQ(brief_body("<math><annotation-xml encoding=text/html><b>c"),
            "<math:math><math:annotation-xml "
            "encoding=text/html><b>c</b></math:annotation-xml></math:math>");
  EXPECT_EQ(brief_body("<svg><font>a<font color=red>b"),
            "<svg:svg><svg:font>a</svg:font></svg:svg><font color=red>b</font>");
}

TEST(HtmlTree, PutsAFramesetInPlaceOfAnEmptyBody) {
  EXPECT_EQ(brief_page("<frameset><frame src=a>x</frameset>"),
            "<html><head></head><frameset><frame src=a></frame></frameset></html>");
  EXPECT_EQ(brief_page("<div><frameset>"), "<html><head></head><frameset></frameset></html>");
  EXPECT_EQ(brief_page("a<frameset>"), "<html><head></head><body>a</body></html>");
}

TEST(HtmlTree, KeepsRawTextRaw) {
  EXPECT_EQ(
      brief_body("<div><script>a<b></script><style>&amp;</style><textarea><p>&amp;</textarea>"),
      "<div><script>a<b></script><style>&amp;</style><textarea><p>&</textarea></div>");
  EXPECT_EQ(brief_body("<p><noscript><b>a</noscript>c"), "<p><noscript><b>a</noscript>c</p>");
  EXPECT_EQ(brief_body("<p><noscript><b>a</noscript>c", {.scripting = false}),
            "<p><noscript><b>a</b></noscript><b>c</b></p>");
  EXPECT_EQ(brief_body("<div><plaintext>a</div>"), "<div><plaintext>a</div></plaintext></div>");
}

TEST(HtmlTree, DecodesAndJoinsText) {
  EXPECT_EQ(brief_body("a&lt;b</x>c&#x20ac;</x>d"), "a<bc\u20acd");
  EXPECT_EQ(brief_body("a\0b"sv), "ab");
  EXPECT_EQ(brief_body("<svg>a\0b"sv), "<svg:svg>a\ufffdb</svg:svg>");
  EXPECT_EQ(brief_body("<p title='a&quot;b'>"), "<p title=a\"b></p>");
  const HtmlTree tree = HtmlTree::parse("<body>a</x>b</x>c");
  EXPECT_EQ(tree.nodes.back().text, "abc");
}

TEST(HtmlTree, WalksInDocumentOrder) {
  const HtmlTree tree = HtmlTree::parse("<body><p id=a><b>x</b></p><i>y</i>");
  std::string names;
  for (NodeId node = 0; node != kNoNode; node = tree.next_in_order(node, 0)) {
    const bool text = tree.nodes[node].kind == HtmlNode::Kind::Text;
    names += std::string(text ? tree.nodes[node].text : tree.nodes[node].name) + " ";
  }
  EXPECT_EQ(names, " html head body p b x i y ");
  NodeId p = 0;
  while (!tree.nodes[p].is(HtmlTag::P)) p = tree.next_in_order(p, 0);
  ASSERT_NE(tree.attribute(p, "id"), nullptr);
  EXPECT_EQ(*tree.attribute(p, "id"), "a");
  EXPECT_EQ(tree.attribute(p, "class"), nullptr);
  EXPECT_EQ(tree.nodes[tree.next_skipping_children(p, 0)].name, "i");
  EXPECT_EQ(tree.next_skipping_children(p, p), kNoNode);
  EXPECT_EQ(tree.next_in_order(tree.nodes[tree.nodes[p].first_child].first_child, p), kNoNode);
}

TEST(HtmlTree, StaysValidWhenMovedAndReadAgain) {
  HtmlTree first = HtmlTree::parse("<X-Y A=&amp;>&lt;");
  const HtmlTree tree = std::move(first);
  EXPECT_EQ(testing::brief(tree, 0), "<html><head></head><body><x-y a=&><</x-y></body></html>");
  HtmlTree again;
  for (int i = 0; i < 3; ++i) again.read("<p>&lt;</p>");
  EXPECT_EQ(testing::brief(again, 0), "<html><head></head><body><p><</p></body></html>");
}

}  // namespace
}  // namespace crosstail::markup
