#pragma once
/// What trimming a vocabulary is decided by and what it does: pieces counted in texts, and words
/// that are cut otherwise than before.

#include <cstdint>
#include <map>
#include <string>

#include "base/result.h"
#include "cli/compress_texts.h"
#include "model/tokenizer_rewrite.h"
#include "model/vocabulary.h"
#include "text/tokenizer.h"

namespace crosstail::cli {

/// Words of one language, and how many of them are cut otherwise than before.
struct Words {
  std::uint64_t all = 0, changed = 0;
  [[nodiscard]] double share() const {
    return all == 0 ? 0 : static_cast<double>(changed) / static_cast<double>(all);
  }
};
using WordsByLanguage = std::map<std::string, Words>;

/// Pieces of all texts, without the frame.
Result<model::PieceCounts> count_pieces(const CorpusOptions& corpus,
                                        const text::Tokenizer& tokenizer);

/// The words of the texts by both tokenizers, each where it stands; `ids`: of the first in the
/// second.
Result<WordsByLanguage> changed_words(const CorpusOptions& corpus, const text::Tokenizer& before,
                                      const text::Tokenizer& after, const model::IdMap& ids);

}  // namespace crosstail::cli
