#include "text/utf8.h"

#include <emmintrin.h>
#include <simdjson.h>

namespace crosstail::text {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

unsigned byte_at(std::string_view bytes, std::size_t position) {
  return static_cast<unsigned char>(bytes[position]);
}

/// What a lead byte allows (Unicode 15, table 3-7): the length of its sequence, 0 if none starts
/// with it, and the range of the second byte, which is what rules out overlong forms, surrogates
/// and values above U+10FFFF.
struct Lead {
  std::size_t length;
  unsigned second_low, second_high;
};

Lead lead_of(unsigned byte) {
  if (byte < 0x80) return {1, 0, 0};
  if (byte < 0xC2) return {0, 0, 0};
  if (byte < 0xE0) return {2, 0x80, 0xBF};
  if (byte < 0xF0) return {3, byte == 0xE0 ? 0xA0U : 0x80U, byte == 0xED ? 0x9FU : 0xBFU};
  if (byte < 0xF5) return {4, byte == 0xF0 ? 0x90U : 0x80U, byte == 0xF4 ? 0x8FU : 0xBFU};
  return {0, 0, 0};
}

/// The length of the sequence at `position`: of a well-formed one (`valid`), or of the maximal
/// subpart that one U+FFFD stands for.
std::size_t sequence_at(std::string_view bytes, std::size_t position, bool& valid) {
  const Lead lead = lead_of(byte_at(bytes, position));
  valid = lead.length == 1;
  if (lead.length < 2) return 1;
  std::size_t length = 1;
  while (length < lead.length && position + length < bytes.size()) {
    const unsigned next = byte_at(bytes, position + length);
    const bool fits = length == 1 ? next >= lead.second_low && next <= lead.second_high
                                  : next >= 0x80 && next <= 0xBF;
    if (!fits) return length;
    ++length;
  }
  valid = length == lead.length;
  return length;
}

}  // namespace

bool is_valid_utf8(std::string_view bytes) {
  return simdjson::validate_utf8(bytes.data(), bytes.size());
}

std::string repair_utf8(std::string_view bytes, std::uint64_t* replaced) {
  if (is_valid_utf8(bytes)) return std::string(bytes);
  std::string out;
  out.reserve(bytes.size() + bytes.size() / 8);
  std::size_t kept = 0;  // start of the run of well-formed bytes not yet written
  std::size_t position = 0;
  while (position < bytes.size()) {
    bool valid = false;
    const std::size_t length = sequence_at(bytes, position, valid);
    if (!valid) {
      out.append(bytes, kept, position - kept);
      out.append(kReplacement);
      kept = position + length;
      if (replaced != nullptr) ++*replaced;
    }
    position += length;
  }
  out.append(bytes, kept);
  return out;
}

char32_t next_code_point(std::string_view valid, std::size_t& position) {
  const unsigned lead = byte_at(valid, position);
  if (lead < 0x80) {
    ++position;
    return lead;
  }
  const std::size_t length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  char32_t value = lead & (0xFFU >> (length + 1));
  // The bound only matters to a caller that breaks the contract: no byte outside is ever read.
  for (std::size_t i = 1; i < length && position + i < valid.size(); ++i) {
    value = (value << 6) | (byte_at(valid, position + i) & 0x3F);
  }
  position += length;
  return value;
}

void append_utf8(std::string& out, char32_t code_point) {
  const auto put = [&out](char32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (code_point < 0x80) {
    put(code_point);
  } else if (code_point < 0x800) {
    put(0xC0 | (code_point >> 6));
    put(0x80 | (code_point & 0x3F));
  } else if (code_point > 0x10FFFF || (code_point >= 0xD800 && code_point <= 0xDFFF)) {
    out.append(kReplacement);
  } else if (code_point < 0x10000) {
    put(0xE0 | (code_point >> 12));
    put(0x80 | ((code_point >> 6) & 0x3F));
    put(0x80 | (code_point & 0x3F));
  } else {
    put(0xF0 | (code_point >> 18));
    put(0x80 | ((code_point >> 12) & 0x3F));
    put(0x80 | ((code_point >> 6) & 0x3F));
    put(0x80 | (code_point & 0x3F));
  }
}

std::size_t count_code_points(std::string_view valid) {
  // Every byte that is not a continuation byte (10xxxxxx, below -64 as a signed byte) starts one.
  std::size_t count = 0;
  std::size_t i = 0;
  const __m128i last_continuation = _mm_set1_epi8(-65);
  for (; i + 16 <= valid.size(); i += 16) {
    const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(valid.data() + i));
    const int starts = _mm_movemask_epi8(_mm_cmpgt_epi8(block, last_continuation));
    count += static_cast<std::size_t>(__builtin_popcount(static_cast<unsigned>(starts)));
  }
  for (; i < valid.size(); ++i) count += static_cast<signed char>(valid[i]) > -65 ? 1U : 0U;
  return count;
}

}  // namespace crosstail::text
