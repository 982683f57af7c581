#pragma once
/// A model's identity: the SHA-256 over its source weights, tokenizer and configuration.
///
/// It is that of the text which `sha256sum FILES | LC_ALL=C sort -k 2` prints for the directory's
/// files that decide what is computed (identity_files()), so a person can compute it as well.

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"

namespace crosstail::model {

/// The files, relative to `folder`, sorted by name: modules.json, config.json,
/// config_sentence_transformers.json, the modules' own configurations and weights, the weights that
/// are read, the tokenizer's files.
Result<std::vector<std::string>> identity_files(const std::filesystem::path& folder);

/// 64 hex digits. Kept in the cache folder by path, sizes and times, so that large weights are read
/// once; a cache that cannot be written is no error.
Result<std::string> model_identity(const std::filesystem::path& folder);

/// CROSSTAIL_CACHE, else XDG_CACHE_HOME/crosstail, else HOME/.cache/crosstail; empty if none is
/// set.
std::filesystem::path cache_folder();

}  // namespace crosstail::model
