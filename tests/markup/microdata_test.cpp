#include "markup/microdata.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "markup/stated.h"

namespace crosstail {
namespace {

using testing::microdata;

// ---- The HTML standard, §5.2, its examples in terms that the graph keeps.

TEST(Microdata, AnItemIsAGroupOfNamesAndValues) {
  EXPECT_EQ(microdata("<div itemscope><p>My name is <span itemprop=name>Elizabeth</span>.</p></div>"
                      "<div itemscope><p>My name is <span itemprop=name>Daniel</span>.</p></div>"),
            "_1 name \"Elizabeth\"\n"
            "_2 name \"Daniel\"\n");
}

TEST(Microdata, ElementsWithoutMicrodataAttributesDoNotMatter) {
  EXPECT_EQ(
      microdata("<div itemscope><p>My <em>name</em> is <span itemprop=name>E<strong>liz</strong>"
                "abeth</span>.</p></div>"),
      "_1 name \"Elizabeth\"\n");
}

TEST(Microdata, AddressesAreMadeAbsolute) {
  EXPECT_EQ(microdata("<div itemscope><img itemprop=url src=\"google-logo.png\" alt=Google></div>"),
            "_1 url \"https://site.example/google-logo.png\"\n");
  EXPECT_EQ(
      microdata(
          "<base href=\"/a/b/\"><div itemscope><a itemprop=url href=\"../c?d#e\">x</a></div>"),
      "_1 url \"https://site.example/a/c?d#e\"\n");
}

TEST(Microdata, ValuesComeFromTheAttributeThatTheElementHasForThem) {
  EXPECT_EQ(
      microdata("<h1 itemscope><data itemprop=position value=\"9678AOU879\">The Instigator 2000"
                "</data></h1>"),
      "_1 position \"9678AOU879\"\n");
  EXPECT_EQ(microdata("<div itemscope><meter itemprop=position min=0 value=3.5 max=5>Rated 3.5/5"
                      "</meter></div>"),
            "_1 position \"3.5\"\n");
  EXPECT_EQ(
      microdata("<div itemscope>I was born on <time itemprop=position datetime=\"2009-05-10\">"
                "May 10th 2009</time>.</div>"),
      "_1 position \"2009-05-10\"\n");
  EXPECT_EQ(microdata("<div itemscope><time itemprop=position>10:30</time></div>"),
            "_1 position \"10:30\"\n");
  EXPECT_EQ(microdata("<div itemscope><object itemprop=url data=x.svg>text</object></div>"),
            "_1 url \"https://site.example/x.svg\"\n");
  EXPECT_EQ(microdata("<div itemscope><meta itemprop=name content=\"A &amp; B\"></div>"),
            "_1 name \"A & B\"\n");
  EXPECT_EQ(microdata("<div itemscope><meta itemprop=name><data itemprop=position>7</data></div>"),
            "_1 name \"\"\n_1 position \"\"\n");
  for (const char* element : {"audio", "embed", "iframe", "source", "track", "video", "img"})
    EXPECT_EQ(microdata(std::string("<div itemscope><") + element + " itemprop=url src=/m></div>"),
              "_1 url \"https://site.example/m\"\n")
        << element;
  EXPECT_EQ(
      microdata("<div itemscope><area itemprop=url href=/m><link itemprop=url href=/n></div>"),
      "_1 url \"https://site.example/m\"\n_1 url \"https://site.example/n\"\n");
}

TEST(Microdata, ItemsNest) {
  EXPECT_EQ(
      microdata("<div itemscope><p>Name: <span itemprop=name>Amanda</span></p>"
                "<p>Band: <span itemprop=author itemscope><span itemprop=name>Jazz Band</span>"
                " (<span itemprop=position>12</span> players)</span></p></div>"),
      "_1 name \"Amanda\"\n"
      "_1 author _2\n"
      "_2 name \"Jazz Band\"\n"
      "_2 position \"12\"\n");
}

TEST(Microdata, ItemrefAddsPropertiesFromElsewhere) {
  EXPECT_EQ(microdata("<div itemscope id=amanda itemref=\"a b\"></div>"
                      "<p id=a>Name: <span itemprop=name>Amanda</span></p>"
                      "<div id=b itemprop=author itemscope itemref=c></div>"
                      "<div id=c><p>Band: <span itemprop=name>Jazz Band</span></p>"
                      "<p>Size: <span itemprop=position>12</span> players</p></div>"),
            "_1 name \"Amanda\"\n"
            "_1 author _2\n"
            "_2 name \"Jazz Band\"\n"
            "_2 position \"12\"\n");
}

TEST(Microdata, OnePropertyMayHaveSeveralValuesAndOneElementSeveralProperties) {
  EXPECT_EQ(
      microdata("<div itemscope><p>Flavors in my favorite ice cream:</p><ul>"
                "<li itemprop=name>Lemon sorbet</li><li itemprop=name>Apricot sorbet</li></ul>"
                "<span itemprop=\"text headline\">orange</span></div>"),
      "_1 name \"Lemon sorbet\"\n"
      "_1 name \"Apricot sorbet\"\n"
      "_1 text \"orange\"\n"
      "_1 headline \"orange\"\n");
}

TEST(Microdata, PropertiesOfAnItemAreInDocumentOrderWhateverItemrefSays) {
  EXPECT_EQ(microdata("<p id=z itemprop=name>first</p>"
                      "<div itemscope itemref=\"y z\"><p itemprop=name>second</p></div>"
                      "<p id=y itemprop=name>third</p>"),
            "_1 name \"first\"\n_1 name \"second\"\n_1 name \"third\"\n");
}

TEST(Microdata, AnElementGivesItsPropertyOnceHoweverOftenItIsReferredTo) {
  EXPECT_EQ(
      microdata("<div itemscope itemref=\"a a b inner\"><p id=inner itemprop=headline>h</p></div>"
                "<div id=b><p id=a itemprop=name>x</p></div>"),
      "_1 headline \"h\"\n_1 name \"x\"\n");
}

TEST(Microdata, ItemrefTakesTheFirstElementOfAnIdentifierAndPassesOverUnknownOnes) {
  EXPECT_EQ(microdata("<div itemscope itemref=\"nothing x\"></div>"
                      "<p id=x itemprop=name>one</p><p id=x itemprop=name>two</p>"),
            "_1 name \"one\"\n");
}

TEST(Microdata, ItemrefDoesNotLookIntoItems) {
  EXPECT_EQ(
      microdata("<div itemscope itemref=x></div>"
                "<div id=x><div itemprop=author itemscope><p itemprop=name>Ann</p></div></div>"),
      "_1 author _2\n_2 name \"Ann\"\n");
  EXPECT_EQ(
      microdata(
          "<div itemscope itemref=x></div><div id=x itemscope><p itemprop=name>Ann</p></div>"),
      "_1 name \"Ann\"\n");
}

TEST(Microdata, ItemrefMayFormLoops) {
  // §5.2.5: an item that contains itself is an error of the page; as a graph it is just a loop.
  EXPECT_EQ(microdata("<div itemscope itemprop=author id=a itemref=b></div>"
                      "<div itemscope itemprop=author id=b itemref=a></div>"),
            "_1 author _2\n_2 author _1\n");
  EXPECT_EQ(microdata("<div id=o><div itemscope itemprop=author itemref=o>"
                      "<p itemprop=name>x</p></div></div>"),
            "_1 name \"x\"\n");
}

TEST(Microdata, ItemrefToAnAncestorTakesItsOtherProperties) {
  EXPECT_EQ(microdata("<div id=o><p itemprop=name>a</p><div itemscope itemref=o></div>"
                      "<p itemprop=text>b</p></div>"),
            "_1 name \"a\"\n_1 text \"b\"\n");
}

TEST(Microdata, TypesAndIdentifiers) {
  EXPECT_EQ(
      microdata(
          "<dl itemscope itemtype=\"https://vocab.example.net/book https://schema.org/Question\""
          " itemid=\"urn:isbn:0-330-34032-8\"><dt>Title<dd itemprop=name>The Reality "
          "Dysfunction</dl>"),
      "urn:isbn:0-330-34032-8 a Question\n"
      "urn:isbn:0-330-34032-8 name \"The Reality Dysfunction\"\n");
  EXPECT_EQ(microdata("<p itemscope itemtype=http://schema.org/Thing itemid=\"#x\"><p>"),
            "https://site.example/faq#x a OtherType\n");
}

TEST(Microdata, TypesOfSchemaOrgInAnySpelling) {
  for (const char* type : {"https://schema.org/Question", "http://schema.org/Question",
                           "http://www.schema.org/question", "HTTPS://Schema.org/QUESTION",
                           " \n https://schema.org/Question/ ", "//schema.org/Question"})
    EXPECT_EQ(microdata(std::string("<p itemscope itemtype=\"") + type + "\"></p>"),
              "_1 a Question\n")
        << type;
  for (const char* type : {"https://example.org/Question", "https://notschema.org/Question",
                           "https://schema.org.example/Question", "Question"})
    EXPECT_EQ(microdata(std::string("<p itemscope itemtype=\"") + type + "\"></p>"), "") << type;
}

TEST(Microdata, NamesOfOtherVocabulariesAreNotOurs) {
  EXPECT_EQ(microdata("<div itemscope itemtype=http://data-vocabulary.org/Person>"
                      "<p itemprop=name>x</p><p itemprop=\"https://schema.org/text\">y</p></div>"),
            "_1 text \"y\"\n");
}

TEST(Microdata, PropertyNamesInAnyCaseAndAsFullIris) {
  EXPECT_EQ(microdata("<div itemscope itemtype=https://schema.org/FAQPage>"
                      "<div itemprop=mainentity itemscope></div>"
                      "<div itemprop=\"http://schema.org/MAINENTITY\" itemscope></div>"
                      "<p itemprop=\"mainEntity\n mainentity https://schema.org/mainEntity\">x</p>"
                      "<p itemprop=\"mainentities\">x</p><p itemprop>x</p></div>"),
            "_1 a FAQPage\n_1 mainEntity _2\n_1 mainEntity _3\n_1 mainEntity \"x\"\n");
}

TEST(Microdata, LiteralsHaveTheLanguageOfTheirElement) {
  EXPECT_EQ(microdata("<html lang=en><div itemscope><p itemprop=name>a</p>"
                      "<div lang=de-AT><p itemprop=text>b</p><p itemprop=text lang=\"\">c</p></div>"
                      "<meta itemprop=headline content=d lang=fr></div>"),
            "_1 name \"a\"@en\n_1 text \"b\"@de-AT\n_1 text \"c\"\n_1 headline \"d\"@fr\n");
}

TEST(Microdata, PropertiesOutsideItemsStateNothing) {
  EXPECT_EQ(microdata("<p itemprop=name>x</p><div itemtype=https://schema.org/Question>"
                      "<p itemprop=name>y</p></div>"),
            "");
}

TEST(Microdata, TemplatesScriptsAndCommentsStateNothing) {
  EXPECT_EQ(microdata("<template><div itemscope><p itemprop=name>x</p></div></template>"
                      "<script><div itemscope><p itemprop=name>x</p></div></script>"
                      "<!-- <div itemscope><p itemprop=name>x</p></div> -->"
                      "<textarea><div itemscope><p itemprop=name>x</p></div></textarea>"
                      "<div itemscope><template><p itemprop=name>x</p></template>"
                      "<p itemprop=text>y</p></div>"),
            "_1 text \"y\"\n");
}

TEST(Microdata, AddressesOfItemsAreReferences) {
  EXPECT_EQ(microdata("<div itemscope itemtype=https://schema.org/Question>"
                      "<link itemprop=acceptedAnswer href=\"#a1\"></div>"
                      "<div itemscope itemtype=https://schema.org/Answer itemid=\"/faq#a1\">"
                      "<p itemprop=text>t</p></div>"),
            "_1 a Question\n"
            "_1 acceptedAnswer https://site.example/faq#a1\n"
            "https://site.example/faq#a1 a Answer\n"
            "https://site.example/faq#a1 text \"t\"\n");
}

TEST(Microdata, IdentifiersMatchWithoutKnowingTheAddressOfThePage) {
  EXPECT_EQ(microdata("<div itemscope><link itemprop=author href=\"#a\"></div>"
                      "<div itemscope itemid=\"#a\"><p itemprop=name>t</p></div>",
                      ""),
            "_1 author document:///#a\ndocument:///#a name \"t\"\n");
}

TEST(Microdata, NodesAndPropertiesKnowTheirPlaceInThePage) {
  const std::string page = "<!doctype html>\n<p>x<div itemscope>\n<b itemprop=name>x</b></div>";
  const markup::HtmlTree tree = markup::HtmlTree::parse(page);
  markup::Graph graph;
  markup::read_microdata(markup::DocumentIndex(tree), graph);
  ASSERT_EQ(graph.nodes.size(), 1u);
  EXPECT_EQ(graph.nodes[0].offset, page.find("<div"));
  ASSERT_EQ(graph.properties.size(), 1u);
  EXPECT_EQ(graph.properties[0].offset, page.find("<b"));
}

/// "The properties of an item" word for word (§5.2.5): memory, pending, crawl, sort in tree order.
std::string properties_by_the_standard(const markup::HtmlTree& tree) {
  using markup::kNoNode;
  using markup::NodeId;
  std::vector<NodeId> order;  // tree order
  std::map<NodeId, std::size_t> rank;
  for (NodeId n = 0; n != kNoNode; n = tree.next_in_order(n, 0)) {
    rank[n] = order.size();
    order.push_back(n);
  }
  const auto has = [&](NodeId n, const char* name) { return tree.attribute(n, name) != nullptr; };
  std::map<NodeId, std::string> items;
  for (const NodeId n : order)
    if (has(n, "itemscope")) items.emplace(n, "item" + std::to_string(items.size()));
  std::string out;
  for (const NodeId root : order) {
    if (!has(root, "itemscope")) continue;
    std::set<NodeId> memory{root};
    std::vector<NodeId> results, pending;
    const auto add_children = [&](NodeId n) {
      for (NodeId c = tree.nodes[n].first_child; c != kNoNode; c = tree.nodes[c].next_sibling)
        if (tree.nodes[c].kind == markup::HtmlNode::Kind::Element) pending.push_back(c);
    };
    add_children(root);
    if (const std::string_view* itemref = tree.attribute(root, "itemref")) {
      std::istringstream words{std::string(*itemref)};
      for (std::string word; words >> word;) {
        const auto found = std::find_if(order.begin(), order.end(), [&](NodeId n) {
          const std::string_view* id = tree.attribute(n, "id");
          return id && *id == word;
        });
        if (found != order.end()) pending.push_back(*found);
      }
    }
    while (!pending.empty()) {
      const NodeId current = pending.back();
      pending.pop_back();
      if (!memory.insert(current).second) continue;  // "there is a microdata error"
      if (!has(current, "itemscope")) add_children(current);
      if (has(current, "itemprop")) results.push_back(current);
    }
    std::sort(results.begin(), results.end(),
              [&](NodeId a, NodeId b) { return rank[a] < rank[b]; });
    for (const NodeId n : results)
      out += items[root] + " " + std::string(*tree.attribute(n, "itemprop")) + " " +
             (has(n, "itemscope") ? items[n] : std::string(*tree.attribute(n, "content"))) + "\n";
  }
  return out;
}

/// The same of the graph; nodes are made in tree order.
std::string properties_of_graph(const markup::Graph& graph) {
  std::string out;
  for (std::size_t n = 0; n < graph.nodes.size(); ++n)
    for (auto p = graph.nodes[n].first_property; p != markup::kNoGraphId;
         p = graph.properties[p].next) {
      const markup::GraphValue& value = graph.properties[p].value;
      out += "item" + std::to_string(n) + " " +
             std::string(testing::term_name(graph.properties[p].term)) + " " +
             (value.kind == markup::GraphValue::Kind::Node ? "item" + std::to_string(value.node)
                                                           : std::string(value.text)) +
             "\n";
    }
  return out;
}

TEST(Microdata, RandomItemsHaveThePropertiesThatTheStandardsAlgorithmFinds) {
  std::mt19937_64 random(11);
  const auto chance = [&](unsigned percent) { return random() % 100 < percent; };
  std::size_t stated = 0;
  for (int round = 0; round < 8000; ++round) {
    std::string page;
    for (std::size_t i = 0, count = 2 + random() % 14; i < count; ++i) {
      if (chance(35)) {
        page += "</div>";
        continue;
      }
      page += "<div content=v" + std::to_string(i);
      if (chance(40)) page += " itemscope";
      if (chance(60)) page += chance(50) ? " itemprop=name" : " itemprop=text";
      if (chance(40)) page += " id=" + std::string(1, static_cast<char>('a' + random() % 4));
      if (chance(30)) {
        page += " itemref='";
        for (std::size_t words = 1 + random() % 3; words != 0; --words)
          (page += static_cast<char>('a' + random() % 5)) += ' ';
        page += "'";
      }
      page += ">";
    }
    const markup::HtmlTree tree = markup::HtmlTree::parse(page);
    markup::Graph graph;
    markup::read_microdata(markup::DocumentIndex(tree), graph);
    ASSERT_EQ(properties_of_graph(graph), properties_by_the_standard(tree)) << page;
    stated += graph.properties.size();
  }
  EXPECT_GT(stated, 8000u);
}

// ---- Where the real web differs (see the header).

TEST(Microdata, ContentCountsOnAnyElementUnlessItIsEmpty) {
  EXPECT_EQ(microdata("<div itemscope><span itemprop=name content=\"R. R. Tolkien\">T</span>"
                      "<span itemprop=text content=\"\">shown</span>"
                      "<a itemprop=url href=/x content=/y>z</a></div>"),
            "_1 name \"R. R. Tolkien\"\n_1 text \"shown\"\n_1 url \"/y\"\n");
}

TEST(Microdata, NamesAndTextsOnLinksAreTheirTexts) {
  EXPECT_EQ(microdata("<div itemscope><a itemprop=name href=\"#q1\">How?</a>"
                      "<a itemprop=\"text url\" href=/x>So.</a></div>"),
            "_1 name \"How?\"\n_1 text \"So.\"\n_1 url \"https://site.example/x\"\n");
}

TEST(Microdata, UnlinkedQuestionsArePartOfThePageTheyAreIn) {
  EXPECT_EQ(
      microdata("<div itemscope itemtype=https://schema.org/FAQPage><div itemscope>"
                "<div itemscope itemtype=https://schema.org/Question></div></div>"
                "<div itemprop=mainEnity itemscope itemtype=https://schema.org/Question></div>"
                "<div itemprop=mainEntity itemscope itemtype=https://schema.org/Question></div>"
                "</div><div itemscope itemtype=https://schema.org/Question></div>"),
      "_1 a FAQPage\n_1 mainEntity _2\n_1 hasPart _3\n_1 hasPart _4\n"
      "_3 a Question\n_4 a Question\n_2 a Question\n_5 a Question\n");
}

// ---- Bounds.

TEST(Microdata, ManyReferencesToOneLargeElementStayWithinTheLimit) {
  std::string page;
  for (int i = 0; i < 100000; ++i) page += "<p itemscope itemref=big></p>";
  page += "<div id=big>";
  for (int i = 0; i < 100000; ++i) page += "<b itemprop=name>x</b>";
  page += "</div>";
  markup::StatementCounts counts;
  const auto begin = std::chrono::steady_clock::now();
  microdata(page, "", &counts, {.max_statements = 1000, .max_text_work = 1'000'000});
  EXPECT_LE(counts.statements, 1000u);
  EXPECT_GT(counts.left_out, 0u);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
}

TEST(Microdata, ReferencesToElementsWithoutPropertiesAreCheap) {
  std::string page = "<div id=big>";
  for (int i = 0; i < 100000; ++i) page += "<b>x</b>";
  page += "</div>";
  for (int i = 0; i < 100000; ++i) page += "<p itemscope itemref=big></p>";
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(microdata(page), "");
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
}

TEST(Microdata, NestedLiteralsStayWithinTheLimit) {
  std::string page = "<div itemscope>";
  for (int i = 0; i < 400; ++i) page += "<div itemprop=text>";
  page += std::string(100000, 'x');
  markup::StatementCounts counts;
  const std::string out =
      microdata(page, "", &counts, {.max_statements = 1000, .max_text_work = 1'000'000});
  EXPECT_LT(out.size(), 1'100'000u);
  EXPECT_GT(counts.left_out, 0u);
  EXPECT_EQ(counts.statements + counts.left_out, 400u);
}

}  // namespace
}  // namespace crosstail
