#pragma once
/// Tree construction (§13.2.6): the state between tokens, and one function for each insertion mode
/// and kind of token. Only html_tree*.cpp use it.
///
/// | file | what is in it |
/// |---|---|
/// | html_tree_builder.cpp | tokens to modes, text, end of page |
/// | html_tree_insertion.cpp | nodes put into the tree, foster parenting |
/// | html_tree_stack.cpp | the stack of open elements, scopes, resetting the mode |
/// | html_tree_formatting.cpp | active formatting elements, adoption agency |
/// | html_tree_head.cpp | modes from "initial" to "after head" |
/// | html_tree_body.cpp, html_tree_body_end.cpp | "in body", start and end tags; "text" |
/// | html_tree_table.cpp | tables |
/// | html_tree_other_modes.cpp | select, template, frameset, after the body |
/// | html_tree_foreign.cpp, html_tree_foreign_names.cpp | SVG and MathML |
/// | html_tree_quirks.cpp | which doctypes mean quirks mode |
///
/// Every step is bounded by max_depth, max_nodes or the list of formatting elements, so that the
/// time is linear in the page.

#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "markup/html_tree.h"

namespace crosstail::markup {

enum class Mode : std::uint8_t {
  Initial,
  BeforeHtml,
  BeforeHead,
  InHead,
  InHeadNoscript,
  AfterHead,
  InBody,
  Text,
  InTable,
  InTableText,
  InCaption,
  InColumnGroup,
  InTableBody,
  InRow,
  InCell,
  InSelect,
  InSelectInTable,
  InTemplate,
  AfterBody,
  InFrameset,
  AfterFrameset,
  AfterAfterBody,
  AfterAfterFrameset,
};

enum class Scope : std::uint8_t { Default, ListItem, Button, Table, Select };

/// An element on the stack of open elements.
struct OpenElement {
  NodeId node;
  HtmlTag tag;
  HtmlSpace space;
  [[nodiscard]] bool is(HtmlTag t) const { return tag == t && space == HtmlSpace::Html; }
  [[nodiscard]] bool in(const HtmlTagSet& set) const {
    return space == HtmlSpace::Html && set.has(tag);
  }
};

/// Where a node goes: as the last child of `parent`, or before its child `before`.
struct Place {
  NodeId parent = kNoNode, before = kNoNode;
};

bool is_quirks_doctype(const HtmlToken& doctype);
std::string_view svg_tag_name(std::string_view lower_case);
std::string_view svg_attribute_name(std::string_view lower_case);
bool is_special(const OpenElement& element);

class TreeBuilder {
 public:
  TreeBuilder(HtmlTree& tree, std::string_view page, const HtmlTreeLimits& limits);
  void build();

 private:
  // Tokens to modes.
  void token();
  void start_tag(Mode mode);
  void end_tag(Mode mode);
  void comment(Mode mode);
  void doctype();
  void text_token();
  void text(std::string_view part);
  void text(Mode mode, std::string_view part);
  void end_of_page();
  [[nodiscard]] bool passes_over_end_tag();
  void insert_spaces(std::string_view part);
  bool out_of_time();
  [[nodiscard]] bool follows_html_rules() const;
  std::string_view decoded(std::string_view raw, bool references);

  // Insertion.
  NodeId add_node(HtmlNode::Kind kind);
  NodeId make_element(HtmlSpace space);
  NodeId make_element(HtmlTag tag);
  void take_attributes(HtmlNode& node, HtmlSpace space);
  void merge_attributes(NodeId node);
  [[nodiscard]] Place place() const { return place_in(stack_.back().node); }
  [[nodiscard]] Place place_in(NodeId target) const;
  [[nodiscard]] Place foster_place() const;
  void attach(NodeId node, Place where);
  void detach(NodeId node);
  void move_children(NodeId from, NodeId to);
  NodeId insert(HtmlSpace space = HtmlSpace::Html);  ///< the current start tag, pushed
  NodeId insert(HtmlTag tag);                        ///< without attributes, pushed
  void insert_void();                                ///< the current start tag, not pushed
  void insert_text(std::string_view part);
  void append_text(NodeId node, std::string_view part);
  void insert_comment(Place where);
  void insert_raw(HtmlContentModel model);  ///< an element of raw text or RCDATA; mode Text

