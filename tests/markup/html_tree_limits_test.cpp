/// Bounds of the tree on hostile pages: depth, nodes, time; and invariants on any bytes.

#include <gtest/gtest.h>

#include <chrono>
#include <random>
#include <string>
#include <vector>

#include "html_tree_dump.h"
#include "markup/html_tree.h"

namespace crosstail::markup {
namespace {

std::string repeated(std::string_view part, std::size_t count) {
  std::string out;
  out.reserve(part.size() * count);
  for (std::size_t i = 0; i < count; ++i) out += part;
  return out;
}

struct Shape {
  bool sound = true;  ///< links fit together, and every node is reached once
  std::size_t depth = 0;
};

Shape shape(const HtmlTree& tree) {
  Shape out;
  std::vector<std::size_t> depth(tree.nodes.size(), 0);
  std::size_t reached = 0;
  for (NodeId id = 0; id != kNoNode && out.sound; id = tree.next_in_order(id, 0)) {
    const HtmlNode& node = tree.nodes[id];
    out.sound =
        ++reached <= tree.nodes.size() && node.attributes_begin <= node.attributes_end &&
        (node.kind != HtmlNode::Kind::Element || node.attributes_end <= tree.attributes.size());
    if (id == 0) continue;
    const HtmlNode& parent = tree.nodes[node.parent];
    depth[id] = depth[node.parent] + 1;
    out.depth = std::max(out.depth, depth[id]);
    const bool first = node.previous_sibling == kNoNode, last = node.next_sibling == kNoNode;
    out.sound =
        out.sound &&
        (first ? parent.first_child : tree.nodes[node.previous_sibling].next_sibling) == id &&
        (!last || parent.last_child == id);
  }
  return out;
}

TEST(HtmlTreeLimits, DeeperElementsBecomeSiblings) {
  const HtmlTreeLimits limits = {.max_depth = 8};
  EXPECT_EQ(
      testing::brief_body("<div>1<div>2<div>3<div>4<div>5<div>6<i>7</i><u>8</u></div>9", limits),
      "<div>1<div>2<div>3<div>4<div>5<div>6</div><i>7</i><u>8</u>9</div></div></div></div></div>");
  const HtmlTree tree =
      HtmlTree::parse(repeated("<div>", 20) + "x" + repeated("</div>", 20) + "y", limits);
  EXPECT_EQ(tree.depth_limited, 14u);
  // The end tags that belong to elements that left the stack close nothing: y is in the body again.
  EXPECT_EQ(tree.nodes[tree.nodes.back().parent].tag, HtmlTag::Body);
}

TEST(HtmlTreeLimits, StopsAtMaxNodes) {
  const HtmlTree tree = HtmlTree::parse(repeated("<p>x", 1000), {.max_nodes = 100});
  EXPECT_TRUE(tree.truncated);
  EXPECT_LE(tree.nodes.size(), 200u);
  EXPECT_FALSE(HtmlTree::parse("<p>x", {.max_nodes = 100}).truncated);
}

TEST(HtmlTreeLimits, CountsTheAttributesItDrops) {
  const HtmlTreeLimits limits = {.max_attributes = 3, .tokens = {.max_attributes = 2}};
  const HtmlTree tree = HtmlTree::parse("<p a b c><p d e>", limits);
  EXPECT_EQ(testing::brief(tree, 0),
            "<html><head></head><body><p a= b=></p><p d=></p></body></html>");
  EXPECT_EQ(tree.attributes_dropped, 2u);
}

TEST(HtmlTreeLimits, StopsWhenTheTimeIsUp) {
  const std::string page = repeated("<p a=b>x &amp; y", 3'000'000);
  const HtmlTree tree = HtmlTree::parse(page, {.max_nodes = 100'000'000, .max_milliseconds = 1});
  EXPECT_TRUE(tree.truncated);
  EXPECT_LT(tree.nodes.size(), 3'000'000u);
}

/// Each of these is quadratic or worse in a parser that follows the standard to the letter.
TEST(HtmlTreeLimits, HostilePagesTakeLinearTime) {
  constexpr std::size_t kCount = 200'000;
  std::string distinct, html;
  for (std::size_t i = 0; i < kCount; ++i) {
    distinct += "<font id=" + std::to_string(i) + "><p>";
    html += "<html a" + std::to_string(i) + "=1>";
  }
  const std::vector<std::string> pages = {
      repeated("<div>", kCount),
      repeated("<div>", kCount) + repeated("</div>", kCount),
      repeated("<b>", kCount) + repeated("<p>x", kCount),
      repeated("<a><b><i><p>", kCount) + repeated("</a></b></i>", kCount),
      repeated("<table><tr><td><b>", kCount),
      "<table>" + repeated("<b>x</i>", kCount),
      repeated("<svg><foreignObject>", kCount),
      repeated("<template>", kCount),
      repeated("a</>", kCount),
      repeated("<span>", 500) + repeated("<p></p>", kCount),
      repeated("<!--", kCount),
      repeated("<script><!--</script>", kCount),
      distinct,
      html,
  };
  for (const std::string& page : pages) {
    const auto begin = std::chrono::steady_clock::now();
    const HtmlTree tree = HtmlTree::parse(page);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    EXPECT_LT(took.count(), 10.0) << page.substr(0, 60);  // 0.3 s at most without sanitizers
    const Shape made = shape(tree);
    EXPECT_TRUE(made.sound) << page.substr(0, 60);
    EXPECT_LE(made.depth, 520u) << page.substr(0, 60);
  }
}

TEST(HtmlTreeLimits, AnyBytesGiveASoundTree) {
  const std::vector<std::string_view> parts = {"<div>",
                                               "</div>",
                                               "<p>",
                                               "</p>",
                                               "<b>",
                                               "</b>",
                                               "<i a=1>",
                                               "</i>",
                                               "<a>",
                                               "</a>",
                                               "<table>",
                                               "</table>",
                                               "<tr>",
                                               "</tr>",
                                               "<td>",
                                               "</td>",
                                               "<caption>",
                                               "<col>",
                                               "<colgroup>",
                                               "<tbody>",
                                               "<select>",
                                               "</select>",
                                               "<option>",
                                               "<optgroup>",
                                               "<template>",
                                               "</template>",
                                               "<svg>",
                                               "</svg>",
                                               "<math>",
                                               "<mi>",
                                               "<foreignObject>",
                                               "<title>",
                                               "</title>",
                                               "<frameset>",
                                               "</frameset>",
                                               "<frame>",
                                               "<html x=1>",
                                               "<body y=2>",
                                               "</body>",
                                               "</html>",
                                               "<head>",
                                               "</head>",
                                               "<form>",
                                               "</form>",
                                               "<li>",
                                               "<ul>",
                                               "</ul>",
                                               "<dd>",
                                               "<h1>",
                                               "</h2>",
                                               "<button>",
                                               "<nobr>",
                                               "</nobr>",
                                               "<object>",
                                               "</object>",
                                               "<ruby>",
                                               "<rt>",
                                               "<input type=hidden>",
                                               "<textarea>",
                                               "</textarea>",
                                               "<script>",
                                               "</script>",
                                               "<noscript>",
                                               "</noscript>",
                                               "<noframes>",
                                               "<plaintext>",
                                               "<!--",
                                               "-->",
                                               "<![CDATA[",
                                               "]]>",
                                               "<!doctype html>",
                                               "x",
                                               " ",
                                               "\n",
                                               "&amp;",
                                               "<",
                                               ">",
                                               "\"",
                                               "<pre>",
                                               "</br>",
                                               "<image>",
                                               "<hr>",
                                               "<annotation-xml>",
                                               "<x>",
                                               "</x>"};
  std::mt19937_64 random(11);
  for (int round = 0; round < 5000; ++round) {
    std::string page;
    for (std::size_t n = random() % 60; n > 0; --n) page += parts[random() % parts.size()];
    HtmlTreeLimits limits;
    if (round % 2 == 1) limits = {.max_depth = 8, .max_nodes = 60};
    limits.scripting = round % 4 < 2;
    const HtmlTree tree = HtmlTree::parse(page, limits);
    ASSERT_TRUE(shape(tree).sound) << page;
  }
}

}  // namespace
}  // namespace crosstail::markup
