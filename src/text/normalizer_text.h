#pragma once
/// A text on its way through the normalisers, with or without the memory of where it came from.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "text/normalizer_unicode.h"
#include "text/tokenizer.h"

namespace crosstail::text {

/// A normalised text; if tracked, each of its bytes knows the bytes of the original it stands for.
struct AlignedText {
  std::string text;
  std::vector<TokenOffset> align;  ///< one per byte of `text` if tracked, else empty
};

/// Writes the next version of a text. `Track` decides at compile time whether alignments are kept:
/// without, it is an append to a string. The rules for what a new character stands for are those
/// of tokenizers (NormalizedString::transform), odd cases included, so that offsets are equal.
template <bool Track>
class Rewriter {
 public:
  /// Reads `old` (not owned), writes into `fresh`, which is cleared.
  Rewriter(const AlignedText& old, AlignedText& fresh) : old_(old), fresh_(fresh) {
    fresh_.text.clear();
    fresh_.align.clear();
    fresh_.text.reserve(old.text.size() + old.text.size() / 4);
  }

  /// `change` as in unicode::Change.
  void put(char32_t c, int change) {
    if constexpr (Track) {
      changes_.push_back({c, change});
    } else {
      unicode::append(fresh_.text, c);
    }
  }
  /// Characters of the old text that stay as they are.
  void keep(std::string_view bytes) {
    if constexpr (Track) {
      for (const char* p = bytes.data(); p < bytes.data() + bytes.size();) {
        changes_.push_back({unicode::decode(p), 0});
      }
    } else {
      fresh_.text.append(bytes);
    }
  }
  /// The character written last also swallowed `n` characters after it. Nothing was written: the
  /// original forgets them, and so do we.
  void swallow(int n) {
    if constexpr (Track) {
      if (!changes_.empty()) changes_.back().change -= n;
    }
  }
  /// `old_part` becomes `replacement` (character maps).
  void replace(std::string_view old_part, std::string_view replacement);
  /// Ends the rewriting; `removed` characters at the start of the old text went away.
  void finish(std::size_t removed = 0);

 private:
  const AlignedText& old_;
  AlignedText& fresh_;
  std::vector<unicode::Change> changes_;
};

/// The alignment and text of `changes` applied to `old`, of which `removed` characters at the
/// start are dropped.
void apply_changes(const AlignedText& old, std::span<const unicode::Change> changes,
                   std::size_t removed, AlignedText& fresh);

/// Replaces each of `matches` (ordered byte ranges of `text`) by `content`.
void replace_ranges(AlignedText& text, AlignedText& spare,
                    std::span<const std::pair<std::size_t, std::size_t>> matches,
                    std::string_view content, bool track);

/// Puts `prefix` before a text that is not empty; it stands for what the first character does.
void prepend(AlignedText& text, std::string_view prefix, bool track);

}  // namespace crosstail::text
