#pragma once
/// Reads a SentencePiece model file (a protocol buffer, sentencepiece_model.proto of the library;
/// the fields needed are few, so it is read by hand).

#include <string_view>

#include "base/result.h"
#include "text/tokenizer_spec.h"

namespace crosstail::text {

/// How a model's ids follow from those of its SentencePiece file.
enum class SentencePieceIds {
  AsInFile,  ///< T5 and mT5: the same; the text is followed by </s>
  Fairseq,   ///< XLM-R: <s> <pad> </s> <unk>, then the file's pieces from its fourth, <mask>
};

/// `unigram` and `bpe` models. Ids, arithmetic and normalisation are the library's: special tokens
/// in a text are text. Fails with Corrupt (offset of the fault) or Unsupported (the field).
Result<TokenizerSpec> read_sentencepiece(std::string_view file, SentencePieceIds ids);

}  // namespace crosstail::text
