#include "markup/text_blocks.h"

#include <string_view>

#include "markup/element_display.h"
#include "markup/folded_text.h"

namespace crosstail::markup {
namespace {

/// Longer ids are data and not places.
constexpr std::size_t kMaxAnchor = 200;

/// 1 to 6 for headings, as stated by the tag or by role=heading with aria-level; else 0.
int heading_level(const HtmlTree& tree, NodeId id) {
  const HtmlNode& node = tree.nodes[id];
  switch (node.tag) {
    case HtmlTag::H1:
      return 1;
    case HtmlTag::H2:
      return 2;
    case HtmlTag::H3:
      return 3;
    case HtmlTag::H4:
      return 4;
    case HtmlTag::H5:
      return 5;
    case HtmlTag::H6:
      return 6;
    default:
      break;
  }
  if (node.attributes_begin == node.attributes_end) return 0;
  const std::string_view* role = tree.attribute(id, "role");
  if (role == nullptr || *role != "heading") return 0;
  const std::string_view* level = tree.attribute(id, "aria-level");
  const bool stated =
      level != nullptr && level->size() == 1 && level->front() >= '1' && level->front() <= '6';
  return stated ? level->front() - '0' : 2;
}

/// An id that can stand behind `#` as it is: no white space, no control characters.
bool is_anchor(std::string_view id) {
  if (id.empty() || id.size() > kMaxAnchor) return false;
  for (const char c : id) {
    if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7F) return false;
  }
  return true;
}

std::string_view anchor_of(const HtmlTree& tree, NodeId id) {
  const HtmlNode& node = tree.nodes[id];
  if (node.attributes_begin == node.attributes_end) return {};
  const std::string_view* value = tree.attribute(id, "id");
  if ((value == nullptr || !is_anchor(*value)) && node.is(HtmlTag::A)) {
    value = tree.attribute(id, "name");
  }
  return value != nullptr && is_anchor(*value) ? *value : std::string_view();
}

class BlockReader {
 public:
  BlockReader(const HtmlTree& tree, const MainContent& content) : tree_(tree), content_(content) {}

  std::vector<TextBlock> read() {
    for (const NodeId root : content_.roots) {
      subtree(root);
      end_block();
    }
    return std::move(blocks_);
  }

 private:
  /// Walks down, then right, then up, so that the end of each element is seen.
  void subtree(NodeId root) {
    NodeId at = root;
    while (true) {
      const HtmlNode& node = tree_.nodes[at];
      const bool shown = !content_.dropped[at];
      if (shown && node.kind == HtmlNode::Kind::Text) {
        line_.text(node.text, preformatted_ > 0 ? TextSpace::Keep : TextSpace::Fold);
      } else if (shown && node.kind == HtmlNode::Kind::Element) {
        enter(at);
        if (node.first_child != kNoNode) {
          at = node.first_child;
          continue;
        }
        leave(at);
      }
      while (at != root && tree_.nodes[at].next_sibling == kNoNode) {
        at = tree_.nodes[at].parent;
        leave(at);
      }
      if (at == root) return;
      at = tree_.nodes[at].next_sibling;
    }
  }

  void enter(NodeId id) {
    const HtmlNode& node = tree_.nodes[id];
    const int level = heading_level(tree_, id);
    lay_out(node, level, +1);
    if (level > 0 && heading_ == kNoNode) {
      heading_ = id;
      level_ = level;
      heading_has_id_ = false;
    }
    const std::string_view anchor = anchor_of(tree_, id);
    if (anchor.empty()) return;
    if (heading_ != kNoNode && heading_has_id_) return;
    // Behind the first words of a paragraph an anchor leads into it and not to it.
    if (!line_.empty() && heading_ == kNoNode) return;
    anchor_ = anchor;
    heading_has_id_ = id == heading_;
  }

  void leave(NodeId id) {
    lay_out(tree_.nodes[id], id == heading_ ? level_ : heading_level(tree_, id), -1);
    if (id == heading_) {
      heading_ = kNoNode;
      level_ = 0;
    }
  }

  void lay_out(const HtmlNode& node, int level, int step) {
    const ElementDisplay display = display_of(node);
    if (display == ElementDisplay::Preformatted) preformatted_ += step;
    // A heading stays one block whatever stands in it.
    const bool border =
        level > 0 || display == ElementDisplay::Block || display == ElementDisplay::Preformatted;
    if (border && (heading_ == kNoNode || &node == &tree_.nodes[heading_])) {
      end_block();
    } else if (border || display == ElementDisplay::Cell) {
      line_.space();
    } else if (display == ElementDisplay::Break) {
      line_.line_break();
    }
  }

  void end_block() {
    std::string text = line_.take();
    if (text.empty()) return;
    blocks_.push_back({std::move(text), std::string(anchor_), level_});
    anchor_ = {};
  }

  const HtmlTree& tree_;
  const MainContent& content_;
  std::vector<TextBlock> blocks_;
  FoldedText line_;
  std::string_view anchor_;
  NodeId heading_ = kNoNode;  ///< the heading around this place
  int level_ = 0;             ///< its level
  bool heading_has_id_ = false;
  int preformatted_ = 0;
};

}  // namespace

std::vector<TextBlock> read_text_blocks(const HtmlTree& tree, const MainContent& content) {
  return BlockReader(tree, content).read();
}

}  // namespace crosstail::markup
