#include "text/normal_form.h"

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "text/decode.h"
#include "text/utf8.h"

namespace crosstail::text {
namespace {

/// What a code point becomes: its UTF-8 bytes, none if it is dropped.
struct Mapped {
  char bytes[3] = {};
  std::uint8_t length = 0;
};
/// `length` of code points that need the whole algorithm: they expand, combine or reorder.
constexpr std::uint8_t kComplex = 255;

const icu::Normalizer2& nfkc_casefold() {
  static const icu::Normalizer2& instance = []() -> const icu::Normalizer2& {
    UErrorCode error = U_ZERO_ERROR;
    return *icu::Normalizer2::getNFKCCasefoldInstance(error);
  }();
  return instance;
}

bool is_kept(UChar32 c) {
  constexpr std::uint32_t kept = U_GC_L_MASK | U_GC_M_MASK | U_GC_N_MASK;
  return (U_MASK(u_charType(c)) & kept) != 0;
}

Mapped classify(UChar32 c) {
  Mapped complex;
  complex.length = kComplex;
  if (u_getCombiningClass(c) != 0) return complex;
  UErrorCode error = U_ZERO_ERROR;
  const auto mapped = nfkc_casefold().normalize(icu::UnicodeString(c), error);
  if (U_FAILURE(error) != 0) return complex;
  if (mapped.isEmpty()) return {};
  const UChar32 to = mapped.char32At(0);
  // A normalisation boundary before it, so it composes with nothing: safe one by one.
  if (mapped.countChar32() != 1 || to > 0xFFFF || !nfkc_casefold().hasBoundaryBefore(to))
    return complex;
  Mapped out;
  if (!is_kept(to)) return out;
  std::string bytes;
  append_utf8(bytes, static_cast<char32_t>(to));
  std::copy(bytes.begin(), bytes.end(), out.bytes);
  out.length = static_cast<std::uint8_t>(bytes.size());
  return out;
}

/// The Basic Multilingual Plane.
const std::array<Mapped, 0x10000>& plane() {
  static const auto table = [] {
    std::array<Mapped, 0x10000> t{};
    for (std::size_t c = 0; c < t.size(); ++c)
      if (c < 0xD800 || c >= 0xE000) t[c] = classify(static_cast<UChar32>(c));
    return t;
  }();
  return table;
}

void append_by_icu(std::string& out, std::string_view valid) {
  UErrorCode error = U_ZERO_ERROR;
  const auto normalised = nfkc_casefold().normalize(
      icu::UnicodeString::fromUTF8({valid.data(), static_cast<std::int32_t>(valid.size())}), error);
  for (std::int32_t i = 0; i < normalised.length();) {
    const UChar32 c = normalised.char32At(i);
    i += U16_LENGTH(c);
    if (is_kept(c)) append_utf8(out, static_cast<char32_t>(c));
  }
}

}  // namespace

void append_normal_form(std::string& out, std::string_view valid) {
  const auto& table = plane();
  const std::size_t before = out.size();
  // No mapping of one code point to one makes more than 3 bytes of 1, and 4 are written at a time.
  out.resize(before + valid.size() * 3 + 4);
  char* to = out.data() + before;
  for (std::size_t at = 0; at < valid.size();) {
    const char32_t c = decode_next(valid, at);
    const Mapped mapped = c < table.size() ? table[c] : Mapped{{}, kComplex};
    if (mapped.length == kComplex) {
      out.resize(before);
      append_by_icu(out, valid);
      return;
    }
    std::memcpy(to, mapped.bytes, sizeof(mapped.bytes));
    to += mapped.length;
  }
  out.resize(static_cast<std::size_t>(to - out.data()));
}

std::string normal_form(std::string_view valid) {
  std::string out;
  append_normal_form(out, valid);
  return out;
}

}  // namespace crosstail::text
