#pragma once
/// Scripts of a text: which one carries it, and how many letters it has. Often the script alone
/// tells the language (Greek, Thai, Korean); where it does not, it says which languages are
/// possible.

#include <cstdint>
#include <string>
#include <string_view>

namespace crosstail::text {

/// Numbered for bit masks. Japanese: Hiragana and Katakana, with the Han between them.
enum class Script : std::uint8_t {
  None,
  Latin,
  Greek,
  Cyrillic,
  Armenian,
  Hebrew,
  Arabic,
  Devanagari,
  Bengali,
  Gurmukhi,
  Gujarati,
  Oriya,
  Tamil,
  Telugu,
  Kannada,
  Malayalam,
  Sinhala,
  Thai,
  Lao,
  Tibetan,
  Myanmar,
  Georgian,
  Hangul,
  Ethiopic,
  Khmer,
  Han,
  Japanese,
  Syriac,
  Thaana,
  Cherokee,
  Mongolian,
  Other,
};

constexpr std::uint32_t script_bit(Script script) {
  return std::uint32_t{1} << static_cast<unsigned>(script);
}

/// The script of a letter; None for digits, punctuation, marks that any script uses.
Script script_of(char32_t code_point);

/// The script that carries the text. A Latin name in a text of another script does not make it
/// Latin: another script wins from about a quarter of the letters, Han, Hangul and Kana earlier,
/// because a character of theirs says more. None if there is no letter.
Script dominant_script(std::string_view valid);

/// True for scripts written without spaces between words: Han, Japanese, Thai, Lao, Khmer, Myanmar,
/// Tibetan.
bool is_unspaced(Script script);

}  // namespace crosstail::text
