#include <malloc.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <string>

#include "base/interrupt.h"
#include "base/log.h"
#include "cli/completion.h"
#include "cli/help.h"
#include "cli/verb.h"

namespace crosstail::cli {
namespace {

void print(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
}

/// What every verb has besides its own options.
struct CommonOptions {
  bool help = false;   ///< print the help and stop
  bool quiet = false;  ///< warnings and errors only
  std::string log_format = "text";

  void declare(OptionTable& options) {
    options.section("Messages")
        .choice(log_format, "log-format", {"text", "json"}, "how messages are written to stderr")
        .flag(quiet, "quiet", "only warnings and errors")
        .flag(help, "help", "print this help");
  }
};

std::string program_help(const std::vector<std::unique_ptr<Verb>>& verbs) {
  std::string text = "crosstail " CROSSTAIL_VERSION
                     ": finds the answer in one language to a question asked in another\n\n"
                     "Usage: crosstail VERB [options]\n\nVerbs:\n";
  for (const auto& verb : verbs) {
    std::string name(verb->info().name);
    name.resize(std::max<std::size_t>(name.size() + 2, 12), ' ');
    text += "  " + name + wrapped(verb->info().summary, 14, text_width()) + "\n";
  }
  return text +
         "\n`crosstail VERB --help` explains a verb, with an example.\n"
         "Example: crosstail extract pages/ -o faq.jsonl\n";
}

int report(const Error& error, std::string_view verb) {
  if (error.code == ErrorCode::Interrupted) {
    log(LogLevel::Warning, "interrupted", error.message);
    return kInterrupted;
  }
  log(LogLevel::Error, "failed", error.message);
  if (error.code != ErrorCode::InvalidArgument) return kFailed;
  const std::string hint =
      verb.empty() ? "crosstail --help" : "crosstail " + std::string(verb) + " --help";
  if (log_format() == LogFormat::Text) std::fprintf(stderr, "Try `%s`.\n", hint.c_str());
  return kWrongUsage;
}

int run_verb(Verb& verb, const std::vector<std::string>& arguments) {
  OptionTable options;
  CommonOptions common;
  verb.declare(options);
  common.declare(options);
  const bool wants_help =
      std::find(arguments.begin(), arguments.end(), "--help") != arguments.end() ||
      std::find(arguments.begin(), arguments.end(), "-h") != arguments.end();
  if (wants_help) {
    print(verb_help(verb.info(), options));
    return kDone;
  }
  const Status parsed = options.parse(arguments);
  set_log_format(common.log_format == "json" ? LogFormat::Json : LogFormat::Text);
  if (!parsed.ok()) return report(parsed.error(), verb.info().name);
  if (common.quiet) set_log_level(LogLevel::Warning);
  const Result<int> code = verb.run();
  if (!code.ok()) return report(code.error(), verb.info().name);
  // Data that cannot be written to standard output is a failure like any other, but for a reader
  // that has seen enough (`| head`).
  if (std::fflush(stdout) != 0 && errno != EPIPE)
    return report({ErrorCode::Io, "standard output: cannot write"}, verb.info().name);
  return *code;
}

/// Options of messages belong to a run, not to a description; what is parsed into is never read.
CommonOptions& described_common() {
  static CommonOptions common;
  return common;
}

}  // namespace

std::vector<DescribedVerb> described_verbs() {
  std::vector<DescribedVerb> out;
  for (auto& verb : all_verbs()) {
    DescribedVerb described{std::move(verb), {}};
    described.verb->declare(described.options);
    described_common().declare(described.options);
    out.push_back(std::move(described));
  }
  return out;
}

int run_program(const std::vector<std::string>& arguments) {
  // Chunks of some megabytes come and go all the time: kept by the allocator they need no new
  // pages.
  ::mallopt(M_MMAP_THRESHOLD, 64 << 20);
  ::mallopt(M_TRIM_THRESHOLD, 128 << 20);
  handle_interrupts();
  const auto verbs = all_verbs();
  if (arguments.empty()) {
    std::fputs(program_help(verbs).c_str(), stderr);
    return kWrongUsage;
  }
  const std::string& first = arguments.front();
  if (first == "--help" || first == "-h" || (first == "help" && arguments.size() == 1)) {
    print(program_help(verbs));
    return kDone;
  }
  if (first == "--version" || first == "version") {
    print("crosstail " CROSSTAIL_VERSION "\n");
    return kDone;
  }
  const bool help_of = first == "help";
  const std::string& name = help_of ? arguments[1] : first;
  std::vector<std::string> rest(arguments.begin() + (help_of ? 2 : 1), arguments.end());
  if (help_of) rest = {"--help"};
  std::vector<std::string> names;
  for (const auto& verb : verbs) {
    if (verb->info().name == name) return run_verb(*verb, rest);
    names.emplace_back(verb->info().name);
  }
  const std::string near = nearest(name, names);
  return report(
      {ErrorCode::InvalidArgument,
       "there is no verb '" + name + "'" + (near.empty() ? "" : "; did you mean " + near + "?")},
      "");
}

}  // namespace crosstail::cli
