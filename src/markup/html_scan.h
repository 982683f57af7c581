#pragma once
/// The byte scans under the HTML tokenizer: 16 bytes a step with SSE2 (the baseline of x86-64), a
/// byte a step at the end of the page and on other processors. All take [p, end) and return a place
/// in it, or `end`.

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace crosstail::markup {

constexpr bool is_html_space(char c) {
  return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f';
}
constexpr bool is_ascii_alpha(char c) {
  return static_cast<unsigned char>((static_cast<unsigned char>(c) | 0x20) - 'a') < 26;
}
constexpr bool is_ascii_upper(char c) {
  return c >= 'A' && c <= 'Z';
}
constexpr bool is_ascii_digit(char c) {
  return c >= '0' && c <= '9';
}
constexpr bool is_ascii_alnum(char c) {
  return is_ascii_alpha(c) || is_ascii_digit(c);
}
constexpr char to_ascii_lower(char c) {
  return is_ascii_upper(c) ? static_cast<char>(c + 32) : c;
}

/// First `byte`. For places that are usually far away.
inline const char* find_byte(const char* p, const char* end, char byte) {
  if (p == end) return end;
  const void* found = std::memchr(p, byte, static_cast<std::size_t>(end - p));
  return found != nullptr ? static_cast<const char*>(found) : end;
}

inline const char* skip_space(const char* p, const char* end) {
  while (p != end && is_html_space(*p)) ++p;
  return p;
}

/// True if `text` begins with `lower_case`, ASCII letters compared without case.
inline bool starts_with_nocase(const char* p, const char* end, std::string_view lower_case) {
  if (static_cast<std::size_t>(end - p) < lower_case.size()) return false;
  for (std::size_t i = 0; i < lower_case.size(); ++i)
    if (to_ascii_lower(p[i]) != lower_case[i]) return false;
  return true;
}

struct NameScan {
  const char* end;
  bool changes;  ///< it holds upper case letters or U+0000: the name is not the bytes as they stand
};

#if defined(__SSE2__)
namespace scan {
inline __m128i load(const char* p) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
}
inline unsigned mask(__m128i v) {
  return static_cast<unsigned>(_mm_movemask_epi8(v));
}
inline __m128i is(__m128i v, char c) {
  return _mm_cmpeq_epi8(v, _mm_set1_epi8(c));
}
inline __m128i at_most(__m128i v, char c) {
  return _mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(c)), v);
}
inline __m128i upper(__m128i v) {
  return _mm_and_si128(_mm_cmpgt_epi8(v, _mm_set1_epi8('@')),
                       _mm_cmplt_epi8(v, _mm_set1_epi8('[')));
}
}  // namespace scan
#endif

/// First `byte`. For places that are usually near.
inline const char* find_near(const char* p, const char* end, char byte) {
#if defined(__SSE2__)
  for (int step = 0; step < 8; ++step, p += 16) {
    if (end - p < 16) break;
    const unsigned found = scan::mask(scan::is(scan::load(p), byte));
    if (found != 0) return p + std::countr_zero(found);
  }
#endif
  return find_byte(p, end, byte);
}

/// First '<'. `special` becomes true if a '&', CR or U+0000 stands before it.
inline const char* find_text_end(const char* p, const char* end, bool& special) {
#if defined(__SSE2__)
  for (; end - p >= 16; p += 16) {
    const __m128i v = scan::load(p);
    const unsigned stop = scan::mask(scan::is(v, '<'));
    const unsigned odd = scan::mask(
        _mm_or_si128(scan::is(v, '&'), _mm_or_si128(scan::is(v, '\r'), scan::is(v, '\0'))));
    if (stop != 0) {
      if ((odd & (stop - 1) & ~stop) != 0) special = true;
      return p + std::countr_zero(stop);
    }
    if (odd != 0) special = true;
  }
#endif
  for (; p != end && *p != '<'; ++p)
    if (*p == '&' || *p == '\r' || *p == '\0') special = true;
  return p;
}

/// Whether there is a '&', CR or U+0000: what decode_text() and decode_attribute() change.
inline bool has_special(std::string_view text) {
  const char* p = text.data();
  const char* const end = p + text.size();
#if defined(__SSE2__)
  for (; end - p >= 16; p += 16) {
    const __m128i v = scan::load(p);
    const __m128i odd =
        _mm_or_si128(scan::is(v, '&'), _mm_or_si128(scan::is(v, '\r'), scan::is(v, '\0')));
    if (scan::mask(odd) != 0) return true;
  }
#endif
  for (; p != end; ++p)
    if (*p == '&' || *p == '\r' || *p == '\0') return true;
  return false;
}

/// End of a tag or attribute name: white space, '/', '>' and, for an attribute, '='.
template <bool kAttribute>
[[gnu::always_inline]] inline NameScan find_name_end(const char* p, const char* end) {
  bool changes = false;
#if defined(__SSE2__)
  for (; end - p >= 16; p += 16) {
    const __m128i v = scan::load(p);
    __m128i stops =
        _mm_or_si128(scan::at_most(v, ' '), _mm_or_si128(scan::is(v, '/'), scan::is(v, '>')));
    if constexpr (kAttribute) stops = _mm_or_si128(stops, scan::is(v, '='));
    unsigned stop = scan::mask(stops);
    const unsigned odd = scan::mask(_mm_or_si128(scan::upper(v), scan::is(v, '\0')));
    while (stop != 0) {
      const int i = std::countr_zero(stop);
      const char c = p[i];
      if (static_cast<unsigned char>(c) > ' ' || is_html_space(c))
        return {p + i, changes || (odd & ((1u << i) - 1)) != 0};
      stop &= stop - 1;  // another control character belongs to the name
    }
    if (odd != 0) changes = true;
  }
#endif
  for (; p != end; ++p) {
    if (is_html_space(*p) || *p == '/' || *p == '>' || (kAttribute && *p == '=')) break;
    if (is_ascii_upper(*p) || *p == '\0') changes = true;
  }
  return {p, changes};
}

/// End of an unquoted attribute value: white space or '>'.
inline const char* find_unquoted_end(const char* p, const char* end) {
  while (p != end && !is_html_space(*p) && *p != '>') ++p;
  return p;
}

}  // namespace crosstail::markup
