/// Nodes put into the tree: places, foster parenting, attributes, text (§13.2.6.1).

#include <algorithm>
#include <cstring>

#include "markup/html_scan.h"
#include "markup/html_tree_builder.h"

namespace crosstail::markup {
namespace {

constexpr HtmlTagSet kFostering = {HtmlTag::Table, HtmlTag::Tbody, HtmlTag::Tfoot, HtmlTag::Thead,
                                   HtmlTag::Tr};

}  // namespace

NodeId TreeBuilder::add_node(HtmlNode::Kind kind) {
  nodes_.emplace_back().kind = kind;
  open_.push_back(0);
  return static_cast<NodeId>(nodes_.size() - 1);
}

/// An element for the current start tag.
NodeId TreeBuilder::make_element(HtmlSpace space) {
  const NodeId id = add_node(HtmlNode::Kind::Element);
  HtmlNode& node = nodes_[id];
  node.tag = token_.tag;
  node.space = space;
  node.name = token_.name;
  node.text = page_.substr(token_.begin, token_.end - token_.begin);
  if (space == HtmlSpace::Svg) node.name = svg_tag_name(node.name);
  if (node.tag == HtmlTag::Other && node.name == token_.name &&
      (node.name.data() < page_.data() || node.name.data() >= page_.data() + page_.size()))
    node.name = tree_.keep(node.name);
  if (!token_.attributes.empty()) take_attributes(node, space);
  return id;
}

/// An element without attributes that no tag stated.
NodeId TreeBuilder::make_element(HtmlTag tag) {
  const NodeId id = add_node(HtmlNode::Kind::Element);
  nodes_[id].tag = tag;
  nodes_[id].name = name(tag);
  return id;
}

void TreeBuilder::take_attributes(HtmlNode& node, HtmlSpace space) {
  node.attributes_begin = static_cast<std::uint32_t>(tree_.attributes.size());
  for (HtmlAttribute attribute : token_.attributes) {
    if (tree_.attributes.size() >= limits_.max_attributes) {
      ++tree_.attributes_dropped;
      continue;
    }
    const std::string_view stated = attribute.name;
    if (space == HtmlSpace::Svg) attribute.name = svg_attribute_name(stated);
    if (space == HtmlSpace::Math && stated == "definitionurl") attribute.name = "definitionURL";
    const bool unchanged = attribute.name.data() == stated.data();
    if (unchanged && (stated.data() < page_.data() || stated.data() >= page_.data() + page_.size()))
      attribute.name = tree_.keep(stated);
    if (has_special(attribute.value)) {
      scratch_.clear();
      decode_attribute(scratch_, attribute.value);
      attribute.value = tree_.keep(scratch_);
    }
    tree_.attributes.push_back(attribute);
  }
  node.attributes_end = static_cast<std::uint32_t>(tree_.attributes.size());
}

/// Adds the attributes of a further html or body tag that the element does not have, up to the
/// limit for one tag. The range must stay in one piece: unless it is the last, it moves to the end.
void TreeBuilder::merge_attributes(NodeId node) {
  const std::uint32_t begin = nodes_[node].attributes_begin, end = nodes_[node].attributes_end;
  const std::size_t room = limits_.tokens.max_attributes -
                           std::min<std::size_t>(end - begin, limits_.tokens.max_attributes);
  if (room == 0) return;
  std::erase_if(token_.attributes, [&](const HtmlAttribute& attribute) {
    return tree_.attribute(node, attribute.name) != nullptr;
  });
  if (token_.attributes.size() > room) token_.attributes.resize(room);
  if (token_.attributes.empty()) return;
  auto first = begin;
  if (end != tree_.attributes.size()) {
    first = static_cast<std::uint32_t>(tree_.attributes.size());
    for (std::uint32_t i = begin; i < end; ++i) {
      const HtmlAttribute attribute = tree_.attributes[i];
      tree_.attributes.push_back(attribute);
    }
  }
  HtmlNode added;
  take_attributes(added, HtmlSpace::Html);
  nodes_[node].attributes_begin = first;
  nodes_[node].attributes_end = added.attributes_end;
}

Place TreeBuilder::place_in(NodeId target) const {
  const HtmlNode& node = nodes_[target];
  if (foster_ && node.space == HtmlSpace::Html && kFostering.has(node.tag)) return foster_place();
  return {target, kNoNode};
}

/// §13.2.6.1: what may not stand in a table goes in front of it.
Place TreeBuilder::foster_place() const {
  for (std::size_t i = stack_.size(); i-- > 0;) {
    if (stack_[i].is(HtmlTag::Template)) return {stack_[i].node, kNoNode};
    if (!stack_[i].is(HtmlTag::Table)) continue;
    const NodeId table = stack_[i].node;
    if (nodes_[table].parent != kNoNode) return {nodes_[table].parent, table};
    return {stack_[i > 0 ? i - 1 : 0].node, kNoNode};
  }
  return {stack_.front().node, kNoNode};
}

void TreeBuilder::attach(NodeId id, Place where) {
  HtmlNode& node = nodes_[id];
  HtmlNode& parent = nodes_[where.parent];
  node.parent = where.parent;
  node.next_sibling = where.before;
  if (where.before == kNoNode) {
    node.previous_sibling = parent.last_child;
    parent.last_child = id;
  } else {
    node.previous_sibling = nodes_[where.before].previous_sibling;
    nodes_[where.before].previous_sibling = id;
  }
  if (node.previous_sibling == kNoNode)
    parent.first_child = id;
  else
    nodes_[node.previous_sibling].next_sibling = id;
}

void TreeBuilder::detach(NodeId id) {
  HtmlNode& node = nodes_[id];
  if (node.parent == kNoNode) return;
  HtmlNode& parent = nodes_[node.parent];
  if (node.previous_sibling == kNoNode)
    parent.first_child = node.next_sibling;
  else
    nodes_[node.previous_sibling].next_sibling = node.next_sibling;
  if (node.next_sibling == kNoNode)
    parent.last_child = node.previous_sibling;
  else
    nodes_[node.next_sibling].previous_sibling = node.previous_sibling;
  node.parent = node.next_sibling = node.previous_sibling = kNoNode;
}

/// All children of `from` become the last children of `to`, which has none yet.
void TreeBuilder::move_children(NodeId from, NodeId to) {
  for (NodeId child = nodes_[from].first_child; child != kNoNode;
       child = nodes_[child].next_sibling)
    nodes_[child].parent = to;
  nodes_[to].first_child = nodes_[from].first_child;
  nodes_[to].last_child = nodes_[from].last_child;
  nodes_[from].first_child = nodes_[from].last_child = kNoNode;
}

NodeId TreeBuilder::insert(HtmlSpace space) {
  make_room();
  const Place where = place();
  const NodeId id = make_element(space);
  attach(id, where);
  push(id);
  return id;
}

NodeId TreeBuilder::insert(HtmlTag tag) {
  make_room();
  const Place where = place();
  const NodeId id = make_element(tag);
  attach(id, where);
  push(id);
  return id;
}

void TreeBuilder::insert_void() {
  const Place where = place();
  attach(make_element(HtmlSpace::Html), where);
}

void TreeBuilder::insert_raw(HtmlContentModel model) {
  insert();
  tokenizer_.set_content_model(model, token_.name);
  original_mode_ = mode_;
  mode_ = Mode::Text;
}

void TreeBuilder::insert_text(std::string_view part) {
  if (part.empty()) return;
  const Place where = place();
  const NodeId before = where.before == kNoNode ? nodes_[where.parent].last_child
                                                : nodes_[where.before].previous_sibling;
  if (before != kNoNode && nodes_[before].kind == HtmlNode::Kind::Text)
    return append_text(before, part);
  const NodeId id = add_node(HtmlNode::Kind::Text);
  nodes_[id].text = part;
  attach(id, where);
}

/// Text joins the text before it. Text that was copied keeps room to grow, doubled each time; the
/// fields for attributes, which text has not, remember how much.
void TreeBuilder::append_text(NodeId id, std::string_view part) {
  HtmlNode& node = nodes_[id];
  const std::string_view old = node.text;
  const std::uint32_t room = node.attributes_begin;
  if (room == 0 && old.data() + old.size() == part.data()) {  // neighbours in the page or a block
    node.text = {old.data(), old.size() + part.size()};
    return;
  }
  const std::size_t size = old.size() + part.size();
  if (size <= room) {
    std::memcpy(const_cast<char*>(old.data()) + old.size(), part.data(), part.size());
    node.text = {old.data(), size};
    return;
  }
  const std::size_t capacity = std::min<std::size_t>(size * 2, 0xffffffffu);
  char* const bytes = tree_.allocate(std::max(capacity, size));
  std::memcpy(bytes, old.data(), old.size());
  std::memcpy(bytes + old.size(), part.data(), part.size());
  node.text = {bytes, size};
  node.attributes_begin = node.attributes_end = static_cast<std::uint32_t>(capacity);
}

void TreeBuilder::insert_comment(Place where) {
  const std::string_view text = decoded(token_.text, false);
  const NodeId id = add_node(HtmlNode::Kind::Comment);
  nodes_[id].text = text;
  attach(id, where);
}

}  // namespace crosstail::markup
