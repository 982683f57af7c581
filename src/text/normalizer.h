#pragma once
/// The normalisers of tokenizer.json, in a row. Each rewrites the whole text; `BertNormalizer` is
/// taken apart into the steps it consists of.

#include <string>
#include <string_view>
#include <vector>

#include "text/normalizer_charsmap.h"
#include "text/normalizer_text.h"

namespace crosstail::text {

struct NormalizerStep {
  enum class Kind : std::uint8_t {
    Precompiled,  ///< the chain's character map
    Nfc,
    Nfd,
    Nfkc,
    Nfkd,
    Lowercase,
    StripAccents,  ///< drops combining marks
    Nmt,
    BertClean,         ///< drops control characters, all white space becomes a space
    BertChinese,       ///< spaces around CJK ideographs
    BertStripMarks,    ///< NFD, then drops nonspacing marks
    ReplaceText,       ///< `pattern` by `content`
    ReplaceSpaceRuns,  ///< runs of at least `least` U+0020 by `content`
    ReplaceWhiteRuns,  ///< runs of at least `least` characters of \s by `content`
    Strip,             ///< white space at the start (`left`) and the end (`right`)
    Prepend,           ///< `content` before a text that is not empty
    ByteLevel,         ///< each byte becomes the character GPT-2 writes it as
  };
  Kind kind = Kind::Nfc;
  std::string pattern, content;
  std::uint32_t least = 0;
  bool left = false, right = false;
};

/// Each byte of the text becomes a printable character (GPT-2's table).
void to_byte_level(AlignedText& text, AlignedText& spare, bool track);
/// The character of GPT-2's table for a byte.
char32_t byte_level_char(unsigned char byte);

/// Thread-safe. The character map's bytes are borrowed.
class NormalizerChain {
 public:
  NormalizerChain() = default;
  NormalizerChain(std::vector<NormalizerStep> steps, Charsmap charsmap)
      : steps_(std::move(steps)), charsmap_(std::move(charsmap)) {}

  /// `spare` is working memory. Offsets are kept if `track`.
  void apply(AlignedText& text, AlignedText& spare, bool track) const;
  [[nodiscard]] bool empty() const { return steps_.empty(); }
  [[nodiscard]] const Charsmap& charsmap() const { return charsmap_; }

  /// True if the words between white space come out the same when the text is cut at `space` (a
  /// space, tab or line feed that no mark follows) and each part normalised by itself.
  [[nodiscard]] bool separates_words(char space) const;

 private:
  [[nodiscard]] bool step_separates_words(const NormalizerStep& step) const;

  std::vector<NormalizerStep> steps_;
  Charsmap charsmap_;
};

}  // namespace crosstail::text
