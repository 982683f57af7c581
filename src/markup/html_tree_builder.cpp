#include "markup/html_tree_builder.h"

#include <algorithm>

#include "markup/html_scan.h"

namespace crosstail::markup {
namespace {

constexpr HtmlTagSet kMathText = {HtmlTag::Mi, HtmlTag::Mo, HtmlTag::Mn, HtmlTag::Ms,
                                  HtmlTag::Mtext};
constexpr HtmlTagSet kSvgHtml = {HtmlTag::ForeignObject, HtmlTag::Desc, HtmlTag::Title};
constexpr HtmlTagSet kTableText = {HtmlTag::Table, HtmlTag::Tbody, HtmlTag::Template,
                                   HtmlTag::Tfoot, HtmlTag::Thead, HtmlTag::Tr};

bool is_all_space(std::string_view text) {
  return std::all_of(text.begin(), text.end(), is_html_space);
}

}  // namespace

TreeBuilder::TreeBuilder(HtmlTree& tree, std::string_view page, const HtmlTreeLimits& limits)
    : tree_(tree),
      nodes_(tree.nodes),
      page_(page),
      limits_(limits),
      tokenizer_(page, limits.tokens),
      reconstructions_left_(page.size() / 4 + 4096) {
  tokenizer_.follow_tree_builder();
  nodes_.reserve(page.size() / 32 + 16);
  open_.reserve(page.size() / 32 + 16);
  stack_.reserve(64);
}

void TreeBuilder::build() {
  const auto start = std::chrono::steady_clock::now();
  deadline_ = start + std::chrono::milliseconds(limits_.max_milliseconds);
  add_node(HtmlNode::Kind::Document);
  while (tokenizer_.next(token_)) {
    token();
    if (nodes_.size() >= limits_.max_nodes || out_of_time()) {
      tree_.truncated = true;
      break;
    }
    tokenizer_.allow_cdata(!stack_.empty() && current().space != HtmlSpace::Html);
  }
  end_of_page();
  tree_.attributes_dropped += tokenizer_.attributes_dropped();
  tree_.attributes_cut = tokenizer_.attributes_cut();
}

bool TreeBuilder::out_of_time() {
  constexpr std::uint32_t kTokensBetweenLooks = 512;
  if (limits_.max_milliseconds == 0 || ++tokens_to_clock_ < kTokensBetweenLooks) return false;
  tokens_to_clock_ = 0;
  return std::chrono::steady_clock::now() > deadline_;
}

void TreeBuilder::token() {
  if (token_.kind == HtmlTokenKind::Text) return text_token();
  skip_newline_ = false;
  if (mode_ == Mode::InTableText) flush_table_text();
  const bool html = follows_html_rules();
  switch (token_.kind) {
    case HtmlTokenKind::StartTag:
      return html ? start_tag(mode_) : foreign_start();
    case HtmlTokenKind::EndTag:
      if (overflowed_ && passes_over_end_tag()) return;
      return html ? end_tag(mode_) : foreign_end();
    case HtmlTokenKind::Comment:
      return html ? comment(mode_) : insert_comment({current().node, kNoNode});
    default:
      return doctype();
  }
}

/// An end tag for an element that had to leave the stack at max_depth. Once the element around the
/// deepest ones is closed, the rest is forgotten.
bool TreeBuilder::passes_over_end_tag() {
  if (stack_.size() + 1 < std::max<std::size_t>(limits_.max_depth, 8)) {
    overflow_.fill(0);
    overflowed_ = false;
    return false;
  }
  std::uint32_t& count = overflow_[static_cast<std::size_t>(token_.tag)];
  if (count == 0) return false;
  --count;
  return true;
}

/// §13.2.6: whether the current token goes by the insertion mode or by foreign content.
bool TreeBuilder::follows_html_rules() const {
  if (stack_.empty() || current().space == HtmlSpace::Html) return true;
  const OpenElement& element = current();
  const bool start = token_.kind == HtmlTokenKind::StartTag;
  const bool text = token_.kind == HtmlTokenKind::Text;
  if (element.space == HtmlSpace::Svg) return (start || text) && kSvgHtml.has(element.tag);
  if (kMathText.has(element.tag))
    return text || (start && token_.tag != HtmlTag::Mglyph && token_.tag != HtmlTag::Malignmark);
  if (element.tag != HtmlTag::AnnotationXml) return false;
  if (start && token_.tag == HtmlTag::Svg) return true;
  return (start || text) && holds_html(element.node);
}

/// The characters of a text or comment, in the page if they stand there, else kept by the tree.
std::string_view TreeBuilder::decoded(std::string_view raw, bool references) {
  if (!references &&
      find_byte(raw.data(), raw.data() + raw.size(), '\r') == raw.data() + raw.size() &&
      find_byte(raw.data(), raw.data() + raw.size(), '\0') == raw.data() + raw.size())
    return raw;
  scratch_.clear();
  if (references)
    decode_text(scratch_, raw);
  else
    normalise_raw(scratch_, raw);
  return tree_.keep(scratch_);
}

/// U+0000 in ordinary text and CDATA is dropped, or replaced in foreign content; in raw text,
/// RCDATA and plaintext the tokenizer's rules replace it.
void TreeBuilder::text_token() {
  const std::string_view raw = token_.text;
  const bool references = token_.text_has_references;
  if (!references && !token_.raw_text) return text(raw);
  if (mode_ == Mode::Text || (token_.raw_text && current().space == HtmlSpace::Html))
    return text(decoded(raw, references));
  for (std::size_t at = 0; at < raw.size();) {
    const std::size_t nul = std::min(raw.find('\0', at), raw.size());
    if (nul > at) text(decoded(raw.substr(at, nul - at), references));
    if (nul < raw.size() && !follows_html_rules()) insert_text("\xef\xbf\xbd");
    at = nul + 1;
  }
}

void TreeBuilder::text(std::string_view part) {
  if (skip_newline_) {
    skip_newline_ = false;
    if (part.starts_with('\n')) part.remove_prefix(1);
  }
  if (part.empty()) return;
  if (follows_html_rules()) return text(mode_, part);
  insert_text(part);
  if (frameset_ok_ && !is_all_space(part)) frameset_ok_ = false;
}

void TreeBuilder::text(Mode mode, std::string_view part) {
  switch (mode) {
    case Mode::InBody:
    case Mode::InCaption:
    case Mode::InCell:
    case Mode::InTemplate:
      return in_body_text(part);
    case Mode::Text:
    case Mode::InSelect:
    case Mode::InSelectInTable:
      return insert_text(part);
    case Mode::InTable:
    case Mode::InTableBody:
    case Mode::InRow:
      if (current().in(kTableText)) {
        original_mode_ = mode_;
        mode_ = Mode::InTableText;
        table_text_.push_back(part);
        return;
      }
      foster_ = true;
      in_body_text(part);
      foster_ = false;
      return;
    case Mode::InTableText:
      table_text_.push_back(part);
      return;
    case Mode::AfterBody:
    case Mode::AfterAfterBody:
      if (!is_all_space(part)) mode_ = Mode::InBody;
      return in_body_text(part);
    case Mode::InColumnGroup:
      return column_group_text(part);
    case Mode::InFrameset:
    case Mode::AfterFrameset:
    case Mode::AfterAfterFrameset:
      return insert_spaces(part);
    default:
      return head_text(mode, part);
  }
}

/// Only the white space of a text, for modes that ignore all else.
void TreeBuilder::insert_spaces(std::string_view part) {
  if (!is_all_space(part)) {
    scratch_.clear();
    std::copy_if(part.begin(), part.end(), std::back_inserter(scratch_), is_html_space);
    part = tree_.keep(scratch_);
  }
  insert_text(part);
}

void TreeBuilder::in_body_text(std::string_view part) {
  if (!formatting_.empty()) reconstruct();
  insert_text(part);
  if (frameset_ok_ && !is_all_space(part)) frameset_ok_ = false;
}

void TreeBuilder::start_tag(Mode mode) {
  switch (mode) {
    case Mode::InBody:
      return in_body_start();
    case Mode::InTable:
      return in_table_start();
    case Mode::InCaption:
      return in_caption_start();
    case Mode::InColumnGroup:
      return in_column_group_start();
    case Mode::InTableBody:
      return in_table_body_start();
    case Mode::InRow:
      return in_row_start();
    case Mode::InCell:
      return in_cell_start();
    case Mode::InSelect:
      return in_select_start();
    case Mode::InSelectInTable:
      return in_select_in_table_start();
    case Mode::InTemplate:
      return in_template_start();
    case Mode::AfterBody:
    case Mode::AfterFrameset:
    case Mode::AfterAfterBody:
    case Mode::AfterAfterFrameset:
      return after_body_start(mode);
    case Mode::InFrameset:
      return in_frameset_start();
    default:
      return head_start(mode);
  }
}

void TreeBuilder::end_tag(Mode mode) {
  switch (mode) {
    case Mode::InBody:
      return in_body_end();
    case Mode::Text:
      return text_end();
    case Mode::InTable:
      return in_table_end();
    case Mode::InCaption:
      return in_caption_end();
    case Mode::InColumnGroup:
      return in_column_group_end();
    case Mode::InTableBody:
      return in_table_body_end();
    case Mode::InRow:
      return in_row_end();
    case Mode::InCell:
      return in_cell_end();
    case Mode::InSelect:
      return in_select_end();
    case Mode::InSelectInTable:
      return in_select_in_table_end();
    case Mode::InTemplate:
      if (token_.tag == HtmlTag::Template) template_end();
      return;
    case Mode::AfterBody:
    case Mode::AfterFrameset:
    case Mode::AfterAfterBody:
    case Mode::AfterAfterFrameset:
      return after_body_end(mode);
    case Mode::InFrameset:
      return in_frameset_end();
    default:
      return head_end(mode);
  }
}

void TreeBuilder::comment(Mode mode) {
  switch (mode) {
    case Mode::Initial:
    case Mode::BeforeHtml:
    case Mode::AfterAfterBody:
    case Mode::AfterAfterFrameset:
      return insert_comment({0, kNoNode});
    case Mode::AfterBody:
      return insert_comment({stack_.front().node, kNoNode});
    default:
      return insert_comment(place());
  }
}

void TreeBuilder::doctype() {
  if (mode_ != Mode::Initial) return;
  const NodeId id = add_node(HtmlNode::Kind::Doctype);
  nodes_[id].name = tree_.keep(token_.name);
  attach(id, {0, kNoNode});
  tree_.quirks = is_quirks_doctype(token_);
  mode_ = Mode::BeforeHtml;
}

/// What the end of the page still makes: html, head and body where they are missing.
void TreeBuilder::end_of_page() {
  if (mode_ == Mode::InTableText) flush_table_text();
  if (mode_ == Mode::Text) {
    pop();
    mode_ = original_mode_;
  }
  token_.kind = HtmlTokenKind::EndTag;
  while (mode_ <= Mode::AfterHead || has_open(HtmlTag::Template)) {
    if (has_open(HtmlTag::Template)) {
      pop_until(HtmlTag::Template);
      clear_to_marker();
      if (!template_modes_.empty()) template_modes_.pop_back();
      reset_mode();
    } else {
      leave_head_mode();
    }
  }
}

}  // namespace crosstail::markup
