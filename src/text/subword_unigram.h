#pragma once
/// SentencePiece's unigram model (Kudo 2018): of all ways to cut a text into pieces, the one with
/// the highest sum of log-probabilities, found by dynamic programming over the end positions.
///
/// The sums are those of the original the file belongs to, in its order and precision: f64 from 0
/// for each pre-token (tokenizers), f32 over the whole text (sentencepiece). Of equal sums, the cut
/// whose last piece starts earlier stays, in both.

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "text/subword_trie.h"

namespace crosstail::text {

/// A piece of a text: bytes [begin, end) of what was segmented.
struct SubwordToken {
  std::uint32_t id;
  std::uint32_t begin;
  std::uint32_t end;
};

/// Working memory of one thread; grows to what the longest run of undecided text needs.
class UnigramScratch {
 public:
  struct Node64 {
    double score;
    std::uint32_t start, id;
  };
  struct Node32 {
    float score, gap;
    std::uint32_t start, id;
  };
  std::vector<Node64> nodes64;
  std::vector<Node32> nodes32;
  std::vector<SubwordToken> backwards;
};

/// Borrowed views; safe on any contents. Thread-safe.
class UnigramModel {
 public:
  static constexpr std::uint32_t kNoId = 0xFFFFFFFF;
  /// sentencepiece subtracts the sum from all open paths once it is larger than this.
  static constexpr float kScoreReset = 100000.0F;
  struct Data {
    SubwordTrie trie;
    std::span<const float> scores32;   ///< log-probabilities by id; empty if scores64 is not
    std::span<const double> scores64;  ///< for files whose numbers are no f32
    double unknown_score = 0;          ///< of one unknown code point: lowest score - 10
    std::uint32_t unknown_id = kNoId;
    std::array<std::uint32_t, 256> byte_ids;  ///< <0x00>… for byte fallback
    bool byte_fallback = false;
  };

  UnigramModel() = default;
  explicit UnigramModel(const Data& data);

  /// As tokenizers: appends the pieces of one pre-token (valid UTF-8).
  void segment(std::string_view text, UnigramScratch& scratch,
               std::vector<SubwordToken>& out) const;

  /// As sentencepiece, which adds up over the whole text: `score` is the sum so far and is moved
  /// on. Returns a lower bound of how far any decision on the way was from falling otherwise; the
  /// same word gives the same pieces after another sum while rounding stays below it (see
  /// tolerance()).
  float segment_onward(std::string_view text, float& score, UnigramScratch& scratch,
                       std::vector<SubwordToken>& out) const;
  /// Bound of the rounding in `pieces` f32 additions from `score` on, word sums of `word_score`.
  static float tolerance(float score, float word_score, std::size_t pieces);
  /// Moves `score` on over pieces that are known to be the best ones.
  [[nodiscard]] float add_scores(std::span<const std::uint32_t> ids, float score) const;

 private:
  template <class Node, class Stored>
  float run(std::string_view text, decltype(Node::score)& score, std::span<const Stored> scores,
            std::vector<Node>& nodes, UnigramScratch& scratch,
            std::vector<SubwordToken>& out) const;
  std::uint32_t first_step(const char* text, std::size_t size) const;
  void finish(std::string_view text, std::size_t first, std::vector<SubwordToken>& out) const;

  Data data_;
  std::vector<std::uint32_t> after_code_point_;  ///< trie node by code point below 2^16
};

}  // namespace crosstail::text
