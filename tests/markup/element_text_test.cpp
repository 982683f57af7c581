#include <gtest/gtest.h>

#include "markup/html_tree.h"
#include "markup/text_rendering.h"

namespace crosstail::markup {
namespace {

std::string element_text_of(std::string_view html, bool include_hidden = false) {
  const HtmlTree tree = HtmlTree::parse(html);
  return element_text(tree, 0, include_hidden);
}

TEST(ElementText, IsLaidOutAsLiteralsAre) {
  EXPECT_EQ(element_text_of("<h1>T</h1><p>a <b>b</b>\n c<br>d</p><ul><li>x<li>y</ul>"
                            "<table><tr><td>1<td>2</table><pre>p\n  q</pre>"),
            "T\na b c\nd\nx\ny\n1 2\np\n  q");
}

TEST(ElementText, LeavesOutWhatIsHiddenUnlessAsked) {
  const std::string_view html = "<p>a</p><div style='display:none'>b</div><script>c</script>";
  EXPECT_EQ(element_text_of(html), "a");
  EXPECT_EQ(element_text_of(html, true), "a\nb");
}

TEST(ElementText, IsOfTheSubtreeOnly) {
  const HtmlTree tree = HtmlTree::parse("<div>a<span>b<i>c</i></span>d</div>");
  for (NodeId id = 0; id < tree.nodes.size(); ++id) {
    if (tree.nodes[id].name == "span") {
      EXPECT_EQ(element_text(tree, id), "bc");
      EXPECT_EQ(element_text(tree, tree.nodes[id].first_child), "b");
    }
  }
}

}  // namespace
}  // namespace crosstail::markup
