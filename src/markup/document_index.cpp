#include "markup/document_index.h"

#include "markup/iri_reference.h"
#include "markup/text_rendering.h"

namespace crosstail::markup {

namespace {

constexpr std::size_t kLongestBase = 1024;  // every relative reference repeats it

bool is_html_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r';
}

}  // namespace

DocumentIndex::DocumentIndex(const HtmlTree& tree, std::string_view page_url) : tree_(&tree) {
  if (page_url.size() > kLongestBase) page_url = {};
  base_ = resolve_iri(page_url, {});
  bool has_base = false;
  std::uint64_t cost = 0;
  std::vector<std::uint32_t> open;  // positions of the elements we are in
  NodeId node = tree.nodes.empty() ? kNoNode : tree.nodes[0].first_child;
  std::vector<NodeId> after;  // where to go on behind them
  while (true) {
    while (node == kNoNode) {
      if (open.empty()) {
        cost_.push_back(cost);
        return;
      }
      elements_[open.back()].end = static_cast<std::uint32_t>(elements_.size());
      open.pop_back();
      node = after.back();
      after.pop_back();
    }
    const HtmlNode& n = tree.nodes[node];
    if (n.kind != HtmlNode::Kind::Element) {
      cost += 1 + n.text.size();
      node = n.next_sibling;
      continue;
    }
    const auto position = static_cast<std::uint32_t>(elements_.size());
    elements_.push_back({node, position + 1});
    cost_.push_back(cost++);
    if (!has_base && n.name == "base") {
      if (const std::string_view* href = tree.attribute(node, "href")) {
        has_base = true;
        if (href->size() <= kLongestBase) base_ = resolve_iri(page_url, *href);
      }
    }
    const NodeId child = n.name == "template" ? kNoNode : n.first_child;
    open.push_back(position);
    after.push_back(n.next_sibling);
    node = child;
  }
}

const std::string_view* ElementTexts::of(std::uint32_t position) {
  if (const auto found = texts_.find(position); found != texts_.end()) return &found->second;
  if (!spend(document_.text_cost(position))) return nullptr;
  const std::string text =
      element_text(document_.tree(), document_.elements()[position].node, /*include_hidden=*/true);
  return &texts_.emplace(position, graph_.keep(text)).first->second;
}

bool ElementTexts::keep(std::string_view text, std::string_view& kept) {
  if (!spend(text.size())) return false;
  kept = graph_.keep(text);
  return true;
}

bool ElementTexts::spend(std::uint64_t work) {
  if (work > work_left_) return false;
  work_left_ -= work;
  return true;
}

std::string_view take_word(std::string_view& list) {
  std::size_t begin = 0;
  while (begin < list.size() && is_html_space(list[begin])) ++begin;
  std::size_t end = begin;
  while (end < list.size() && !is_html_space(list[end])) ++end;
  const std::string_view word = list.substr(begin, end - begin);
  list.remove_prefix(end);
  return word;
}

bool holds_text(SchemaTerm property) {
  switch (property) {
    case SchemaTerm::Name:
    case SchemaTerm::Text:
    case SchemaTerm::ArticleBody:
    case SchemaTerm::Headline:
    case SchemaTerm::Description:
    case SchemaTerm::InLanguage:
      return true;
    default:
      return false;
  }
}

}  // namespace crosstail::markup
