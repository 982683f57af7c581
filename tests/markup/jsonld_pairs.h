#pragma once
/// What tests of JSON-LD ask: the pairs that a page's scripts state, as "question => answer".

#include <string>
#include <string_view>
#include <vector>

#include "markup/faq.h"
#include "markup/graph.h"
#include "markup/jsonld.h"

namespace crosstail::markup::testing {

struct ReadPage {
  PageFaq faq;
  JsonLdCounts counts;

  [[nodiscard]] std::vector<std::string> pairs() const {
    std::vector<std::string> out;
    for (const FaqPair& pair : faq.pairs) out.push_back(pair.question + " => " + pair.answer);
    return out;
  }
  [[nodiscard]] std::uint64_t count(JsonLdRepair repair) { return counts[repair]; }
  /// The kinds of repairs made, in the order of their names' declaration.
  [[nodiscard]] std::string repairs() const {
    std::string out;
    for (std::size_t i = 0; i < counts.repairs.size(); ++i)
      if (counts.repairs[i] != 0)
        out += (out.empty() ? "" : " ") + std::string(name(static_cast<JsonLdRepair>(i)));
    return out;
  }
};

inline ReadPage read_scripts(const std::vector<std::string_view>& scripts,
                             JsonLdLimits limits = {}) {
  ReadPage page;
  Graph graph;
  JsonLdReader reader(limits);
  std::size_t offset = 0;
  for (const std::string_view script : scripts) {
    reader.read(script, offset, graph, page.counts);
    offset += script.size() + 100;
  }
  read_faq(graph, "jsonld", page.faq);
  drop_duplicates(page.faq);
  return page;
}

inline ReadPage read_script(std::string_view script) {
  return read_scripts({script});
}

using Pairs = std::vector<std::string>;

}  // namespace crosstail::markup::testing
