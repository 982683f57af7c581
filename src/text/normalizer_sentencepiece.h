#pragma once
/// The normaliser of the SentencePiece library: longest rule of the character map at each byte
/// position, spaces written as U+2581, one put in front, runs and ends removed as the model says.

#include <string_view>
#include <vector>

#include "text/normalizer_charsmap.h"
#include "text/normalizer_text.h"
#include "text/subword_trie.h"

namespace crosstail::text {

/// Thread-safe; views are borrowed.
class SentencePieceNormalizer {
 public:
  struct Data {
    Charsmap charsmap;
    SubwordTrie user_defined;  ///< pieces that are never rewritten
    bool add_dummy_prefix = true;
    bool remove_extra_whitespaces = true;
    bool escape_whitespaces = true;
    bool whitespace_as_suffix = false;
  };
  SentencePieceNormalizer() = default;
  explicit SentencePieceNormalizer(Data data);

  /// Rewrites valid UTF-8 into `out`. `origin`, if given, gets for each byte of `out`, and one more
  /// for its end, the byte of `text` it comes from.
  void apply(std::string_view text, std::string& out, std::vector<std::uint32_t>* origin) const;
  [[nodiscard]] const Data& data() const { return data_; }

 private:
  struct Step {
    std::string_view normal;
    std::size_t length;
  };
  [[nodiscard]] Step next(std::string_view text) const;
  [[nodiscard]] std::size_t plain_run(std::string_view text) const;

  Data data_;
  bool plain_[128] = {};  ///< ASCII, not a space, stays as it is before other ASCII
};

}  // namespace crosstail::text
