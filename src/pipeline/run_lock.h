#pragma once
/// `recipe.lock.json` in the results' folder: which stage made what from what, with which version
/// (docs/formats/recipe-lock.md). Equal runs have equal files: no
/// times are in it.

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"

namespace crosstail::pipeline {

struct LockedFile {
  std::string path, sha256;
};

struct LockedStage {
  std::string key;  ///< hash of version, settings and input contents; empty: never begun
  bool done = false;
  std::vector<std::string> command;
  std::vector<LockedFile> inputs, outputs;
};

struct RunLock {
  std::string crosstail_version, recipe, recipe_sha256;
  std::map<std::string, std::string> parameters;
  std::vector<std::pair<std::string, LockedStage>> stages;  ///< in the order of the plan

  [[nodiscard]] const LockedStage* find(const std::string& stage) const;
  LockedStage& at(const std::string& stage);  ///< made if it is not there
};

/// No file: an empty lock. Fails with Corrupt, naming file and field.
Result<RunLock> read_run_lock(const std::filesystem::path& path);
Result<RunLock> parse_run_lock(const std::string& text, const std::string& file);
std::string run_lock_json(const RunLock& lock);

}  // namespace crosstail::pipeline
