/// Start tags "in body" (§13.2.6.4.7).

#include <algorithm>

#include "markup/html_tree_builder.h"

namespace crosstail::markup {
namespace {

using enum HtmlTag;

constexpr HtmlTagSet kHeadings = {H1, H2, H3, H4, H5, H6};
constexpr HtmlTagSet kPassedOver = {Address, Div, P};

}  // namespace

void TreeBuilder::in_body_start() {
  switch (token_.tag) {
    case Html:
      return body_html_start();
    case Base:
    case Basefont:
    case Bgsound:
    case Link:
    case Meta:
    case Noframes:
    case Script:
    case Style:
    case Template:
    case Title:
      in_head_start();
      return;
    case Body:
      return body_body_start();
    case Frameset:
      return body_frameset_start();
    case Address:
    case Article:
    case Aside:
    case Blockquote:
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
    case Main:
    case Menu:
    case Nav:
    case Ol:
    case P:
    case Search:
    case Section:
    case Summary:
    case Ul:
      close_p();
      insert();
      return;
    case H1:
    case H2:
    case H3:
    case H4:
    case H5:
    case H6:
      close_p();
      if (current().in(kHeadings)) pop();
      insert();
      return;
    case Pre:
    case Listing:
      close_p();
      insert();
      skip_newline_ = true;
      frameset_ok_ = false;
      return;
    case Form:
      return body_form_start();
    case Li:
    case Dd:
    case Dt:
      return body_list_item_start();
    case Plaintext:
      close_p();
      insert();
      tokenizer_.set_content_model(HtmlContentModel::PlainText, {});
      return;
    case Button:
      if (in_scope(Button)) {
        imply_end_tags();
        pop_until(Button);
      }
      reconstruct();
      insert();
      frameset_ok_ = false;
      return;
    case A:
      return body_a_start();
    case B:
    case Big:
    case Code:
    case Em:
    case Font:
    case I:
    case S:
    case Small:
    case Strike:
    case Strong:
    case Tt:
    case U:
      reconstruct();
      push_formatting(insert());
      return;
    case Nobr:
      reconstruct();
      if (in_scope(Nobr)) {
        adopt(Nobr);
        reconstruct();
      }
      push_formatting(insert());
      return;
    default:
      return body_other_start();
  }
}

void TreeBuilder::body_other_start() {
  switch (token_.tag) {
    case Applet:
    case Marquee:
    case Object:
      reconstruct();
      insert();
      push_marker();
      frameset_ok_ = false;
      return;
    case Table:
      if (!tree_.quirks) close_p();
      insert();
      frameset_ok_ = false;
      mode_ = Mode::InTable;
      return;
    case Area:
    case Br:
    case Embed:
    case Img:
    case Keygen:
    case Wbr:
      reconstruct();
      insert_void();
      frameset_ok_ = false;
      return;
    case Input:
      reconstruct();
      if (!is_hidden_input()) frameset_ok_ = false;
      return insert_void();
    case Param:
    case Source:
    case Track:
      return insert_void();
    case Hr:
      close_p();
      insert_void();
      frameset_ok_ = false;
      return;
    case Image:
      token_.tag = Img;
      token_.name = name(Img);
      return start_tag(mode_);
    case Textarea:
      insert_raw(HtmlContentModel::Rcdata);
      skip_newline_ = true;
      frameset_ok_ = false;
      return;
    case Xmp:
      close_p();
      reconstruct();
      frameset_ok_ = false;
      return insert_raw(HtmlContentModel::RawText);
    case Iframe:
      frameset_ok_ = false;
      return insert_raw(HtmlContentModel::RawText);
    case Noembed:
      return insert_raw(HtmlContentModel::RawText);
    case Noscript:
      if (limits_.scripting) return insert_raw(HtmlContentModel::RawText);
      break;
    case Select:
      return body_select_start();
    case Optgroup:
    case Option:
      if (current_is(Option)) pop();
      break;
    case Rb:
    case Rtc:
    case Rp:
    case Rt:
      return body_ruby_start();
    case Math:
      return body_foreign_start(HtmlSpace::Math);
    case Svg:
      return body_foreign_start(HtmlSpace::Svg);
    case Caption:
    case Col:
    case Colgroup:
    case Frame:
    case Head:
    case Tbody:
    case Td:
    case Tfoot:
    case Th:
    case Thead:
    case Tr:
      return;
    default:
      break;
  }
  if (!formatting_.empty()) reconstruct();
  insert();
}

void TreeBuilder::body_html_start() {
  if (!has_open(Template)) merge_attributes(stack_.front().node);
}

void TreeBuilder::body_body_start() {
  if (stack_.size() < 2 || !stack_[1].is(Body) || has_open(Template)) return;
  frameset_ok_ = false;
  merge_attributes(stack_[1].node);
}

void TreeBuilder::body_frameset_start() {
  if (stack_.size() < 2 || !stack_[1].is(Body) || !frameset_ok_) return;
  detach(stack_[1].node);
  pop_to(1);
  insert();
  mode_ = Mode::InFrameset;
}

void TreeBuilder::body_form_start() {
  const bool in_template = has_open(Template);
  if (form_ != kNoNode && !in_template) return;
  close_p();
  const NodeId form = insert();
  if (!in_template) form_ = form;
}

/// li closes an open li; dd and dt close an open dd or dt.
void TreeBuilder::body_list_item_start() {
  frameset_ok_ = false;
  const HtmlTagSet items = token_.tag == Li ? HtmlTagSet{Li} : HtmlTagSet{Dd, Dt};
  for (std::size_t i = stack_.size(); i-- > 0;) {
    if (stack_[i].in(items)) {
      const HtmlTag item = stack_[i].tag;
      imply_end_tags(item);
      pop_until(item);
      break;
    }
    if (is_special(stack_[i]) && !stack_[i].in(kPassedOver)) break;
  }
  close_p();
  insert();
}

void TreeBuilder::body_a_start() {
  if (const NodeId open = last_formatting(A); open != kNoNode) {
    adopt(A);
    forget_formatting(open);
    remove_open(open);
  }
  reconstruct();
  push_formatting(insert());
}

void TreeBuilder::body_select_start() {
  reconstruct();
  insert();
  frameset_ok_ = false;
  const bool in_table = mode_ == Mode::InTable || mode_ == Mode::InCaption ||
                        mode_ == Mode::InTableBody || mode_ == Mode::InRow || mode_ == Mode::InCell;
  mode_ = in_table ? Mode::InSelectInTable : Mode::InSelect;
}

void TreeBuilder::body_ruby_start() {
  if (in_scope(Ruby)) imply_end_tags(token_.tag == Rp || token_.tag == Rt ? Rtc : Other);
  insert();
}

void TreeBuilder::body_foreign_start(HtmlSpace space) {
  reconstruct();
  insert(space);
  if (token_.self_closing) pop();
}

}  // namespace crosstail::markup
