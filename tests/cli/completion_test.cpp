#include "cli/completion.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "support/program.h"

namespace crosstail::cli {
namespace {

/// What bash offers after `words` (the last one is being typed).
std::string bash_offers(const std::string& words) {
  const testing::TemporaryFolder folder;
  std::ofstream(folder / "c.bash") << bash_completion(described_verbs());
  const std::string script = "source '" + (folder / "c.bash").string() + "'; COMP_WORDS=(" + words +
                             "); COMP_CWORD=$((${#COMP_WORDS[@]}-1)); _crosstail; echo "
                             "${COMPREPLY[@]} > '" +
                             (folder / "out").string() + "'";
  std::ofstream(folder / "t.bash") << script;
  const std::string command = "bash '" + (folder / "t.bash").string() + "' 2>&1";
  EXPECT_EQ(std::system(command.c_str()), 0);  // NOLINT(concurrency-mt-unsafe)
  std::string text = testing::whole_file(folder / "out");
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

TEST(Completion, BashOffersVerbsOptionsAndValues) {
  EXPECT_EQ(bash_offers("crosstail cur"), "curate");
  EXPECT_EQ(bash_offers("crosstail curate --keep-d"), "--keep-duplicates");
  EXPECT_EQ(bash_offers("crosstail curate --split-by pa"), "page");
  EXPECT_EQ(bash_offers("crosstail help al"), "align");
}

TEST(Completion, EveryOptionIsInEveryForm) {
  const auto verbs = described_verbs();
  const std::string forms[] = {bash_completion(verbs), zsh_completion(verbs),
                               fish_completion(verbs), manual_page(verbs)};
  for (const auto& described : verbs)
    for (const auto& entry : described.options.entries()) {
      const std::string& name = entry.option.name;
      std::string dashes;
      for (const char c : name) dashes += c == '-' ? std::string("\\-") : std::string(1, c);
      EXPECT_NE(forms[0].find("--" + name), std::string::npos) << name;
      EXPECT_NE(forms[1].find("--" + name + "["), std::string::npos) << name;
      EXPECT_NE(forms[2].find(" -l " + name), std::string::npos) << name;
      EXPECT_NE(forms[3].find("\\-\\-" + dashes), std::string::npos) << name;
    }
}

TEST(Completion, AnUnknownShellIsWrongUsage) {
  const auto run = testing::run_crosstail({"completion", "bahs"});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_NE(run.err.find("did you mean bash?"), std::string::npos) << run.err;
}

TEST(Completion, EveryVerbHasHelpWithAnExample) {
  for (const auto& described : described_verbs()) {
    const auto run = testing::run_crosstail({std::string(described.verb->info().name), "--help"});
    EXPECT_EQ(run.exit_code, 0) << described.verb->info().name;
    const auto at = run.out.find("\nExample:\n  crosstail");
    const auto source = run.out.find("\nExample:\n  source");
    EXPECT_TRUE(at != std::string::npos || source != std::string::npos) << run.out;
  }
}

}  // namespace
}  // namespace crosstail::cli
