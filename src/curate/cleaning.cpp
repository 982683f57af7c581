#include "curate/cleaning.h"

#include <emmintrin.h>
#include <unicode/uchar.h>

#include <algorithm>
#include <span>
#include <utility>

#include "text/decode.h"

namespace crosstail::curate {
namespace {

#include "curate/cleaning_prefixes.inc"

bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

std::string_view trimmed(std::string_view text) {
  // Besides ASCII: no-break space (c2 a0), ideographic space (e3 80 80), zero-width space and
  // byte-order mark (e2 80 8b, ef bb bf).
  constexpr std::string_view wide[] = {"\xC2\xA0", "\xE3\x80\x80", "\xE2\x80\x8B", "\xEF\xBB\xBF"};
  for (bool again = true; again;) {
    again = false;
    while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
    for (const auto space : wide) {
      if (text.starts_with(space)) {
        text.remove_prefix(space.size());
        again = true;
      }
      if (text.ends_with(space)) {
        text.remove_suffix(space.size());
        again = true;
      }
    }
  }
  return text;
}

/// Length of a leading run of ASCII digits, at most `most`; 0 if there are more.
std::size_t digits(std::string_view text, std::size_t most) {
  std::size_t n = 0;
  while (n < text.size() && text[n] >= '0' && text[n] <= '9') ++n;
  return n <= most ? n : 0;
}

/// Removes one of the marks in `marks` (each a whole code point) from the front.
bool take(std::string_view& text, std::initializer_list<std::string_view> marks) {
  for (const auto mark : marks)
    if (text.starts_with(mark)) {
      text.remove_prefix(mark.size());
      return true;
    }
  return false;
}

/// "1.", "1.2.", "2)", "(3)", "#4", "5:", "6 -" before text; not "2020 was" or "1.5 million".
std::string_view without_number(std::string_view text) {
  std::string_view rest = text;
  const bool open = take(rest, {"(", "[", "（"});
  const bool sign = !open && take(rest, {"#"});
  std::size_t n = digits(rest, 3);
  if (n == 0) return text;
  rest.remove_prefix(n);
  while (rest.size() > 1 && rest[0] == '.' && (n = digits(rest.substr(1), 3)) != 0 && !open)
    rest.remove_prefix(1 + n);
  if (open) return take(rest, {")", "]", "）"}) ? trimmed(rest) : text;
  if (take(rest, {"、", "．", "）", "："})) return trimmed(rest);
  const bool marked = take(rest, {".", ")", ":"});
  // What follows the mark must be a space ("1. How") or no digit ("1)How"): "1.5" is a number.
  if (marked) return !rest.empty() && digits(rest, 9) == 0 ? trimmed(rest) : text;
  if (sign && !rest.empty() && is_space(rest.front())) return trimmed(rest);
  if (rest.starts_with(" - ") || rest.starts_with(" – "))
    return trimmed(rest.substr(rest[1] == '-' ? 3 : 5));
  return text;
}

/// `word` in lower case equals the start of `text`, whatever the case there. Returns its length in
/// `text` in bytes, or 0.
std::size_t match_word(std::string_view text, std::string_view word) {
  std::size_t t = 0, w = 0;
  while (w < word.size()) {
    if (t == text.size()) return 0;
    const char32_t a = text::decode_next(text, t);
    const char32_t b = text::decode_next(word, w);
    if (a != b && static_cast<char32_t>(u_tolower(static_cast<UChar32>(a))) != b) return 0;
  }
  return t;
}

/// False for most texts: near the beginning there is neither a colon nor a digit with a mark behind
/// it. The colons of other scripts begin with the bytes ef (full-width) and e1 (Ethiopic).
bool may_be_announced(std::string_view text) {
  constexpr std::size_t longest = 40;
  for (std::size_t i = 0; i < text.size() && i < longest; ++i) {
    const char c = text[i];
    if (c == ':' || c == '\xEF' || c == '\xE1') return true;
    if ((c == '.' || c == ')' || c == '-' || c == '\xE2') && i > 0 && text[i - 1] >= '0' &&
        text[i - 1] <= '9')
      return true;
  }
  return false;
}

/// Removes "Question 3:" and the like. A colon must follow, or for words of several letters and a
/// number also '.', ')' or '-'.
std::string_view without_word(std::string_view text, std::span<const std::string_view> words) {
  if (!may_be_announced(text)) return text;
  std::size_t at = 0;
  const auto first = static_cast<char32_t>(
      u_tolower(static_cast<UChar32>(text.empty() ? U' ' : text::decode_next(text, at))));
  for (const auto word : words) {
    at = 0;
    if (text::decode_next(word, at) != first) continue;
    const std::size_t length = match_word(text, word);
    if (length == 0) continue;
    std::string_view rest = text.substr(length);
    while (!rest.empty() && rest.front() == ' ') rest.remove_prefix(1);
    take(rest, {"#", "n°", "nº", "№"});
    const std::size_t n = digits(rest, 3);
    rest.remove_prefix(n);
    while (!rest.empty() && rest.front() == ' ') rest.remove_prefix(1);
    if (take(rest, {":", "：", "፡"})) return trimmed(rest);
    if (n != 0 && take(rest, {".", ")", "-", "–"})) return trimmed(rest);
  }
  return text;
}

constexpr std::pair<std::string_view, std::string_view> kQuotes[] = {
    {"\"", "\""}, {"'", "'"}, {"“", "”"}, {"„", "“"},   {"„", "”"},   {"”", "”"},  {"‘", "’"},
    {"«", "»"},   {"»", "«"}, {"‹", "›"}, {"「", "」"}, {"『", "』"}, {"《", "》"}};

/// Quotation marks around the whole text, with none of them inside.
std::string_view without_quotes(std::string_view text) {
  for (const auto& [open, close] : kQuotes) {
    if (text.size() < open.size() + close.size() || !text.starts_with(open) ||
        !text.ends_with(close))
      continue;
    const auto inner = text.substr(open.size(), text.size() - open.size() - close.size());
    if (inner.find(open) == std::string_view::npos && inner.find(close) == std::string_view::npos)
      return trimmed(inner);
  }
  return text;
}

bool is_emoji(char32_t c) {
  if (c < 0x203C) return false;                                            // ©, ®, digits
  if (c >= 0x1F000) return c < 0x1FB00 || (c >= 0xE0020 && c <= 0xE007F);  // with flags' tags
  return u_hasBinaryProperty(static_cast<UChar32>(c), UCHAR_EMOJI_PRESENTATION) != 0;
}

/// Removes emoji with their joiners and variation selectors. Symbols that are text unless a
/// selector makes them pictures (™, ✓, →) stay unless it follows.
void remove_emoji(std::string& text) {
  std::string out;
  bool changed = false, after_emoji = false;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t begin = at;
    const char32_t c = text::decode_next(text, at);
    std::size_t ahead = at;
    const char32_t next = at < text.size() ? text::decode_next(text, ahead) : 0;
    bool drop = is_emoji(c) || c == 0xFE0F || c == 0x20E3;
    if (next == 0xFE0F && c >= 0x203C) drop = true;
    if (c == 0x200D) drop = after_emoji;
    after_emoji = drop;
    changed |= drop;
    if (!drop) out.append(text, begin, at - begin);
  }
  if (changed) text = std::move(out);
}

/// Spaces and tabs in a row become one space; spaces around line breaks go.
void fold_spaces(std::string& text) {
  std::size_t to = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i] == '\t' || text[i] == '\r' ? ' ' : text[i];
    if (c == ' ' && (to == 0 || text[to - 1] == ' ' || text[to - 1] == '\n')) continue;
    if (c == '\n' && to > 0 && text[to - 1] == ' ') --to;
    text[to++] = c;
  }
  text.resize(to);
}

