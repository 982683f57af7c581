#pragma once
/// Added tokens: literal strings in a text ("<mask>") that are one id, found before the model sees
/// the text. Leftmost match first, the longest there, as tokenizers finds them.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "text/subword_trie.h"

namespace crosstail::text {

struct AddedToken {
  std::string content;
  std::string pattern;  ///< what is looked for: `content`, normalised if `normalized`
  std::uint32_t id = 0;
  bool special = false;      ///< left out by decode()
  bool single_word = false;  ///< not inside a word
  bool lstrip = false;       ///< takes the white space before it
  bool rstrip = false;       ///< and after it
  bool normalized = false;   ///< looked for in the normalised text
};

/// Finds some of the added tokens. Thread-safe.
class AddedTokenFinder {
 public:
  struct Match {
    std::size_t begin, end;
    std::uint32_t id;
  };
  AddedTokenFinder() = default;
  /// For the tokens with this value of `normalized`.
  static Result<AddedTokenFinder> build(const std::vector<AddedToken>& tokens, bool normalized);

  [[nodiscard]] bool empty() const { return tokens_.empty(); }
  /// Matches in order, without overlaps, appended to `matches`.
  void find(std::string_view text, std::vector<Match>& matches) const;

 private:
  std::vector<AddedToken> tokens_;
  std::vector<SubwordTrie::Unit> units_;
  bool starts_[256] = {};
  int only_start_ = -1;  ///< if all patterns start with one byte, that byte
};

}  // namespace crosstail::text
