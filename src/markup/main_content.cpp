#include "markup/main_content.h"

#include <algorithm>
#include <span>
#include <string_view>

#include "markup/element_display.h"
#include "text/utf8.h"

namespace crosstail::markup {
namespace {

using enum HtmlTag;

constexpr HtmlTagSet kNeverContent = {Nav,   Footer, Aside,    Header, Button, Select,
                                      Input, Object, Applet,   Dialog, Menu,   Progress,
                                      Meter, Option, Datalist, Keygen};
constexpr HtmlTagSet kHeadings = {H1, H2, H3, H4, H5, H6};
/// Children that show that their parent is text and not a frame around blocks.
constexpr HtmlTagSet kTextBlocks = {P, Ul, Ol, Dl, Pre, Blockquote};
/// Blocks that may hold the content or stand beside it.
constexpr HtmlTagSet kHintedBlocks = {Div, Section, Ul, Ol, Table, P, Td};

constexpr std::string_view kRoles[] = {"navigation",  "banner",  "contentinfo", "complementary",
                                       "search",      "form",    "dialog",      "menu",
                                       "alertdialog", "menubar", "toolbar",     "tablist"};
constexpr std::string_view kHints[] = {
    "nav",      "navbar", "navigation", "sidebar",    "breadcrumb", "breadcrumbs",
    "footer",   "cookie", "consent",    "cookies",    "newsletter", "copyright",
    "masthead", "popup",  "modal",      "pagination", "advert",     "skip"};

/// Characters of a line such as a copyright notice.
constexpr std::size_t kSmallPrint = 200;

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}
bool is_alphanumeric(char c) {
  return (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9');
}

template <std::size_t N>
bool names_any(const std::string_view (&words)[N], std::string_view list) {
  list = list.substr(0, 512);
  for (std::size_t at = 0; at < list.size();) {
    while (at < list.size() && !is_alphanumeric(list[at])) ++at;
    const std::size_t begin = at;
    while (at < list.size() && is_alphanumeric(list[at])) ++at;
    const std::string_view word = list.substr(begin, at - begin);
    const auto is_word = [word](std::string_view known) {
      return std::equal(word.begin(), word.end(), known.begin(), known.end(),
                        [](char a, char b) { return lower(a) == b; });
    };
    if (std::any_of(std::begin(words), std::end(words), is_word)) return true;
  }
  return false;
}

/// Characters of visible text in a subtree, white space left out.
struct Weight {
  std::size_t text = 0, links = 0;
  [[nodiscard]] std::size_t own() const { return text - links; }
  [[nodiscard]] bool mostly_links() const { return links * 2 > text; }
};

class ContentFinder {
 public:
  explicit ContentFinder(const HtmlTree& tree)
      : tree_(tree), dropped_(tree.nodes.size()), weights_(tree.nodes.size()) {
    for (NodeId id = 0; id != kNoNode; id = tree.next_in_order(id, 0)) order_.push_back(id);
  }

  MainContent find() {
    drop([this](NodeId id) { return is_never_shown(id); });
    weigh();
    const std::size_t page = weights_[0].text;
    drop([this, page](NodeId id) { return is_never_content(id, page); });
    weigh();
    MainContent content;
    choose(content.roots);
    for (const NodeId root : content.roots) keep_headings(root);
    content.dropped = std::move(dropped_);
    return content;
  }

 private:
  template <class Condition>
  void drop(const Condition& condition) {
    for (const NodeId id : order_) {
      const NodeId parent = tree_.nodes[id].parent;
      const bool inherited = parent != kNoNode && dropped_[parent];
      dropped_[id] = dropped_[id] || inherited || condition(id);
    }
  }

  [[nodiscard]] std::span<const HtmlAttribute> attributes(NodeId id) const {
    const HtmlNode& node = tree_.nodes[id];
    return {tree_.attributes.data() + node.attributes_begin,
            tree_.attributes.data() + node.attributes_end};
  }

  [[nodiscard]] bool is_never_shown(NodeId id) const {
    const HtmlNode& node = tree_.nodes[id];
    if (node.kind != HtmlNode::Kind::Element) return false;
    return display_of(node) == ElementDisplay::Hidden;
  }

  [[nodiscard]] bool is_heading_or_inside(NodeId id) const {
    // Buttons lie a few levels under their heading at most.
    for (int level = 0; level < 4 && id != kNoNode; ++level, id = tree_.nodes[id].parent) {
      if (kHeadings.has(tree_.nodes[id].tag) || tree_.nodes[id].is(Summary)) return true;
    }
    return false;
  }

  [[nodiscard]] bool is_never_content(NodeId id, std::size_t page) const {
    const HtmlNode& node = tree_.nodes[id];
    if (node.kind != HtmlNode::Kind::Element || node.space != HtmlSpace::Html) return false;
    if (node.tag == Html || node.tag == Body || node.tag == Main) return false;
    const bool small = weights_[id].text * 2 < page;
    if (node.tag == Form) return small;
    if (kNeverContent.has(node.tag)) return !(node.is(Button) && is_heading_or_inside(id));
    for (const HtmlAttribute& attribute : attributes(id)) {
      if (attribute.name == "role" && small && names_any(kRoles, attribute.value)) return true;
      const bool names = attribute.name == "class" || attribute.name == "id";
      if (names && kHintedBlocks.has(node.tag) && weights_[id].text * 4 < page &&
          names_any(kHints, attribute.value)) {
        return true;
      }
    }
    return false;
  }

  /// Weights of what is not dropped, summed from the leaves up.
  void weigh() {
    std::fill(weights_.begin(), weights_.end(), Weight{});
    for (auto at = order_.rbegin(); at != order_.rend(); ++at) {
      const HtmlNode& node = tree_.nodes[*at];
      if (dropped_[*at]) continue;
      Weight& weight = weights_[*at];
      if (node.kind == HtmlNode::Kind::Text) {
        weight.text = text::count_code_points(node.text);
        for (const char c : node.text)
          weight.text -= c == ' ' || (c >= '\t' && c <= '\r') ? 1U : 0U;
      }
      if (node.is(A)) weight.links = weight.text;
      if (node.parent == kNoNode) continue;
      weights_[node.parent].text += weight.text;
      weights_[node.parent].links += weight.links;
    }
  }

  void choose(std::vector<NodeId>& roots) {
    if (weights_[0].text == 0) return;
    if (const NodeId main = heaviest([this](NodeId id) { return tree_.nodes[id].is(Main); });
        main != kNoNode) {
      roots.push_back(main);
      return;
    }
    const auto has_main_role = [this](NodeId id) {
      const std::string_view* role = tree_.attribute(id, "role");
      constexpr std::string_view kMain[] = {"main"};
      return role != nullptr && names_any(kMain, *role);
    };
    if (const NodeId main = heaviest(has_main_role); main != kNoNode) {
      roots.push_back(main);
      return;
    }
    if (!articles(roots)) roots.assign(1, densest());
  }

  template <class Condition>
  NodeId heaviest(const Condition& condition) const {
    NodeId best = kNoNode;
    for (const NodeId id : order_) {
      if (dropped_[id] || weights_[id].text == 0 || !condition(id)) continue;
      if (best == kNoNode || weights_[id].text > weights_[best].text) best = id;
    }
    return best;
  }

  bool articles(std::vector<NodeId>& roots) const {
    std::size_t text = 0;
    for (NodeId id = 0; id != kNoNode;) {
      if (!dropped_[id] && weights_[id].text > 0 && tree_.nodes[id].is(Article)) {
        roots.push_back(id);
        text += weights_[id].text;
        id = tree_.next_skipping_children(id, 0);
      } else {
        id = tree_.next_in_order(id, 0);
      }
    }
    return text * 3 >= weights_[0].text && text > 0;
  }

  /// True if the child belongs to running text, so that its parent is more than a frame.
  [[nodiscard]] bool is_text(NodeId child) const {
    const HtmlNode& node = tree_.nodes[child];
    if (node.kind == HtmlNode::Kind::Text) return weights_[child].text > 0;
    if (kHeadings.has(node.tag)) return weights_[child].text > 0;
    const bool block = display_of(node) != ElementDisplay::Inline;
    return (kTextBlocks.has(node.tag) || !block) && !weights_[child].mostly_links() &&
           weights_[child].own() > 0;
  }

  NodeId densest() {
    NodeId at = 0;
    while (true) {
      NodeId best = kNoNode;
      for (NodeId child = tree_.nodes[at].first_child; child != kNoNode;
           child = tree_.nodes[child].next_sibling) {
        if (dropped_[child] || weights_[child].text == 0) continue;
        if (is_text(child)) return at;
        if (best == kNoNode || weights_[child].own() > weights_[best].own()) best = child;
      }
      if (best == kNoNode) return at;
      if (has_second_text(at, best)) {
        drop_link_lists(at, best);
        return at;
      }
      at = best;
    }
  }

  /// True if a child beside `best` has text of its own that is more than a line of small print.
  [[nodiscard]] bool has_second_text(NodeId parent, NodeId best) const {
    for (NodeId child = tree_.nodes[parent].first_child; child != kNoNode;
         child = tree_.nodes[child].next_sibling) {
      if (child == best || dropped_[child] || weights_[child].mostly_links()) continue;
      const std::size_t own = weights_[child].own();
      if (own >= kSmallPrint || own * 20 >= weights_[best].own()) {
        if (own > 0) return true;
      }
    }
    return false;
  }

  void drop_link_lists(NodeId parent, NodeId best) {
    for (NodeId child = tree_.nodes[parent].first_child; child != kNoNode;
         child = tree_.nodes[child].next_sibling) {
      if (child == best || !weights_[child].mostly_links()) continue;
      for (NodeId id = child; id != kNoNode; id = tree_.next_in_order(id, child)) {
        dropped_[id] = true;
      }
    }
  }

  /// Headings in a header that belongs to the content stay.
  void keep_headings(NodeId root) {
    for (NodeId id = root; id != kNoNode;) {
      if (!dropped_[id] || !tree_.nodes[id].is(Header)) {
        id = dropped_[id] ? tree_.next_skipping_children(id, root) : tree_.next_in_order(id, root);
        continue;
      }
      if (!is_never_shown(id)) keep_headings_of(id);
      id = tree_.next_skipping_children(id, root);
    }
  }

  void keep_headings_of(NodeId header) {
    bool kept = false;
    for (NodeId id = header; id != kNoNode;) {
      const HtmlTag tag = tree_.nodes[id].tag;
      if (!kHeadings.has(tag) || is_never_shown(id)) {
        const bool other = tag == Nav || tag == Aside || tag == Form || is_never_shown(id);
        id = other ? tree_.next_skipping_children(id, header) : tree_.next_in_order(id, header);
        continue;
      }
      kept = true;
      for (NodeId up = id; up != header && dropped_[up]; up = tree_.nodes[up].parent)
        dropped_[up] = false;
      for (NodeId in = id; in != kNoNode; in = tree_.next_in_order(in, id)) {
        dropped_[in] = is_never_shown(in);
      }
      id = tree_.next_skipping_children(id, header);
    }
    dropped_[header] = !kept;
  }

  const HtmlTree& tree_;
  std::vector<NodeId> order_;
  std::vector<bool> dropped_;
  std::vector<Weight> weights_;
};

}  // namespace

MainContent find_main_content(const HtmlTree& tree) {
  return ContentFinder(tree).find();
}

}  // namespace crosstail::markup
