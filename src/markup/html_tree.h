#pragma once
/// The tree of a page as the HTML standard's tree construction (§13.2.6) makes it, in flat arrays,
/// with bounded depth, node count and time. Built only for pages that need one: passages, and pages
/// that state an FAQ in Microdata or RDFa.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "markup/html_tokenizer.h"

namespace crosstail::markup {

using NodeId = std::uint32_t;
inline constexpr NodeId kNoNode = 0xffffffff;

/// The namespace of an element.
enum class HtmlSpace : std::uint8_t { Html, Svg, Math };

struct HtmlNode {
  enum class Kind : std::uint8_t { Document, Element, Text, Comment, Doctype };
  Kind kind = Kind::Document;
  HtmlTag tag =
      HtmlTag::Other;  ///< of an element, whatever its namespace; Other if not a known name
  HtmlSpace space = HtmlSpace::Html;
  NodeId parent = kNoNode, first_child = kNoNode, last_child = kNoNode;
  NodeId next_sibling = kNoNode, previous_sibling = kNoNode;
  std::string_view
      name;  ///< element: ASCII lower case (SVG/MathML names as adjusted); doctype: name
  std::string_view text;  ///< text, comment: decoded; element: its start tag in the page, if any
  std::uint32_t attributes_begin = 0, attributes_end = 0;  ///< into HtmlTree::attributes

  /// An element of HTML (not SVG or MathML) with this tag.
  [[nodiscard]] bool is(HtmlTag t) const {
    return tag == t && kind == Kind::Element && space == HtmlSpace::Html;
  }
};

struct HtmlTreeLimits {
  std::size_t max_depth = 512;        ///< deeper elements become siblings of the deepest allowed
  std::size_t max_nodes = 2'000'000;  ///< the rest of the page is left out
  std::size_t max_attributes =
      1'000'000;                       ///< of all elements together; more are dropped and counted
  std::uint64_t max_milliseconds = 0;  ///< 0: none
  bool scripting = true;               ///< noscript holds raw text, as in a browser with scripts
  HtmlLimits tokens;
};

/// Owns everything its nodes point at except the page itself, which must outlive it. Movable: its
/// views stay valid. Node 0 is the document. Thread-safe to read.
///
/// Nodes that the standard removes again stay in `nodes` without a parent: walk from node 0. The
/// content of a template is the children of its element. Formatting that is closed in the wrong
/// order can make the tree a few times deeper than max_depth: walk with next_in_order().
struct HtmlTree {
  std::string_view page;  ///< what was parsed
  std::vector<HtmlNode> nodes;
  std::vector<HtmlAttribute> attributes;  ///< values decoded; elements may share a range
  std::uint64_t depth_limited = 0;        ///< elements that hit max_depth
  std::uint64_t attributes_dropped = 0;   ///< see HtmlLimits
  std::uint64_t attributes_cut = 0;
  bool truncated = false;  ///< max_nodes or max_milliseconds was hit
  bool quirks = false;     ///< the page is in quirks mode

  /// The decoded value of an attribute, or null.
  [[nodiscard]] const std::string_view* attribute(NodeId node, std::string_view name) const;
  /// Next node in document order within `root`'s subtree, kNoNode after the last.
  [[nodiscard]] NodeId next_in_order(NodeId node, NodeId root) const;
  [[nodiscard]] NodeId next_skipping_children(NodeId node, NodeId root) const;

  static HtmlTree parse(std::string_view page, const HtmlTreeLimits& limits = {});
  /// The same into this tree, which is emptied first; for many pages, as it keeps its memory.
  void read(std::string_view page, const HtmlTreeLimits& limits = {});

  /// A copy of `bytes` that lives as long as the tree.
  char* allocate(std::size_t size);
  std::string_view keep(std::string_view bytes);

 private:
  struct Block {
    std::unique_ptr<char[]> bytes;
    std::size_t size = 0, used = 0;
  };
  std::vector<Block> blocks_;
};

}  // namespace crosstail::markup
