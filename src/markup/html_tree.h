#pragma once
/// The tree of a page as the HTML standard's tree construction (§13.2.6) makes it, in flat arrays,
/// with bounded depth, node count and bytes. Built only for pages that need one: passages, and pages
/// that state an FAQ in Microdata or RDFa.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "markup/html_tokenizer.h"

namespace crosstail::markup {

using NodeId = std::uint32_t;
inline constexpr NodeId kNoNode = 0xffffffff;

struct HtmlNode {
  enum class Kind : std::uint8_t { Document, Element, Text, Comment, Doctype };
  Kind kind = Kind::Document;
  NodeId parent = kNoNode, first_child = kNoNode, last_child = kNoNode;
  NodeId next_sibling = kNoNode, previous_sibling = kNoNode;
  std::string_view name;  ///< element: ASCII lower case (SVG/MathML names as adjusted)
  std::string_view text;  ///< text, comment: decoded
  std::uint32_t attributes_begin = 0, attributes_end = 0;  ///< into HtmlTree::attributes
};

struct HtmlTreeLimits {
  std::size_t max_depth = 512;          ///< deeper elements become siblings of the deepest allowed
  std::size_t max_nodes = 2'000'000;    ///< the rest of the page is left out
  std::uint64_t max_milliseconds = 0;   ///< 0: none
  HtmlLimits tokens;
};

/// Owns everything its nodes point at except the page itself, which must outlive it. Movable.
/// Node 0 is the document. Thread-safe to read.
struct HtmlTree {
  std::vector<HtmlNode> nodes;
  std::vector<HtmlAttribute> attributes;  ///< values decoded
  std::uint64_t depth_limited = 0;        ///< elements that hit max_depth
  bool truncated = false;                 ///< max_nodes or max_milliseconds was hit

  /// The decoded value of an attribute, or null.
  const std::string_view* attribute(NodeId node, std::string_view name) const;
  /// Next node in document order within `root`'s subtree, kNoNode after the last.
  NodeId next_in_order(NodeId node, NodeId root) const;
  NodeId next_skipping_children(NodeId node, NodeId root) const;

  static HtmlTree parse(std::string_view page, const HtmlTreeLimits& limits = {});
};

}  // namespace crosstail::markup
