#include "markup/jsonld_repair.h"

#include <algorithm>
#include <array>

#include "markup/jsonld_cursor.h"
#include "markup/jsonld_lookahead.h"
#include "markup/jsonld_strings.h"

namespace crosstail::markup {

namespace {

constexpr std::size_t kLongestKey = 256;
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

class Repairer : JsonCursor {
 public:
  Repairer(JsonTape& tape, std::size_t max_values, JsonLdCounts& counts)
      : JsonCursor(tape.text, counts), tape_(tape), max_values_(max_values) {}

  bool run() {
    tape_.values.clear();
    for (;;) {
      skip_space(tape_.values.empty());
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

  [[nodiscard]] bool in_object() const {
    return open_ != kNoJson && tape_.values[open_].kind == Kind::Object;
  }
  [[nodiscard]] JsonPlace place() const {
    if (open_ == kNoJson) return JsonPlace::Top;
    return in_object() ? JsonPlace::Object : JsonPlace::Array;
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
    const std::size_t end = behind_placeholder();
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
    const std::size_t begin = at_ + quote_at(text_, at_).size;
    std::size_t end = begin;
    while (end < text_.size() && (is_word(text_[end]) || text_[end] == '@')) ++end;
    const std::string_view key = text_.substr(begin, end - begin);
    count(JsonLdRepair::MissingBracket);
    const bool begins_object = key == "@type" || key == "name" || key == "@id";
    if (!begins_object && belongs_to_question(key) && reopen_last()) return true;
    if (begins_object || tape_.values[open_].end == kNoJson) {
      --at_;  // open() passes the bracket, which is not there
      open(Kind::Object);
    } else {
      close();
    }
    return true;
  }

  static bool belongs_to_question(std::string_view key) {
    static constexpr std::array<std::string_view, 7> kKeys = {
        "acceptedAnswer", "suggestedAnswer", "text",  "answerCount",
        "upvoteCount",    "dateCreated",     "author"};
    return std::find(kKeys.begin(), kKeys.end(), key) != kKeys.end();
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
    const ScannedString string = scan_broken_string(text_, at_, first, place(), style_, counts_);
    v.escaped = string.escaped;
    v.cut = string.cut;
    truncated_ |= string.cut;
    finish_string(v, string.end, string.next);
  }

  void finish_string(JsonValue& v, std::size_t end, std::size_t next) {
    v.size = static_cast<std::uint32_t>(end - v.begin);
    at_ = next;
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
  std::size_t max_values_;
  std::uint32_t open_ = kNoJson;
  bool have_key_ = false, key_escaped_ = false;
  std::size_t key_begin_ = 0, key_size_ = 0;
  bool after_value_ = false, after_comma_ = false;
  bool truncated_ = false;
  std::uint32_t last_closed_ = kNoJson;
  std::size_t open_objects_ = 0, open_arrays_ = 0;
};

}  // namespace

bool parse_repairing(JsonTape& tape, std::size_t max_values, JsonLdCounts& counts) {
  return Repairer(tape, max_values, counts).run();
}

}  // namespace crosstail::markup
