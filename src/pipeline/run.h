#pragma once
/// Runs a plan: stages whose settings, version or input contents changed since the lock was
/// written, or whose outputs are not as they left them; the others are kept. A run that was killed
/// goes on with the stage it was in (with --resume where its verb has that).
///
/// A stage's key is a hash of: version, settings (the command without paths) and the contents of
/// its inputs. An input that some stage changes in place stands for the keys of the stages that
/// made it so far, because its contents do not tell before from after.

#include <filesystem>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "pipeline/plan.h"
#include "pipeline/run_lock.h"

namespace crosstail::pipeline {

/// How verbs are run: `cli` gives these.
struct VerbRunner {
  /// Whether the command line is one that the verb takes.
  std::function<Status(const std::vector<std::string>& command)> check;
  std::function<bool(const std::vector<std::string>& command)> can_resume;
  /// Runs to the end and returns the exit code. What it prints goes to `output`, if not empty.
  std::function<Result<int>(const std::vector<std::string>& command, const std::string& output)>
      run;
};

enum class Verdict {
  Keep,    ///< nothing changed
  Run,     ///< runs; the reason says why
  Depends  ///< dry run only: runs if a stage before it changes what this one reads
};

struct StageNews {
  const PlannedStage& stage;
  Verdict verdict;
  std::string reason;
  bool resumed = false;
  double seconds = -1;  ///< >= 0: it has run, and took so long
};

struct RunOptions {
  std::filesystem::path folder;  ///< of the results; made if it is not there
  std::string version;           ///< of the program
  std::set<std::string> force;   ///< stages that run whatever the lock says
  bool dry_run = false;
};

/// Every command line is checked before anything runs. `news` is called before and after each
/// stage. Fails with InvalidArgument (a command line or --force that makes no sense), NotFound (an
/// input from outside is not there), Interrupted, or Io naming the stage that failed; what ran
/// before it stays.
Status run_plan(const Recipe& recipe, const Plan& plan, const RunOptions& options,
                const VerbRunner& verbs, const std::function<void(const StageNews&)>& news);

}  // namespace crosstail::pipeline
