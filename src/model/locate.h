#pragma once
/// What `--model` may be: a directory, a converted model's file, or the name of a model that came
/// with the program or is in the cache; and what stands for it where it is not given.

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace crosstail::model {

/// Whether `name` is one a hub may have: "NAME" or "OWNER/NAME", letters, digits, '.', '_', '-', no
/// part that begins with a dot.
bool is_model_name(std::string_view name);

/// Where the cache keeps the model NAME: cache_folder()/models/NAME.
std::filesystem::path cached_model(std::string_view name);

/// The model that comes with the program.
inline constexpr std::string_view kBundledModel = "crosstail-mini";

/// A model found by name, for `crosstail doctor`.
struct FoundModel {
  std::string name;
  std::filesystem::path path;  ///< a converted model's file, or a model directory
};

/// Folders of models that come with the program, the first that has a model wins: CROSSTAIL_MODELS
/// if it is set and nothing else; else share/crosstail/models beside the program's folder, and
/// models/ of the tree that it was built in.
std::vector<std::filesystem::path> bundled_folders();

/// NAME/NAME.ctm or NAME/config.json in one of these folders; empty if there is none.
std::filesystem::path bundled_model(std::string_view name);

/// All bundled models, and all of the cache, by name.
std::vector<FoundModel> bundled_models();
std::vector<FoundModel> cached_models();

/// The path itself if it is there, else the bundled model of that name, else the cached one. Fails
/// with NotFound, saying what was looked for and how to get it.
Result<std::filesystem::path> locate_model(const std::filesystem::path& path_or_name);

/// What stands for a `--model` that was not given: kBundledModel if it is there. Fails with
/// InvalidArgument, saying where it was looked for.
Result<std::string> default_model();

}  // namespace crosstail::model
