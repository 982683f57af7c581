#include "markup/folded_text.h"

#include <emmintrin.h>

#include <cstring>

namespace crosstail::markup {
namespace {

constexpr char kPadding = 'x';
/// How far a test at one position looks ahead.
constexpr std::size_t kLookAhead = 2;
constexpr std::size_t kBlock = 16;

__m128i load(const char* p) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
}
__m128i equal(__m128i block, int byte) {
  return _mm_cmpeq_epi8(block, _mm_set1_epi8(static_cast<char>(byte)));
}

/// One bit a byte of the block at `p` that may need more than a copy: control characters, a space
/// before another one, and the first bytes of U+0085, U+00A0, U+00AD, U+2028, U+2029, U+FEFF. Reads
/// kBlock + kLookAhead bytes.
unsigned special_bytes(const char* p) {
  const __m128i here = load(p);
  const __m128i next = load(p + 1);
  const __m128i after = load(p + 2);
  const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(here, _mm_set1_epi8(0x1F)), here);
  const __m128i spaces = _mm_and_si128(equal(here, ' '), equal(next, ' '));
  const __m128i latin = _mm_and_si128(
      equal(here, 0xC2),
      _mm_or_si128(equal(next, 0xA0), _mm_or_si128(equal(next, 0xAD), equal(next, 0x85))));
  const __m128i separators = _mm_and_si128(_mm_and_si128(equal(here, 0xE2), equal(next, 0x80)),
                                           _mm_or_si128(equal(after, 0xA8), equal(after, 0xA9)));
  const __m128i mark =
      _mm_and_si128(_mm_and_si128(equal(here, 0xEF), equal(next, 0xBB)), equal(after, 0xBF));
  const __m128i any = _mm_or_si128(_mm_or_si128(control, spaces),
                                   _mm_or_si128(latin, _mm_or_si128(separators, mark)));
  return static_cast<unsigned>(_mm_movemask_epi8(any));
}

/// The first such byte at or after `position`, or the end.
std::size_t find_special(std::string_view valid, std::size_t position) {
  for (; position + kBlock + kLookAhead <= valid.size(); position += kBlock) {
    const unsigned bits = special_bytes(valid.data() + position);
    if (bits != 0) return position + static_cast<std::size_t>(__builtin_ctz(bits));
  }
  // The rest is at most kBlock + kLookAhead - 1 bytes; looked at in a padded copy.
  char rest[2 * kBlock + kLookAhead];
  const std::size_t left = valid.size() - position;
  std::memset(rest, kPadding, sizeof(rest));
  if (left != 0) std::memcpy(rest, valid.data() + position, left);  // no text has no address
  const unsigned bits = special_bytes(rest) | (special_bytes(rest + kBlock) << kBlock);
  return bits == 0 ? valid.size() : position + static_cast<std::size_t>(__builtin_ctz(bits));
}

bool is_space_or_tab(char c) {
  return c == ' ' || c == '\t';
}

}  // namespace

void FoldedText::line_break() {
  if (pending_ == Pending::Line) return;
  while (!out_.empty() && is_space_or_tab(out_.back())) out_.pop_back();
  // A line of nothing but kept spaces was no line.
  if (!out_.empty() && out_.back() == '\n') out_.pop_back();
  pending_ = Pending::Line;
}

void FoldedText::flush() {
  if (pending_ == Pending::None) return;
  if (!out_.empty()) {
    if (pending_ == Pending::Line) {
      out_.push_back('\n');
    } else if (!is_space_or_tab(out_.back()) && out_.back() != '\n') {
      out_.push_back(' ');
    }
  }
  pending_ = Pending::None;
}

/// Deals with the character that find_special() stopped at; returns where the next begins.
std::size_t FoldedText::special(std::string_view valid, std::size_t position, TextSpace space) {
  const char c = valid[position];
  switch (c) {
    case '\n':
    case '\r':
      if (space == TextSpace::Fold) {
        this->space();
      } else {
        line_break();
      }
      return position + 1;
    case ' ':
    case '\t':
      if (space == TextSpace::Keep) {
        flush();
        out_.push_back(c);
      } else {
        this->space();
      }
      return position + 1;
    case '\f':
    case '\v':
      this->space();
      return position + 1;
    case '\xC2':  // U+0085 and U+00A0; U+00AD is left out
      if (valid[position + 1] != '\xAD') this->space();
      return position + 2;
    case '\xE2':
      line_break();
      return position + 3;
    case '\xEF':
      return position + 3;
    default:
      return position + 1;
  }
}

void FoldedText::text(std::string_view valid, TextSpace space) {
  std::size_t position = 0;
  while (position < valid.size()) {
    // A single space inside a run is copied with it; only one at its start needs thought.
    if (valid[position] == ' ') {
      position = special(valid, position, space);
      continue;
    }
    const std::size_t stop = find_special(valid, position);
    if (stop > position) {
      flush();
      out_.append(valid, position, stop - position);
      if (out_.back() == ' ' && space != TextSpace::Keep) {
        out_.pop_back();
        this->space();
      }
    }
    position = stop == valid.size() ? stop : special(valid, stop, space);
  }
}

std::string FoldedText::take() {
  pending_ = Pending::None;
  const std::string_view trimmed = trim_unicode_space(out_);
  if (trimmed.size() != out_.size()) {
    const auto begin = static_cast<std::size_t>(trimmed.data() - out_.data());
    out_.resize(begin + trimmed.size());
    out_.erase(0, begin);
  }
  std::string result = std::move(out_);
  out_.clear();
  return result;
}

bool is_folded(std::string_view valid) {
  return find_special(valid, 0) == valid.size() && trim_unicode_space(valid).size() == valid.size();
}

namespace {

/// Bytes of the white-space character that `text` begins with, or 0.
std::size_t leading_space(std::string_view text) {
  const auto byte = [text](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  const unsigned first = byte(0);
  if (first == ' ' || (first >= '\t' && first <= '\r')) return 1;
  if (first == 0xC2) return byte(1) == 0xA0 || byte(1) == 0x85 ? 2 : 0;
  if (first == 0xE1) return byte(1) == 0x9A && byte(2) == 0x80 ? 3 : 0;
  if (first == 0xE3) return byte(1) == 0x80 && byte(2) == 0x80 ? 3 : 0;
  if (first != 0xE2) return 0;
  const bool general = byte(1) == 0x80 && ((byte(2) >= 0x80 && byte(2) <= 0x8A) ||
                                           byte(2) == 0xA8 || byte(2) == 0xA9 || byte(2) == 0xAF);
  return general || (byte(1) == 0x81 && byte(2) == 0x9F) ? 3 : 0;
}

std::size_t trailing_space(std::string_view text) {
  for (std::size_t length = 1; length <= 3 && length <= text.size(); ++length) {
    if (leading_space(text.substr(text.size() - length)) == length) return length;
  }
  return 0;
}

}  // namespace

std::string_view trim_unicode_space(std::string_view valid) {
  while (const std::size_t length = leading_space(valid)) valid.remove_prefix(length);
  while (const std::size_t length = trailing_space(valid)) valid.remove_suffix(length);
  return valid;
}

}  // namespace crosstail::markup
