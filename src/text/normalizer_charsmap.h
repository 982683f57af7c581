#pragma once
/// SentencePiece's precompiled character map: strings to replace and what by, in a double array of
/// the Darts kind. Its file gives it two meanings:
///   - sentencepiece: at each position, the longest rule that matches the bytes;
///   - tokenizers: per grapheme cluster of less than 6 bytes, the shortest rule that matches its
///     start replaces the whole cluster; else per code point.
/// Format: u32 size of the array in bytes, array of u32 units, replacements ended by NUL.

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "text/normalizer_text.h"

namespace crosstail::text {

/// A borrowed view, safe on any contents. Thread-safe.
class Charsmap {
 public:
  struct Match {
    std::size_t length = 0;  ///< bytes matched; 0: none
    std::string_view replacement;
  };

  Charsmap() = default;
  /// Fails with Corrupt if the sizes do not fit the format. `bytes` must outlive the object.
  static Result<Charsmap> open(std::string_view bytes);

  [[nodiscard]] Match shortest(std::string_view text) const { return search(text, false); }
  [[nodiscard]] Match longest(std::string_view text) const { return search(text, true); }
  /// Some rule is exactly this code point.
  [[nodiscard]] bool maps(char32_t c) const {
    return c <= 0x10FFFF && !mapped_.empty() && (mapped_[c >> 6] >> (c & 63) & 1) != 0;
  }
  /// Some rule starts with this code point, so that what follows it matters.
  [[nodiscard]] bool starts_rule(char32_t c) const {
    return c <= 0x10FFFF && !starts_.empty() && (starts_[c >> 6] >> (c & 63) & 1) != 0;
  }
  /// Some rule starts with `text` and goes on with an ASCII character.
  [[nodiscard]] bool continues_in_ascii(std::string_view text) const;
  /// Rewrites the text as tokenizers' Precompiled normaliser does.
  void apply_to_clusters(AlignedText& text, AlignedText& spare, bool track) const;

 private:
  [[nodiscard]] Match search(std::string_view text, bool longest) const;
  [[nodiscard]] std::uint32_t unit(std::size_t i) const;
  void index_code_points();
  template <bool Track>
  void rewrite(const AlignedText& text, AlignedText& fresh, bool& modified) const;

  std::string_view array_;  ///< u32 units, at any alignment
  std::string_view replacements_;
  std::vector<std::uint64_t> mapped_, starts_;
};

}  // namespace crosstail::text
