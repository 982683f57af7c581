#pragma once
/// What a Tokenizer is made of at run time: models and normalisers as views into its blob.

#include <span>
#include <string>
#include <vector>

#include "text/normalizer.h"
#include "text/normalizer_sentencepiece.h"
#include "text/subword_bpe.h"
#include "text/subword_unigram.h"
#include "text/tokenizer.h"
#include "text/tokenizer_added.h"
#include "text/tokenizer_cache.h"
#include "text/tokenizer_spec.h"
#include "text/tokenizer_split.h"
#include "text/wordpiece.h"

namespace crosstail::text {

struct Tokenizer::Parts {
  std::vector<std::byte> owned;
  std::span<const std::byte> blob;
  std::uint64_t serial = 0;  ///< no other object of this process has it; caches go by it

  TokenizerMeta meta;
  std::uint32_t size = 0;
  std::span<const std::uint32_t> piece_offsets;  ///< size + 1
  std::string_view piece_bytes;
  std::span<const std::uint32_t> piece_order;  ///< ids in the order of their pieces
  std::span<const float> scores32;             ///< one an id, or none
  std::span<const double> scores64;            ///< the same
  std::string_view charsmap;

  NormalizerChain normalizer;
  SentencePieceNormalizer sentencepiece;
  UnigramModel unigram;
  WordPieceModel wordpiece;
  BpeModel bpe;
  AddedTokenFinder added, added_normalized;

  /// Words between these bytes can be encoded one by one (and remembered).
  bool word_by_word = false;
  bool separator[256] = {};
  bool needs_tracking = false;  ///< some step asks where a part comes from

  [[nodiscard]] std::string_view piece(std::uint32_t id) const {
    if (id >= size) return {};
    const std::uint32_t begin = piece_offsets[id];
    const std::uint32_t end = piece_offsets[id + 1];
    return begin <= end && end <= piece_bytes.size() ? piece_bytes.substr(begin, end - begin)
                                                     : std::string_view();
  }
};

struct TokenizerScratch::State {
  WordCache cache;
  std::string repaired;
  AlignedText text, spare;
  SplitScratch split;
  UnigramScratch unigram;
  BpeScratch bpe;
  std::vector<SubwordToken> tokens;
  std::vector<AddedTokenFinder::Match> matches, inner_matches;
  std::vector<std::uint32_t> origin;
  struct Ids {
    std::vector<std::uint32_t> ids;
    std::vector<TokenOffset> offsets;
  };
  Ids first, second;
};

/// Encodes valid UTF-8 without frame or truncation, appended to `out`; stops at a convenient place
/// once `enough` ids are there. Offsets are filled if `offsets`.
void encode_body(const Tokenizer::Parts& parts, std::string_view text, std::size_t enough,
                 bool offsets, TokenizerScratch::State& state, TokenizerScratch::State::Ids& out);

/// Ids of one part, between two cuts of the pre-tokenizers, appended to `tokens`.
void segment_part(const Tokenizer::Parts& parts, std::string_view part,
                  TokenizerScratch::State& state, std::vector<SubwordToken>& tokens);

}  // namespace crosstail::text
