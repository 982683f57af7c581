/// Tables (§13.2.6.4.9–15).

#include <algorithm>

#include "markup/html_scan.h"
#include "markup/html_tree_builder.h"

namespace crosstail::markup {
namespace {

using enum HtmlTag;

constexpr HtmlTagSet kTableContext = {Table, Template, Html};
constexpr HtmlTagSet kBodyContext = {Tbody, Tfoot, Thead, Template, Html};
constexpr HtmlTagSet kRowContext = {Tr, Template, Html};
constexpr HtmlTagSet kSections = {Tbody, Tfoot, Thead};
constexpr HtmlTagSet kCells = {Td, Th};
/// Tags that make the structure of a table, without table itself.
constexpr HtmlTagSet kStructure = {Caption, Col, Colgroup, Tbody, Td, Tfoot, Th, Thead, Tr};

}  // namespace

void TreeBuilder::in_table_start() {
  switch (token_.tag) {
    case Caption:
      clear_to(kTableContext);
      push_marker();
      insert();
      mode_ = Mode::InCaption;
      return;
    case Colgroup:
      clear_to(kTableContext);
      insert();
      mode_ = Mode::InColumnGroup;
      return;
    case Col:
      clear_to(kTableContext);
      insert(Colgroup);
      mode_ = Mode::InColumnGroup;
      return start_tag(mode_);
    case Tbody:
    case Tfoot:
    case Thead:
      clear_to(kTableContext);
      insert();
      mode_ = Mode::InTableBody;
      return;
    case Td:
    case Th:
    case Tr:
      clear_to(kTableContext);
      insert(Tbody);
      mode_ = Mode::InTableBody;
      return start_tag(mode_);
    case Table:
      if (!in_scope(Table, Scope::Table)) return;
      pop_until(Table);
      reset_mode();
      return start_tag(mode_);
    case Style:
    case Script:
    case Template:
      in_head_start();
      return;
    default:
      return in_table_other_start();
  }
}

/// `<input type=hidden>`, the one input that may stand between the rows of a table.
bool TreeBuilder::is_hidden_input() const {
  return token_.tag == Input &&
         std::any_of(token_.attributes.begin(), token_.attributes.end(),
                     [](const HtmlAttribute& a) {
                       return a.name == "type" && a.value.size() == 6 &&
                              starts_with_nocase(a.value.data(), a.value.data() + 6, "hidden");
                     });
}

void TreeBuilder::in_table_other_start() {
  if (is_hidden_input()) return insert_void();
  if (token_.tag == Form) {
    if (has_open(Template) || form_ != kNoNode) return;
    form_ = insert();
    pop();
    return;
  }
  foster_ = true;
  in_body_start();
  foster_ = false;
}

void TreeBuilder::in_table_end() {
  if (token_.tag == Table) {
    if (!in_scope(Table, Scope::Table)) return;
    pop_until(Table);
    return reset_mode();
  }
  if (token_.tag == Template) return template_end();
  if (kStructure.has(token_.tag) || token_.tag == Body || token_.tag == Html) return;
  foster_ = true;
  in_body_end();
  foster_ = false;
}

/// §13.2.6.4.10: text with more than white space in it does not belong into a table.
void TreeBuilder::flush_table_text() {
  mode_ = original_mode_;
  const bool only_space = std::all_of(
      table_text_.begin(), table_text_.end(),
      [](std::string_view part) { return std::all_of(part.begin(), part.end(), is_html_space); });
  foster_ = !only_space;
  for (const std::string_view part : table_text_) {
    if (only_space)
      insert_text(part);
    else
      in_body_text(part);
  }
  foster_ = false;
  table_text_.clear();
}

void TreeBuilder::in_caption_start() {
  if (!kStructure.has(token_.tag)) return in_body_start();
  if (!in_scope(Caption, Scope::Table)) return;
  close_caption();
  start_tag(mode_);
}

void TreeBuilder::in_caption_end() {
  if (token_.tag == Caption || token_.tag == Table) {
    if (!in_scope(Caption, Scope::Table)) return;
    close_caption();
    if (token_.tag == Table) end_tag(mode_);
    return;
  }
  if (kStructure.has(token_.tag) || token_.tag == Body || token_.tag == Html) return;
  in_body_end();
}

void TreeBuilder::close_caption() {
  imply_end_tags();
  pop_until(Caption);
  clear_to_marker();
  mode_ = Mode::InTable;
}

void TreeBuilder::in_column_group_start() {
  if (token_.tag == Html) return body_html_start();
  if (token_.tag == Col) return insert_void();
  if (token_.tag == Template) {
    in_head_start();
    return;
  }
  if (!current_is(Colgroup)) return;
  pop();
  mode_ = Mode::InTable;
  start_tag(mode_);
}

void TreeBuilder::in_column_group_end() {
  if (token_.tag == Template) return template_end();
  if (token_.tag == Col || !current_is(Colgroup)) return;
  pop();
  mode_ = Mode::InTable;
  if (token_.tag != Colgroup) end_tag(mode_);
}

void TreeBuilder::column_group_text(std::string_view part) {
  const char* const begin = part.data();
  const auto space = static_cast<std::size_t>(skip_space(begin, begin + part.size()) - begin);
  if (!current_is(Colgroup)) return insert_spaces(part);
  insert_text(part.substr(0, space));
  if (space == part.size()) return;
  pop();
  mode_ = Mode::InTable;
  text(mode_, part.substr(space));
}

void TreeBuilder::in_table_body_start() {
  switch (token_.tag) {
    case Tr:
      clear_to(kBodyContext);
      insert();
      mode_ = Mode::InRow;
      return;
    case Th:
    case Td:
      clear_to(kBodyContext);
      insert(Tr);
      mode_ = Mode::InRow;
      return start_tag(mode_);
    case Caption:
    case Col:
    case Colgroup:
    case Tbody:
    case Tfoot:
    case Thead:
      if (leave_table_body()) start_tag(mode_);
      return;
    default:
      return in_table_start();
  }
}

/// Back to "in table", if a section is in table scope.
bool TreeBuilder::leave_table_body() {
  if (!in_scope(kSections, Scope::Table)) return false;
  clear_to(kBodyContext);
  pop();
  mode_ = Mode::InTable;
  return true;
}

void TreeBuilder::in_table_body_end() {
  if (kSections.has(token_.tag)) {
    if (in_scope(token_.tag, Scope::Table)) leave_table_body();
    return;
  }
  if (token_.tag == Table) {
    if (leave_table_body()) end_tag(mode_);
    return;
  }
  if (kStructure.has(token_.tag) || token_.tag == Body || token_.tag == Html) return;
  in_table_end();
}

void TreeBuilder::in_row_start() {
  if (kCells.has(token_.tag)) {
    clear_to(kRowContext);
    insert();
    mode_ = Mode::InCell;
    return push_marker();
  }
  if (!kStructure.has(token_.tag)) return in_table_start();
  if (leave_row()) start_tag(mode_);
}

/// Back to "in table body", if a row is in table scope.
bool TreeBuilder::leave_row() {
  if (!in_scope(Tr, Scope::Table)) return false;
  clear_to(kRowContext);
  pop();
  mode_ = Mode::InTableBody;
  return true;
}

void TreeBuilder::in_row_end() {
  if (token_.tag == Tr) {
    leave_row();
    return;
  }
  if (token_.tag == Table || kSections.has(token_.tag)) {
    if (token_.tag != Table && !in_scope(token_.tag, Scope::Table)) return;
    if (leave_row()) end_tag(mode_);
    return;
  }
  if (kStructure.has(token_.tag) || token_.tag == Body || token_.tag == Html) return;
  in_table_end();
}

void TreeBuilder::in_cell_start() {
  if (!kStructure.has(token_.tag)) return in_body_start();
  if (!in_scope(kCells, Scope::Table)) return;
  close_cell();
  start_tag(mode_);
}

void TreeBuilder::in_cell_end() {
  if (kCells.has(token_.tag)) {
    if (!in_scope(token_.tag, Scope::Table)) return;
    imply_end_tags();
    pop_until(token_.tag);
    clear_to_marker();
    mode_ = Mode::InRow;
    return;
  }
  if (token_.tag == Table || token_.tag == Tr || kSections.has(token_.tag)) {
    if (!in_scope(token_.tag, Scope::Table)) return;
    close_cell();
    return end_tag(mode_);
  }
  if (kStructure.has(token_.tag) || token_.tag == Body || token_.tag == Html) return;
  in_body_end();
}

void TreeBuilder::close_cell() {
  imply_end_tags();
  pop_until(kCells);
  clear_to_marker();
  mode_ = Mode::InRow;
}

}  // namespace crosstail::markup
