#pragma once
/// What Hugging Face's tokenizers believes of each code point. Its parts are built on libraries of
/// several Unicode versions, none of them ICU's, so the properties come from a table made from
/// those libraries (tools/unicode-table); lower case and decompositions are ICU's with the
/// differences written out. tests/text/tokenizer_unicode_test.cpp holds the sums over all code
/// points.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace crosstail::text::unicode {

/// Bits of flags(). The names in brackets are the functions of the original.
enum Flag : std::uint16_t {
  kSpace = 1 << 0,           ///< White_Space (char::is_whitespace)
  kOther = 1 << 1,           ///< control, format or private use, Unicode 8 (is_other)
  kPunctuation = 1 << 2,     ///< ASCII punctuation or P*, Unicode 8 (is_punctuation)
  kChinese = 1 << 3,         ///< BERT's CJK blocks (is_chinese_char)
  kMarkNonspacing = 1 << 4,  ///< Mn, Unicode 8 (is_mark_nonspacing)
  kCombining = 1 << 5,       ///< M*, Unicode 9 (is_combining_mark)
  kJoins = 1 << 6,           ///< continues a grapheme cluster, Unicode 17: Extend, ZWJ, SpacingMark
  kPrepends = 1 << 7,        ///< starts one with whatever follows: Prepend
  kControl = 1 << 8,         ///< a cluster of its own: Control, CR, LF
  kLetter = 1 << 9,          ///< \p{L} of Oniguruma
  kNumber = 1 << 10,         ///< \p{N} of Oniguruma
  kRegexSpace = 1 << 11,     ///< \s of Oniguruma
  kWord = 1 << 12,           ///< \w of Rust's regex
  kNfdActive = 1 << 13,      ///< decomposes canonically or has a combining class, Unicode 9
  kHasLower = 1 << 14,       ///< char::to_lowercase changes it
};

/// Two-stage table of flags; built once (about a millisecond), then read-only.
class FlagTable {
 public:
  static const FlagTable& get();
  [[nodiscard]] std::uint16_t operator[](char32_t c) const {
    return c > 0x10FFFF ? std::uint16_t{0} : blocks_[index_[c >> 7]][c & 127];
  }

 private:
  FlagTable();
  struct Block {
    std::uint16_t flags[128];
    std::uint16_t operator[](std::size_t i) const { return flags[i]; }
    bool operator==(const Block&) const = default;
  };
  std::uint16_t index_[0x110000 >> 7];
  std::vector<Block> blocks_;
};

/// Decodes the code point at `p` of valid UTF-8 and moves past it. Inline, for inner loops; never
/// reads past the sequence the lead byte announces.
inline char32_t decode(const char*& p) {
  const auto lead = static_cast<unsigned char>(*p);
  const auto tail = [&](int i) -> char32_t { return static_cast<unsigned char>(p[i]) & 0x3F; };
  char32_t c = lead;
  if (lead < 0x80) {
    p += 1;
  } else if (lead < 0xE0) {
    c = (c & 0x1F) << 6 | tail(1);
    p += 2;
  } else if (lead < 0xF0) {
    c = (c & 0x0F) << 12 | tail(1) << 6 | tail(2);
    p += 3;
  } else {
    c = (c & 0x07) << 18 | tail(1) << 12 | tail(2) << 6 | tail(3);
    p += 4;
  }
  return c;
}

/// Appends a code point that is not a surrogate.
inline void append(std::string& out, char32_t c) {
  if (c < 0x80) {
    out.push_back(static_cast<char>(c));
    return;
  }
  char bytes[4];
  std::size_t n = 0;
  if (c < 0x800) {
    bytes[n++] = static_cast<char>(0xC0 | c >> 6);
  } else if (c < 0x10000) {
    bytes[n++] = static_cast<char>(0xE0 | c >> 12);
    bytes[n++] = static_cast<char>(0x80 | (c >> 6 & 0x3F));
  } else {
    bytes[n++] = static_cast<char>(0xF0 | c >> 18);
    bytes[n++] = static_cast<char>(0x80 | (c >> 12 & 0x3F));
    bytes[n++] = static_cast<char>(0x80 | (c >> 6 & 0x3F));
  }
  bytes[n++] = static_cast<char>(0x80 | (c & 0x3F));
  out.append(bytes, n);
}

inline std::size_t encoded_size(char32_t c) {
  return c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
}

/// Bytes of the sequence that `lead` starts, in valid UTF-8.
inline std::size_t sequence_size(char lead) {
  const auto byte = static_cast<unsigned char>(lead);
  return byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
}

/// A code point of a rewritten text and what it stands for, as tokenizers counts: 0 replaces the
/// next code point of the old text, 1 is put in, -n replaces one and swallows the n after it.
struct Change {
  char32_t c;
  int change;
};

/// char::to_lowercase: context-free (capital sigma is always σ); U+0130 gives two code points.
/// Returns how many were written to `out`.
int lower(char32_t c, char32_t out[2]);

enum class Form { Nfc, Nfd, Nfkc, Nfkd };

/// The text in a normalisation form of Unicode 9 (later characters are inert), appended to `out`.
void normalize(std::string_view text, Form form, std::vector<Change>& out);

}  // namespace crosstail::text::unicode
