#pragma once
/// A converted model, or any directory that loads, as a Hugging Face directory with f32
/// safetensors: what transformers and sentence-transformers read.

#include <filesystem>

#include "base/result.h"

namespace crosstail::model {

/// Writes into `folder`, which must not exist or be empty. Configuration and tokenizer files are
/// the source's own bytes; weights that were converted to bf16 or int8 stay as rounded.
Status export_huggingface(const std::filesystem::path& model, const std::filesystem::path& folder);

}  // namespace crosstail::model
