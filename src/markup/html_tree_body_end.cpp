/// End tags "in body" and the mode "text" (§13.2.6.4.7–8).

#include "markup/html_tree_builder.h"

namespace crosstail::markup {
namespace {

using enum HtmlTag;

constexpr HtmlTagSet kHeadings = {H1, H2, H3, H4, H5, H6};

}  // namespace

void TreeBuilder::in_body_end() {
  switch (token_.tag) {
    case Template:
      return template_end();
    case Body:
      if (in_scope(Body)) mode_ = Mode::AfterBody;
      return;
    case Html:
      if (!in_scope(Body)) return;
      mode_ = Mode::AfterBody;
      return end_tag(mode_);
    case Address:
    case Article:
    case Aside:
    case Blockquote:
    case Button:
    case Center:
    case Details:
    case Dialog:
    case Dir:
    case Div:
    case Dl:
    case Fieldset:
    case Figcaption:
    case Figure:
    case Footer:
    case Header:
    case Hgroup:
    case Listing:
    case Main:
    case Menu:
    case Nav:
    case Ol:
    case Pre:
    case Search:
    case Section:
    case Summary:
    case Ul:
      return close_in_scope(Scope::Default);
    case Form:
      return body_form_end();
    case P:
      if (!in_scope(P, Scope::Button)) insert(P);
      return close_p();
    case Li:
      return close_in_scope(Scope::ListItem);
    case Dd:
    case Dt:
      return close_in_scope(Scope::Default);
    case H1:
    case H2:
    case H3:
    case H4:
    case H5:
    case H6:
      if (!in_scope(kHeadings)) return;
      imply_end_tags();
      return pop_until(kHeadings);
    case A:
    case B:
    case Big:
    case Code:
    case Em:
    case Font:
    case I:
    case Nobr:
    case S:
    case Small:
    case Strike:
    case Strong:
    case Tt:
    case U:
      return adopt(token_.tag);
    case Applet:
    case Marquee:
    case Object:
      if (!in_scope(token_.tag)) return;
      close_in_scope(Scope::Default);
      return clear_to_marker();
    case Br:
      token_.attributes.clear();
      reconstruct();
      insert_void();
      frameset_ok_ = false;
      return;
    default:
      return body_other_end();
  }
}

/// Closes the innermost element of the token's tag, if it is in scope.
void TreeBuilder::close_in_scope(Scope scope) {
  if (!in_scope(token_.tag, scope)) return;
  const bool item = token_.tag == Li || token_.tag == Dd || token_.tag == Dt;
  imply_end_tags(item ? token_.tag : Other);
  pop_until(token_.tag);
}

void TreeBuilder::body_form_end() {
  if (has_open(Template)) return close_in_scope(Scope::Default);
  const NodeId form = form_;
  form_ = kNoNode;
  if (form == kNoNode || !is_open(form) || !node_in_scope(form)) return;
  imply_end_tags();
  remove_open(form);
}

/// Any other end tag: closes the innermost element of that name, unless a special one is in
/// between.
void TreeBuilder::body_other_end() {
  for (std::size_t i = stack_.size(); i-- > 1;) {
    const OpenElement& element = stack_[i];
    const bool same =
        element.is(token_.tag) && (token_.tag != Other || nodes_[element.node].name == token_.name);
    if (same) {
      const NodeId node = element.node;
      imply_end_tags(token_.tag);
      return pop_to(stack_place(node));
    }
    if (is_special(element)) return;
  }
}

void TreeBuilder::text_end() {
  pop();
  mode_ = original_mode_;
}

}  // namespace crosstail::markup
