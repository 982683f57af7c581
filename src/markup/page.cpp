#include "markup/page.h"

#include <algorithm>

#include "markup/document_index.h"
#include "markup/microdata.h"
#include "markup/rdfa.h"

namespace crosstail::markup {
namespace {

HtmlTagSet wanted_tags() {
  HtmlTagSet tags = PageMetadataReader::tags();
  tags.add(HtmlTag::Script);
  return tags;
}

std::string_view script_type(const HtmlToken& token) {
  for (const HtmlAttribute& attribute : token.attributes)
    if (attribute.name == "type") return attribute.value;
  return {};
}

}  // namespace

PageReader::PageReader(Options options) : options_(options), jsonld_(options.limits.jsonld) {}

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
  read_tokens(html);
  read_scripts();
  const FaqSyntaxes syntaxes = faq_syntaxes(html);
  if (options_.passages || syntaxes.microdata || syntaxes.rdfa)
    read_tree(page, html, syntaxes, counters);
  drop_duplicates(reading_.faq);
  count(counters);
  return reading_;
}

void PageReader::read_tokens(std::string_view html) {
  static const HtmlTagSet kWanted = wanted_tags();
  HtmlTokenizer tokens(html, options_.limits.tree.tokens);
  tokens.set_attribute_filter(kWanted);
  PageMetadataReader metadata(reading_.metadata);
  while (tokens.next_start_tag(kWanted, token_)) {
    if (token_.tag != HtmlTag::Script) {
      metadata.on_token(token_, tokens.template_depth());
      if (metadata.wants_text() && tokens.next(token_))
        metadata.on_token(token_, tokens.template_depth());
      continue;
    }
    if (tokens.template_depth() > 0 || !is_jsonld_type(script_type(token_))) continue;
    if (tokens.next(token_) && token_.kind == HtmlTokenKind::Text)
      scripts_.push_back({token_.text, token_.begin});
  }
  metadata.finish();
  attributes_dropped_ += tokens.attributes_dropped();
  attributes_cut_ += tokens.attributes_cut();
}

void PageReader::read_scripts() {
  // A node of one script may be spoken of in another, so it is all of them or none.
  const bool any = std::any_of(scripts_.begin(), scripts_.end(),
                               [](const Script& script) { return may_state_faq(script.text); });
  jsonld_counts_.scripts += any ? 0 : scripts_.size();
  if (!any) return;
  for (const Script& script : scripts_)
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
  counters.add("limits.attributes", attributes_dropped_);
  counters.add("limits.attribute-bytes", attributes_cut_);
  for (std::size_t i = 0; i < jsonld_counts_.repairs.size(); ++i)
    counters.add("repairs", name(static_cast<JsonLdRepair>(i)), jsonld_counts_.repairs[i]);
  jsonld_counts_ = {};
  attributes_dropped_ = attributes_cut_ = 0;
}

}  // namespace crosstail::markup
