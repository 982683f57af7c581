#include "markup/escaped_markup.h"

#include <string>

#include "markup/element_display.h"
#include "markup/html_tags.h"
#include "markup/html_tokenizer.h"

namespace crosstail::markup {
namespace {

using enum HtmlTag;

constexpr HtmlTagSet kFrame = {Html, Head, Body, Title, Meta, Link, Base};
/// Tags that are sensible without a partner.
constexpr HtmlTagSet kLone = {Br, Hr, Img, Li, P, Wbr};
constexpr std::size_t kLongestName = 16;
/// The longest known reference is `&CounterClockwiseContourIntegral;`.
constexpr std::size_t kLongestReference = 34;

bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}
bool is_letter(char c) {
  return is_lower(c) || (c >= 'A' && c <= 'Z');
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}
bool is_beyond_ascii(char c) {
  return static_cast<signed char>(c) < 0;
}
bool is_word(char c) {
  return is_letter(c) || is_digit(c) || is_beyond_ascii(c);
}

/// One tag as it stands in a text.
struct SeenTag {
  HtmlTag tag = Other;
  bool end = false;
  bool attributes = false;
  std::size_t from = 0, to = 0;
};

/// The next tag of a known name at or after `position`; false if there is none. Every byte is
/// looked at once: a tag reaches to its `>`, and without any `>` there are no more tags.
bool next_tag(std::string_view text, std::size_t position, SeenTag& seen) {
  for (std::size_t at = text.find('<', position); at != std::string_view::npos;
       at = text.find('<', at + 1)) {
    std::size_t i = at + 1;
    seen.end = i < text.size() && text[i] == '/';
    if (seen.end) ++i;
    char name[kLongestName];
    std::size_t length = 0;
    while (i < text.size() && (is_letter(text[i]) || (length > 0 && is_digit(text[i])))) {
      if (length == kLongestName) break;
      name[length++] =
          is_lower(text[i]) || is_digit(text[i]) ? text[i] : static_cast<char>(text[i] + 32);
      ++i;
    }
    if (i == text.size()) return false;
    if (length == 0 || !(text[i] == '>' || text[i] == '/' || is_space(text[i]))) continue;
    seen.tag = html_tag({name, length});
    if (seen.tag == Other) continue;
    const std::size_t close = text.find('>', i);
    if (close == std::string_view::npos) return false;
    const std::string_view inside = text.substr(i, close - i);
    seen.attributes = !seen.end && is_space(text[i]) && inside.find('=') != std::string_view::npos;
    seen.from = at;
    seen.to = close + 1;
    return true;
  }
  return false;
}

/// True if the tag stands in the sentence like a word: quoted, or between words with a small letter
/// behind it.
bool is_mention(std::string_view text, const SeenTag& seen) {
  const std::string_view before = text.substr(0, seen.from);
  const std::string_view after = text.substr(seen.to);
  constexpr std::string_view kQuotes = "\"'`(";
  // The last bytes of “ ‘ « „ 「 and the like are not ASCII, nor is what follows such a tag.
  if (!before.empty() && !after.empty() &&
      (kQuotes.find(before.back()) != std::string_view::npos ||
       (is_beyond_ascii(before.back()) && is_beyond_ascii(after.front()) && before.size() >= 3 &&
        before[before.size() - 3] == '\xE2'))) {
    return true;
  }
  return before.size() >= 2 && before.back() == ' ' && is_word(before[before.size() - 2]) &&
         after.size() >= 2 && after.front() == ' ' && is_lower(after[1]);
}

/// What the tags of a text say together.
struct Evidence {
  HtmlTagSet opened;
  bool pair = false, block_pair = false, attributes = false, lone = false, behind_word = false;

  void add(std::string_view text, const SeenTag& seen) {
    if (kFrame.has(seen.tag)) return;
    attributes = attributes || seen.attributes;
    if (!seen.end) {
      opened.add(seen.tag);
      lone = lone || (kLone.has(seen.tag) && !is_mention(text, seen));
    } else if (opened.has(seen.tag)) {
      pair = true;
      block_pair = block_pair || display_of(seen.tag) == ElementDisplay::Block;
    } else {
      behind_word = behind_word || (seen.from > 0 && is_word(text[seen.from - 1]));
    }
  }
};

}  // namespace

bool has_tags(std::string_view literal) {
  for (std::size_t at = literal.find('<'); at != std::string_view::npos;
       at = literal.find('<', at + 1)) {
    const std::string_view rest = literal.substr(at + 1);
    if (rest.empty()) return false;
    if (is_letter(rest[0])) return true;
    if (rest.size() > 1 && (rest[0] == '/' || rest[0] == '!' || rest[0] == '?') &&
        (is_letter(rest[1]) || rest[1] == '[')) {
      return true;
    }
    if (rest.starts_with("!--")) return true;
  }
  return false;
}

bool is_escaped_markup(std::string_view text, bool beside_tags) {
  Evidence evidence;
  SeenTag seen;
  for (std::size_t position = 0; next_tag(text, position, seen); position = seen.to) {
    evidence.add(text, seen);
    if (evidence.lone || evidence.block_pair || (evidence.pair && evidence.attributes)) return true;
  }
  return !beside_tags && (evidence.pair || evidence.attributes || evidence.behind_word);
}

bool has_references(std::string_view text) {
  std::string decoded;
  for (std::size_t at = text.find('&'); at != std::string_view::npos; at = text.find('&', at + 1)) {
    const std::string_view reference = text.substr(at, kLongestReference);
    std::size_t length = 1;
    while (length < reference.size() &&
           (is_letter(reference[length]) || is_digit(reference[length]) ||
            (length == 1 && reference[length] == '#'))) {
      ++length;
    }
    if (length == reference.size() || reference[length] != ';') continue;
    const std::string_view whole = reference.substr(0, length + 1);
    decoded.clear();
    decode_text(decoded, whole);
    // A known name goes as a whole; `&notit;` would leave its tail.
    if (!decoded.empty() && decoded.back() != ';') return true;
    if (decoded != whole && whole[1] == '#') return true;
  }
  return false;
}

}  // namespace crosstail::markup
