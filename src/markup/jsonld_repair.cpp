#include "markup/jsonld_repair.h"

#include <algorithm>
#include <array>

#include "markup/jsonld_lookahead.h"

namespace crosstail::markup {

namespace {

constexpr std::size_t kLongestKey = 256;
constexpr std::size_t kLongestTag = 4096;
constexpr std::size_t kLongestPlaceholder = 1024;
constexpr std::size_t kLongestBareString = 2048;

using Kind = JsonValue::Kind;

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_word(char c) {
  return is_letter(c) || is_digit(c) || c == '_' || c == '$';
}

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

enum class NumberForm : std::uint8_t { Json, Loose, None };

NumberForm number_form(std::string_view s) {
  std::size_t i = 0;
  bool loose = false;
  if (i < s.size() && (s[i] == '-' || s[i] == '+')) loose = s[i++] == '+';
  const std::size_t whole = i;
  while (i < s.size() && is_digit(s[i])) ++i;
  const std::size_t whole_digits = i - whole;
  loose |= whole_digits == 0 || (whole_digits > 1 && s[whole] == '0');
  std::size_t digits = whole_digits;
  if (i < s.size() && s[i] == '.') {
    const std::size_t fraction = ++i;
    while (i < s.size() && is_digit(s[i])) ++i;
    loose |= i == fraction;
    digits += i - fraction;
  }
  if (digits == 0) return NumberForm::None;
  if (i < s.size() && (s[i] == 'e' || s[i] == 'E')) {
    ++i;
    if (i < s.size() && (s[i] == '-' || s[i] == '+')) ++i;
    if (i == s.size()) return NumberForm::None;
    while (i < s.size() && is_digit(s[i])) ++i;
  }
  if (i != s.size()) return NumberForm::None;
  return loose ? NumberForm::Loose : NumberForm::Json;
}

bool is_json_word(std::string_view s) {
  return s == "true" || s == "false" || s == "null";
}

bool is_foreign_word(std::string_view s) {
  static constexpr std::array<std::string_view, 9> kWords = {
      "True", "False", "None", "undefined", "NaN", "Infinity", "-Infinity", "nil", "NULL"};
  return std::find(kWords.begin(), kWords.end(), s) != kWords.end();
}

class Repairer {
 public:
  Repairer(JsonTape& tape, std::size_t max_values, JsonLdCounts& counts)
      : tape_(tape), text_(tape.text), max_values_(max_values), counts_(counts) {}

  bool run() {
    tape_.values.clear();
    for (;;) {
      skip_space();
      if (at_ >= text_.size()) break;
      if (tape_.values.size() >= max_values_) {
        close_all();
        return false;
      }
      const std::size_t before = at_;
      const std::uint32_t open_before = open_;
      step();
      if (at_ == before && open_ == open_before) garbage(at_ + 1);
    }
    finish();
    return true;
  }

 private:
  // Where we are.

