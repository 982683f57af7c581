#include "markup/page.h"

#include <algorithm>

#include "markup/document_index.h"
#include "markup/microdata.h"
#include "markup/rdfa.h"

namespace crosstail::markup {
namespace {

/// Whether Microdata or RDFa can state a pair: what JSON-LD scripts hold is no attribute.
bool answers_outside(const std::vector<JsonLdScript>& scripts,
                     const std::vector<std::size_t>& terms) {
  auto script = scripts.begin();
  for (const std::size_t term : terms) {
    while (script != scripts.end() && script->offset + script->text.size() <= term) ++script;
    if (script == scripts.end() || term < script->offset) return true;
  }
  return false;
}

}  // namespace

PageReader::PageReader(Options options)
    : options_(options), finder_(options.limits.tree.tokens), jsonld_(options.limits.jsonld) {}

const PageReading& PageReader::read(const PageBytes& page, Counters& counters) {
  std::string_view bytes = page.bytes;
  if (bytes.size() > options_.limits.max_bytes) {
    bytes = bytes.substr(0, options_.limits.max_bytes);
    counters.add("limits.page-bytes");
  }
  const CharsetDecision charset = decide_charset(bytes, page.content_type);
  std::uint64_t replaced = 0;
  const std::string_view html = decode_to_utf8(bytes, charset, decoded_, &replaced);
  counters.add("repairs.invalid-bytes", replaced);
  counters.add("charsets", name(charset.encoding), 1);

  reading_.faq.clear();
  reading_.passages.clear();
  graph_.clear();
  scripts_.clear();
  reading_.metadata.clear();
  places_.find(html);
  // Most pages of a crawl end here.
  if (places_.jsonld_end == 0 && places_.answer_terms.empty() && !options_.passages)
    return reading_;
  finder_.read(html, places_.jsonld_end, scripts_, reading_.metadata);
  read_scripts();
  const FaqSyntaxes syntaxes =
      answers_outside(scripts_, places_.answer_terms) ? faq_syntaxes(html) : FaqSyntaxes();
  if (options_.passages || syntaxes.microdata || syntaxes.rdfa)
    read_tree(page, html, syntaxes, counters);
  drop_duplicates(reading_.faq);
  count(counters);
  return reading_;
}

void PageReader::read_scripts() {
  // A node of one script may be spoken of in another, so it is all of them or none.
  const bool any = std::any_of(scripts_.begin(), scripts_.end(), [](const JsonLdScript& script) {
    return may_state_faq(script.text);
  });
  jsonld_counts_.scripts += any ? 0 : scripts_.size();
  if (!any) return;
  for (const JsonLdScript& script : scripts_)
    jsonld_.read(script.text, script.offset, graph_, jsonld_counts_);
  read_faq(graph_, "jsonld", reading_.faq);
}

void PageReader::read_tree(const PageBytes& page, std::string_view html, FaqSyntaxes syntaxes,
                           Counters& counters) {
  const HtmlTree tree = HtmlTree::parse(html, options_.limits.tree);
  counters.add("pages.with-tree");
  if (tree.depth_limited > 0) counters.add("limits.tree-depth");
  if (tree.truncated) counters.add("limits.tree-nodes-or-time");
  if (syntaxes.microdata || syntaxes.rdfa) {
    const DocumentIndex document(tree, page.url);
    StatementCounts found;
    graph_.clear();
    if (syntaxes.microdata) found = read_microdata(document, graph_);
    counters.add("limits.statements", found.left_out);
    read_faq(graph_, "microdata", reading_.faq);
    found = {};
    graph_.clear();
    if (syntaxes.rdfa) found = read_rdfa(document, graph_);
    counters.add("limits.statements", found.left_out);
    read_faq(graph_, "rdfa", reading_.faq);
  }
  if (options_.passages) reading_.passages = find_passages(tree).passages;
}

void PageReader::count(Counters& counters) {
  counters.add("scripts.read", jsonld_counts_.scripts);
  counters.add("scripts.repaired", jsonld_counts_.repaired);
  counters.add("scripts.empty", jsonld_counts_.empty);
  counters.add("scripts.unreadable", jsonld_counts_.unreadable);
  counters.add("limits.jsonld-depth", jsonld_counts_.depth_limited);
  counters.add("limits.jsonld-values", jsonld_counts_.values_limited);
  counters.add("limits.attributes", finder_.attributes_dropped());
  counters.add("limits.attribute-bytes", finder_.attributes_cut());
  for (std::size_t i = 0; i < jsonld_counts_.repairs.size(); ++i)
    counters.add("repairs", name(static_cast<JsonLdRepair>(i)), jsonld_counts_.repairs[i]);
  jsonld_counts_ = {};
}

}  // namespace crosstail::markup
