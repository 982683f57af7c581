#include "pipeline/run.h"

#include <gtest/gtest.h>

#include <fstream>

#include "base/file.h"
#include "pipeline/content_hash.h"
#include "support/temporary_folder.h"

namespace crosstail::pipeline {
namespace {

namespace fs = std::filesystem;

/// Two verbs: "copy IN --output OUT" upper-cases nothing, just copies; "append FILE" adds a line in
/// place. Everything that ran is written down.
class PipelineRun : public ::testing::Test {
 protected:
  void SetUp() override { write("in", "one"); }

  void write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name, std::ios::binary) << text;
  }
  std::string read(const std::string& name) { return *read_file(folder_ / name); }

  /// Names of the stages that ran, or the error.
  std::string run(const std::string& stages, RunOptions options = {}) {
    const auto recipe = parse_recipe("name = \"r\"\ndescription = \"d\"\n[parameters]\nin = \"" +
                                         (folder_ / "in").string() + "\"\n" + stages,
                                     "r.toml");
    EXPECT_TRUE(recipe.ok()) << recipe.error().message;
    options.folder = folder_ / "out";
    if (options.version.empty()) options.version = "1";
    const auto plan = make_plan(*recipe, {}, options.folder);
    EXPECT_TRUE(plan.ok()) << plan.error().message;
    std::string ran;
    const Status status = run_plan(*recipe, *plan, options, verbs(), [&](const StageNews& news) {
      last_[news.stage.name] = news.verdict == Verdict::Keep      ? "keep"
                               : news.verdict == Verdict::Depends ? "depends: " + news.reason
                                                                  : news.reason;
      if (news.verdict == Verdict::Run && news.seconds < 0 && !options.dry_run)
        ran += news.stage.name + (news.resumed ? "(resumed) " : " ");
    });
    return status.ok() ? ran : ran + "error: " + status.error().message;
  }

  VerbRunner verbs() {
    return {[](const auto& command) -> Status {
              if (command[0] == "copy" || command[0] == "append") return {};
              return Error{ErrorCode::InvalidArgument, "there is no verb " + command[0]};
            },
            [](const auto& command) { return command[0] == "copy"; },
            [this](const auto& command, const std::string&) -> Result<int> {
              if (fail_) return 1;
              if (command[0] == "append") {
                std::ofstream(command[1], std::ios::app) << "+";
                return 0;
              }
              for (std::size_t i = 0; i < command.size(); ++i)
                if (command[i] == "--output") {
                  CT_TRY(const auto text, read_file(command[1]));
                  CT_CHECK(write_file_atomic(command[i + 1], text));
                }
              return 0;
            }};
  }

  testing::TemporaryFolder folder_;
  std::map<std::string, std::string> last_;
  bool fail_ = false;
};

constexpr const char* kTwo =
    "[stages.a]\nverb = \"copy\"\narguments = [\"${in}\"]\noutputs = { output = \"a\" }\n"
    "[stages.b]\nverb = \"copy\"\narguments = [\"${a.output}\"]\noutputs = { output = \"b\" }\n";

TEST_F(PipelineRun, ASecondRunDoesNothing) {
  EXPECT_EQ(run(kTwo), "a b ");
  const auto lock = read("out/recipe.lock.json");
  EXPECT_EQ(run(kTwo), "");
  EXPECT_EQ(read("out/recipe.lock.json"), lock);
}

TEST_F(PipelineRun, AChangedInputRunsWhatDependsOnIt) {
  run(kTwo);
  write("in", "two");
  EXPECT_EQ(run(kTwo), "a b ");
  EXPECT_EQ(read("out/b"), "two");
}

TEST_F(PipelineRun, ATouchedInputRunsNothing) {
  run(kTwo);
  fs::last_write_time(folder_ / "in", fs::file_time_type::clock::now() + std::chrono::hours(1));
  write("in", "one");
  EXPECT_EQ(run(kTwo), "");
}

TEST_F(PipelineRun, EqualOutputsStopTheChain) {
  run(kTwo);
  RunOptions options;
  options.force = {"a"};
  EXPECT_EQ(run(kTwo, options), "a ");
}

TEST_F(PipelineRun, ADamagedOrMissingOutputIsMadeAgain) {
  run(kTwo);
  write("out/a", "someone wrote here");
  EXPECT_EQ(run(kTwo), "a ");
  EXPECT_EQ(read("out/a"), "one");
  fs::remove(folder_ / "out/b");
  EXPECT_EQ(run(kTwo), "b ");
}

TEST_F(PipelineRun, OtherSettingsOrAnotherVersionRunAgain) {
  run(kTwo);
  const std::string with_option =
      "[stages.a]\nverb = \"copy\"\narguments = [\"${in}\"]\noptions = { k = 1 }\n"
      "outputs = { output = \"a\" }\n";
  EXPECT_EQ(run(with_option), "a ");
  EXPECT_EQ(last_["a"], "its settings changed");
  RunOptions options;
  options.version = "2";
  EXPECT_EQ(run(with_option, options), "a ");
  EXPECT_EQ(last_["a"], "version 1 made it");
}

TEST_F(PipelineRun, AFailedStageIsNamedAndResumed) {
  fail_ = true;
  EXPECT_EQ(run(kTwo), "a error: stage a failed with exit code 1 (its message is above)");
  fail_ = false;
  EXPECT_EQ(run(kTwo), "a(resumed) b ");
}

TEST_F(PipelineRun, AFailedStageWhoseInputChangedStartsAfresh) {
  fail_ = true;
  run(kTwo);
  fail_ = false;
  write("in", "two");
  EXPECT_EQ(run(kTwo), "a b ");
}

