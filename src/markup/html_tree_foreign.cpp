/// SVG and MathML in HTML (§13.2.6.5).

#include <algorithm>

#include "markup/html_scan.h"
#include "markup/html_tree_builder.h"

namespace crosstail::markup {
namespace {

using enum HtmlTag;

/// Start tags that cannot be in foreign content; font only with some attributes.
constexpr HtmlTagSet kBreakOut = {
    B,     Big,   Blockquote, Body,   Br,   Center, Code,  Dd, Div,  Dl,   Dt,
    Em,    Embed, H1,         H2,     H3,   H4,     H5,    H6, Head, Hr,   I,
    Img,   Li,    Listing,    Menu,   Meta, Nobr,   Ol,    P,  Pre,  Ruby, S,
    Small, Span,  Strong,     Strike, Sub,  Sup,    Table, Tt, U,    Ul,   Var};
constexpr HtmlTagSet kMathText = {Mi, Mo, Mn, Ms, Mtext};
constexpr HtmlTagSet kSvgHtml = {ForeignObject, Desc, Title};

bool breaks_out(const HtmlToken& token) {
  if (kBreakOut.has(token.tag)) return true;
  return token.tag == Font &&
         std::any_of(token.attributes.begin(), token.attributes.end(), [](const HtmlAttribute& a) {
           return a.name == "color" || a.name == "face" || a.name == "size";
         });
}

bool equal_nocase(std::string_view a, std::string_view lower_case) {
  return a.size() == lower_case.size() &&
         starts_with_nocase(a.data(), a.data() + a.size(), lower_case);
}

}  // namespace

/// annotation-xml whose encoding says HTML.
bool TreeBuilder::holds_html(NodeId node) const {
  if (nodes_[node].tag != AnnotationXml) return false;
  const std::string_view* encoding = tree_.attribute(node, "encoding");
  return encoding != nullptr &&
         (equal_nocase(*encoding, "text/html") || equal_nocase(*encoding, "application/xhtml+xml"));
}

/// Back to the innermost element in which HTML is at home.
void TreeBuilder::leave_foreign() {
  while (stack_.size() > 1) {
    const OpenElement& element = current();
    if (element.space == HtmlSpace::Html) return;
    if (element.space == HtmlSpace::Svg && kSvgHtml.has(element.tag)) return;
    if (element.space == HtmlSpace::Math &&
        (kMathText.has(element.tag) || holds_html(element.node)))
      return;
    pop();
  }
}

void TreeBuilder::foreign_start() {
  if (breaks_out(token_)) {
    leave_foreign();
    return start_tag(mode_);
  }
  insert(current().space);
  if (token_.self_closing) pop();
}

void TreeBuilder::foreign_end() {
  if (token_.tag == Br || token_.tag == P) {
    leave_foreign();
    return end_tag(mode_);
  }
  for (std::size_t i = stack_.size(); i-- > 1;) {
    if (stack_[i].space == HtmlSpace::Html) return end_tag(mode_);
    if (stack_[i].tag == token_.tag && equal_nocase(nodes_[stack_[i].node].name, token_.name))
      return pop_to(i);
  }
}

}  // namespace crosstail::markup
