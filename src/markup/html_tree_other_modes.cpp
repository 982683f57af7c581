/// Select, template, and what follows the body or stands in its place (§13.2.6.4.16–23).

#include "markup/html_tree_builder.h"

namespace crosstail::markup {
namespace {

using enum HtmlTag;

constexpr HtmlTagSet kTableTags = {Caption, Table, Tbody, Tfoot, Thead, Tr, Td, Th};

}  // namespace

void TreeBuilder::in_select_start() {
  switch (token_.tag) {
    case Html:
      return body_html_start();
    case Option:
      if (current_is(Option)) pop();
      insert();
      return;
    case Optgroup:
    case Hr:
      if (current_is(Option)) pop();
      if (current_is(Optgroup)) pop();
      if (token_.tag == Hr) return insert_void();
      insert();
      return;
    case Select:
      return leave_select();
    case Input:
    case Keygen:
    case Textarea:
      if (!in_scope(Select, Scope::Select)) return;
      leave_select();
      return start_tag(mode_);
    case Script:
    case Template:
      in_head_start();
      return;
    default:
      return;
  }
}

void TreeBuilder::leave_select() {
  if (!in_scope(Select, Scope::Select)) return;
  pop_until(Select);
  reset_mode();
}

void TreeBuilder::in_select_end() {
  switch (token_.tag) {
    case Optgroup:
      if (current_is(Option) && stack_.size() > 1 && stack_[stack_.size() - 2].is(Optgroup)) pop();
      if (current_is(Optgroup)) pop();
      return;
    case Option:
      if (current_is(Option)) pop();
      return;
    case Select:
      return leave_select();
    case Template:
      return template_end();
    default:
      return;
  }
}

void TreeBuilder::in_select_in_table_start() {
  if (!kTableTags.has(token_.tag)) return in_select_start();
  pop_until(Select);
  reset_mode();
  start_tag(mode_);
}

void TreeBuilder::in_select_in_table_end() {
  if (!kTableTags.has(token_.tag)) return in_select_end();
  if (!in_scope(token_.tag, Scope::Table)) return;
  pop_until(Select);
  reset_mode();
  end_tag(mode_);
}

void TreeBuilder::in_template_start() {
  switch (token_.tag) {
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
    case Caption:
    case Colgroup:
    case Tbody:
    case Tfoot:
    case Thead:
      mode_ = Mode::InTable;
      break;
    case Col:
      mode_ = Mode::InColumnGroup;
      break;
    case Tr:
      mode_ = Mode::InTableBody;
      break;
    case Td:
    case Th:
      mode_ = Mode::InRow;
      break;
    default:
      mode_ = Mode::InBody;
      break;
  }
  if (!template_modes_.empty()) template_modes_.back() = mode_;
  start_tag(mode_);
}

void TreeBuilder::after_body_start(Mode mode) {
  if (token_.tag == Html) return body_html_start();
  if (mode == Mode::AfterBody || mode == Mode::AfterAfterBody) {
    mode_ = Mode::InBody;
    return start_tag(mode_);
  }
  if (token_.tag == Noframes) in_head_start();
}

void TreeBuilder::after_body_end(Mode mode) {
  if (mode == Mode::AfterBody && token_.tag == Html) {
    mode_ = Mode::AfterAfterBody;
    return;
  }
  if (mode == Mode::AfterFrameset && token_.tag == Html) {
    mode_ = Mode::AfterAfterFrameset;
    return;
  }
  if (mode != Mode::AfterBody && mode != Mode::AfterAfterBody) return;
  mode_ = Mode::InBody;
  end_tag(mode_);
}

void TreeBuilder::in_frameset_start() {
  switch (token_.tag) {
    case Html:
      return body_html_start();
    case Frameset:
      insert();
      return;
    case Frame:
      return insert_void();
    case Noframes:
      in_head_start();
      return;
    default:
      return;
  }
}

void TreeBuilder::in_frameset_end() {
  if (token_.tag != Frameset || stack_.size() < 2) return;
  pop();
  if (!current_is(Frameset)) mode_ = Mode::AfterFrameset;
}

}  // namespace crosstail::markup
