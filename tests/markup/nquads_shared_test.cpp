/// The Web Data Commons sample. Expected: 1,000 lines, 13 distinct fourth terms (cut from the line
/// ends with awk), 2 lines that pyoxigraph 0.5.13 refuses for `{` in an IRI; 56 pairs on 12 pages
/// when its lenient parser's quads are joined (Question, name, acceptedAnswer, text) page by page.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/stream.h"
#include "markup/faq.h"
#include "markup/nquads.h"
#include "support/shared.h"

namespace crosstail::markup {
namespace {

struct Urls : NQuadsVisitor {
  void page(const NQuadsPage& page, const Graph& graph) override {
    urls.emplace_back(page.url);
    PageFaq faq;
    read_faq(graph, "nquads", faq);
    pairs += faq.pairs.size();
    if (!faq.pairs.empty()) ++pages_with_pairs;
  }
  void bad_line(std::uint64_t, std::string_view) override {}
  std::vector<std::string> urls;
  std::size_t pairs = 0, pages_with_pairs = 0;
};

TEST(SharedQuads, EveryLineAndPageOfTheSampleIsUnderstood) {
  CROSSTAIL_NEEDS_SHARED();
  auto source = open_source(*testing::shared_dir() / "data/webfaq-sample/FAQPage_sample.nq.gz");
  ASSERT_TRUE(source.ok());
  auto chunker = NQuadsChunker::open(*std::move(source));
  ASSERT_TRUE(chunker.ok());
  Urls visitor;
  NQuadsCounts counts;
  for (;;) {
    auto chunk = chunker->next();
    ASSERT_TRUE(chunk.ok());
    if (!*chunk) break;
    (*chunk)->read(visitor);
    counts += (*chunk)->counts();
  }
  EXPECT_EQ(counts.lines, 1000u);
  EXPECT_EQ(counts.bytes, 206226u);
  EXPECT_EQ(counts.bad, 0u);
  EXPECT_EQ(counts.odd_iris, 2u);
  EXPECT_EQ(visitor.pairs, 56u);
  EXPECT_EQ(visitor.pages_with_pairs, 12u);
  ASSERT_EQ(visitor.urls.size(), 13u);
  EXPECT_EQ(visitor.urls.front(), "http://anyquestions.info/index-137.html");
  EXPECT_EQ(visitor.urls.back(), "https://abcelektrik.org/beykoz-elektrikci/");
}

}  // namespace
}  // namespace crosstail::markup
