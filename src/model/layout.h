#pragma once
/// A model directory as a whole: which files say what. Plain Hugging Face directories and those of
/// sentence-transformers, in the layout of versions 2 to 5 and in that of 6, static embeddings
/// included.

#include <filesystem>

#include "base/result.h"
#include "model/description.h"

namespace crosstail::model {

/// Everything but weights and tokenizer. `tokenizer_limit` is not known yet, so max_length is what
/// the configuration files say (0 if nothing).
///
/// Maximum length: `max_seq_length` of sentence_bert_config.json, else the smaller of the
/// tokenizer's model_max_length and max_position_embeddings; never beyond the positions that the
/// model has.
///
/// Fails with NotFound (no config.json), Corrupt, or Unsupported (module, field, value).
Result<ModelDescription> read_layout(const std::filesystem::path& folder);

/// Applies the tokenizer's limit (0: none) and the number of positions.
void limit_length(ModelDescription& description, std::size_t tokenizer_limit);

}  // namespace crosstail::model
