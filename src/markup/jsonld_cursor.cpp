#include "markup/jsonld_cursor.h"

#include <algorithm>

namespace crosstail::markup {

namespace {

constexpr std::size_t kLongestTag = 4096;
constexpr std::size_t kLongestPlaceholder = 1024;

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

}  // namespace

void JsonCursor::garbage(std::size_t to) {
  count(JsonLdRepair::Garbage);
  at_ = std::min(to, text_.size());
}

void JsonCursor::skip_space(bool first) {
  while (at_ < text_.size()) {
    if (const std::size_t size = space_size(text_, at_)) {
      if (size > 1) count(JsonLdRepair::ByteOrderMark);
      at_ += size;
    } else if (!skip_aside(first)) {
      return;
    }
  }
}

/// One comment, CDATA mark, tag or template statement; false if there is none.
bool JsonCursor::skip_aside(bool first) {
  switch (text_[at_]) {
    case '/':
      return skip_slash(first);
    case '<':
      return skip_angle(first);
    case '#':
      return skip_line_comment();
    case ']':
      return skip_mark("]]>", JsonLdRepair::Cdata);
    case '-':
      return skip_mark("-->", JsonLdRepair::Comment);
    case '&':
      return skip_mark("&nbsp;", JsonLdRepair::ByteOrderMark);
    case '\\':
      style_.escaped_space |= at("\\n");
      return skip_mark("\\n", JsonLdRepair::InvalidEscape) ||
             skip_mark("\\r", JsonLdRepair::InvalidEscape) ||
             skip_mark("\\t", JsonLdRepair::InvalidEscape);
    case '{':
      if (peek(1) == '%') return skip_template(statement_end_);
      if (peek(1) == '#') return skip_template(remark_end_);
      return false;
    default:
      return false;
  }
}

bool JsonCursor::skip_mark(std::string_view mark, JsonLdRepair repair) {
  if (!at(mark)) return false;
  count(repair);
  at_ += mark.size();
  return true;
}

bool JsonCursor::skip_line_comment() {
  count(JsonLdRepair::Comment);
  at_ = std::min(text_.find_first_of("\n\r", at_), text_.size());
  return true;
}

bool JsonCursor::skip_slash(bool first) {
  if (at("/*")) {
    const std::size_t end = block_end_.behind(text_, at_ + 2);
    const bool cdata = text_.substr(at_ + 2, 12).find("<![CDATA[") != std::string_view::npos ||
                       text_.substr(at_ + 2, 8).find("]]>") != std::string_view::npos;
    if (end == std::string_view::npos) {
      garbage(at_ + 2);
    } else {
      count(cdata ? JsonLdRepair::Cdata : JsonLdRepair::Comment);
      at_ = end;
    }
    return true;
  }
  if (!at("//")) return false;
  // `// <![CDATA[` and `//<!--` hide only themselves: all else may stand in the same line.
  std::size_t next = at_ + 2;
  while (next < text_.size() && (text_[next] == ' ' || text_[next] == '\t')) ++next;
  const std::string_view rest = text_.substr(next, 9);
  if (rest == "<![CDATA[" || rest.substr(0, 3) == "]]>" || (rest.substr(0, 4) == "<!--" && first)) {
    at_ = next;
    return true;
  }
  return skip_line_comment();
}

bool JsonCursor::skip_angle(bool first) {
  if (skip_mark("<![CDATA[", JsonLdRepair::Cdata)) return true;
  if (at("<!--")) return skip_html_comment(first);
  const char next = peek(1);
  if (!is_letter(next) && next != '/' && next != '!' && next != '?') return false;
  const std::size_t end = tag_end_.behind(text_, at_, kLongestTag);
  if (end == std::string_view::npos) return false;
  count(JsonLdRepair::HtmlTags);
  at_ = end;
  return true;
}

/// A comment around the whole script is the old way to hide it from browsers without scripts:
/// what is inside counts. Any other comment is one.
bool JsonCursor::skip_html_comment(bool first) {
  count(JsonLdRepair::Comment);
  const std::size_t end = comment_end_.behind(text_, at_ + 4);
  const std::size_t inside = skip_white(text_, at_ + 4);
  const bool data =
      inside < text_.size() &&
      (text_[inside] == '{' || text_[inside] == '[' || text_.substr(inside, 2) == "//" ||
       text_.substr(inside, 2) == "/*" || text_.substr(inside, 9) == "<![CDATA[");
  const bool whole = end == std::string_view::npos || skip_white(text_, end) >= text_.size();
  const bool hides = (first && data && whole) || end == std::string_view::npos;
  at_ = hides ? at_ + 4 : end;
  return true;
}

bool JsonCursor::skip_template(EndMark& mark) {
  const std::size_t end = mark.behind(text_, at_ + 2, kLongestPlaceholder);
  if (end == std::string_view::npos) return false;
  garbage(end);
  return true;
}

std::size_t JsonCursor::behind_placeholder() {
  return placeholder_end_.behind(text_, at_ + 2, kLongestPlaceholder);
}

}  // namespace crosstail::markup
