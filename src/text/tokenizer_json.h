#pragma once
/// Reads tokenizer.json, the format of Hugging Face's tokenizers (version "1.0"). What is not
/// implemented is an error that names the field.

#include <string_view>

#include "base/result.h"
#include "text/tokenizer_spec.h"

namespace crosstail::text {

/// `truncation` and `padding` are passed over: a caller's options say both.
Result<TokenizerSpec> read_tokenizer_json(std::string_view json);

}  // namespace crosstail::text
