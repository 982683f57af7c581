#pragma once
/// A recipe with its parameters filled in: which command lines run, in which order, what each reads
/// and writes. Nothing is looked up on disk here.

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "pipeline/recipe.h"

namespace crosstail::pipeline {

/// A file or folder that a stage reads.
struct PlannedInput {
  std::string path;
  int producer = -1;  ///< index of the stage that writes it; -1: comes from outside
};

struct PlannedOutput {
  std::string option;  ///< "output"; "stdout": what the verb prints
  std::string path;
};

struct PlannedStage {
  std::string name;
  std::vector<std::string> command;  ///< verb and arguments, as typed
  /// The command without paths: what must be equal for results to be the same, besides the inputs.
  std::string settings;
  std::vector<PlannedInput> inputs;
  std::vector<PlannedOutput> outputs;
  std::vector<PlannedInput> updates;  ///< outputs of other stages, changed in place
};

/// Stages in an order in which they can run: after what they need, else as in the file.
struct Plan {
  std::vector<PlannedStage> stages;
  std::map<std::string, std::string> parameters;
};

/// `settings` replace defaults of parameters. `folder`: where outputs go. Fails with
/// InvalidArgument: a parameter that is unknown or not set, a reference to nothing (the message
/// lists what there is), stages that wait for each other, two stages that write one file.
Result<Plan> make_plan(const Recipe& recipe, const std::map<std::string, std::string>& settings,
                       const std::filesystem::path& folder);

}  // namespace crosstail::pipeline
