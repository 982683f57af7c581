#include "markup/jsonld_lookahead.h"

#include <algorithm>
#include <array>

#include "markup/graph.h"

namespace crosstail::markup {

namespace {

constexpr std::size_t kLongestKey = 96;
constexpr std::size_t kLongestSkip = 256;  // a comment or tag that a lookahead passes
constexpr int kMostSkips = 6;

char at_or_nul(std::string_view text, std::size_t at) {
  return at < text.size() ? text[at] : '\0';
}

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_key_start(char c) {
  return is_letter(c) || c == '@' || c == '_' || c == '$';
}
bool is_key_char(char c) {
  return is_key_start(c) || is_digit(c) || c == ':' || c == '.' || c == '/' || c == '#' || c == '-';
}

bool starts_with(std::string_view text, std::size_t at, std::string_view word) {
  return text.substr(std::min(at, text.size()), word.size()) == word;
}

/// Past one comment, tag or escaped space, or `at` if there is none that is short.
std::size_t skip_aside(std::string_view text, std::size_t at, JsonStyle style) {
  const std::string_view near = text.substr(at, kLongestSkip);
  const auto past = [&](std::string_view end, std::size_t from) {
    const auto found = near.find(end, from);
    return found == std::string_view::npos ? at : at + found + end.size();
  };
  if (starts_with(near, 0, "//")) return past("\n", 2);
  if (starts_with(near, 0, "/*")) return past("*/", 2);
  if (starts_with(near, 0, "<!--")) return past("-->", 4);
  if (starts_with(near, 0, "&nbsp;")) return at + 6;
  if (style.escaped_space && near.size() > 1 && near[0] == '\\' &&
      (near[1] == 'n' || near[1] == 'r' || near[1] == 't'))
    return at + 2;
  if (near.size() > 1 && near[0] == '<' && (is_letter(near[1]) || near[1] == '/'))
    return past(">", 2);
  return at;
}

/// A word that is a value, whole.
bool starts_word_value(std::string_view text, std::size_t at) {
  static constexpr std::array<std::string_view, 8> kWords = {"true", "false", "null",      "None",
                                                             "True", "False", "undefined", "NaN"};
  return std::any_of(kWords.begin(), kWords.end(), [&](std::string_view word) {
    return starts_with(text, at, word) && !is_key_char(at_or_nul(text, at + word.size()));
  });
}

bool starts_value(std::string_view text, std::size_t at) {
  at = look_past_space(text, at);
  if (at >= text.size()) return true;
  const char c = text[at];
  return c == '{' || c == '[' || c == '-' || is_digit(c) ||
         quote_at(text, at).quote_class != QuoteClass::None || starts_word_value(text, at);
}

/// After a string and a closing bracket: does JSON go on?
bool goes_on_after_bracket(std::string_view text, std::size_t at, JsonStyle style) {
  at = look_past_space(text, at, style);
  if (at >= text.size()) return true;
  const char c = text[at];
  if (c == ',' || c == '}' || c == ']' || c == ';' || c == ')' || c == '{') return true;
  if (starts_with(text, at, "</") || starts_with(text, at, "-->") || starts_with(text, at, "//"))
    return true;
  return quoted_key_likeness(text, at) != KeyLikeness::No;
}

bool is_bare_key(std::string_view text, std::size_t at, JsonStyle style) {
  const KeyLikeness likeness = bare_key_likeness(text, at);
  return likeness == KeyLikeness::Known ||
         (style.unquoted_keys && likeness == KeyLikeness::Plausible);
}

/// After a string and a comma.
bool goes_on_after_comma(std::string_view text, std::size_t at, JsonPlace place, JsonStyle style) {
  at = look_past_space(text, at, style);
  while (at_or_nul(text, at) == ',') at = look_past_space(text, at + 1, style);
  if (at >= text.size()) return true;
  const char c = text[at];
  if (c == '}' || c == ']') return goes_on_after_bracket(text, at + 1, style);
  if (c == '{') return starts_container(text, at, style);
  if (c == '[' && place == JsonPlace::Object)  // its key is missing
    return at_or_nul(text, look_past_space(text, at + 1, style)) == '{';
  if (quote_at(text, at).quote_class != QuoteClass::None)
    return place == JsonPlace::Array || quoted_key_likeness(text, at) != KeyLikeness::No;
  if (place == JsonPlace::Array)
    return c == '[' || c == '-' || is_digit(c) || starts_word_value(text, at);
  return is_bare_key(text, at, style);
}

/// Past a name of a key.
std::size_t skip_key_name(std::string_view text, std::size_t at, bool with_colons) {
  std::size_t end = at;
  while (end < text.size() && end - at < kLongestKey && is_key_char(text[end]) &&
         (with_colons || text[end] != ':'))
    ++end;
  return end;
}

/// Whether what stands behind a known key that lacks its colon is a value.
bool starts_container_or_string(std::string_view text, std::size_t at) {
  const char c = at_or_nul(text, at);
  return at >= text.size() || c == '{' || c == '[' ||
         quote_at(text, at).quote_class != QuoteClass::None;
}

}  // namespace

Quote quote_at(std::string_view text, std::size_t at) {
  if (at >= text.size()) return {};
  switch (text[at]) {
    case '"':
      return {QuoteClass::Double, 1, false};
    case '\'':
      return {QuoteClass::Single, 1, false};
    case '`':
      return {QuoteClass::Backtick, 1, false};
    case '\xe2':
      break;
    default:
      return {};
  }
  if (at + 3 > text.size()) return {};
  const char second = text[at + 1], third = text[at + 2];
  if (second == '\x80') {
    if (third >= '\x9c' && third <= '\x9f') return {QuoteClass::Double, 3, true};  // “ ” „ ‟
    if (third == '\xb3') return {QuoteClass::Double, 3, true};                     // ″
    if (third == '\x98' || third == '\x99') return {QuoteClass::Single, 3, true};  // ‘ ’
  }
  return {};
}

std::size_t space_size(std::string_view text, std::size_t at) {
  if (at >= text.size()) return 0;
  const auto c = static_cast<unsigned char>(text[at]);
  if (c <= 0x20 || c == 0x7f) return 1;
  if (c < 0xc2) return 0;
  const std::string_view rest = text.substr(at, 3);
  if (rest.substr(0, 2) == "\xc2\xa0" || rest.substr(0, 2) == "\xc2\x85") return 2;
  if (rest == "\xef\xbb\xbf" || rest == "\xe3\x80\x80" || rest == "\xe2\x81\xa0") return 3;
  if (rest.size() == 3 && rest.substr(0, 2) == "\xe2\x80") {
    const auto third = static_cast<unsigned char>(rest[2]);
    if ((third >= 0x80 && third <= 0x8f) || third == 0xa8 || third == 0xa9 || third == 0xaf)
      return 3;
  }
  return 0;
}

std::size_t skip_white(std::string_view text, std::size_t at) {
  while (const std::size_t size = space_size(text, at)) at += size;
  return at;
}

std::size_t look_past_space(std::string_view text, std::size_t at, JsonStyle style) {
  at = skip_white(text, at);
  for (int i = 0; i < kMostSkips && at < text.size(); ++i) {
    const std::size_t past = skip_aside(text, at, style);
    if (past == at) break;
    at = skip_white(text, past);
  }
  return at;
}

bool is_known_key(std::string_view key) {
  if (key.empty()) return false;
  if (key.front() == '@') return true;
  if (schema_property(key, true) != SchemaTerm::None) return true;
  static constexpr std::array<std::string_view, 14> kOthers = {
      "type",        "image",           "answerCount",  "upvoteCount",
      "dateCreated", "datePublished",   "dateModified", "publisher",
      "sameAs",      "eduQuestionType", "speakable",    "isAccessibleForFree",
      "keywords",    "comment"};
  return std::find(kOthers.begin(), kOthers.end(), key) != kOthers.end();
}

KeyLikeness quoted_key_likeness(std::string_view text, std::size_t at) {
  const Quote first = quote_at(text, at);
  if (first.quote_class == QuoteClass::None) return KeyLikeness::No;
  at += first.size;
  while (at_or_nul(text, at) == ' ') ++at;
  if (!is_key_start(at_or_nul(text, at))) return KeyLikeness::No;
  std::size_t end = skip_key_name(text, at, true);
  const std::string_view key = text.substr(at, end - at);
  const bool ends_in_colon = !key.empty() && key.back() == ':';
  for (int i = 0; i < 4 && at_or_nul(text, end) == ' '; ++i) ++end;
  const Quote last = quote_at(text, end);
  if (last.quote_class == QuoteClass::None || ends_in_colon) {
    end = skip_key_name(text, at, false);  // `"name: "…"`
    const bool colon = at_or_nul(text, end) == ':' && is_known_key(text.substr(at, end - at));
    return colon && starts_container_or_string(text, skip_white(text, end + 1)) ? KeyLikeness::Known
                                                                                : KeyLikeness::No;
  }
  end = skip_white(text, end + last.size);
  if (is_known_key(key) && (at_or_nul(text, end) == ':' || starts_container_or_string(text, end)))
    return KeyLikeness::Known;
  if (at_or_nul(text, end) != ':' || !starts_value(text, end + 1)) return KeyLikeness::No;
  return KeyLikeness::Plausible;
}

KeyLikeness bare_key_likeness(std::string_view text, std::size_t at) {
  if (!is_key_start(at_or_nul(text, at))) return KeyLikeness::No;
  std::size_t end = skip_key_name(text, at, false);
  const bool known = is_known_key(text.substr(at, end - at));
  if (known) end += quote_at(text, end).size;
  end = skip_white(text, end);
  if (at_or_nul(text, end) != ':' || !starts_value(text, end + 1)) return KeyLikeness::No;
  return known ? KeyLikeness::Known : KeyLikeness::Plausible;
}

bool ends_string(std::string_view text, std::size_t at, JsonPlace place, JsonStyle style) {
  const std::size_t next = look_past_space(text, at, style);
  if (next >= text.size()) return true;
  const bool new_line = text.substr(at, next - at).find('\n') != std::string_view::npos;
  switch (text[next]) {
    case ',':
      return goes_on_after_comma(text, next + 1, place, style);
    case '}':
    case ']':
      return goes_on_after_bracket(text, next + 1, style);
    case ';': {
      const std::size_t after = look_past_space(text, next + 1, style);
      return after >= text.size() || text[after] == '}' || text[after] == ']' ||
             quoted_key_likeness(text, after) != KeyLikeness::No;
    }
    case '{':
      return starts_container(text, next, style) && new_line;
    default:
      break;
  }
  if (quote_at(text, next).quote_class == QuoteClass::None)
    return new_line && place == JsonPlace::Object &&
           bare_key_likeness(text, next) == KeyLikeness::Known;
  if (place == JsonPlace::Array) return new_line;  // a comma is missing between strings
  return quoted_key_likeness(text, next) != KeyLikeness::No;
}

bool starts_container(std::string_view text, std::size_t at, JsonStyle style) {
  const bool object = at_or_nul(text, at) == '{';
  if (!object && at_or_nul(text, at) != '[') return false;
  const std::size_t next = look_past_space(text, at + 1, style);
  const char c = at_or_nul(text, next);
  if (object)
    return c == '}' || c == '\0' || (c == '{' && next > at + 1) || c == '[' || c == ',' ||
           quote_at(text, next).quote_class != QuoteClass::None ||
           bare_key_likeness(text, next) != KeyLikeness::No;
  return c == '{' || c == '[' || c == ']' || c == '\0' ||
         quote_at(text, next).quote_class != QuoteClass::None;
}

}  // namespace crosstail::markup