  // The stack of open elements.
  void make_room();
  void push(NodeId node);
  void pop();
  void pop_until(HtmlTag tag);
  void pop_until(const HtmlTagSet& tags);
  void pop_to(std::size_t size);
  void remove_open(NodeId node);
  void insert_open(std::size_t at, NodeId node);
  [[nodiscard]] const OpenElement& current() const { return stack_.back(); }
  [[nodiscard]] bool current_is(HtmlTag tag) const {
    return !stack_.empty() && stack_.back().is(tag);
  }
  [[nodiscard]] std::size_t stack_place(NodeId node) const;  ///< stack_.size() if not there
  [[nodiscard]] bool is_open(NodeId node) const { return open_[node] != 0; }
  [[nodiscard]] bool has_open(HtmlTag tag) const {
    return open_tags_[static_cast<std::size_t>(tag)] > 0;
  }
  [[nodiscard]] bool in_scope(HtmlTag tag, Scope scope = Scope::Default) const;
  [[nodiscard]] bool in_scope(const HtmlTagSet& tags, Scope scope = Scope::Default) const;
  [[nodiscard]] bool node_in_scope(NodeId node) const;
  void imply_end_tags(HtmlTag except = HtmlTag::Other);
  void imply_end_tags_thoroughly();
  void close_p();
  void clear_to(const HtmlTagSet& context);
  void reset_mode();

  // Active formatting elements.
  void push_formatting(NodeId node);
  void push_marker() { formatting_.push_back(kNoNode); }
  void clear_to_marker();
  void reconstruct();
  void forget_formatting(NodeId node);
  [[nodiscard]] std::size_t formatting_place(NodeId node) const;
  [[nodiscard]] NodeId last_formatting(HtmlTag tag) const;
  [[nodiscard]] bool same_formatting(NodeId a, NodeId b) const;
  NodeId clone(NodeId node);
  void adopt(HtmlTag tag);
  bool adopt_once(HtmlTag tag);
  void adopt_block(NodeId formatting, std::size_t formatting_at, std::size_t block_at);

  // Modes.
  void head_start(Mode mode);
  bool in_head_start();
  bool after_head_start();
  void head_end(Mode mode);
  void leave_head_mode();
  void head_text(Mode mode, std::string_view part);
  void in_body_start();
  void body_other_start();
  void body_html_start();
  void body_body_start();
  void body_frameset_start();
  void body_form_start();
  void body_list_item_start();
  void body_a_start();
  void body_select_start();
  void body_ruby_start();
  void body_foreign_start(HtmlSpace space);
  void in_body_end();
  void body_form_end();
  void body_other_end();
  void close_in_scope(Scope scope);
  void in_body_text(std::string_view part);
  void text_end();
  void in_table_start();
  void in_table_end();
  void in_table_other_start();
  [[nodiscard]] bool is_hidden_input() const;
  void flush_table_text();
  void in_caption_start();
  void in_caption_end();
  void close_caption();
  void in_column_group_start();
  void in_column_group_end();
  void column_group_text(std::string_view part);
  void in_table_body_start();
  void in_table_body_end();
  bool leave_table_body();
  void in_row_start();
  bool leave_row();
  void in_row_end();
  void in_cell_start();
  void in_cell_end();
  void close_cell();
  void in_select_start();
  void leave_select();
  void in_select_end();
  void in_select_in_table_start();
  void in_select_in_table_end();
  void in_template_start();
  void template_end();
  void after_body_start(Mode mode);
  void after_body_end(Mode mode);
  void in_frameset_start();
  void in_frameset_end();
  void leave_foreign();
  [[nodiscard]] bool holds_html(NodeId node) const;
  void foreign_start();
  void foreign_end();

  HtmlTree& tree_;
  std::vector<HtmlNode>& nodes_;
  std::string_view page_;
  const HtmlTreeLimits& limits_;
  HtmlTokenizer tokenizer_;
  HtmlToken token_;

  Mode mode_ = Mode::Initial, original_mode_ = Mode::Initial;
  std::vector<Mode> template_modes_;
  std::vector<OpenElement> stack_;
  std::vector<std::uint8_t> open_;              ///< by node: on the stack
  std::array<std::uint32_t, 256> open_tags_{};  ///< by tag: HTML elements on the stack
  std::array<std::uint32_t, 256> overflow_{};   ///< by tag: taken off the stack at max_depth
  bool overflowed_ = false;
  std::vector<NodeId> formatting_;  ///< kNoNode is a marker
  std::size_t reconstructions_left_;
  std::vector<std::string_view> table_text_;
  NodeId head_ = kNoNode, form_ = kNoNode;
  bool frameset_ok_ = true, foster_ = false, skip_newline_ = false;
  std::string scratch_;
  std::chrono::steady_clock::time_point deadline_;
  std::uint32_t tokens_to_clock_ = 0;
};

}  // namespace crosstail::markup
