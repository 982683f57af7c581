#include "markup/html_tree.h"

#include <algorithm>
#include <cstring>

#include "markup/html_tree_builder.h"

namespace crosstail::markup {

const std::string_view* HtmlTree::attribute(NodeId node, std::string_view name) const {
  const HtmlNode& element = nodes[node];
  for (std::uint32_t i = element.attributes_begin; i < element.attributes_end; ++i)
    if (attributes[i].name == name) return &attributes[i].value;
  return nullptr;
}

NodeId HtmlTree::next_in_order(NodeId node, NodeId root) const {
  if (nodes[node].first_child != kNoNode) return nodes[node].first_child;
  return next_skipping_children(node, root);
}

NodeId HtmlTree::next_skipping_children(NodeId node, NodeId root) const {
  while (node != root && node != kNoNode) {
    if (nodes[node].next_sibling != kNoNode) return nodes[node].next_sibling;
    node = nodes[node].parent;
  }
  return kNoNode;
}

HtmlTree HtmlTree::parse(std::string_view page, const HtmlTreeLimits& limits) {
  HtmlTree tree;
  tree.read(page, limits);
  return tree;
}

void HtmlTree::read(std::string_view bytes, const HtmlTreeLimits& limits) {
  page = bytes;
  nodes.clear();
  attributes.clear();
  depth_limited = attributes_dropped = attributes_cut = 0;
  truncated = quirks = false;
  if (blocks_.size() > 1) blocks_.erase(blocks_.begin(), blocks_.end() - 1);  // the last is largest
  if (!blocks_.empty()) blocks_.back().used = 0;
  TreeBuilder(*this, bytes, limits).build();
}

char* HtmlTree::allocate(std::size_t size) {
  constexpr std::size_t kFirst = 8 << 10, kLargest = 1 << 20;
  if (blocks_.empty() || blocks_.back().size - blocks_.back().used < size) {
    const std::size_t usual =
        blocks_.empty() ? kFirst : std::min(kLargest, blocks_.back().size * 2);
    const std::size_t bytes = std::max(usual, size);
    blocks_.push_back({std::make_unique_for_overwrite<char[]>(bytes), bytes, 0});
  }
  Block& block = blocks_.back();
  char* const place = block.bytes.get() + block.used;
  block.used += size;
  return place;
}

std::string_view HtmlTree::keep(std::string_view bytes) {
  if (bytes.empty()) return {};
  char* const place = allocate(bytes.size());
  std::memcpy(place, bytes.data(), bytes.size());
  return {place, bytes.size()};
}

}  // namespace crosstail::markup
