#pragma once
/// WordPiece as BERT applies it: the longest piece that starts the word, then the longest that
/// continues it, and so on; a word that this does not use up is one unknown token.

#include <cstdint>
#include <string_view>
#include <vector>

#include "text/subword_trie.h"
#include "text/subword_unigram.h"

namespace crosstail::text {

/// Borrowed views; safe on any contents. Thread-safe. Time is linear in the word.
class WordPieceModel {
 public:
  struct Data {
    SubwordTrie trie;               ///< all pieces, those that continue with their prefix
    std::string_view continuation;  ///< "##"
    std::uint32_t unknown_id = 0;
    std::uint32_t max_word_chars = 100;  ///< a longer word is unknown; code points
    std::uint32_t size = 0;              ///< ids are below it
  };

  WordPieceModel() = default;
  explicit WordPieceModel(const Data& data);

  /// Appends the pieces of one word (valid UTF-8).
  void segment(std::string_view word, std::vector<SubwordToken>& out) const;

 private:
  Data data_;
  std::uint32_t continuation_node_ = 0;
  bool continues_ = true;  ///< some piece has the prefix
};

}  // namespace crosstail::text
