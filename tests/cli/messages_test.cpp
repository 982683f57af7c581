/// What is said when there is little to say: nothing with --quiet, a warning for an input that
/// holds nothing, an orderly end when Ctrl-C comes while a named pipe is waited for.

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "cli/help.h"
#include "model/tiny_model.h"
#include "support/program.h"

namespace crosstail {
namespace {

using testing::run_crosstail;
using testing::TemporaryFolder;

std::string written(const TemporaryFolder& folder, const std::string& name,
                    const std::string& text) {
  std::ofstream(folder / name, std::ios::binary) << text;
  return (folder / name).string();
}

/// A stage over docs/faq; it says what it did, unless it is told not to.
std::string faq_recipe(const TemporaryFolder& folder) {
  return written(folder, "r.toml",
                 "name = \"r\"\ndescription = \"d\"\n[parameters]\nsite = \"" CROSSTAIL_SOURCE_DIR
                 "/docs/faq\"\n"
                 "[stages.extract]\nverb = \"extract\"\narguments = [\"${site}\"]\n"
                 "outputs = { output = \"faq.jsonl\" }\n");
}

TEST(Messages, RunHandsQuietAndTheFormatOnToItsStages) {
  const TemporaryFolder folder;
  const std::string recipe = faq_recipe(folder);
  const auto loud = run_crosstail({"run", recipe, "-o", (folder / "loud").string()});
  ASSERT_EQ(loud.exit_code, 0) << loud.err;
  EXPECT_NE(loud.err.find("pairs out of"), std::string::npos) << loud.err;
  const auto quiet = run_crosstail({"run", recipe, "-o", (folder / "quiet").string(), "--quiet"});
  EXPECT_EQ(quiet.exit_code, 0);
  EXPECT_EQ(quiet.err, "");
  const auto json =
      run_crosstail({"run", recipe, "-o", (folder / "json").string(), "--log-format", "json"});
  EXPECT_EQ(json.exit_code, 0);
  for (std::size_t at = 0; at < json.err.size(); at = json.err.find('\n', at) + 1)
    EXPECT_EQ(json.err[at], '{') << json.err;
}

TEST(Messages, AnEmptyInputIsWarnedAbout) {
  const TemporaryFolder folder;
  const std::string empty = written(folder, "empty.jsonl", "");
  testing::TinyModel(testing::TinyFamily::Bert, 0).write((folder / "model").string());
  const auto encode = run_crosstail({"encode", empty, "--model", (folder / "model").string(), "-o",
                                     (folder / "v.npy").string(), "--quiet"});
  EXPECT_EQ(encode.exit_code, 0);
  EXPECT_NE(encode.err.find("crosstail: warning: the input holds no texts\n"), std::string::npos);
  const auto align = run_crosstail(
      {"align", "--by", "structure", empty, "-o", (folder / "q.jsonl").string(), "--quiet"});
  EXPECT_EQ(align.exit_code, 0);
  EXPECT_EQ(align.err, "crosstail: warning: the input holds no rows\n");
}

TEST(Messages, AlignmentThatFindsNothingIsWarnedAbout) {
  const TemporaryFolder folder;
  const std::string row = written(
      folder, "faq.jsonl",
      R"({"id":"1","url":"https://a.example/en/","language":"eng","question":"Who?","answer":"We."})"
      "\n");
  const auto align = run_crosstail(
      {"align", "--by", "structure", row, "-o", (folder / "q.jsonl").string(), "--quiet"});
  EXPECT_EQ(align.exit_code, 0) << align.err;
  EXPECT_EQ(align.err, "crosstail: warning: no question in several languages was found\n");
}

TEST(Messages, HelpFitsTheTerminal) {
  using cli::wrapped;
  EXPECT_EQ(wrapped("one two three", 0, 7), "one two\nthree");
  EXPECT_EQ(wrapped("one two three", 4, 11), "one two\n    three");
  EXPECT_EQ(wrapped("a-word-that-is-too-long b", 2, 10), "a-word-that-is-too-long\n  b");
  EXPECT_EQ(wrapped("ä ö ü", 0, 5), "ä ö ü");  // columns, not bytes
  for (const char* columns : {"60", "80", "100"}) {
    ::setenv("COLUMNS", columns, 1);
    const auto help = run_crosstail({"search", "--help"});
    ::unsetenv("COLUMNS");
    std::istringstream lines(help.out.substr(0, help.out.find("\nExample:")));
    std::string line;
    std::getline(lines, line);  // how it is used is to be copied
    while (std::getline(lines, line))
      if (line.find("  --") != 0 && line.find(" -") != 0)
        EXPECT_LE(line.size(), std::stoul(columns) + 4) << line;  // a few characters of two bytes
  }
}

TEST(Messages, CtrlCWhileANamedPipeIsOpenedEndsWith130) {
  const TemporaryFolder folder;
  const std::string pipe = (folder / "pipe.jsonl").string();
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  const auto run =
      run_crosstail({"align", "--by", "structure", pipe, "-o", (folder / "q.jsonl").string()}, "",
                    std::chrono::milliseconds(500), SIGINT);
  EXPECT_EQ(run.exit_code, 130) << run.err;
  EXPECT_NE(run.err.find("interrupted"), std::string::npos) << run.err;
}

}  // namespace
}  // namespace crosstail
