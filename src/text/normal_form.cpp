#include "text/normal_form.h"

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include <array>

#include "text/utf8.h"

namespace crosstail::text {
namespace {

/// Code points that need the whole algorithm: they expand, combine or reorder.
constexpr char32_t kComplex = 0xFFFFFFFF;
constexpr char32_t kDropped = 0;

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

char32_t classify(UChar32 c) {
  if (u_getCombiningClass(c) != 0) return kComplex;
  UErrorCode error = U_ZERO_ERROR;
  const auto mapped = nfkc_casefold().normalize(icu::UnicodeString(c), error);
  if (U_FAILURE(error) != 0) return kComplex;
  if (mapped.isEmpty()) return kDropped;
  const UChar32 to = mapped.char32At(0);
  // A normalisation boundary before and no composition with what follows: safe one by one.
  if (mapped.countChar32() != 1 || !nfkc_casefold().hasBoundaryBefore(to)) return kComplex;
  return is_kept(to) ? static_cast<char32_t>(to) : kDropped;
}

const std::array<char32_t, 0x10000>& plane() {
  static const auto table = [] {
    std::array<char32_t, 0x10000> t{};
    for (char32_t c = 0; c < t.size(); ++c)
      t[c] = (c >= 0xD800 && c < 0xE000) ? kDropped : classify(static_cast<UChar32>(c));
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
  std::size_t at = 0;
  while (at < valid.size()) {
    const char32_t c = next_code_point(valid, at);
    const char32_t to = c < table.size() ? table[c] : kComplex;
    if (to == kComplex) {
      out.resize(before);
      append_by_icu(out, valid);
      return;
    }
    if (to == kDropped) continue;
    if (to < 0x80)
      out += static_cast<char>(to);
    else
      append_utf8(out, to);
  }
}

std::string normal_form(std::string_view valid) {
  std::string out;
  out.reserve(valid.size());
  append_normal_form(out, valid);
  return out;
}

}  // namespace crosstail::text
