#include "markup/nquads.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/stream.h"
#include "markup/faq.h"
#include "text/utf8.h"

namespace crosstail::markup {
namespace {

const std::string kType = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>";

/// Every page as "url: pairs", a pair as "question = answer [language]".
struct Reader : NQuadsVisitor {
  void page(const NQuadsPage& page, const Graph& graph) override {
    PageFaq faq;
    read_faq(graph, "nquads", faq);
    std::string text = std::string(page.url) + ":";
    for (const auto& pair : faq.pairs) {
      text += " " + pair.question + " = " + pair.answer;
      if (!pair.language.empty()) text += " [" + pair.language + "]";
      text += ";";
    }
    pages.push_back(text + (page.limited ? " (limited)" : ""));
    offsets.push_back(page.offset);
  }
  void bad_line(std::uint64_t, std::string_view line) override { bad.emplace_back(line); }

  std::vector<std::string> pages, bad;
  std::vector<std::uint64_t> offsets;
  NQuadsCounts counts;
  std::size_t chunks = 0;
  std::vector<std::uint64_t> ends;
  std::vector<std::size_t> pages_at;
  std::string error;
};

Reader read_source(std::unique_ptr<ByteSource> source, NQuadsLimits limits = {},
                   NQuadsPosition from = {}) {
  Reader reader;
  auto chunker = NQuadsChunker::open(std::move(source), limits, from);
  if (!chunker.ok()) return reader;
  for (;;) {
    auto chunk = chunker->next();
    if (!chunk.ok()) reader.error = chunk.error().message;
    if (!chunk.ok() || !*chunk) return reader;
    (*chunk)->read(reader);
    reader.counts += (*chunk)->counts();
    ++reader.chunks;
    reader.ends.push_back((*chunk)->end().offset);
    reader.pages_at.push_back(reader.pages.size());
  }
}

Reader read_quads(std::string_view text, NQuadsLimits limits = {}, NQuadsPosition from = {}) {
  return read_source(memory_source(text), limits, from);
}

/// A question with its answer; `q` and `a` are terms as written.
std::string faq_page(const std::string& url, const std::string& q = "\"Why?\"",
                     const std::string& a = "\"So.\"",
                     const std::string& schema = "http://schema.org/",
                     const std::string& end = " .\n") {
  const std::string g = " <" + url + ">" + end;
  return "_:p " + kType + " <" + schema + "FAQPage>" + g + "_:p <" + schema + "mainEntity> _:q" +
         g + "_:q " + kType + " <" + schema + "Question>" + g + "_:q <" + schema + "name> " + q +
         g + "_:q <" + schema + "acceptedAnswer> _:a" + g + "_:a <" + schema + "text> " + a + g;
}

using Pages = std::vector<std::string>;
const std::string kOne = "http://a.example/1", kTwo = "http://a.example/2";

TEST(NQuads, GroupsTheQuadsOfAPage) {
  const std::string first = faq_page(kOne);
  const Reader reader = read_quads(first + faq_page(kTwo, "\"How?\"", "\"Thus.\""));
  EXPECT_EQ(reader.pages, (Pages{kOne + ": Why? = So.;", kTwo + ": How? = Thus.;"}));
  EXPECT_EQ(reader.offsets, (std::vector<std::uint64_t>{0, first.size()}));
  EXPECT_EQ(reader.counts.lines, 12u);
  EXPECT_EQ(reader.counts.kept, 12u);
  EXPECT_EQ(reader.counts.pages, 2u);
}

TEST(NQuads, BlankNodesOfTheSameNameOnTwoPagesAreTwo) {
  const Reader reader =
      read_quads(faq_page(kOne) + "_:q <http://schema.org/name> \"Other?\" <" + kTwo + "> .\n");
  ASSERT_EQ(reader.pages.size(), 2u);
  EXPECT_EQ(reader.pages[0], kOne + ": Why? = So.;");
}

TEST(NQuads, UnderstandsEveryWayToWriteSchemaOrg) {
  for (const char* schema : {"http://schema.org/", "https://schema.org/", "http://www.schema.org/",
                             "HTTPS://SCHEMA.ORG/"})
    EXPECT_EQ(read_quads(faq_page(kOne, "\"Why?\"", "\"So.\"", schema)).pages,
              Pages{kOne + ": Why? = So.;"})
        << schema;
}

TEST(NQuads, SeveralTypesOnANodeCountInAnyOrder) {
  const std::string more = "_:q " + kType + " <http://schema.org/Thing> <" + kOne + "> .\n" +
                           "_:q " + kType + " <http://example.org/Own> <" + kOne + "> .\n";
  const Reader before = read_quads(more + faq_page(kOne)),
               after = read_quads(faq_page(kOne) + more);
  EXPECT_EQ(before.pages, Pages{kOne + ": Why? = So.;"});
  EXPECT_EQ(after.pages, before.pages);
  EXPECT_EQ(after.counts.irrelevant, 1u);  // the type that is not schema.org's
}

TEST(NQuads, UndoesTheEscapesOfLiterals) {
  const auto question = [](const std::string& raw) {
    const Reader reader = read_quads(faq_page(kOne, "\"" + raw + "\""));
    const std::string& page = reader.pages.at(0);
    return page.substr(kOne.size() + 2, page.find(" = ") - kOne.size() - 2) +
           (reader.counts.repaired > 0 ? " repaired" : "");
  };
  EXPECT_EQ(question(R"(say \"yes\" \\ \'no\')"), R"(say "yes" \ 'no')");
  EXPECT_EQ(question(R"(\u00e9\u4F60\U0001F600!)"), "\xc3\xa9\xe4\xbd\xa0\xf0\x9f\x98\x80!");
  EXPECT_EQ(question(R"(\uD83D\uDE00!)"), "\xf0\x9f\x98\x80! repaired");
  EXPECT_EQ(question(R"(a\uD83Db)"),
            "a\xef\xbf\xbd"
            "b repaired");
  EXPECT_EQ(question(R"(a\U00110000b)"),
            "a\xef\xbf\xbd"
            "b repaired");
  EXPECT_EQ(question(R"(a\qb\u12)"), R"(a\qb\u12 repaired)");
  EXPECT_EQ(question("a\xff"
                     "b"),
            "a\xef\xbf\xbd"
            "b repaired");
  EXPECT_EQ(question("Stra\xc3\x9f"
                     "e"),
            "Stra\xc3\x9f"
            "e");
}

TEST(NQuads, ReadsTaggedAndTypedLiterals) {
  EXPECT_EQ(read_quads(faq_page(kOne, "\"Warum?\"@de-AT", "\"Darum.\"@de-AT")).pages,
            Pages{kOne + ": Warum? = Darum. [de-AT];"});
  EXPECT_EQ(read_quads(faq_page(kOne, "\"Why?\"^^<http://www.w3.org/2001/XMLSchema#string>",
                                "\"<b>So</b> \\\"^^<x>\\\"\"^^"
                                "<http://www.w3.org/1999/02/22-rdf-syntax-ns#HTML>"))
                .pages,
            Pages{kOne + ": Why? = So \"^^\";"});
}

TEST(NQuads, TakesCommentsEmptyLinesCrLfTabsAndTightTerms) {
  std::string text = "# comment\n\n \t\r\n" +
                     faq_page(kOne, "\"Why?\"", "\"So.\"", "http://schema.org/", "\t.  # end\r\n");
  const Reader reader = read_quads(text);
  EXPECT_EQ(reader.pages, Pages{kOne + ": Why? = So.;"});
  EXPECT_EQ(reader.counts.blank, 3u);
  EXPECT_EQ(reader.counts.bad, 0u);
  EXPECT_EQ(read_quads("_:q<http://schema.org/name>\"Why?\"<" + kOne +
                       ">.\n_:q<http://schema.org/acceptedAnswer>\"So.\"<" + kOne + ">.")
                .pages,
            Pages{kOne + ": Why? = So.;"});
}

TEST(NQuads, AnIriThatHoldsWhatItMustNotIsReadAndCounted) {
  const std::string odd = "http://a.example/?q={term} \"x\" |y";
  const Reader reader =
      read_quads(faq_page(odd) + "_:p <http://schema.org/target> <http://a.example/{x}> <" + kTwo +
                 "> .\n" + faq_page(kTwo));
  EXPECT_EQ(reader.pages, (Pages{odd + ": Why? = So.;", kTwo + ": Why? = So.;"}));
  EXPECT_EQ(reader.counts.bad, 0u);
  EXPECT_EQ(reader.counts.odd_iris, 7u);
}

TEST(NQuads, LinesThatAreNoQuadsAreSkippedAndCounted) {
  const std::vector<std::string> lines = {
      "garbage",
      "_:a <http://schema.org/name> \"no end\" <http://x>",
      "_:a <http://schema.org/name> .",
      "_: <http://schema.org/name> \"x\" <http://x> .",
      "\"literal\" <http://schema.org/name> \"x\" <http://x> .",
      "_:a \"literal\" \"x\" <http://x> .",
      "_:a <http://schema.org/name> \"x <http://a.example/1> .",
      "_:a <http://schema.org/name> \"x\"@ <http://a.example/1> ."};
  std::string page = faq_page(kOne);
  const std::size_t middle = page.find('\n') + 1;
  for (const auto& line : lines) page.insert(middle, line + "\n");
  const Reader reader = read_quads(page);
  EXPECT_EQ(reader.counts.bad, lines.size());
  EXPECT_EQ(reader.bad, std::vector<std::string>(lines.rbegin(), lines.rend()));
  EXPECT_EQ(reader.pages.back().substr(0, kOne.size()), kOne);
}

TEST(NQuads, TriplesBelongToAPageWithoutAddress) {
  const Reader reader = read_quads(
      "_:q <http://schema.org/name> \"Why?\" .\n"
      "_:q <http://schema.org/acceptedAnswer> <http://a> .\n"
      "<http://a> <http://schema.org/text> \"So.\"@en .\n");
  EXPECT_EQ(reader.pages, Pages{": Why? = So. [en];"});
  EXPECT_EQ(reader.counts.bad, 0u);
}

TEST(NQuads, PagesWithoutRelevantQuadsAreNotVisited) {
  const Reader reader = read_quads("_:a <http://schema.org/price> \"5\" <" + kOne + "> .\n" +
                                   "_:a <http://ogp.me/ns#title> \"5\" <" + kOne + "> .\n");
  EXPECT_TRUE(reader.pages.empty());
  EXPECT_EQ(reader.counts.irrelevant, 2u);
}

/// 20,000 pages, 12 MB.
std::string many_pages() {
  std::string text;
  for (int i = 0; i < 20000; ++i)
    text += faq_page("http://a.example/" + std::to_string(i), "\"Q" + std::to_string(i) + "\"");
  return text;
}

TEST(NQuads, ChunksEndBetweenPagesAndCanBeEnteredThere) {
  const std::string text = many_pages();
  const Reader all = read_quads(text);
  ASSERT_EQ(all.pages.size(), 20000u);
  EXPECT_EQ(all.counts.pages, 20000u);
  EXPECT_EQ(all.pages[12345], "http://a.example/12345: Q12345 = So.;");
  ASSERT_GT(all.chunks, 5u);
  EXPECT_EQ(all.ends.back(), text.size());
  for (std::size_t i = 0; i < all.chunks; ++i) {
    const Reader rest = read_quads(text, {}, {all.ends[i]});
    EXPECT_EQ(rest.pages, Pages(all.pages.begin() + static_cast<std::ptrdiff_t>(all.pages_at[i]),
                                all.pages.end()));
  }
}

TEST(NQuads, APageOfAnySizeIsCutAtTheLimit) {
  NQuadsLimits limits;
  limits.max_page_bytes = 2 << 20;
  std::string page = faq_page(kOne);
  while (page.size() < 9'000'000)
    page +=
        "_:x <http://schema.org/description> \"" + std::string(1000, 'x') + "\" <" + kOne + "> .\n";
  const Reader reader = read_quads(page + faq_page(kTwo), limits);
  EXPECT_EQ(reader.pages, (Pages{kOne + ": Why? = So.; (limited)", kTwo + ": Why? = So.;"}));
  EXPECT_EQ(reader.counts.pages_limited, 1u);
  EXPECT_GT(reader.counts.over_limit, 6000u);
  EXPECT_EQ(reader.counts.lines, reader.counts.kept + reader.counts.over_limit);
  EXPECT_EQ(reader.counts.bytes, page.size() + faq_page(kTwo).size());
}

TEST(NQuads, QuadsOverTheLimitAreCounted) {
  NQuadsLimits limits;
  limits.max_page_quads = 4;
  const Reader reader = read_quads(faq_page(kOne) + faq_page(kTwo), limits);
  EXPECT_EQ(reader.counts.over_limit, 4u);
  EXPECT_EQ(reader.counts.pages_limited, 2u);
}

TEST(NQuads, AnEndlessLineIsOneLineOverTheLimit) {
  NQuadsLimits limits;
  limits.max_page_bytes = 2 << 20;
  const std::string endless =
      "_:a <http://schema.org/name> \"" + std::string(9'000'000, 'x') + "\" <" + kOne + "> .\n";
  const Reader reader = read_quads(faq_page(kOne) + endless + faq_page(kTwo), limits);
  EXPECT_EQ(reader.pages.front().substr(0, kOne.size() + 12), kOne + ": Why? = So.");
  EXPECT_EQ(reader.pages.back(), kTwo + ": Why? = So.;");
  EXPECT_EQ(reader.counts.lines, 13u);
  EXPECT_EQ(reader.counts.over_limit, 1u);
}

TEST(NQuads, ATruncatedGzipGivesWhatIsWholeAndThenTheError) {
  std::string text;
  for (int i = 0; i < 3000; ++i) text += faq_page("http://a.example/" + std::to_string(i));
  std::string packed = compress_frame(text, Compression::Gzip);
  packed.resize(packed.size() / 2);
  const Reader reader =
      read_source(decompress(memory_source(packed), Compression::Gzip, "x.nq.gz"));
  EXPECT_GT(reader.pages.size(), 1000u);
  EXPECT_EQ(reader.pages[999], "http://a.example/999: Why? = So.;");
  EXPECT_NE(reader.error.find("x.nq.gz: gzip data at byte"), std::string::npos) << reader.error;
}

TEST(NQuads, AnEmptySourceHasNoPages) {
  const Reader reader = read_quads("");
  EXPECT_TRUE(reader.pages.empty());
  EXPECT_EQ(reader.counts.lines, 0u);
}

}  // namespace
}  // namespace crosstail::markup