  [[nodiscard]] char peek(std::size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  [[nodiscard]] bool at(std::string_view word) const {
    return text_.substr(at_, word.size()) == word;
  }
  [[nodiscard]] bool in_object() const {
    return open_ != kNoJson && tape_.values[open_].kind == Kind::Object;
  }
  [[nodiscard]] JsonPlace place() const {
    if (open_ == kNoJson) return JsonPlace::Top;
    return in_object() ? JsonPlace::Object : JsonPlace::Array;
  }
  void count(JsonLdRepair repair) { ++counts_[repair]; }

  /// Leaves out what stands before `to`.
  void garbage(std::size_t to) {
    count(JsonLdRepair::Garbage);
    at_ = std::min(to, text_.size());
  }

  // Between tokens.

  void skip_space() {
    while (at_ < text_.size()) {
      if (const std::size_t size = space_size(text_, at_)) {
        if (size > 1) count(JsonLdRepair::ByteOrderMark);
        at_ += size;
      } else if (!skip_aside()) {
        return;
      }
    }
  }

  /// One comment, CDATA mark, tag or template statement; false if there is none.
  bool skip_aside() {
    switch (text_[at_]) {
      case '/':
        return skip_slash();
      case '<':
        return skip_angle();
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

  bool skip_mark(std::string_view mark, JsonLdRepair repair) {
    if (!at(mark)) return false;
    count(repair);
    at_ += mark.size();
    return true;
  }

  bool skip_line_comment() {
    count(JsonLdRepair::Comment);
    at_ = std::min(text_.find_first_of("\n\r", at_), text_.size());
    return true;
  }

  bool skip_slash() {
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
    if (rest == "<![CDATA[" || rest.substr(0, 3) == "]]>" ||
        (rest.substr(0, 4) == "<!--" && tape_.values.empty())) {
      at_ = next;
      return true;
    }
    return skip_line_comment();
  }

  bool skip_angle() {
    if (skip_mark("<![CDATA[", JsonLdRepair::Cdata)) return true;
    if (at("<!--")) return skip_html_comment();
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
  bool skip_html_comment() {
    count(JsonLdRepair::Comment);
    const std::size_t end = comment_end_.behind(text_, at_ + 4);
    const std::size_t inside = skip_white(text_, at_ + 4);
    const bool data =
        inside < text_.size() &&
        (text_[inside] == '{' || text_[inside] == '[' || text_.substr(inside, 2) == "//" ||
         text_.substr(inside, 2) == "/*" || text_.substr(inside, 9) == "<![CDATA[");
    const bool whole = end == std::string_view::npos || skip_white(text_, end) >= text_.size();
    at_ = tape_.values.empty() && data && whole ? at_ + 4
          : end == std::string_view::npos       ? at_ + 4
                                                : end;
    return true;
  }

  bool skip_template(EndMark& mark) {
    const std::size_t end = mark.behind(text_, at_ + 2, kLongestPlaceholder);
    if (end == std::string_view::npos) return false;
    garbage(end);
    return true;
  }

  // Structure.

  void step() {
    const char c = text_[at_];
    if (open_ == kNoJson) return step_outside(c);
    switch (c) {
      case ',':
        return comma();
      case ';':
        count(JsonLdRepair::Semicolon);
        ++at_;
        return;
      case '}':
      case ']':
        return close_bracket(c);
      case '{':
      case '[':
        return open_bracket(c);
      case ':':
        return garbage(at_ + 1);
      default:
        break;
    }
    if (in_object() && !have_key_) {
      if (quote_at(text_, at_).quote_class != QuoteClass::None) return quoted_key();
      return bare_key();
    }
    if (quote_at(text_, at_).quote_class != QuoteClass::None) {
      if (!in_object() && key_in_array()) return;
      return string_value();
    }
    bare_value();
  }

  void step_outside(char c) {
    switch (c) {
      case '{':
        if (placeholder()) return;
        [[fallthrough]];
      case '[':
        if (!starts_data()) return garbage(at_ + 1);
        if (!tape_.values.empty()) count(JsonLdRepair::ObjectsInARow);
        return open(c == '{' ? Kind::Object : Kind::Array);
      case '}':
      case ']':
        count(JsonLdRepair::ExtraBracket);
        ++at_;
        return;
      case ';':
        count(JsonLdRepair::Semicolon);
        ++at_;
        return;
      case ',':
        ++at_;
        return;
      default:
        return text_outside();
    }
  }

  /// A bracket outside all others opens an object, or a list of objects; `a['b']` is code.
  [[nodiscard]] bool starts_data() {
    style_.escaped_space |= text_.substr(at_ + 1, 2) == "\\n";
    if (!starts_container(text_, at_, style_)) return false;
    const std::size_t next = look_past_space(text_, at_ + 1, style_);
    return text_[at_] == '{' || quote_at(text_, next).quote_class == QuoteClass::None;
  }

  /// Anything before, between and behind values. Code that builds its data is not read.
  void text_outside() {
    const std::size_t end = std::min(text_.find_first_of("{[<}],;", at_ + 1), text_.size());
    std::string_view run = text_.substr(at_, end - at_);
    if (run.find("function") != std::string_view::npos || run.find("=>") != std::string_view::npos)
      return garbage(text_.size());
    while (!run.empty() && static_cast<unsigned char>(run.back()) <= ' ') run.remove_suffix(1);
    const char last = run.empty() ? '\0' : run.back();
    const bool code = last == '=' || last == '(' || last == ')';
    count(code ? JsonLdRepair::ScriptCode : JsonLdRepair::Garbage);
    at_ = end;
  }

  JsonValue& push(Kind kind) {
    if (open_ != kNoJson && after_value_ && !after_comma_) count(JsonLdRepair::MissingComma);
    JsonValue& v = tape_.values.emplace_back();
    v.kind = kind;
    v.key_begin = static_cast<std::uint32_t>(key_begin_);
    v.key_size = have_key_ ? static_cast<std::uint32_t>(key_size_) : 0;
    v.key_escaped = have_key_ && key_escaped_;
    v.begin = static_cast<std::uint32_t>(std::min(at_, text_.size()));
    v.end = static_cast<std::uint32_t>(tape_.values.size());
    have_key_ = false;
    after_value_ = true;
    after_comma_ = false;
    return v;
  }

  void open(Kind kind) {
    JsonValue& v = push(kind);
    v.end = open_;
    open_ = static_cast<std::uint32_t>(tape_.values.size() - 1);
    ++(kind == Kind::Object ? open_objects_ : open_arrays_);
    after_value_ = false;
    ++at_;
  }

  void close() {
    if (have_key_) missing_value();
    JsonValue& v = tape_.values[open_];
    --(v.kind == Kind::Object ? open_objects_ : open_arrays_);
    last_closed_ = open_;
    open_ = v.end;
    v.end = static_cast<std::uint32_t>(tape_.values.size());
    after_value_ = true;
    after_comma_ = false;
  }

  void missing_value() { push(Kind::Other); }

  void comma() {
    if (have_key_) missing_value();
    if (!after_value_) count(JsonLdRepair::TrailingComma);
    after_value_ = false;
    after_comma_ = true;
    ++at_;
  }

  /// Closes what is open up to the nearest container of this kind around it; there is one.
  void close_up_to(Kind kind) {
    while (tape_.values[open_].kind != kind) {
      count(JsonLdRepair::MissingBracket);
      close();
    }
  }

  void close_bracket(char c) {
    if (after_comma_) count(JsonLdRepair::TrailingComma);
    after_comma_ = false;
    const Kind kind = c == '}' ? Kind::Object : Kind::Array;
    if (tape_.values[open_].kind != kind) {
      const bool extra =
          kind == Kind::Object ? open_objects_ == 0 || question_follows() : open_arrays_ == 0;
      if (extra) {
        count(JsonLdRepair::ExtraBracket);
        ++at_;
        return;
      }
      close_up_to(kind);
    }
    close();
    ++at_;
  }

  /// Behind a `}` in an array: a comma and another question, so the `}` was one too many.
  [[nodiscard]] bool question_follows() const {
    std::size_t next = look_past_space(text_, at_ + 1);
    if (next >= text_.size() || text_[next] != ',') return false;
    next = look_past_space(text_, next + 1);
    return next < text_.size() && text_[next] == '{' &&
           text_.substr(next, 80).find("Question") != std::string_view::npos;
  }

  void open_bracket(char c) {
    if (c == '{' && placeholder()) return;
    if (in_object() && !have_key_ && c == '{' && has_members(open_) && open_arrays_ != 0) {
      // A new object where a key should be: the objects before it were not closed.
      const bool comma_before = after_comma_;
      close_up_to(Kind::Array);
      after_comma_ = comma_before;
    }
    open(c == '{' ? Kind::Object : Kind::Array);
  }

  [[nodiscard]] bool has_members(std::uint32_t container) const {
    return container + 1 < tape_.values.size() && tape_.values[container + 1].key_size != 0;
  }

  /// `{{ name }}` of a template that was not rendered: no value.
  bool placeholder() {
    if (peek(1) != '{') return false;
    const std::size_t end = placeholder_end_.behind(text_, at_ + 2, kLongestPlaceholder);
    if (end == std::string_view::npos || starts_container(text_, at_ + 1)) return false;
    if (have_key_) missing_value();
    garbage(end);
    return true;
  }

  // Keys.

  /// A key of `size` bytes, with the colon (or what stands for it) read up to `next`.
  void take_key(std::size_t begin, std::size_t size, std::size_t next) {
    if (after_value_ && !after_comma_) count(JsonLdRepair::MissingComma);
    after_value_ = false;
    after_comma_ = false;
    have_key_ = true;
    key_begin_ = begin;
    key_size_ = size;
    const std::string_view key = text_.substr(begin, size);
    key_escaped_ = key.find('\\') != std::string_view::npos;
    at_ = next;
  }

  void quoted_key() {
    const Quote first = quote_at(text_, at_);
    const std::size_t begin = at_ + first.size;
    const std::size_t limit = std::min(text_.size(), begin + kLongestKey);
    std::size_t end = begin;
    Quote last;
    for (; end < limit && text_[end] != '\n'; end += text_[end] == '\\' ? 2u : 1u) {
      last = quote_at(text_, end);
      if (last.quote_class == first.quote_class) break;
      last = {};
    }
    if (last.quote_class != QuoteClass::None) {
      const std::size_t next = skip_white(text_, end + last.size);
      const bool colon = next < text_.size() && text_[next] == ':';
      const std::string_view key = text_.substr(begin, end - begin);
      if (colon || (is_known_key(key) && value_follows(next))) {
        if (!colon) count(JsonLdRepair::MissingColon);
        if (first.curly || first.quote_class != QuoteClass::Double)
          count(JsonLdRepair::ForeignQuote);
        return take_key(begin, end - begin, colon ? next + 1 : next);
      }
    }
    if (key_without_end(begin)) return;
    if (last.quote_class != QuoteClass::None) return garbage(end + last.size);
    if (end >= text_.size()) truncated_ = true;
    garbage(begin);
  }

  [[nodiscard]] bool value_follows(std::size_t at) const {
    return at < text_.size() && (text_[at] == '{' || text_[at] == '[' ||
                                 quote_at(text_, at).quote_class != QuoteClass::None);
  }

  /// `"name: "What is…"`: the quote behind the key is missing.
  bool key_without_end(std::size_t begin) {
    std::size_t end = begin;
    while (end < text_.size() && (is_word(text_[end]) || text_[end] == '@')) ++end;
    const std::size_t colon = skip_white(text_, end);
    if (end == begin || colon >= text_.size() || text_[colon] != ':') return false;
    count(JsonLdRepair::MissingQuote);
    take_key(begin, end - begin, colon + 1);
    return true;
  }

  void bare_key() {
    const std::size_t begin = at_;
    std::size_t end = at_;
    while (end < text_.size() && (is_word(text_[end]) || text_[end] == '@' || text_[end] == '-'))
      ++end;
    if (end == begin) return garbage(at_ + 1);
    const Quote quote = quote_at(text_, end);
    const std::size_t colon = skip_white(text_, end + quote.size);
    if (colon >= text_.size() || text_[colon] != ':') return garbage(end);
    count(quote.quote_class != QuoteClass::None ? JsonLdRepair::MissingQuote
                                                : JsonLdRepair::UnquotedKey);
    style_.unquoted_keys |= quote.quote_class == QuoteClass::None;
    take_key(begin, end - begin, colon + 1);
  }

  /// A `"key":` among an array's values: a bracket is missing or one too many.
  bool key_in_array() {
    if (quoted_key_likeness(text_, at_) == KeyLikeness::No) return false;
    const std::string_view near = text_.substr(at_ + quote_at(text_, at_).size, 20);
    const auto begins = [&](std::string_view word) {
      return near.substr(0, word.size()) == word && !is_word(near.substr(word.size(), 1)[0]);
    };
    count(JsonLdRepair::MissingBracket);
    if (begins("@type") || begins("name") || begins("@id")) {
      --at_;  // open() passes the bracket, which is not there
      open(Kind::Object);
    } else if ((begins("acceptedAnswer") || begins("text") || begins("suggestedAnswer") ||
                begins("answerCount") || begins("upvoteCount") || begins("dateCreated") ||
                begins("author")) &&
               reopen_last()) {
      return true;
    } else if (tape_.values[open_].end != kNoJson) {
      close();
    } else {
      --at_;
      open(Kind::Object);
    }
    return true;
  }

  /// The object that was closed last, directly before, goes on.
  bool reopen_last() {
    if (last_closed_ == kNoJson) return false;
    JsonValue& last = tape_.values[last_closed_];
    if (last.kind != Kind::Object || last.end != tape_.values.size() || last_closed_ <= open_)
      return false;
    last.end = open_;
    open_ = last_closed_;
    ++open_objects_;
    return true;
  }

  // Values.

  void string_value() {
    const Quote first = quote_at(text_, at_);
    if (first.curly || first.quote_class != QuoteClass::Double) count(JsonLdRepair::ForeignQuote);
    at_ += first.size;
    JsonValue& v = push(Kind::String);
    scan_string(v, first);
  }

  static bool is_marked(char c) {
    return c == '"' || c == '\\' || c == '\'' || c == '`' || c == '\xe2' ||
           static_cast<unsigned char>(c) < 0x20;
  }

  /// Reads from `at_` to the end of the string that `first` opened.
  void scan_string(JsonValue& v, Quote first) {
    bool newline = false, control = false, quoted = false;
    std::size_t i = at_;
    for (;;) {
      while (i < text_.size() && !is_marked(text_[i])) ++i;
      if (i >= text_.size()) break;
      const char c = text_[i];
      if (c == '\\') {
        v.escaped = true;
        if (escaped_end(i, first)) return finish_string(v, i + 1, i + 2);
        i = escape(i);
      } else if (static_cast<unsigned char>(c) < 0x20) {
        newline |= c == '\n' || c == '\r';
        control |= c != '\n' && c != '\r';
        v.escaped |= c != '\n' && c != '\r' && c != '\t';
        ++i;
      } else {
        const Quote quote = quote_at(text_, i);
        if (quote.quote_class != first.quote_class) {
          ++i;
          continue;
        }
        const std::size_t after = i + quote.size;
        if (const std::size_t end = missing_end(i); end != 0 && end >= v.begin) {
          count(JsonLdRepair::MissingQuote);
          count_white(newline, control);
          return finish_string(v, end, i);
        }
        if (ends_at(i, quote, first)) {
          v.cut = nothing_follows(after) && (quoted || text_[i - 1] == ' ');
          truncated_ |= v.cut;
          count_white(newline, control);
          return finish_string(v, i, after);
        }
        if (quote.curly == first.curly) count(JsonLdRepair::UnescapedQuote);
        quoted |= quote.curly == first.curly;
        i = after;
      }
    }
    v.cut = true;
    truncated_ = true;
    v.size = static_cast<std::uint32_t>(text_.size() - v.begin);
    at_ = text_.size();
  }

  /// At the very end of a text a quote may be one inside a string: the first of a quotation (behind
  /// a space), or the last, where there were others.
  [[nodiscard]] bool nothing_follows(std::size_t at) const {
    at = skip_white(text_, at);
    return at >= text_.size() || (text_[at] == ',' && skip_white(text_, at + 1) >= text_.size());
  }

  void count_white(bool newline, bool control) {
    if (newline) count(JsonLdRepair::RawNewline);
    if (control) count(JsonLdRepair::ControlCharacter);
  }

  void finish_string(JsonValue& v, std::size_t end, std::size_t next) {
    v.size = static_cast<std::uint32_t>(end - v.begin);
    at_ = next;
  }

  /// Whether the quote at `i` ends the string. A quote of another shape than the first must be
  /// followed by a key of schema.org.
  [[nodiscard]] bool ends_at(std::size_t i, Quote quote, Quote first) const {
    if (!ends_string(text_, i + quote.size, place(), style_)) return false;
    return quote.curly == first.curly || first.curly || known_key_follows(i + quote.size);
  }

  [[nodiscard]] bool known_key_follows(std::size_t at) const {
    at = look_past_space(text_, at);
    if (at >= text_.size() || text_[at] != ',') return false;
    return quoted_key_likeness(text_, look_past_space(text_, at + 1)) == KeyLikeness::Known;
  }

  /// `"C:\dir\", "text": …`: the backslash was meant, the quote ends the string.
  [[nodiscard]] bool escaped_end(std::size_t backslash, Quote first) const {
    return in_object() && quote_at(text_, backslash + 1).quote_class == first.quote_class &&
           known_key_follows(backslash + 2);
  }

  /// Position behind the escape at `i`.
  std::size_t escape(std::size_t i) {
    const char c = i + 1 < text_.size() ? text_[i + 1] : '\0';
    static constexpr std::string_view kJson = "\"\\/bfnrtu";
    if (kJson.find(c) == std::string_view::npos) {
      count(JsonLdRepair::InvalidEscape);
    } else if (c == 'u') {
      const std::string_view digits = text_.substr(std::min(i + 2, text_.size()), 4);
      const bool hex = digits.size() == 4 &&
                       digits.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
      if (!hex) count(JsonLdRepair::InvalidEscape);
    }
    return std::min(i + 2, text_.size());
  }

  /// If the quote at `i` begins the next key, the end of the string before it, whose own quote is
  /// missing; else 0.
  [[nodiscard]] std::size_t missing_end(std::size_t i) const {
    if (!in_object() || quoted_key_likeness(text_, i) != KeyLikeness::Known) return 0;
    bool line = false;
    std::size_t end = i;
    while (end > 0 && static_cast<unsigned char>(text_[end - 1]) <= ' ')
      line |= text_[--end] == '\n';
    const bool comma = end > 0 && text_[end - 1] == ',';
    if (!comma && !line) return 0;
    if (comma) --end;
    return end;
  }

  /// Words, numbers, and what has lost its quotes.
  void bare_value() {
    const std::size_t end = std::min(text_.find_first_of(",}]\"\n\r", at_), text_.size());
    std::string_view word = text_.substr(at_, end - at_);
    while (!word.empty() && static_cast<unsigned char>(word.back()) <= ' ') word.remove_suffix(1);
    if (word.empty()) return garbage(at_ + 1);
    const NumberForm number = number_form(word);
    if (number == NumberForm::None && in_object() && end < text_.size() && text_[end] != '\n' &&
        string_without_start())
      return;
    JsonValue& v = push(number == NumberForm::None ? Kind::Other : Kind::Number);
    v.size = static_cast<std::uint32_t>(word.size());
    if (number == NumberForm::Loose) count(JsonLdRepair::InvalidNumber);
    if (number == NumberForm::None && !is_json_word(word))
      count(is_foreign_word(word) ? JsonLdRepair::ForeignLiteral : JsonLdRepair::Garbage);
    at_ = std::max(end, at_ + 1);
  }

  /// `"name": What is it?",`: a string whose first quote is missing, in one line.
  bool string_without_start() {
    if (!is_letter(text_[at_]) && static_cast<unsigned char>(text_[at_]) < 0x80) return false;
    const std::string_view near = text_.substr(at_, kLongestBareString);
    const std::size_t quote = at_ + std::min(near.find_first_of("\"\n\r"), near.size());
    if (quote >= text_.size() || text_[quote] != '"' ||
        !ends_string(text_, quote + 1, place(), style_))
      return false;
    if (quoted_key_likeness(text_, quote) != KeyLikeness::No) return false;
    count(JsonLdRepair::MissingQuote);
    JsonValue& v = push(Kind::String);
    v.escaped = text_.substr(v.begin, quote - v.begin).find('\\') != std::string_view::npos;
    finish_string(v, quote, quote + 1);
    return true;
  }

  void close_all() {
    while (open_ != kNoJson) close();
  }

  void finish() {
    truncated_ |= have_key_ || (open_ != kNoJson && after_comma_);
    if (truncated_) count(JsonLdRepair::Truncated);
    while (open_ != kNoJson) {
      if (!truncated_) count(JsonLdRepair::MissingBracket);
      close();
    }
  }

  JsonTape& tape_;
  std::string_view text_;
  std::size_t max_values_;
  JsonLdCounts& counts_;
  std::size_t at_ = 0;
  std::uint32_t open_ = kNoJson;
  bool have_key_ = false, key_escaped_ = false;
  std::size_t key_begin_ = 0, key_size_ = 0;
  bool after_value_ = false, after_comma_ = false;
  JsonStyle style_;
  bool truncated_ = false;
  std::uint32_t last_closed_ = kNoJson;
  std::size_t open_objects_ = 0, open_arrays_ = 0;
  EndMark block_end_{"*/"}, comment_end_{"-->"}, tag_end_{">"};
  EndMark statement_end_{"%}"}, remark_end_{"#}"}, placeholder_end_{"}}"};
};

}  // namespace

bool parse_repairing(JsonTape& tape, std::size_t max_values, JsonLdCounts& counts) {
  return Repairer(tape, max_values, counts).run();
}

}  // namespace crosstail::markup
