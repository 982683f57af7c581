/// Any bytes → repaired UTF-8 → tree → Microdata and RDFa → questions and answers. Holds: no crash,
/// limits are kept, every node and property of the graph is where its indices say, texts are valid
/// UTF-8, and a page that states a pair passes the filter that decides whether a tree is built.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "markup/document_index.h"
#include "markup/faq.h"
#include "markup/graph.h"
#include "markup/html_tree.h"
#include "markup/microdata.h"
#include "markup/rdfa.h"
#include "markup/syntax_filter.h"
#include "text/utf8.h"

namespace {

using crosstail::markup::Graph;
using crosstail::markup::GraphId;
using crosstail::markup::kNoGraphId;

constexpr crosstail::markup::StatementLimits kLimits{.max_statements = 2000,
                                                     .max_text_work = 1'000'000};

void require(bool fact) {
  if (!fact) std::abort();
}

void check(const Graph& graph, const crosstail::markup::StatementCounts& counts) {
  require(counts.statements <= kLimits.max_statements);
  require(graph.properties.size() <= kLimits.max_statements + graph.nodes.size());
  std::size_t reached = 0;
  for (const auto& node : graph.nodes) {
    for (GraphId p = node.first_property; p != kNoGraphId; p = graph.properties[p].next) {
      require(++reached <= graph.properties.size());
      const auto& value = graph.properties[p].value;
      if (value.kind == crosstail::markup::GraphValue::Kind::Node)
        require(value.node < graph.nodes.size());
      else
        require(crosstail::text::is_valid_utf8(value.text));
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string page =
      crosstail::text::repair_utf8(std::string_view(reinterpret_cast<const char*>(data), size));
  const auto tree = crosstail::markup::HtmlTree::parse(page, {.max_depth = 64, .max_nodes = 20000});
  const crosstail::markup::DocumentIndex document(tree, "https://site.example/faq");
  crosstail::markup::PageFaq faq;
  Graph graph;
  check(graph, crosstail::markup::read_microdata(document, graph, kLimits));
  crosstail::markup::read_faq(graph, "microdata", faq);
  graph.clear();
  check(graph, crosstail::markup::read_rdfa(document, graph, kLimits));
  crosstail::markup::read_faq(graph, "rdfa", faq);
  for (const auto& pair : faq.pairs) {
    require(!pair.question.empty() && !pair.answer.empty());
    require(crosstail::text::is_valid_utf8(pair.question));
    require(crosstail::text::is_valid_utf8(pair.answer));
  }
  require(faq.pairs.empty() || crosstail::markup::may_name_faq_term(page));
  return 0;
}
