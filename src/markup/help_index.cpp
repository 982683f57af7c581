#include "markup/help_index.h"

#include <algorithm>
#include <utility>

#include "base/file.h"
#include "markup/text_rendering.h"
#include "text/utf8.h"

namespace crosstail::markup {
namespace {

bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// White space of Unicode that an editor may have put between words, folded to single spaces.
std::string folded(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t begin = at;
    const char32_t c = text::next_code_point(text, at);
    const bool space = c <= ' ' || c == 0x85 || c == 0xa0 || c == 0x1680 ||
                       (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f ||
                       c == 0x205f || c == 0x3000;
    if (!space)
      out += text.substr(begin, at - begin);
    else if (!out.empty() && out.back() != ' ')
      out += ' ';
  }
  if (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

/// "a -- b" as a person would write it.
std::string entry_text(std::string_view literal) {
  constexpr std::string_view kDash = " -- ";
  std::string text = folded(literal_to_text(literal));
  if (text.starts_with(kDash.substr(1))) text.erase(0, kDash.size() - 1);
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t dash = std::min(text.find(kDash, at), text.size());
    out += std::string_view(text).substr(at, dash - at);
    if (dash == text.size()) break;
    out += ", ";
    at = dash + kDash.size();
  }
  return folded(out);
}

/// "de/text/a.html?DbPAR=X#bm" → "text/a.html".
std::string page_of(std::string_view url) {
  url = url.substr(0, url.find_first_of("?#"));
  const std::size_t slash = url.find('/');
  return std::string(slash == std::string_view::npos ? url : url.substr(slash + 1));
}

/// The file, from `var NAME = [` to the bracket that closes it.
class HelpIndexParser {
 public:
  HelpIndexParser(std::string_view text, const std::string& name, const HelpIndexLimits& limits)
      : text_(text), name_(name), limits_(limits) {}

  Result<std::vector<HelpIndexEntry>> parse() {
    skip_space();
    for (const std::string_view word : {"var", "bookmarks"})
      if (this->word() != word) return expected("`var bookmarks = [`");
    if (!take('=') || !take('[')) return expected("`var bookmarks = [`");
    while (!take(']')) {
      if (entries_.size() == limits_.max_entries)
        return Error{ErrorCode::Limit,
                     place() + "more than " + std::to_string(limits_.max_entries) + " entries"};
      CT_CHECK(entry());
      if (!take(',') && peek() != ']') return expected("`,` or `]` after an entry");
    }
    return std::move(entries_);
  }

 private:
  [[nodiscard]] std::string place() const {
    const auto end = text_.begin() + static_cast<std::ptrdiff_t>(std::min(at_, text_.size()));
    return name_ + ":" + std::to_string(1 + std::count(text_.begin(), end, '\n')) + ": ";
  }
  [[nodiscard]] Error expected(std::string_view what) const {
    return {ErrorCode::Corrupt,
            place() + "expected " + std::string(what) + ", as in the bookmarks.js of a help"};
  }
  void skip_space() {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
  }
  [[nodiscard]] char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool take(char c) {
    if (peek() != c || at_ >= text_.size()) return false;
    ++at_;
    skip_space();
    return true;
  }
  std::string_view word() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && is_word(text_[at_])) ++at_;
    const std::string_view found = text_.substr(begin, at_ - begin);
    skip_space();
    return found;
  }

  Status entry() {
    if (!take('{')) return expected("`{` before an entry, or `]` after the last");
    bool has_page = false, has_text = false;
    HelpIndexEntry found;
    while (!take('}')) {
      std::string key(word());
      if (key.empty()) {
        CT_TRY(key, string());
      }
      if (!take(':')) return expected("`:` after a name");
      CT_TRY(const std::string value, string());
      if (key == "url") {
        found.page = page_of(value);
        has_page = true;
      } else if (key == "text") {
        found.text = entry_text(value);
        has_text = true;
      }
      if (!take(',') && peek() != '}') return expected("`,` or `}` after a value");
    }
    if (!has_page || !has_text) return expected("an entry with url and text before this");
    entries_.push_back(std::move(found));
    return {};
  }

  /// A string of JavaScript, with its escapes. The help's writer puts a backslash of the text
  /// before the closing quote as it is; a string that is not closed on its line for that is read to
  /// its first quote, without escapes.
  Result<std::string> string() {
    const char quote = peek();
    if (quote != '"' && quote != '\'') return expected("a string in quotes");
    const std::size_t begin = ++at_;
    std::string out;
    CT_TRY(bool closed, escaped(quote, out));
    if (!closed) {
      const std::size_t stop = text_.find_first_of(quote == '"' ? "\"\n" : "'\n", begin);
      closed = stop != std::string_view::npos && text_[stop] == quote;
      at_ = closed ? stop + 1 : begin;
      out = text_.substr(begin, closed ? stop - begin : 0);
    }
    if (!closed) return expected("the quote that closes a string, on its line");
    skip_space();
    return out;
  }

  /// From behind the quote to behind the one that closes it; false if there is none on this line.
  Result<bool> escaped(char quote, std::string& out) {
    const char* const stops = quote == '"' ? "\"\\\n" : "'\\\n";
    while (true) {
      const std::size_t stop = text_.find_first_of(stops, at_);
      if (stop == std::string_view::npos || text_[stop] == '\n') return false;
      out += text_.substr(at_, stop - at_);
      at_ = stop + 1;
      if (text_[stop] == quote) return true;
      CT_CHECK(escape(out));
    }
  }

  Status escape(std::string& out) {
    const char c = peek();
    ++at_;
    constexpr std::string_view kNames = "nrtbfv", kValues = "\n\r\t\b\f\v";
    if (const auto known = kNames.find(c); c != '\0' && known != std::string_view::npos) {
      out += kValues[known];
      return {};
    }
    if (c != 'u' && c != 'x') {
      if (c == '\0' || c == '\n') return expected("a character after `\\`");
      out += c;  // of more bytes than one, the others follow as they are
      return {};
    }
    char32_t code = 0;
    for (int digits = c == 'u' ? 4 : 2; digits > 0; --digits, ++at_) {
      const int value = hex_value(peek());
      if (value < 0) return expected("a hexadecimal digit");
      code = code * 16 + static_cast<char32_t>(value);
    }
    text::append_utf8(out, code);
    return {};
  }

  std::string_view text_;
  const std::string& name_;
  const HelpIndexLimits& limits_;
  std::size_t at_ = 0;
  std::vector<HelpIndexEntry> entries_;
};

}  // namespace

Result<std::vector<HelpIndexEntry>> parse_help_index(std::string_view bytes,
                                                     const std::string& name,
                                                     const HelpIndexLimits& limits) {
  if (bytes.size() > limits.max_bytes)
    return Error{ErrorCode::Limit,
                 name + ": is larger than " + std::to_string(limits.max_bytes) + " bytes"};
  if (bytes.starts_with("\xef\xbb\xbf")) bytes.remove_prefix(3);
  if (text::is_valid_utf8(bytes)) return HelpIndexParser(bytes, name, limits).parse();
  const std::string repaired = text::repair_utf8(bytes);
  return HelpIndexParser(repaired, name, limits).parse();
}

Result<std::vector<HelpIndexEntry>> read_help_index(const std::filesystem::path& path,
                                                    const HelpIndexLimits& limits) {
  CT_TRY(const std::string bytes, read_file(path, limits.max_bytes));
  return parse_help_index(bytes, path.string(), limits);
}

}  // namespace crosstail::markup
