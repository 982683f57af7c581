/// The stack of open elements (§13.2.4.2), implied end tags, and the mode that a stack means.

#include <algorithm>

#include "markup/html_tree_builder.h"

namespace crosstail::markup {
namespace {

using enum HtmlTag;

constexpr HtmlTagSet kSpecial = {
    Address,  Applet,   Area,     Article, Aside,   Base,     Basefont,   Bgsound, Blockquote,
    Body,     Br,       Button,   Caption, Center,  Col,      Colgroup,   Dd,      Details,
    Dir,      Div,      Dl,       Dt,      Embed,   Fieldset, Figcaption, Figure,  Footer,
    Form,     Frame,    Frameset, H1,      H2,      H3,       H4,         H5,      H6,
    Head,     Header,   Hgroup,   Hr,      Html,    Iframe,   Img,        Input,   Keygen,
    Li,       Link,     Listing,  Main,    Marquee, Menu,     Meta,       Nav,     Noembed,
    Noframes, Noscript, Object,   Ol,      P,       Param,    Plaintext,  Pre,     Script,
    Search,   Section,  Select,   Source,  Style,   Summary,  Table,      Tbody,   Td,
    Template, Textarea, Tfoot,    Th,      Thead,   Title,    Tr,         Track,   Ul,
    Wbr,      Xmp};
constexpr HtmlTagSet kMathSpecial = {Mi, Mo, Mn, Ms, Mtext, AnnotationXml};
constexpr HtmlTagSet kSvgSpecial = {ForeignObject, Desc, Title};

constexpr HtmlTagSet kDefaultScope = {Applet, Caption, Html,   Table,   Td,
                                      Th,     Marquee, Object, Template};
constexpr HtmlTagSet kListItemScope = {Applet,  Caption, Html,     Table, Td, Th,
                                       Marquee, Object,  Template, Ol,    Ul};
constexpr HtmlTagSet kButtonScope = {Applet, Caption, Html,   Table,    Td,
                                     Th,     Marquee, Object, Template, Button};
constexpr HtmlTagSet kTableScope = {Html, Table, Template};

constexpr HtmlTagSet kImplied = {Dd, Dt, Li, Optgroup, Option, P, Rb, Rp, Rt, Rtc};
constexpr HtmlTagSet kImpliedThoroughly = {Caption, Colgroup, Dd,    Dt, Li,    Optgroup,
                                           Option,  P,        Rb,    Rp, Rt,    Rtc,
                                           Tbody,   Td,       Tfoot, Th, Thead, Tr};

/// Elements that begin with a marker in the list of active formatting elements.
constexpr HtmlTagSet kMarked = {Applet, Caption, Marquee, Object, Td, Template, Th};

bool ends_scope(const OpenElement& element, Scope scope) {
  if (scope == Scope::Select) return !(element.is(Optgroup) || element.is(Option));
  if (element.space != HtmlSpace::Html) return scope != Scope::Table && is_special(element);
  switch (scope) {
    case Scope::ListItem:
      return kListItemScope.has(element.tag);
    case Scope::Button:
      return kButtonScope.has(element.tag);
    case Scope::Table:
      return kTableScope.has(element.tag);
    default:
      return kDefaultScope.has(element.tag);
  }
}

}  // namespace

bool is_special(const OpenElement& element) {
  switch (element.space) {
    case HtmlSpace::Svg:
      return kSvgSpecial.has(element.tag);
    case HtmlSpace::Math:
      return kMathSpecial.has(element.tag);
    default:
      return kSpecial.has(element.tag);
  }
}

/// At max_depth the deepest element gives its place to the next one, which becomes its sibling; an
/// end tag that was meant for it is then passed over (see end_tag()).
void TreeBuilder::make_room() {
  if (stack_.size() < std::max<std::size_t>(limits_.max_depth, 8)) return;
  ++tree_.depth_limited;
  ++overflow_[static_cast<std::size_t>(stack_.back().tag)];
  overflowed_ = true;
  if (stack_.back().in(kMarked)) clear_to_marker();
  if (stack_.back().is(Template) && !template_modes_.empty()) template_modes_.pop_back();
  forget_formatting(stack_.back().node);
  pop();
}

void TreeBuilder::push(NodeId node) {
  insert_open(stack_.size(), node);
}

void TreeBuilder::insert_open(std::size_t at, NodeId node) {
  const OpenElement element{node, nodes_[node].tag, nodes_[node].space};
  stack_.insert(stack_.begin() + static_cast<std::ptrdiff_t>(at), element);
  open_[node] = 1;
  if (element.space == HtmlSpace::Html) ++open_tags_[static_cast<std::size_t>(element.tag)];
}

/// The html element never leaves the stack.
void TreeBuilder::pop() {
  if (stack_.size() > 1) pop_to(stack_.size() - 1);
}

void TreeBuilder::pop_to(std::size_t size) {
  while (stack_.size() > std::max<std::size_t>(size, 1)) {
    const OpenElement element = stack_.back();
    stack_.pop_back();
    open_[element.node] = 0;
    if (element.space == HtmlSpace::Html) --open_tags_[static_cast<std::size_t>(element.tag)];
  }
}

void TreeBuilder::pop_until(HtmlTag tag) {
  while (stack_.size() > 1) {
    const bool last = stack_.back().is(tag);
    pop();
    if (last) return;
  }
}

void TreeBuilder::pop_until(const HtmlTagSet& tags) {
  while (stack_.size() > 1) {
    const bool last = stack_.back().in(tags);
    pop();
    if (last) return;
  }
}

std::size_t TreeBuilder::stack_place(NodeId node) const {
  if (node == kNoNode || !is_open(node)) return stack_.size();
  std::size_t i = stack_.size();
  while (i-- > 0)
    if (stack_[i].node == node) return i;
  return stack_.size();
}

void TreeBuilder::remove_open(NodeId node) {
  const std::size_t at = stack_place(node);
  if (at == stack_.size() || at == 0) return;
  if (stack_[at].space == HtmlSpace::Html) --open_tags_[static_cast<std::size_t>(stack_[at].tag)];
  open_[node] = 0;
  stack_.erase(stack_.begin() + static_cast<std::ptrdiff_t>(at));
}

bool TreeBuilder::in_scope(HtmlTag tag, Scope scope) const {
  if (!has_open(tag)) return false;
  for (std::size_t i = stack_.size(); i-- > 0;) {
    if (stack_[i].is(tag)) return true;
    if (ends_scope(stack_[i], scope)) return false;
  }
  return false;
}

bool TreeBuilder::in_scope(const HtmlTagSet& tags, Scope scope) const {
  for (std::size_t i = stack_.size(); i-- > 0;) {
    if (stack_[i].in(tags)) return true;
    if (ends_scope(stack_[i], scope)) return false;
  }
  return false;
}

bool TreeBuilder::node_in_scope(NodeId node) const {
  for (std::size_t i = stack_.size(); i-- > 0;) {
    if (stack_[i].node == node) return true;
    if (ends_scope(stack_[i], Scope::Default)) return false;
  }
  return false;
}

void TreeBuilder::imply_end_tags(HtmlTag except) {
  while (current().in(kImplied) && !(except != Other && current().is(except))) pop();
}

void TreeBuilder::imply_end_tags_thoroughly() {
  while (current().in(kImpliedThoroughly)) pop();
}

/// Closes a p in button scope, if there is one.
void TreeBuilder::close_p() {
  if (!in_scope(P, Scope::Button)) return;
  imply_end_tags(P);
  pop_until(P);
}

void TreeBuilder::clear_to(const HtmlTagSet& context) {
  while (stack_.size() > 1 && !current().in(context)) pop();
}

/// §13.2.4.1, for a whole page (there is no context element).
void TreeBuilder::reset_mode() {
  for (std::size_t i = stack_.size(); i-- > 1;) {
    if (stack_[i].space != HtmlSpace::Html) continue;
    switch (stack_[i].tag) {
      case Select:
        mode_ = Mode::InSelect;
        while (i-- > 1 && !stack_[i].is(Template))
          if (stack_[i].is(Table)) mode_ = Mode::InSelectInTable;
        return;
      case Td:
      case Th:
        mode_ = Mode::InCell;
        return;
      case Tr:
        mode_ = Mode::InRow;
        return;
      case Tbody:
      case Thead:
      case Tfoot:
        mode_ = Mode::InTableBody;
        return;
      case Caption:
        mode_ = Mode::InCaption;
        return;
      case Colgroup:
        mode_ = Mode::InColumnGroup;
        return;
      case Table:
        mode_ = Mode::InTable;
        return;
      case Template:
        mode_ = template_modes_.empty() ? Mode::InTemplate : template_modes_.back();
        return;
      case Head:
        mode_ = Mode::InHead;
        return;
      case Body:
        mode_ = Mode::InBody;
        return;
      case Frameset:
        mode_ = Mode::InFrameset;
        return;
      default:
        break;
    }
  }
  mode_ = head_ == kNoNode ? Mode::BeforeHead : Mode::AfterHead;
}

}  // namespace crosstail::markup
