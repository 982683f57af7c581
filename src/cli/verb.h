#pragma once
/// What a person can type: `crosstail VERB …`. One file a verb; verbs.cpp lists them.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cli/options.h"

namespace crosstail::cli {

struct VerbInfo {
  std::string_view name;         ///< "extract"
  std::string_view summary;      ///< one line, for the list of verbs
  std::string_view usage;        ///< "INPUT… -o FILE [options]"
  std::string_view description;  ///< a paragraph or two
  std::string_view example;      ///< lines a person can paste
};

/// Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.
enum ExitCode : int { kDone = 0, kFailed = 1, kWrongUsage = 2, kInterrupted = 130 };

class Verb {
 public:
  Verb() = default;
  Verb(const Verb&) = delete;
  Verb& operator=(const Verb&) = delete;
  virtual ~Verb() = default;
  [[nodiscard]] virtual VerbInfo info() const = 0;
  /// Binds the fields of the verb's options; called once, before run().
  virtual void declare(OptionTable& options) = 0;
  /// The exit code, or an error that `main` prints (InvalidArgument: 2, Interrupted: 130, else 1).
  virtual Result<int> run() = 0;
};

/// Every verb, in the order of the help.
std::vector<std::unique_ptr<Verb>> all_verbs();

/// The whole program but for `main`: `arguments` without the program's name. Returns the exit code.
int run_program(const std::vector<std::string>& arguments);

/// The help of one verb, as printed by `crosstail VERB --help`.
std::string verb_help(const VerbInfo& info, const OptionTable& options);

}  // namespace crosstail::cli
