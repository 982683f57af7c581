#include "text/script.h"

#include <unicode/uchar.h>
#include <unicode/uscript.h>

#include <array>

#include "text/decode.h"

namespace crosstail::text {
namespace {

constexpr std::size_t kScripts = static_cast<std::size_t>(Script::Other) + 1;

Script from_icu(UScriptCode code) {
  switch (code) {
    case USCRIPT_COMMON:
    case USCRIPT_INHERITED:
    case USCRIPT_UNKNOWN:
      return Script::None;
    case USCRIPT_LATIN:
      return Script::Latin;
    case USCRIPT_GREEK:
      return Script::Greek;
    case USCRIPT_CYRILLIC:
      return Script::Cyrillic;
    case USCRIPT_ARMENIAN:
      return Script::Armenian;
    case USCRIPT_HEBREW:
      return Script::Hebrew;
    case USCRIPT_ARABIC:
      return Script::Arabic;
    case USCRIPT_DEVANAGARI:
      return Script::Devanagari;
    case USCRIPT_BENGALI:
      return Script::Bengali;
    case USCRIPT_GURMUKHI:
      return Script::Gurmukhi;
    case USCRIPT_GUJARATI:
      return Script::Gujarati;
    case USCRIPT_ORIYA:
      return Script::Oriya;
    case USCRIPT_TAMIL:
      return Script::Tamil;
    case USCRIPT_TELUGU:
      return Script::Telugu;
    case USCRIPT_KANNADA:
      return Script::Kannada;
    case USCRIPT_MALAYALAM:
      return Script::Malayalam;
    case USCRIPT_SINHALA:
      return Script::Sinhala;
    case USCRIPT_THAI:
      return Script::Thai;
    case USCRIPT_LAO:
      return Script::Lao;
    case USCRIPT_TIBETAN:
      return Script::Tibetan;
    case USCRIPT_MYANMAR:
      return Script::Myanmar;
    case USCRIPT_GEORGIAN:
      return Script::Georgian;
    case USCRIPT_HANGUL:
      return Script::Hangul;
    case USCRIPT_ETHIOPIC:
      return Script::Ethiopic;
    case USCRIPT_KHMER:
      return Script::Khmer;
    case USCRIPT_HAN:
    case USCRIPT_BOPOMOFO:
      return Script::Han;
    case USCRIPT_HIRAGANA:
    case USCRIPT_KATAKANA:
      return Script::Japanese;
    case USCRIPT_SYRIAC:
      return Script::Syriac;
    case USCRIPT_THAANA:
      return Script::Thaana;
    case USCRIPT_CHEROKEE:
      return Script::Cherokee;
    case USCRIPT_MONGOLIAN:
      return Script::Mongolian;
    default:
      return Script::Other;
  }
}

Script look_up(char32_t c) {
  UErrorCode error = U_ZERO_ERROR;
  const UScriptCode code = uscript_getScript(static_cast<UChar32>(c), &error);
  return U_FAILURE(error) != 0 ? Script::None : from_icu(code);
}

/// The Basic Multilingual Plane, so that the common case is one load.
const std::array<Script, 0x10000>& plane() {
  static const auto table = [] {
    std::array<Script, 0x10000> t{};
    for (char32_t c = 0; c < t.size(); ++c) t[c] = look_up(c);
    return t;
  }();
  return table;
}

bool is_dense(Script script) {
  return script == Script::Han || script == Script::Hangul || script == Script::Japanese;
}

}  // namespace

Script script_of(char32_t code_point) {
  const auto& table = plane();
  return code_point < table.size() ? table[code_point] : look_up(code_point);
}

Script dominant_script(std::string_view valid) {
  const auto& table = plane();
  std::array<std::uint32_t, kScripts> count{};
  for (std::size_t at = 0; at < valid.size();) {
    const char32_t c = decode_next(valid, at);
    ++count[static_cast<std::size_t>(c < table.size() ? table[c] : look_up(c))];
  }
  const auto of = [&](Script s) { return static_cast<double>(count[static_cast<std::size_t>(s)]); };
  double best_weight = 0;
  Script best = Script::None;
  for (std::size_t i = static_cast<std::size_t>(Script::Greek); i < kScripts; ++i) {
    const auto script = static_cast<Script>(i);
    const double weight = of(script) * (is_dense(script) ? 2.5 : 1.0);
    if (weight > best_weight) {
      best_weight = weight;
      best = script;
    }
  }
  if (best == Script::None || best_weight < 0.35 * of(Script::Latin))
    return of(Script::Latin) > 0 ? Script::Latin : best;
  // Chinese texts may carry a single の; a tenth of Kana is Japanese.
  if (best == Script::Han && of(Script::Japanese) >= 0.1 * of(Script::Han) &&
      of(Script::Japanese) > 0)
    return Script::Japanese;
  if (best == Script::Japanese && of(Script::Japanese) < 0.1 * of(Script::Han)) return Script::Han;
  return best;
}

bool is_unspaced(Script script) {
  constexpr std::uint32_t mask = script_bit(Script::Han) | script_bit(Script::Japanese) |
                                 script_bit(Script::Thai) | script_bit(Script::Lao) |
                                 script_bit(Script::Khmer) | script_bit(Script::Myanmar) |
                                 script_bit(Script::Tibetan);
  return (script_bit(script) & mask) != 0;
}

}  // namespace crosstail::text