TEST_F(PipelineRun, ChangesInPlaceAreOrderedAndKept) {
  const std::string three =
      "[stages.index]\nverb = \"copy\"\narguments = [\"${in}\"]\noutputs = { output = \"i\" }\n"
      "[stages.search]\nverb = \"copy\"\narguments = [\"${index.output}\"]\noutputs = { output = "
      "\"s\" }\n"
      "[stages.tune]\nverb = \"append\"\narguments = [\"${index.output}\"]\nupdates = "
      "[\"index.output\"]\n";
  EXPECT_EQ(run(three), "index tune search ");
  EXPECT_EQ(read("out/s"), "one+");
  EXPECT_EQ(run(three), "");
  write("in", "two");
  EXPECT_EQ(run(three), "index tune search ");
  EXPECT_EQ(read("out/s"), "two+");
}

TEST_F(PipelineRun, ADryRunSaysWhyAndWritesNothing) {
  RunOptions options;
  options.dry_run = true;
  EXPECT_EQ(run(kTwo, options), "");
  EXPECT_EQ(last_["a"], "has not run yet");
  EXPECT_EQ(last_["b"], "depends: after a");
  EXPECT_FALSE(fs::exists(folder_ / "out"));
}

TEST_F(PipelineRun, NothingRunsWhenOneCommandLineIsWrong) {
  EXPECT_EQ(run(std::string(kTwo) + "[stages.c]\nverb = \"cpoy\"\n"),
            "error: r.toml: stages.c: there is no verb cpoy");
  EXPECT_FALSE(fs::exists(folder_ / "out"));
}

TEST_F(PipelineRun, AMissingInputNamesTheStage) {
  fs::remove(folder_ / "in");
  EXPECT_EQ(run(kTwo), "error: stage a: " + (folder_ / "in").string() + ": no such file or folder");
}

TEST_F(PipelineRun, WhatIsMissingIsSaidBeforeAnythingRuns) {
  const std::string stages = R"(
[stages.a]
verb = "copy"
arguments = ["${in}"]
outputs = { output = "a" }
[stages.b]
verb = "copy"
arguments = ["${a.output}"]
inputs = { model = "no-such-model" }
outputs = { output = "b" }
)";
  EXPECT_EQ(run(stages),
            "error: stage b: no-such-model: no such file or folder, and no model of that name");
}

TEST_F(PipelineRun, ADamagedLockSaysWhatToDo) {
  run(kTwo);
  write("out/recipe.lock.json", "{\"format\": \"crosstail-recipe-lock\"}");
  EXPECT_EQ(run(kTwo), "error: " + (folder_ / "out/recipe.lock.json").string() +
                           ": field 'version' is missing or not what it should be; delete the file "
                           "to run every stage again");
}

TEST_F(PipelineRun, WhatIsMadeAgainIsChangedAgain) {
  const std::string stages = R"(
[stages.a]
verb = "copy"
arguments = ["${in}"]
outputs = { output = "a" }
[stages.b]
verb = "append"
arguments = ["${a.output}"]
updates = ["a.output"]
[stages.c]
verb = "copy"
arguments = ["${a.output}"]
outputs = { output = "c" }
)";
  EXPECT_EQ(run(stages), "a b c ");
  EXPECT_EQ(read("out/a"), "one+");
  write("out/a", "damaged");
  EXPECT_EQ(run(stages), "a b ");  // c read the same before
  EXPECT_EQ(read("out/a"), "one+");
  EXPECT_EQ(run(stages), "");
}

TEST_F(PipelineRun, WhatSearchesKeepInAnIndexDoesNotCount) {
  ContentHashes hashes(folder_ / "hashes");
  fs::create_directories(folder_ / "idx/bm25");
  write("idx/manifest.json", "{}");
  const std::string before = *hashes.of(folder_ / "idx");
  write("idx/bm25/postings", "1");
  EXPECT_EQ(*hashes.of(folder_ / "idx"), before);
  write("idx/passages.vec", "1");
  EXPECT_NE(*hashes.of(folder_ / "idx"), before);
}

TEST_F(PipelineRun, ANameBeforeAnInputMayHoldADot) {
  const std::string stages = R"(
[stages.a]
verb = "copy"
arguments = ["${in}"]
outputs = { output = "a" }
[stages.b]
verb = "copy"
arguments = ["${a.output}"]
inputs = { run = ["sum-0.01=${a.output}"] }
outputs = { output = "b" }
)";
  EXPECT_EQ(run(stages), "a b ");
  EXPECT_EQ(run(stages), "");
  write("in", "two");
  EXPECT_EQ(run(stages), "a b ");
}

TEST_F(PipelineRun, AModelMayBeNamedAndCountsByItsContents) {
  const std::string stages = R"(
[stages.a]
verb = "copy"
arguments = ["${in}"]
inputs = { model = "crosstail-mini" }
outputs = { output = "a" }
)";
  ::setenv("CROSSTAIL_MODELS", (folder_ / "models").c_str(), 1);
  EXPECT_NE(run(stages).find("the bundled model is not in"), std::string::npos);
  fs::create_directories(folder_ / "models/crosstail-mini");
  write("models/crosstail-mini/crosstail-mini.ctm", "weights");
  EXPECT_EQ(run(stages), "a ");
  EXPECT_EQ(run(stages), "");
  write("models/crosstail-mini/crosstail-mini.ctm", "other weights");
  EXPECT_EQ(run(stages), "a ");
  ::unsetenv("CROSSTAIL_MODELS");
}

}  // namespace
}  // namespace crosstail::pipeline
