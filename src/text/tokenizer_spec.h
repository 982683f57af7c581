#pragma once
/// A tokenizer as its files describe it. The readers (tokenizer_json, sentencepiece_file,
/// wordpiece_vocab) fill one of these; tokenizer_blob lays it out flat.

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "text/normalizer.h"
#include "text/subword_bpe.h"
#include "text/tokenizer.h"
#include "text/tokenizer_added.h"
#include "text/tokenizer_split.h"

namespace crosstail::text {

/// One item of the frame the post-processor puts around the texts.
struct FrameItem {
  enum class Kind : std::uint8_t { Special, First, Second };
  Kind kind = Kind::First;
  std::uint8_t type_id = 0;
  std::uint32_t id = 0;  ///< of a Special
};

/// Offsets of byte-level tokens lose the spaces at their ends.
struct TrimOffsets {
  bool add_prefix_space = false;
};

struct DecodeStep {
  enum class Kind : std::uint8_t {
    Metaspace,      ///< `a` becomes a space; in the first token it vanishes if `flag`
    ByteFallback,   ///< <0x41> becomes a byte
    WordPiece,      ///< prefix `a` goes away, or a space comes; cleaned up if `flag`
    ByteLevel,      ///< GPT-2's characters become bytes
    Replace,        ///< `a` by `b` in each token
    Strip,          ///< up to `start` and `stop` times `a` at the ends of each token
    Fuse,           ///< all tokens become one
    Suffix,         ///< `a` becomes a space, in the last token nothing
    SentencePiece,  ///< the library's decoder; `flag`: a space at the start goes away
  };
  Kind kind = Kind::Fuse;
  std::string a, b;
  std::uint32_t start = 0, stop = 0;
  bool flag = false;
};

enum class SubwordKind : std::uint8_t { Unigram, Bpe, WordPiece };

/// All but the large arrays; a blob keeps it in one section that loading reads.
struct TokenizerMeta {
  SubwordKind kind = SubwordKind::Unigram;
  bool sentencepiece = false;  ///< flow and arithmetic of that library, not of tokenizers
  std::string source;
  std::uint64_t model_max_length = 0;
  SpecialIds special;

  std::uint32_t unknown_id = UnigramModel::kNoId;
  double unknown_score = 0;
  std::vector<std::uint32_t> byte_ids;  ///< 256, or none
  bool byte_fallback = false;
  bool fuse_unknown = false;
  bool ignore_merges = false;
  std::string continuation, end_of_word;
  std::uint32_t max_word_chars = 100;

  std::vector<NormalizerStep> normalizer;
  std::vector<SplitStep> splits;
  std::vector<AddedToken> added;
  std::vector<FrameItem> single, pair;
  std::vector<TrimOffsets> trims;
  std::vector<DecodeStep> decoder;

  // Of a sentencepiece model only.
  bool add_dummy_prefix = true, remove_extra_whitespaces = true, escape_whitespaces = true;
  bool whitespace_as_suffix = false;
  bool spaces_inside_pieces = false;  ///< U+2581 elsewhere than at a piece's start
  std::uint32_t surface_unknown = UnigramModel::kNoId;  ///< id that decodes to " ⁇ "
};

struct TokenizerSpec {
  TokenizerMeta meta;
  std::vector<std::string> pieces;  ///< by id; empty: no piece
  std::vector<bool> matched;        ///< by id: text is matched against it; empty: all are
  std::vector<double> scores;       ///< by id, or none
  std::vector<BpeMerge> merges;
  std::vector<std::string> user_defined;
  std::string charsmap;
};

}  // namespace crosstail::text
