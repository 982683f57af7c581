#pragma once
/// The `model` of tokenizer.json: Unigram, BPE, WordPiece.

#include "base/result.h"
#include "text/tokenizer_json_field.h"
#include "text/tokenizer_spec.h"

namespace crosstail::text {

/// Fills pieces, scores, merges and the model's part of the meta section.
Status read_json_model(const JsonField& model, TokenizerSpec& spec);

}  // namespace crosstail::text
