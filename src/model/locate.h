#pragma once
/// What `--model` may be: a directory, a converted model's file, or the name of a model in the
/// cache.

#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"

namespace crosstail::model {

/// Whether `name` is one a hub may have: "NAME" or "OWNER/NAME", letters, digits, '.', '_', '-', no
/// part that begins with a dot.
bool is_model_name(std::string_view name);

/// Where the cache keeps the model NAME: cache_folder()/models/NAME.
std::filesystem::path cached_model(std::string_view name);

/// The path itself if it is there, else the cached model of that name. Fails with NotFound, saying
/// what was looked for and how to get it.
Result<std::filesystem::path> locate_model(const std::filesystem::path& path_or_name);

}  // namespace crosstail::model
