#pragma once
/// Byte-pair encoding (Sennrich, Haddow, Birch 2016): neighbouring symbols are merged, the best
/// pair first, until no pair is known. Two forms, as the two originals have them:
/// merges by rank over ids (tokenizers, with its options) and merges by the score of the merged
/// piece (sentencepiece). Of equally good pairs the leftmost is merged. O(n log n).

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "text/subword_trie.h"
#include "text/subword_unigram.h"

namespace crosstail::text {

/// Slot of the merge table, an open-addressed hash table: left and right id give rank and new id.
struct BpeMerge {
  std::uint32_t left, right;
  std::uint32_t rank;  ///< lower is better; kNoRank: an empty slot
  std::uint32_t merged;
  static constexpr std::uint32_t kNoRank = 0xFFFFFFFF;
};

/// Lays merges out as the table BpeModel reads (a power of two of slots, at most half full). Of
/// equal pairs the last one stays.
std::vector<BpeMerge> build_merge_table(std::span<const BpeMerge> merges);

/// Working memory of one thread.
class BpeScratch {
 public:
  struct Symbol {
    std::uint32_t id, begin, end;  ///< bytes; begin == end: merged away
    std::int32_t previous, next;   ///< -1: none
    bool frozen;                   ///< user-defined piece (sentencepiece): never merged
  };
  struct Candidate {
    std::uint64_t order;  ///< the largest is merged first: quality, then position
    std::uint32_t left, right, size, merged;
  };
  std::vector<Symbol> symbols;
  std::vector<Candidate> heap;
};

/// Borrowed views; safe on any contents. Thread-safe.
class BpeModel {
 public:
  static constexpr std::uint32_t kNoId = UnigramModel::kNoId;
  struct Data {
    SubwordTrie trie;                  ///< pieces by text
    std::span<const BpeMerge> merges;  ///< tokenizers; empty for sentencepiece
    std::span<const float> scores;     ///< sentencepiece; empty for tokenizers
    std::uint32_t unknown_id = kNoId;  ///< kNoId: unknown symbols vanish (tokenizers)
    std::array<std::uint32_t, 256> byte_ids;
    bool byte_fallback = false;
    bool fuse_unknown = false;
    bool ignore_merges = false;  ///< a word that is a piece is that piece
    std::string continuation;    ///< continuing_subword_prefix
    std::string end_of_word;     ///< end_of_word_suffix
    SubwordTrie user_defined;    ///< sentencepiece
    std::uint32_t size = 0;      ///< ids are below it
  };

  BpeModel() = default;
  explicit BpeModel(const Data& data);

  /// Appends the pieces of one pre-token, or for sentencepiece of the whole text (valid UTF-8).
  void segment(std::string_view text, BpeScratch& scratch, std::vector<SubwordToken>& out) const;

 private:
  [[nodiscard]] std::uint32_t find(std::string_view piece) const;
  [[nodiscard]] const BpeMerge* find_merge(std::uint32_t left, std::uint32_t right) const;
  void split(std::string_view text, std::vector<BpeScratch::Symbol>& symbols) const;
  void split_sentencepiece(std::string_view text, std::vector<BpeScratch::Symbol>& symbols) const;
  void consider(std::string_view text, BpeScratch& scratch, std::int32_t left,
                std::int32_t right) const;
  void write(std::string_view text, const BpeScratch& scratch,
             std::vector<SubwordToken>& out) const;

  Data data_;
  bool by_score_ = false;
};

}  // namespace crosstail::text
