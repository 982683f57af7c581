/// HTML tokenizer and tree on any bytes: spans in order, limits held, links sound.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "markup/html_tokenizer.h"
#include "markup/html_tree.h"

namespace {

using namespace crosstail::markup;

void require(bool fact) {
  if (!fact) std::abort();
}

void tokens(std::string_view page) {
  constexpr HtmlLimits kLimits = {.max_attributes = 8, .max_attribute_bytes = 64};
  HtmlTokenizer tokenizer(page, kLimits);
  HtmlToken token;
  std::size_t at = 0, scripts = 0;
  std::string text;
  while (tokenizer.next(token)) {
    require(at <= token.begin && token.begin < token.end && token.end <= page.size());
    require(token.attributes.size() <= kLimits.max_attributes);
    at = token.end;
    scripts += token.kind == HtmlTokenKind::StartTag && token.tag == HtmlTag::Script;
    text.clear();
    decode_text(text, token.text);
    for (const HtmlAttribute& attribute : token.attributes) {
      require(attribute.value.size() <= kLimits.max_attribute_bytes);
      decode_attribute(text, attribute.value);
    }
  }
  HtmlTokenizer reading(page), passing(page);
  passing.set_attribute_filter({});
  HtmlToken other;
  while (reading.next(token)) {
    require(passing.next(other) && token.kind == other.kind);
    require(token.begin == other.begin && token.end == other.end);
    require(token.kind != HtmlTokenKind::StartTag || token.self_closing == other.self_closing);
  }
  require(!passing.next(other));
  HtmlTokenizer skipping(page, kLimits);
  while (skipping.next_start_tag({HtmlTag::Script}, token)) --scripts;
  require(scripts == 0);
}

void tree(std::string_view page, bool scripting) {
  HtmlTreeLimits limits;
  limits.max_depth = 32;
  limits.max_nodes = 10000;
  limits.scripting = scripting;
  const HtmlTree tree = HtmlTree::parse(page, limits);
  std::size_t reached = 0;
  for (NodeId id = 0; id != kNoNode; id = tree.next_in_order(id, 0)) {
    require(++reached <= tree.nodes.size());
    const HtmlNode& node = tree.nodes[id];
    if (id != 0 && node.previous_sibling == kNoNode)
      require(tree.nodes[node.parent].first_child == id);
    if (node.kind == HtmlNode::Kind::Element)
      require(node.attributes_begin <= node.attributes_end &&
              node.attributes_end <= tree.attributes.size());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view page(reinterpret_cast<const char*>(data), size);
  tokens(page);
  tree(page, size % 2 == 0);
  return 0;
}
