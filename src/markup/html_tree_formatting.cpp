/// Active formatting elements (§13.2.4.3) and the adoption agency algorithm (§13.2.6.4.7).

#include <algorithm>

#include "markup/html_tree_builder.h"

namespace crosstail::markup {
namespace {

/// Elements kept since the last marker. The standard has no such bound; without one, a page that
/// opens formatting and never closes it would be copied into each of its paragraphs.
constexpr std::size_t kMaxFormatting = 64;

}  // namespace

/// Noah's Ark: of four elements that are the same, the earliest goes.
void TreeBuilder::push_formatting(NodeId node) {
  std::size_t same = 0, kept = 0, earliest = 0, first = 0;
  for (std::size_t i = formatting_.size(); i-- > 0 && formatting_[i] != kNoNode;) {
    ++kept;
    first = i;
    if (!same_formatting(formatting_[i], node)) continue;
    ++same;
    earliest = i;
  }
  if (same >= 3)
    formatting_.erase(formatting_.begin() + static_cast<std::ptrdiff_t>(earliest));
  else if (kept >= kMaxFormatting)
    formatting_.erase(formatting_.begin() + static_cast<std::ptrdiff_t>(first));
  formatting_.push_back(node);
}

bool TreeBuilder::same_formatting(NodeId a, NodeId b) const {
  const HtmlNode& x = nodes_[a];
  const HtmlNode& y = nodes_[b];
  if (x.tag != y.tag ||
      x.attributes_end - x.attributes_begin != y.attributes_end - y.attributes_begin)
    return false;
  for (std::uint32_t i = x.attributes_begin; i < x.attributes_end; ++i) {
    const std::string_view* value = tree_.attribute(b, tree_.attributes[i].name);
    if (value == nullptr || *value != tree_.attributes[i].value) return false;
  }
  return true;
}

void TreeBuilder::clear_to_marker() {
  while (!formatting_.empty()) {
    const NodeId last = formatting_.back();
    formatting_.pop_back();
    if (last == kNoNode) return;
  }
}

void TreeBuilder::forget_formatting(NodeId node) {
  const std::size_t at = formatting_place(node);
  if (at < formatting_.size())
    formatting_.erase(formatting_.begin() + static_cast<std::ptrdiff_t>(at));
}

/// formatting_.size() if it is not there. No caller means one before the last marker: the marker's
/// element would be above it on the stack and end every scope.
std::size_t TreeBuilder::formatting_place(NodeId node) const {
  for (std::size_t i = formatting_.size(); i-- > 0 && formatting_[i] != kNoNode;)
    if (formatting_[i] == node) return i;
  return formatting_.size();
}

/// The last one with this tag behind the last marker, or kNoNode.
NodeId TreeBuilder::last_formatting(HtmlTag tag) const {
  for (std::size_t i = formatting_.size(); i-- > 0 && formatting_[i] != kNoNode;)
    if (nodes_[formatting_[i]].tag == tag) return formatting_[i];
  return kNoNode;
}

NodeId TreeBuilder::clone(NodeId node) {
  const NodeId copy = add_node(HtmlNode::Kind::Element);
  HtmlNode& to = nodes_[copy];
  const HtmlNode& from = nodes_[node];
  to.tag = from.tag;
  to.name = from.name;
  to.text = from.text;
  to.attributes_begin = from.attributes_begin;
  to.attributes_end = from.attributes_end;
  return copy;
}

void TreeBuilder::reconstruct() {
  std::size_t first = formatting_.size();
  while (first > 0 && formatting_[first - 1] != kNoNode && !is_open(formatting_[first - 1]))
    --first;
  for (std::size_t i = first; i < formatting_.size(); ++i) {
    if (reconstructions_left_ == 0) {
      formatting_.resize(first);
      return;
    }
    --reconstructions_left_;
    make_room();
    const Place where = place();
    const NodeId copy = clone(formatting_[i]);
    attach(copy, where);
    push(copy);
    formatting_[i] = copy;
  }
}

/// The end tag of a formatting element.
void TreeBuilder::adopt(HtmlTag tag) {
  if (current_is(tag) && formatting_place(current().node) == formatting_.size()) {
    pop();
    return;
  }
  for (int round = 0; round < 8; ++round)
    if (!adopt_once(tag)) return;
}

/// One round of the outer loop; false when the algorithm is done.
bool TreeBuilder::adopt_once(HtmlTag tag) {
  const NodeId formatting = last_formatting(tag);
  if (formatting == kNoNode) {
    body_other_end();
    return false;
  }
  const std::size_t at = stack_place(formatting);
  if (at == stack_.size()) {
    forget_formatting(formatting);
    return false;
  }
  if (!node_in_scope(formatting)) return false;
  std::size_t block = at + 1;
  while (block < stack_.size() && !is_special(stack_[block])) ++block;
  if (block == stack_.size()) {
    pop_to(at);
    forget_formatting(formatting);
    return false;
  }
  adopt_block(formatting, at, block);
  return true;
}

/// The formatting element is closed around the furthest block, which it gets into as a copy.
void TreeBuilder::adopt_block(NodeId formatting, std::size_t formatting_at, std::size_t block_at) {
  const NodeId block = stack_[block_at].node;
  const NodeId ancestor = stack_[formatting_at - 1].node;
  std::size_t bookmark = formatting_place(formatting);
  NodeId last = block;
  int inner = 0;
  for (std::size_t i = block_at; i-- > formatting_at + 1;) {
    ++inner;
    NodeId node = stack_[i].node;
    std::size_t listed = formatting_place(node);
    if (inner > 3 && listed < formatting_.size()) {
      formatting_.erase(formatting_.begin() + static_cast<std::ptrdiff_t>(listed));
      if (listed < bookmark) --bookmark;
      listed = formatting_.size();
    }
    if (listed == formatting_.size()) {
      remove_open(node);
      continue;
    }
    const NodeId copy = clone(node);
    formatting_[listed] = copy;
    open_[node] = 0;
    open_[copy] = 1;
    stack_[i].node = copy;
    node = copy;
    if (last == block) bookmark = listed + 1;
    detach(last);
    attach(last, {node, kNoNode});
    last = node;
  }
  detach(last);
  attach(last, place_in(ancestor));
  const NodeId copy = clone(formatting);
  move_children(block, copy);
  attach(copy, {block, kNoNode});
  const std::size_t old = formatting_place(formatting);
  formatting_.insert(formatting_.begin() + static_cast<std::ptrdiff_t>(bookmark), copy);
  formatting_.erase(formatting_.begin() +
                    static_cast<std::ptrdiff_t>(old < bookmark ? old : old + 1));
  remove_open(formatting);
  insert_open(stack_place(block) + 1, copy);
}

}  // namespace crosstail::markup
