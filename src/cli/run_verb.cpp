/// `crosstail run`: a recipe, from whatever changed to its end.

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <map>

#include "base/file.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "cli/verbs.h"
#include "pipeline/run.h"

namespace crosstail::cli {
namespace {

struct RunVerbOptions {
  std::vector<std::string> recipe;
  std::string output;
  std::map<std::string, std::string> settings;
  std::vector<std::string> force;
  bool dry_run = false;
};

std::string command_line(const std::vector<std::string>& command) {
  std::string text = "crosstail";
  for (const auto& word : command) {
    const bool plain =
        !word.empty() && word.find_first_of(" '\"$&|;<>()*?#~\\\n\t") == std::string::npos;
    text += plain ? " " + word : " '" + word + "'";
  }
  return text;
}

Result<std::unique_ptr<Verb>> verb_named(const std::string& name) {
  std::vector<std::string> names;
  for (auto& verb : all_verbs()) {
    if (verb->info().name == name) return std::move(verb);
    names.emplace_back(verb->info().name);
  }
  const std::string near = nearest(name, names);
  return Error{
      ErrorCode::InvalidArgument,
      "there is no verb '" + name + "'" + (near.empty() ? "" : "; did you mean " + near + "?")};
}

Status check_command(const std::vector<std::string>& command) {
  CT_TRY(const auto verb, verb_named(command.empty() ? "" : command.front()));
  OptionTable options;
  verb->declare(options);
  return options.parse({command.begin() + 1, command.end()});
}

bool has_resume(const std::vector<std::string>& command) {
  const auto verb = verb_named(command.front());
  if (!verb.ok()) return false;
  OptionTable options;
  (*verb)->declare(options);
  for (const auto& entry : options.entries())
    if (entry.option.name == "resume") return true;
  return false;
}

/// What this run was asked to say, and how, holds for its stages too.
void add_message_options(std::vector<std::string>& words) {
  if (log_level() > LogLevel::Info) words.emplace_back("--quiet");
  if (log_format() == LogFormat::Json) words.insert(words.end(), {"--log-format", "json"});
}

/// This very program, so that a stage's memory is its own and Ctrl-C reaches it as if typed. Prints
/// to `output` (PATH.part, renamed when it ends well), if not empty.
class Child {
 public:
  static Result<int> run(const std::vector<std::string>& command, const std::string& output) {
    std::vector<std::string> words{"crosstail", command.front()};
    add_message_options(words);
    words.insert(words.end(), command.begin() + 1, command.end());
    std::vector<char*> argv;
    argv.reserve(words.size() + 1);
    for (auto& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    const std::string part = output + ".part";
    ::posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    if (!output.empty())
      ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, part.c_str(),
                                         O_WRONLY | O_CREAT | O_TRUNC, 0644);
    ::pid_t child = 0;
    const int failure =
        ::posix_spawn(&child, "/proc/self/exe", &actions, nullptr, argv.data(), ::environ);
    ::posix_spawn_file_actions_destroy(&actions);
    if (failure != 0) return system_error("crosstail " + command.front(), "start", failure);
    const int code = wait_for(child);
    if (code == kDone && !output.empty()) CT_CHECK(commit_rename(part, output));
    return code;
  }

 private:
  /// A signal to this process alone (`kill`) is handed on once.
  static int wait_for(::pid_t child) {
    int status = 0;
    bool told = false;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
      if (interrupt_requested() && !told) ::kill(child, SIGTERM);
      told = told || interrupt_requested();
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
};

void tell(const pipeline::StageNews& news, bool dry_run) {
  const std::string& name = news.stage.name;
  if (dry_run) {
    const char* word = news.verdict == pipeline::Verdict::Keep  ? "keep   "
                       : news.verdict == pipeline::Verdict::Run ? "run    "
                                                                : "depends";
    const std::string why = news.reason.empty() ? "" : "  (" + news.reason + ")";
    std::printf("%s  %s%s\n         %s\n", word, name.c_str(), why.c_str(),
                command_line(news.stage.command).c_str());
    return;
  }
  if (news.verdict == pipeline::Verdict::Keep)
    return log(LogLevel::Info, "stage-kept", name + ": nothing changed");
  if (news.seconds < 0)
    return log(LogLevel::Info, "stage",
               name + ": " + news.reason + (news.resumed ? ", goes on: " : ": ") +
                   command_line(news.stage.command));
  char seconds[32];
  std::snprintf(seconds, sizeof seconds, "%.1f s", news.seconds);
  log(LogLevel::Info, "stage-done", name + ": done in " + seconds);
}

class RunVerb final : public Verb {
 public:
  [[nodiscard]] VerbInfo info() const override {
    return {
        "run", "a whole experiment from one recipe",
        "RECIPE.toml [-o DIR] [--set NAME=VALUE] [--dry-run]",
        "Runs the stages of a recipe whose settings or inputs changed (by content, not by date) or "
        "whose\n"
        "outputs are not there; the others are kept. All results and a lock of versions and "
        "hashes\n"
        "(recipe.lock.json) are in one folder. Stopped or killed, the same command goes on.",
        "  crosstail run recipes/faq-site.toml --set site=docs/faq -o faq-results --dry-run"};
  }

  void declare(OptionTable& options) override {
    auto& o = options_;
    options.positionals(o.recipe, "RECIPE", "the recipe, a TOML file (docs/run.md)", 1)
        .text(o.output, "output", "DIR", "folder of the results (default: the recipe's name)", 'o')
        .custom("set", "NAME=VALUE", "set a parameter of the recipe (may be given several times)",
                "",
                [&o](std::string_view value) -> Status {
                  const auto equals = value.find('=');
                  if (equals == 0 || equals == std::string_view::npos)
                    return Error{ErrorCode::InvalidArgument, "expected NAME=VALUE"};
                  o.settings[std::string(value.substr(0, equals))] = value.substr(equals + 1);
                  return {};
                })
        .flag(o.dry_run, "dry-run", "print what would run, and why, and run nothing")
        .texts(o.force, "force", "STAGE", "run this stage even if nothing changed");
  }

  Result<int> run() override {
    const auto& o = options_;
    if (o.recipe.size() != 1)
      return Error{ErrorCode::InvalidArgument,
                   "expected one recipe, found " + std::to_string(o.recipe.size())};
    CT_TRY(const auto recipe, pipeline::read_recipe(o.recipe.front()));
    pipeline::RunOptions options;
    options.folder = o.output.empty() ? recipe.name : o.output;
    options.version = CROSSTAIL_VERSION;
    options.force = {o.force.begin(), o.force.end()};
    options.dry_run = o.dry_run;
    CT_TRY(const auto plan, pipeline::make_plan(recipe, o.settings, options.folder));
    CT_CHECK(pipeline::run_plan(recipe, plan, options, {check_command, has_resume, Child::run},
                                [&](const auto& news) { tell(news, o.dry_run); }));
    return kDone;
  }

 private:
  RunVerbOptions options_;
};

}  // namespace

std::unique_ptr<Verb> run_verb() {
  return std::make_unique<RunVerb>();
}

}  // namespace crosstail::cli
