#pragma once
/// The section `source` of a converted model (docs/formats/model.md): the configuration and
/// tokenizer files it was made from, without what the tokenizer beside them says already.

#include <map>
#include <string>

#include "base/result.h"
#include "model/converted.h"
#include "text/tokenizer.h"

namespace crosstail::model {

/// A zstd frame. Of a tokenizer.json the vocabulary and the character map are left out where
/// `tokenizer` gives them back byte for byte; all else is kept as it is.
std::string pack_source_files(const std::map<std::string, std::string>& files,
                              const text::Tokenizer& tokenizer);

}  // namespace crosstail::model
