#include "markup/text_rendering.h"

#include <span>
#include <vector>

#include "markup/element_display.h"
#include "markup/escaped_markup.h"
#include "markup/folded_text.h"
#include "markup/html_tags.h"
#include "markup/html_tokenizer.h"

namespace crosstail::markup {
namespace {

using enum HtmlTag;

/// How often a literal is decoded again after the first time.
constexpr int kMoreDecodings = 3;
/// Elements remembered inside a hidden one; deeper ones are taken for siblings.
constexpr std::size_t kMaxHiddenDepth = 256;

constexpr HtmlTagSet kCellOrRow = {Td, Th, Tr};

/// True if a start tag ends an open element that needs no end tag (HTML standard §13.1.2.4).
bool closes(HtmlTag started, HtmlTag open) {
  switch (open) {
    case P:
      return display_of(started) == ElementDisplay::Block ||
             display_of(started) == ElementDisplay::Preformatted;
    case Li:
    case Option:
      return started == open;
    case Dd:
    case Dt:
      return started == Dd || started == Dt;
    case Td:
    case Th:
      return kCellOrRow.has(started);
    case Tr:
      return started == Tr;
    default:
      return false;
  }
}

/// Elements opened inside a hidden element, itself first: enough of a tree to know where the hidden
/// part ends.
class HiddenPart {
 public:
  [[nodiscard]] bool active() const { return !open_.empty(); }
  void begin(HtmlTag tag) { open_.push_back(tag); }

  /// True if the tag belongs to the hidden part: nothing is to be laid out for it.
  bool start(HtmlTag tag) {
    while (active() && closes(tag, open_.back())) open_.pop_back();
    if (!active()) return false;
    if (!is_void_element(tag) && open_.size() < kMaxHiddenDepth) open_.push_back(tag);
    return true;
  }

  bool end(HtmlTag tag) {
    for (std::size_t i = open_.size(); i-- > 0;) {
      if (open_[i] != tag) continue;
      open_.resize(i);
      return true;
    }
    // The end of a block that was not opened in here closes an ancestor.
    if (tag != P && display_of(tag) == ElementDisplay::Block) open_.clear();
    return active();
  }

 private:
  std::vector<HtmlTag> open_;
};

/// Renders the tokens of a literal with tags.
class LiteralRenderer {
 public:
  std::string render(std::string_view html) {
    HtmlTokenizer tokenizer(html);
    HtmlToken token;
    std::size_t end = 0;
    while (tokenizer.next(token)) {
      end = token.end;
      switch (token.kind) {
        case HtmlTokenKind::Text:
          text(token);
          break;
        case HtmlTokenKind::StartTag:
          start(token);
          break;
        case HtmlTokenKind::EndTag:
          this->end(token.tag);
          break;
        case HtmlTokenKind::Comment:
        case HtmlTokenKind::Doctype:
          break;
      }
    }
    unfinished_tag(html.substr(end));
    return out_.take();
  }

  /// True if a `<` or `&` was shown as code: then what looks like mark-up is meant to be read.
  [[nodiscard]] bool showed_code() const { return showed_code_; }

 private:
  void text(const HtmlToken& token) {
    if (hidden_.active()) return;
    std::string_view shown = token.text;
    if (token.text_has_references) {
      scratch_.clear();
      decode_text(scratch_, shown);
      shown = scratch_;
      showed_code_ =
          showed_code_ || (code_ > 0 && shown.find_first_of("<&") != std::string_view::npos);
    }
    out_.text(shown, preformatted_ > 0 ? TextSpace::Keep : TextSpace::Fold);
  }

  void start(const HtmlToken& token) {
    const HtmlTag tag = token.tag;
    if (hidden_.active() && hidden_.start(tag)) return;
    const ElementDisplay display = display_of(tag);
    const bool hidden =
        display == ElementDisplay::Hidden || tag == Dialog ||
        (!token.attributes.empty() && is_hidden_by_attributes(tag, token.attributes, false));
    if (hidden) {
      hide(token, tag, display);
      return;
    }
    if (shows_code(tag)) ++code_;
    lay_out(display, +1);
  }

  void hide(const HtmlToken& token, HtmlTag tag, ElementDisplay display) {
    if (tag == Dialog && !is_hidden_by_attributes(tag, token.attributes, false)) {
      lay_out(display, +1);
      return;
    }
    const bool foreign_and_empty = tag == Svg && token.self_closing;
    if (!is_void_element(tag) && !foreign_and_empty) hidden_.begin(tag);
  }

  void end(HtmlTag tag) {
    if (hidden_.active() && hidden_.end(tag)) return;
    if (shows_code(tag) && code_ > 0) --code_;
    const ElementDisplay display = display_of(tag);
    if (display != ElementDisplay::Hidden) lay_out(display, -1);
  }

