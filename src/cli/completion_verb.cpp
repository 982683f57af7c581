/// `crosstail completion` and `crosstail manual`: texts for the shell and for man(1).

#include <cstdio>

#include "cli/completion.h"
#include "cli/verbs.h"

namespace crosstail::cli {
namespace {

Result<int> print(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  return kDone;
}

class CompletionVerb final : public Verb {
 public:
  [[nodiscard]] VerbInfo info() const override {
    return {"completion", "completion for bash, zsh or fish", "bash|zsh|fish",
            "Prints a script that lets the shell complete verbs, options, their values and files.",
            "  source <(crosstail completion bash)\n"
            "  crosstail completion fish > ~/.config/fish/completions/crosstail.fish"};
  }
  void declare(OptionTable& options) override {
    options.positionals(shell_, "SHELL", "bash, zsh or fish", 1);
  }
  Result<int> run() override {
    const auto verbs = described_verbs();
    const std::string& shell = shell_.front();
    if (shell_.size() == 1 && shell == "bash") return print(bash_completion(verbs));
    if (shell_.size() == 1 && shell == "zsh") return print(zsh_completion(verbs));
    if (shell_.size() == 1 && shell == "fish") return print(fish_completion(verbs));
    const std::string near = nearest(shell, {"bash", "zsh", "fish"});
    return Error{ErrorCode::InvalidArgument,
                 "'" + shell + "': expected one of bash, zsh, fish" +
                     (near.empty() ? "" : "; did you mean " + near + "?")};
  }

 private:
  std::vector<std::string> shell_;
};

class ManualVerb final : public Verb {
 public:
  [[nodiscard]] VerbInfo info() const override {
    return {"manual", "the manual page", "",
            "Prints crosstail(1) for man: every verb with its options and an example.",
            "  crosstail manual | man -l -"};
  }
  void declare(OptionTable& options) override { (void)options; }
  Result<int> run() override { return print(manual_page(described_verbs())); }
};

}  // namespace

std::unique_ptr<Verb> completion_verb() {
  return std::make_unique<CompletionVerb>();
}
std::unique_ptr<Verb> manual_verb() {
  return std::make_unique<ManualVerb>();
}

}  // namespace crosstail::cli
