/// Any text as one or two JSON-LD scripts of a page (a NUL parts them): no crash, texts valid
/// UTF-8, every question accounted for, and valid JSON read without a single repair.

#include <simdjson.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "markup/faq.h"
#include "markup/graph.h"
#include "markup/jsonld.h"
#include "text/utf8.h"

using namespace crosstail;
using namespace crosstail::markup;

namespace {

void check(const FaqPair& pair) {
  if (!text::is_valid_utf8(pair.question) || !text::is_valid_utf8(pair.answer) ||
      !text::is_valid_utf8(pair.language) || !text::is_valid_utf8(pair.author))
    std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static JsonLdReader reader({.max_depth = 64, .max_values = 10'000});
  static simdjson::dom::parser parser;
  const std::string page =
      text::repair_utf8({reinterpret_cast<const char*>(data), size});  // as pages are
  const std::string_view all = page;
  const auto part = std::min(all.find('\0'), all.size());
  Graph graph;
  JsonLdCounts counts;
  const std::string_view first = all.substr(0, part);
  const bool valid = parser.parse(first.data(), first.size()).error() == simdjson::SUCCESS;
  reader.read(first, 0, graph, counts);
  // (A top-level string is valid JSON, and the escaped JSON of a careless encoder.)
  if (valid && first.find('{') < first.find('"') && counts.values_limited == 0) {
    counts[JsonLdRepair::LoneSurrogate] = 0;
    for (const auto count : counts.repairs)
      if (count != 0) std::abort();
  }
  if (part < all.size()) reader.read(all.substr(part + 1), part + 1, graph, counts);
  PageFaq faq;
  read_faq(graph, "jsonld", faq);
  const std::size_t before = faq.pairs.size() + faq.dropped.size();
  drop_duplicates(faq);
  if (faq.pairs.size() + faq.dropped.size() != before) std::abort();
  for (const FaqPair& pair : faq.pairs) {
    check(pair);
    if (pair.question.empty() || pair.answer.empty()) std::abort();
  }
  for (const DroppedPair& dropped : faq.dropped) check(dropped.pair);
  return 0;
}
