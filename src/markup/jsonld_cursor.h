#pragma once
/// A place in broken JSON, and the way past all that may stand between its tokens: white space of
/// any kind, comments, CDATA marks, tags, statements of templates.

#include <cstddef>
#include <string_view>

#include "markup/jsonld.h"
#include "markup/jsonld_lookahead.h"

namespace crosstail::markup {

/// Forward search for a closing mark that remembers what it found, so that many openings before one
/// mark, or without any, read the text once.
class EndMark {
 public:
  explicit EndMark(std::string_view mark) : mark_(mark) {}
  /// Position behind the first mark at or after `from` that begins within `limit` bytes, or npos.
  std::size_t behind(std::string_view text, std::size_t from,
                     std::size_t limit = std::string_view::npos) {
    if (!known_ || found_ < from) found_ = text.find(mark_, from);
    known_ = true;
    return found_ == std::string_view::npos || found_ - from > limit ? std::string_view::npos
                                                                     : found_ + mark_.size();
  }

 private:
  std::string_view mark_;
  std::size_t found_ = 0;
  bool known_ = false;
};

/// Counts what it passes. Borrows text and counts.
class JsonCursor {
 public:
  JsonCursor(std::string_view text, JsonLdCounts& counts) : text_(text), counts_(counts) {}

 protected:
  [[nodiscard]] char peek(std::size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  [[nodiscard]] bool at(std::string_view word) const {
    return text_.substr(at_, word.size()) == word;
  }
  void count(JsonLdRepair repair) { ++counts_[repair]; }

  /// Leaves out what stands before `to`.
  void garbage(std::size_t to);
  /// To the next token. `first`: nothing was read yet.
  void skip_space(bool first);
  /// Behind the `{{ name }}` of a template that was not rendered, or npos.
  std::size_t behind_placeholder();

  std::string_view text_;
  std::size_t at_ = 0;
  JsonLdCounts& counts_;
  JsonStyle style_;

 private:
  bool skip_aside(bool first);
  bool skip_mark(std::string_view mark, JsonLdRepair repair);
  bool skip_line_comment();
  bool skip_slash(bool first);
  bool skip_angle(bool first);
  bool skip_html_comment(bool first);
  bool skip_template(EndMark& mark);

  EndMark block_end_{"*/"}, comment_end_{"-->"}, tag_end_{">"};
  EndMark statement_end_{"%}"}, remark_end_{"#}"}, placeholder_end_{"}}"};
};

}  // namespace crosstail::markup
