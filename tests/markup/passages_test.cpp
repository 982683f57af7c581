#include "markup/passages.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

#include "markup/main_content.h"
#include "text/utf8.h"

namespace crosstail::markup {
namespace {

using Headings = std::vector<std::string>;

PagePassages passages_of(std::string_view html, PassageOptions options = {}) {
  return find_passages(HtmlTree::parse(html), options);
}

std::string all_text(std::string_view html) {
  std::string all;
  for (const Passage& passage : passages_of(html).passages) all += passage.text + "\n";
  return all;
}

/// A sentence of exactly `characters` characters.
std::string sentence(std::size_t characters, char letter = 'w') {
  return std::string(characters - 1, letter) + ".";
}

/// A page as LibreOffice's help makes them: header and asides, a block that only its id names, a
/// frame and a footer behind it.
const std::string kHelpPage =
    "<!DOCTYPE html><html lang=\"en-US\"><head><title>\n Print  Preview</title></head><body>"
    "<header id=TopLeftHeader><a class=logo href=/><p>Help 7</p></a></header>"
    "<aside class=rightside><div id=Contents>Contents</div></aside>"
    "<div id=DisplayArea><a name=printpreview></a><a name=bm_1></a>"
    "<h1 id=hd_1>Print Preview</h1><p id=par_1>" +
    sentence(250) +
    "</p>"
    "<div class=howtoget><p class=howtogetheader><a name=wie></a>To access this command...</p>"
    "<div class=embedded><p id=par_2>Menu <span>File - Print</span> "
    "<span hidden=true>Tools</span>.</p></div></div>"
    "<h2 id=hd_2>Zoom</h2><p id=par_3>" +
    sentence(220) +
    "</p>"
    "<div class=relatedtopics><p>Related</p><p id=par_4><a href=x>Printing</a></p></div></div>"
    "<div id=SearchFrame></div><footer><h3 class=bug>Debug</h3><p>This page is: x</p></footer>"
    "</body></html>";

TEST(Passages, AreTheSectionsOfThePage) {
  const PagePassages page = passages_of(kHelpPage);
  EXPECT_EQ(page.title, "Print Preview");
  EXPECT_EQ(page.language, "en-US");
  ASSERT_EQ(page.passages.size(), 2U);
  EXPECT_EQ(page.passages[0].anchor, "hd_1");
  EXPECT_EQ(page.passages[0].headings, Headings{"Print Preview"});
  EXPECT_EQ(page.passages[0].text, "Print Preview\n" + sentence(250) +
                                       "\nTo access this command...\nMenu File - Print Tools.");
  EXPECT_EQ(page.passages[1].anchor, "hd_2");
  EXPECT_EQ(page.passages[1].headings, (Headings{"Print Preview", "Zoom"}));
  EXPECT_EQ(page.passages[1].text, "Zoom\n" + sentence(220) + "\nRelated\nPrinting");
}

TEST(Passages, ShortSectionsAreJoinedToTheNext) {
  const PagePassages page =
      passages_of("<main><h1 id=a>One</h1><p>short</p><h2 id=b>Two</h2><p>" + sentence(300) +
                  "</p><h2 id=c>Three</h2><p>" + sentence(300, 'v') +
                  "</p><h2 id=d>Four</h2><p>tail</p></main>");
  ASSERT_EQ(page.passages.size(), 2U);
  EXPECT_EQ(page.passages[0].anchor, "a");
  EXPECT_EQ(page.passages[0].headings, Headings{"One"});
  EXPECT_EQ(page.passages[0].text, "One\nshort\nTwo\n" + sentence(300));
  // The last has no next: it goes to the one before.
  EXPECT_EQ(page.passages[1].text, "Three\n" + sentence(300, 'v') + "\nFour\ntail");
}

TEST(Passages, LongSectionsAreSplitBetweenParagraphs) {
  std::string html = "<main><h1 id=top>Long</h1>";
  for (int i = 0; i < 10; ++i) {
    html +=
        "<p id=p" + std::to_string(i) + ">" + sentence(280, static_cast<char>('a' + i)) + "</p>";
  }
  const PagePassages page = passages_of(html + "</main>");
  // 4 + 10 × 281 characters are three pieces.
  ASSERT_EQ(page.passages.size(), 3U);
  EXPECT_EQ(page.passages[0].anchor, "top");
  EXPECT_EQ(page.passages[1].anchor, "p4");
  std::string together;
  for (const Passage& passage : page.passages) {
    EXPECT_LE(text::count_code_points(passage.text), 1200U);
    EXPECT_GE(text::count_code_points(passage.text), 200U);
    EXPECT_EQ(passage.headings, Headings{"Long"});
    together += passage.text + "\n";
  }
  std::string expected = "Long\n";
  for (int i = 0; i < 10; ++i) expected += sentence(280, static_cast<char>('a' + i)) + "\n";
  EXPECT_EQ(together, expected);
}

TEST(Passages, LengthsAreCountedInCharacters) {
  std::string japanese;
  for (int i = 0; i < 150; ++i) japanese += "質";  // 150 characters, 450 bytes
  const PagePassages page = passages_of("<main><h1>一</h1><p>" + japanese + "</p><h2>二</h2><p>" +
                                        japanese + "</p></main>");
  EXPECT_EQ(page.passages.size(), 1U);
}

TEST(Passages, AParagraphThatIsTooLongAloneIsNotCut) {
  const PagePassages page =
      passages_of("<main><p>" + sentence(500) + "</p><p>" + sentence(2000) + "</p></main>");
  ASSERT_EQ(page.passages.size(), 2U);
  EXPECT_EQ(page.passages[1].text, sentence(2000));
}

TEST(Passages, AnchorsAreTheNearestAndUnique) {
  const std::string text = "<p>" + sentence(250) + "</p>";
  const PagePassages page = passages_of(
      "<main>" + text + "<h2 id=own><a name=inner></a>A</h2>" + text +
      "<h2><a name=inner2></a>B</h2>" + text + "<a name=before></a><h2>C</h2>" + text +
      "<section id=around><h2>D</h2>" + text + "</section><h2>E</h2>" + text + "<h2 id=own>F</h2>" +
      text + "<h2 id='two words'>G</h2>" + text + "<h2 id=own>H</h2>" + text + "</main>");
  std::vector<std::string> anchors;
  for (const Passage& passage : page.passages) anchors.push_back(passage.anchor);
  EXPECT_EQ(anchors, (std::vector<std::string>{"section-1", "own", "inner2", "before", "around",
                                               "section-6", "own-2", "section-8", "own-3"}));
}

TEST(Passages, HeadingsNestAndCloseAsTheirLevelsSay) {
  const std::string text = "<p>" + sentence(250) + "</p>";
  const PagePassages page = passages_of(
      "<main><h1>A</h1>" + text + "<h2>B</h2>" + text + "<h4>C</h4>" + text + "<h3>D</h3>" + text +
      "<div role=heading aria-level=2>E</div>" + text + "</main>");
  ASSERT_EQ(page.passages.size(), 5U);
  EXPECT_EQ(page.passages[2].headings, (Headings{"A", "B", "C"}));
  EXPECT_EQ(page.passages[3].headings, (Headings{"A", "B", "D"}));
  EXPECT_EQ(page.passages[4].headings, (Headings{"A", "E"}));
}

TEST(Passages, BlocksAreLines) {
  EXPECT_EQ(all_text("<main><p>a<br>b <b>c</b></p><ul><li>d<li>e</ul><table><tr><td>f<td>g</table>"
                     "<details><summary>h</summary>i</details><pre>j\n  k</pre></main>"),
            "a\nb c\nd\ne\nf g\nh\ni\nj\n  k\n");
}

TEST(MainContent, BoilerplateIsDropped) {
  EXPECT_EQ(all_text("<header>no</header><nav>no</nav><main>yes<nav>no</nav><aside>no</aside>"
                     "<form>no<input value=no></form><footer>no</footer><script>no</script>"
                     "<style>no</style><noscript>no</noscript><template>no</template>"
                     "<div role=navigation>no</div><button>no</button><select><option>no</select>"
                     "</main><footer>no</footer>"),
            "yes\n");
}

TEST(MainContent, RoleMainAndArticlesCount) {
  EXPECT_EQ(all_text("<div>no</div><div role=main>yes</div>"), "yes\n");
  EXPECT_EQ(all_text("<div>no</div><article>yes <article>inner</article></article><p>no</p>"
                     "<article>also</article>"),
            "yes\ninner\nalso\n");
}

TEST(MainContent, TheHeadingsOfAHeaderInsideTheContentStay) {
  EXPECT_EQ(
      all_text("<article><header><h1>Title</h1><p>by someone</p><nav><h2>no</h2></nav></header>"
               "<p>Text</p></article>"),
      "Title\nText\n");
}

TEST(MainContent, ButtonsInHeadingsAreQuestions) {
  EXPECT_EQ(
      all_text("<main><h3><button>How?</button></h3><div style='display:none'>So.</div></main>"),
      "How?\nSo.\n");
}

TEST(MainContent, AFormAroundThePageIsNoForm) {
  EXPECT_EQ(
      all_text("<body><form id=aspnetForm><div><h1>T</h1><p>text of the page</p></div></form>"),
      "T\ntext of the page\n");
}

TEST(MainContent, WithoutMarksTheDensestBlockCounts) {
  const std::string links = "<ul><li><a href=1>Home page</a><li><a href=2>Products</a></ul>";
  const std::string text = sentence(400);
  EXPECT_EQ(all_text("<div id=top>" + links + "</div><table><tr><td>" + links +
                     "<td><div><h1>T</h1><p>" + text +
                     "</p></div></table><div class=footer>(c) 2024"
                     "</div>"),
            "T\n" + text + "\n");
}

TEST(MainContent, NothingIsLostWhereTwoBlocksHoldText) {
  EXPECT_EQ(all_text("<div><div><p>" + sentence(300) + "</p></div><div><p>" + sentence(250, 'v') +
                     "</p></div></div>"),
            sentence(300) + "\n" + sentence(250, 'v') + "\n");
}

TEST(Passages, APageWithoutTextHasNone) {
  EXPECT_TRUE(passages_of("").passages.empty());
  EXPECT_TRUE(passages_of("<nav>only</nav><script>x</script>").passages.empty());
}

TEST(Passages, ManySectionsUnderAnEndlessHeadingStayLinear) {
  std::string html = "<main><h1>" + std::string(100000, 'h') + "</h1>";
  for (int i = 0; i < 2000; ++i) html += "<h2>x</h2><p>" + sentence(200) + "</p>";
  std::size_t bytes = 0;
  for (const Passage& passage : passages_of(html).passages) {
    bytes += passage.text.size();
    for (const std::string& heading : passage.headings) bytes += heading.size();
  }
  EXPECT_LE(bytes, 3 * html.size());
}

TEST(Passages, AnyPageGivesUniqueAnchorsAndValidText) {
  const std::vector<std::string> parts = {"<h1>",      "<h2 id=a>",  "</h2>",     "<p id=a>",
                                          "</p>",      "<main>",     "</main>",   "<div class=nav>",
                                          "</div>",    "<header>",   "</header>", "<form>",
                                          "</form>",   "<a name=b>", "</a>",      "text ",
                                          "é",         "<table>",    "<td>",      "<li>",
                                          "<article>", "</article>", "<b>",       "<svg>",
                                          "</svg>",    "<pre>",      "\n",        "&nbsp;",
                                          "<button>"};
  std::mt19937 random(13);
  for (int round = 0; round < 5000; ++round) {
    std::string html;
    const std::size_t count = random() % 60;
    for (std::size_t i = 0; i < count; ++i) html += parts[random() % parts.size()];
    const PagePassages page = passages_of(html, {5, 20});
    std::set<std::string> anchors;
    for (const Passage& passage : page.passages) {
      ASSERT_TRUE(anchors.insert(passage.anchor).second) << html;
      ASSERT_FALSE(passage.text.empty());
      ASSERT_TRUE(text::is_valid_utf8(passage.text));
      ASSERT_EQ(passage.text.find('<'), std::string::npos);
    }
  }
}

}  // namespace
}  // namespace crosstail::markup
