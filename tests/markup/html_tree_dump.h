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

/// The children of `root` as HTML with nothing left out or escaped: `<p>1<b>2</b></p>`. Names of
/// SVG and MathML stand behind `svg:` and `math:`.
inline std::string brief(const markup::HtmlTree& tree, markup::NodeId root) {
  using Kind = markup::HtmlNode::Kind;
  using markup::HtmlSpace;
  std::string out;
  const auto name = [&](const markup::HtmlNode& node) {
    return (node.space == HtmlSpace::Svg    ? "svg:"
            : node.space == HtmlSpace::Math ? "math:"
                                            : "") +
           std::string(node.name);
  };
  std::vector<std::pair<markup::NodeId, bool>> open;  // true: only the end tag is left
  const auto push_children = [&](markup::NodeId parent) {
    for (auto child = tree.nodes[parent].last_child; child != markup::kNoNode;
         child = tree.nodes[child].previous_sibling)
      open.emplace_back(child, false);
  };
  push_children(root);
  while (!open.empty()) {
    const auto [id, end] = open.back();
    open.pop_back();
    const markup::HtmlNode& node = tree.nodes[id];
    if (end) {
      out += "</" + name(node) + ">";
    } else if (node.kind == Kind::Element) {
      out += "<" + name(node);
      for (auto i = node.attributes_begin; i < node.attributes_end; ++i)
        out += " " + std::string(tree.attributes[i].name) + "=" +
               std::string(tree.attributes[i].value);
      out += ">";
      open.emplace_back(id, true);
      push_children(id);
    } else if (node.kind == Kind::Comment) {
      out += "<!--" + std::string(node.text) + "-->";
    } else if (node.kind == Kind::Doctype) {
      out += "<!DOCTYPE " + std::string(node.name) + ">";
    } else {
      out += node.text;
    }
  }
  return out;
}

/// The whole page, or its body, in that form.
inline std::string brief_page(std::string_view page, const markup::HtmlTreeLimits& limits = {}) {
  return brief(markup::HtmlTree::parse(page, limits), 0);
}
inline std::string brief_body(std::string_view page, const markup::HtmlTreeLimits& limits = {}) {
  const markup::HtmlTree tree = markup::HtmlTree::parse(page, limits);
  for (markup::NodeId node = 0; node != markup::kNoNode; node = tree.next_in_order(node, 0))
    if (tree.nodes[node].is(markup::HtmlTag::Body)) return brief(tree, node);
  return "(no body)";
}

inline std::string tree_of(std::string_view page, const markup::HtmlTreeLimits& limits = {}) {
  return dump(markup::HtmlTree::parse(page, limits));
}

}  // namespace crosstail::testing