/// What the bytes of a text call for, found in one walk.
struct Needs {
  bool folding = false, emoji = false;
};

Needs needs_of(std::string_view text) {
  // Sixteen bytes at a time: one compared with the byte before it.
  Needs needs;
  const auto look = [&](char c, char before) {
    // Emoji and selectors begin with e2, e3 (a few), ef or f0.
    needs.emoji |= c == '\xE2' || c == '\xE3' || c == '\xEF' || c == '\xF0';
    needs.folding |= c == '\t' || c == '\r' || (c == ' ' && (before == ' ' || before == '\n')) ||
                     (c == '\n' && before == ' ');
  };
  std::size_t i = 0;
  if (!text.empty()) look(text[i++], 'x');
  for (; i + 16 <= text.size(); i += 16) {
    const __m128i now = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + i));
    const __m128i last = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + i - 1));
    const auto is = [](__m128i bytes, char c) { return _mm_cmpeq_epi8(bytes, _mm_set1_epi8(c)); };
    const __m128i space = is(now, ' '), break_now = is(now, '\n');
    const __m128i space_last = is(last, ' '), break_last = is(last, '\n');
    const __m128i fold =
        _mm_or_si128(_mm_or_si128(is(now, '\t'), is(now, '\r')),
                     _mm_or_si128(_mm_and_si128(space, _mm_or_si128(space_last, break_last)),
                                  _mm_and_si128(break_now, space_last)));
    const __m128i emoji = _mm_or_si128(_mm_or_si128(is(now, '\xE2'), is(now, '\xE3')),
                                       _mm_or_si128(is(now, '\xEF'), is(now, '\xF0')));
    needs.folding |= _mm_movemask_epi8(fold) != 0;
    needs.emoji |= _mm_movemask_epi8(emoji) != 0;
  }
  for (; i < text.size(); ++i) look(text[i], text[i - 1]);
  return needs;
}

template <class Strip>
bool clean_with(std::string& text, const Strip& strip) {
  const std::size_t before = text.size();
  std::string_view view = trimmed(text);
  for (int round = 0; round < 4; ++round) {
    const auto next = strip(view);
    if (next.size() == view.size()) break;
    view = next;
  }
  bool changed = view.size() != before;
  if (changed) text = std::string(view);
  const std::size_t stripped = text.size();
  Needs needs = needs_of(text);
  if (needs.emoji) {
    remove_emoji(text);
    needs = needs_of(text);
  }
  if (needs.folding) {
    fold_spaces(text);
    changed = true;
  }
  if (text.size() != stripped) {
    text = std::string(trimmed(text));
    changed = true;
  }
  return changed;
}

}  // namespace

bool clean(std::string& text, Part part) {
  return clean_with(text, [&](std::string_view view) {
    if (part == Part::Answer) return without_quotes(without_word(view, kAnswerWords));
    return without_quotes(without_number(without_word(view, kQuestionWords)));
  });
}

bool clean_webfaq(std::string& text) {
  constexpr std::string_view words[] = {"question", "q", "answer", "a"};
  return clean_with(text, [&](std::string_view view) {
    return without_quotes(without_number(without_word(view, words)));
  });
}

}  // namespace crosstail::curate
