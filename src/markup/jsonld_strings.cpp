#include "markup/jsonld_strings.h"

#include <algorithm>

namespace crosstail::markup {

namespace {

bool is_marked(char c) {
  return c == '"' || c == '\\' || c == '\'' || c == '`' || c == '{' || c == '}' || c == '\xe2' ||
         static_cast<unsigned char>(c) < 0x20;
}

class Scanner {
 public:
  Scanner(std::string_view text, std::size_t begin, Quote first, JsonPlace place, JsonStyle style,
          JsonLdCounts& counts)
      : text_(text), begin_(begin), first_(first), place_(place), style_(style), counts_(counts) {}

  ScannedString run() {
    std::size_t i = begin_;
    while (!done_) {
      while (i < text_.size() && !is_marked(text_[i])) ++i;
      if (i >= text_.size()) {
        finish(text_.size(), text_.size());
        string_.cut = true;
      } else if (text_[i] == '\\') {
        i = backslash(i);
      } else if (text_[i] == '{' || text_[i] == '}') {
        braces_ += text_[i++] == '{' ? 1 : -1;
      } else if (static_cast<unsigned char>(text_[i]) < 0x20) {
        control(text_[i++]);
      } else {
        i = quote(i);
      }
    }
    if (newline_) ++counts_[JsonLdRepair::RawNewline];
    if (control_) ++counts_[JsonLdRepair::ControlCharacter];
    return string_;
  }

 private:
  void finish(std::size_t end, std::size_t next) {
    string_.end = end;
    string_.next = next;
    done_ = true;
  }

  std::size_t backslash(std::size_t i) {
    string_.escaped = true;
    if (escaped_end(i)) {
      finish(i + 1, i + 2);
      return i;
    }
    return escape(i);
  }

  void control(char c) {
    const bool line_break = c == '\n' || c == '\r';
    newline_ |= line_break;
    control_ |= !line_break;
    string_.escaped |= !line_break && c != '\t';
  }

  /// A quote at `i`, perhaps of another class: the end, or a part of the string.
  std::size_t quote(std::size_t i) {
    const Quote quote = quote_at(text_, i);
    if (quote.quote_class != first_.quote_class) return i + 1;
    const std::size_t after = i + quote.size;
    const bool code = quoted_ && braces_ > 0;
    if (const std::size_t end = code ? 0 : missing_end(i); end != 0) {
      ++counts_[JsonLdRepair::MissingQuote];
      finish(end, end);
    } else if (!code && ends_at(i, quote)) {
      string_.cut = nothing_follows(after) && (quoted_ || text_[i - 1] == ' ');
      finish(i, after);
    } else if (quote.curly == first_.curly) {
      ++counts_[JsonLdRepair::UnescapedQuote];
      quoted_ = true;
    }
    return after;
  }

  /// At the very end of a text a quote may be one inside a string: the first of a quotation (behind
  /// a space), or the last, where there were others.
  [[nodiscard]] bool nothing_follows(std::size_t at) const {
    at = skip_white(text_, at);
    return at >= text_.size() || (text_[at] == ',' && skip_white(text_, at + 1) >= text_.size());
  }

  /// Whether the quote at `i` ends the string. A quote of another shape than the first must be
  /// followed by a key of schema.org.
  [[nodiscard]] bool ends_at(std::size_t i, Quote quote) const {
    if (!ends_string(text_, i + quote.size, place_, style_)) return false;
    return quote.curly == first_.curly || first_.curly || known_key_follows(i + quote.size);
  }

  [[nodiscard]] bool known_key_follows(std::size_t at) const {
    at = look_past_space(text_, at);
    if (at >= text_.size() || text_[at] != ',') return false;
    return quoted_key_likeness(text_, look_past_space(text_, at + 1)) == KeyLikeness::Known;
  }

  /// `"C:\dir\", "text": …`: the backslash was meant, the quote ends the string.
  [[nodiscard]] bool escaped_end(std::size_t backslash) const {
    return place_ == JsonPlace::Object &&
           quote_at(text_, backslash + 1).quote_class == first_.quote_class &&
           known_key_follows(backslash + 2);
  }

  /// Position behind the escape at `i`.
  std::size_t escape(std::size_t i) {
    const char c = i + 1 < text_.size() ? text_[i + 1] : '\0';
    static constexpr std::string_view kJson = "\"\\/bfnrtu";
    if (kJson.find(c) == std::string_view::npos) {
      ++counts_[JsonLdRepair::InvalidEscape];
    } else if (c == 'u') {
      const std::string_view digits = text_.substr(std::min(i + 2, text_.size()), 4);
      const bool hex = digits.size() == 4 &&
                       digits.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
      if (!hex) ++counts_[JsonLdRepair::InvalidEscape];
    }
    return std::min(i + 2, text_.size());
  }

  /// If the quote at `i` begins a key further on, the end of the string before it, whose own quote
  /// is missing: before the commas, brackets and white space that part the two. Else 0.
  [[nodiscard]] std::size_t missing_end(std::size_t i) const {
    if (place_ != JsonPlace::Object || quoted_key_likeness(text_, i) != KeyLikeness::Known)
      return 0;
    bool parted = false;
    std::size_t end = i;
    for (; end > begin_; --end) {
      const char c = text_[end - 1];
      const bool structural = c == '{' || c == '}' || c == '[' || c == ']' || c == ',';
      if (!structural && static_cast<unsigned char>(c) > ' ') break;
      parted |= c == ',' || c == '\n';
    }
    return parted ? end : 0;
  }

  std::string_view text_;
  std::size_t begin_;
  Quote first_;
  JsonPlace place_;
  JsonStyle style_;
  JsonLdCounts& counts_;
  ScannedString string_;
  bool done_ = false, newline_ = false, control_ = false;
  bool quoted_ = false;  ///< quotes inside were seen
  int braces_ = 0;       ///< open in the string: a sample of code, which has commas and keys too
};

}  // namespace

ScannedString scan_broken_string(std::string_view text, std::size_t begin, Quote first,
                                 JsonPlace place, JsonStyle style, JsonLdCounts& counts) {
  return Scanner(text, begin, first, place, style, counts).run();
}

}  // namespace crosstail::markup
