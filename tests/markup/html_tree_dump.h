#pragma once
/// Trees as text, in the form of html5lib-tests' tree construction cases: a line a node, `| ` and
/// two spaces a level in front; attributes sorted, a line each; a template's children below
/// `content`.

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "markup/html_tree.h"

namespace crosstail::testing {

/// The name of an attribute of an SVG or MathML element, its namespace parted by a space.
inline std::string foreign_attribute_name(std::string_view name) {
  for (const std::string_view adjusted :
       {"xlink:actuate", "xlink:arcrole", "xlink:href", "xlink:role", "xlink:show", "xlink:title",
        "xlink:type", "xml:lang", "xml:space", "xmlns:xlink"})
    if (name == adjusted) {
      std::string out(name);
      out[out.find(':')] = ' ';
      return out;
    }
  return name == "xmlns" ? "xmlns xmlns" : std::string(name);
}

inline void dump_attributes(std::string& out, const markup::HtmlTree& tree,
                            const markup::HtmlNode& node, const std::string& indent) {
  std::vector<std::pair<std::string, std::string>> lines;
  for (auto i = node.attributes_begin; i < node.attributes_end; ++i) {
    const auto& [name, value] = tree.attributes[i];
    lines.emplace_back(
        node.space == markup::HtmlSpace::Html ? std::string(name) : foreign_attribute_name(name),
        value);
  }
  std::sort(lines.begin(), lines.end());
  for (const auto& [name, value] : lines) out += indent + "  " + name + "=\"" + value + "\"\n";
}

inline std::string dump(const markup::HtmlTree& tree) {
  using Kind = markup::HtmlNode::Kind;
  using markup::HtmlSpace;
  std::string out;
  std::vector<std::pair<markup::NodeId, std::size_t>> open;  // nodes still to dump, deepest last
  const auto push_children = [&](markup::NodeId parent, std::size_t depth) {
    for (auto child = tree.nodes[parent].last_child; child != markup::kNoNode;
         child = tree.nodes[child].previous_sibling)
      open.emplace_back(child, depth);
  };
  push_children(0, 0);
  while (!open.empty()) {
    const auto [id, depth] = open.back();
    open.pop_back();
    const markup::HtmlNode& node = tree.nodes[id];
    const std::string indent = "| " + std::string(2 * depth, ' ');
    switch (node.kind) {
      case Kind::Text:
        out += indent + "\"" + std::string(node.text) + "\"\n";
        break;
      case Kind::Comment:
        out += indent + "<!-- " + std::string(node.text) + " -->\n";
        break;
      case Kind::Doctype:
        out += indent + "<!DOCTYPE " + std::string(node.name) + ">\n";
        break;
      case Kind::Document:
        break;
      case Kind::Element: {
        const char* space = node.space == HtmlSpace::Svg    ? "svg "
                            : node.space == HtmlSpace::Math ? "math "
                                                            : "";
        out += indent + "<" + space + std::string(node.name) + ">\n";
        dump_attributes(out, tree, node, indent);
        const bool content = node.is(markup::HtmlTag::Template);
        if (content) out += indent + "  content\n";
        push_children(id, depth + (content ? 2 : 1));
      }
    }
  }
  return out;
}

inline std::string tree_of(std::string_view page, const markup::HtmlTreeLimits& limits = {}) {
  return dump(markup::HtmlTree::parse(page, limits));
}

}  // namespace crosstail::testing
