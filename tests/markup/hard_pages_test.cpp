#include <gtest/gtest.h>

#include "base/file.h"
#include "markup/page.h"

namespace crosstail::markup {
namespace {

struct HardPage {
  std::string name, expected, page;
};

std::vector<HardPage> hard_pages() {
  const std::string text = *read_file(CROSSTAIL_SOURCE_DIR "/tests/markup/data/hard_pages.txt");
  std::vector<HardPage> pages;
  for (auto begin = text.find("\n=== "); begin != std::string::npos;) {
    const auto next = text.find("\n=== ", begin + 1);
    const std::string part =
        text.substr(begin + 5, next == std::string::npos ? next : next - begin - 5);
    const auto line = part.find('\n'), cut = part.find("\n---\n");
    pages.push_back({part.substr(0, line), part.substr(line + 1, cut > line ? cut - line : 0),
                     part.substr(cut + 5)});
    begin = next;
  }
  return pages;
}

/// The pairs as in the file: KIND, question, answer; line breaks written \n.
std::string pairs_of(const PageReading& reading) {
  std::string found;
  for (const FaqPair& pair : reading.faq.pairs) {
    std::string line = std::string(pair.kind) + "\t" + pair.question + "\t" + pair.answer;
    for (auto at = line.find('\n'); at != std::string::npos; at = line.find('\n', at))
      line.replace(at, 1, "\\n");
    found += line + "\n";
  }
  return found;
}

TEST(HardPages, GiveThePairsThatACarefulReaderWouldTake) {
  const auto pages = hard_pages();
  ASSERT_GE(pages.size(), 45u);
  PageReader reader({});
  for (const HardPage& page : pages) {
    Counters counters;
    const PageReading& reading =
        reader.read({.url = "https://e.org/faq", .bytes = page.page}, counters);
    EXPECT_EQ(pairs_of(reading), page.expected) << page.name;
  }
}

}  // namespace
}  // namespace crosstail::markup
