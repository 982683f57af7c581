#pragma once
/// Reads vocab.txt of BERT models: a piece a line, the line number is the id.

#include <string_view>

#include "base/result.h"
#include "text/tokenizer_spec.h"

namespace crosstail::text {

/// What tokenizer_config.json says of a BERT tokenizer.
struct WordPieceOptions {
  bool lowercase = true;
  bool chinese = true;     ///< tokenize_chinese_chars
  int strip_accents = -1;  ///< -1: as `lowercase`
  std::string unknown = "[UNK]", cls = "[CLS]", sep = "[SEP]", pad = "[PAD]", mask = "[MASK]";
};

/// The pipeline of BertTokenizerFast around the pieces.
Result<TokenizerSpec> read_wordpiece_vocab(std::string_view file, const WordPieceOptions& options);

}  // namespace crosstail::text
