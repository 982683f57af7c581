#pragma once
/// The pipeline of tokenizer.json around its model.

#include "base/result.h"
#include "text/tokenizer_json_field.h"
#include "text/tokenizer_spec.h"

namespace crosstail::text {

/// Each takes the value of the field of that name; null is a pipeline without it.
Status read_json_normalizer(const JsonField& field, TokenizerSpec& spec);
Status read_json_pre_tokenizer(const JsonField& field, TokenizerSpec& spec);
Status read_json_post_processor(const JsonField& field, TokenizerSpec& spec);
Status read_json_decoder(const JsonField& field, TokenizerSpec& spec);

}  // namespace crosstail::text
