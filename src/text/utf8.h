#pragma once
/// UTF-8, checked and walked. Everything inside Crosstail is valid UTF-8; foreign bytes become so
/// here or in markup/charset.h.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace crosstail::text {

/// True if `bytes` is well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms). SIMD speed.
bool is_valid_utf8(std::string_view bytes);

/// The same text with each maximal ill-formed sequence replaced by U+FFFD (Unicode §3.9, as
/// browsers do). `replaced`, if given, is increased by the number of replacements.
std::string repair_utf8(std::string_view bytes, std::uint64_t* replaced = nullptr);

/// Decodes the code point at `position` of valid UTF-8 and moves past it.
char32_t next_code_point(std::string_view valid, std::size_t& position);

/// Appends a code point; surrogates and values above U+10FFFF become U+FFFD.
void append_utf8(std::string& out, char32_t code_point);

/// Number of code points in valid UTF-8.
std::size_t count_code_points(std::string_view valid);

}  // namespace crosstail::text