  void lay_out(ElementDisplay display, int step) {
    switch (display) {
      case ElementDisplay::Preformatted:
        preformatted_ = preformatted_ + step < 0 ? 0 : preformatted_ + step;
        out_.line_break();
        break;
      case ElementDisplay::Block:
      case ElementDisplay::Break:
        out_.line_break();
        break;
      case ElementDisplay::Cell:
        out_.space();
        break;
      case ElementDisplay::Inline:
      case ElementDisplay::Hidden:
        break;
    }
  }

  /// A `<` that no `>` follows: a tag cut off if HTML knows the name, else text (`if x<y`).
  void unfinished_tag(std::string_view rest) {
    if (rest.size() < 2 || rest[0] != '<' || hidden_.active()) return;
    std::string name;
    for (const char c : rest.substr(rest[1] == '/' ? 2 : 1)) {
      const bool upper = c >= 'A' && c <= 'Z';
      if (!upper && !(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9')) break;
      name.push_back(upper ? static_cast<char>(c + 32) : c);
    }
    if (name.empty() || html_tag(name) != Other) return;
    scratch_.clear();
    decode_text(scratch_, rest);
    out_.text(scratch_, TextSpace::Fold);
  }

  FoldedText out_;
  HiddenPart hidden_;
  std::string scratch_;
  int preformatted_ = 0;
  int code_ = 0;
  bool showed_code_ = false;
};

std::string fold_plain(std::string_view text) {
  FoldedText out;
  out.text(text, TextSpace::KeepLines);
  return out.take();
}

std::string plain_with_references(std::string_view text) {
  std::string decoded;
  decode_text(decoded, text);
  return fold_plain(decoded);
}

bool has_references_or_tags(std::string_view text) {
  return text.find_first_of("<&") != std::string_view::npos;
}

}  // namespace

std::string literal_to_text(std::string_view literal) {
  if (literal.find('<') == std::string_view::npos && literal.find('&') == std::string_view::npos) {
    return is_folded(literal) ? std::string(literal) : fold_plain(literal);
  }
  bool tags = has_tags(literal);
  bool beside_tags = false;
  std::string text;
  for (int round = 0; round <= kMoreDecodings; ++round) {
    const std::string_view source = round == 0 ? literal : std::string_view(text);
    std::string rendered;
    if (tags) {
      LiteralRenderer renderer;
      rendered = renderer.render(source);
      if (renderer.showed_code()) return rendered;
    } else {
      rendered = plain_with_references(source);
    }
    beside_tags = beside_tags || tags;
    text = std::move(rendered);
    if (!has_references_or_tags(text)) break;
    tags = is_escaped_markup(text, beside_tags);
    if (!tags && !has_references(text)) break;
  }
  return text;
}

std::string element_text(const HtmlTree& tree, NodeId root, bool include_hidden) {
  FoldedText out;
  int preformatted = display_of(tree.nodes[root]) == ElementDisplay::Preformatted ? 1 : 0;
  const auto lay_out = [&](const HtmlNode& node, int step) {
    const ElementDisplay display = display_of(node);
    if (display == ElementDisplay::Preformatted) preformatted += step;
    if (display == ElementDisplay::Cell) {
      out.space();
    } else if (display != ElementDisplay::Inline && display != ElementDisplay::Hidden) {
      out.line_break();
    }
  };
  const auto is_hidden = [&](NodeId id) {
    const HtmlNode& node = tree.nodes[id];
    if (display_of(node) == ElementDisplay::Hidden) return true;
    const std::span attributes(tree.attributes.data() + node.attributes_begin,
                               node.attributes_end - node.attributes_begin);
    return !include_hidden && is_hidden_by_attributes(node.tag, attributes, true);
  };
  // Walks down, then right, then up, so that the end of each block is seen.
  NodeId at = tree.nodes[root].kind == HtmlNode::Kind::Text ? root : tree.nodes[root].first_child;
  while (at != kNoNode) {
    const HtmlNode& node = tree.nodes[at];
    if (node.kind == HtmlNode::Kind::Text) {
      out.text(node.text, preformatted > 0 ? TextSpace::Keep : TextSpace::Fold);
    } else if (node.kind == HtmlNode::Kind::Element && !is_hidden(at)) {
      lay_out(node, +1);
      if (node.first_child != kNoNode) {
        at = node.first_child;
        continue;
      }
      lay_out(node, -1);
    }
    while (at != root && tree.nodes[at].next_sibling == kNoNode) {
      at = tree.nodes[at].parent;
      if (at == root || at == kNoNode) break;
      lay_out(tree.nodes[at], -1);
    }
    if (at == root || at == kNoNode) break;
    at = tree.nodes[at].next_sibling;
  }
  return out.take();
}

}  // namespace crosstail::markup
