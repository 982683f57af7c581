#pragma once
/// A recipe: a whole experiment as one TOML file (docs/run.md). Stages are verbs of the command
/// line; what one writes, another reads.
///
///     name = "faq-site"
///     description = "…"
///     [parameters]
///     site = { help = "folder with the pages" }          # must be given: --set site=DIR
///     alpha = { help = "weight of the questions", default = "0.9" }
///     [stages.extract]
///     verb = "extract"
///     arguments = ["${site}"]                              # files and folders that it reads
///     outputs = { output = "faq.jsonl" }                   # option = name in the results' folder
///     [stages.curate]
///     verb = "curate"
///     arguments = ["${extract.output}"]
///     options = { preset = "webfaq", strict = true }       # settings, not files
///     inputs = { model = "${model}" }                      # options whose values are files or
///     folders outputs = { output = "pairs.jsonl", stdout = "curate.txt" }

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace crosstail::pipeline {

struct Parameter {
  std::string name, help;
  std::optional<std::string> value;  ///< the default; without one it must be set
};

/// One option of a stage; a flag has no values, a repeated option several.
struct StageOption {
  std::string name;
  std::vector<std::string> values;
};

/// All strings as the file has them, references (`${…}`) included.
struct Stage {
  std::string name;
  std::string verb;                    ///< "extract", "model convert"
  std::vector<std::string> arguments;  ///< positional; files and folders
  std::vector<StageOption> inputs;     ///< options whose values are files or folders
  std::vector<StageOption> options;    ///< all other options
  std::vector<StageOption> outputs;    ///< option, file name; a folder's ends in '/'
  /// Outputs of other stages that this one changes in place (`tune` an index): "index.output".
  std::vector<std::string> updates;
  std::uint32_t line = 0;
};

struct Recipe {
  std::string file;  ///< for messages
  std::string name, description;
  std::vector<Parameter> parameters;
  std::vector<Stage> stages;  ///< in the order of the file
  std::string sha256;         ///< of the file's text
};

/// Errors are Corrupt and name file, line and the key, with what was expected there.
Result<Recipe> parse_recipe(std::string_view text, const std::string& file);
Result<Recipe> read_recipe(const std::filesystem::path& path);

}  // namespace crosstail::pipeline
