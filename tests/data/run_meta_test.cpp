#include "data/run_meta.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "base/file.h"

namespace crosstail::data {
namespace {

class RunMetaFile : public ::testing::Test {
 protected:
  Result<RunMeta> read(std::string_view text) {
    EXPECT_TRUE(write_file_atomic(path_, text).ok());
    return read_run_meta(path_);
  }
  void TearDown() override { std::filesystem::remove(path_); }
  std::filesystem::path path_ = std::filesystem::temp_directory_path() /
                                ("crosstail-meta-" + std::to_string(::getpid()) + ".meta.json");
};

TEST_F(RunMetaFile, WhatIsWrittenIsReadBack) {
  RunMeta meta;
  meta.system = "dense";
  meta.fusion = "mean";
  meta.alpha = 0.9;
  meta.leave_out = {"language", "group"};
  meta.other_languages = true;
  meta.passages = 10;
  meta.checked = {LeakGrade::SameText, LeakGrade::SameGroup};
  meta.leaks["q\"1"] = {{LeakGrade::SameGroup, {"p1", "p2"}}};
  const auto back = read(run_meta_json(meta));
  ASSERT_TRUE(back.ok()) << back.error().message;
  EXPECT_EQ(back->fusion, "mean");
  EXPECT_EQ(back->alpha, 0.9);
  EXPECT_FALSE(back->beta);
  EXPECT_EQ(back->leave_out, meta.leave_out);
  EXPECT_EQ(back->other_languages, true);
  EXPECT_EQ(back->passages, 10u);
  EXPECT_EQ(back->checked, meta.checked);
  ASSERT_EQ(back->leaks.size(), 1u);
  EXPECT_EQ(back->leaks.at("q\"1")[0].passages, (std::vector<std::string>{"p1", "p2"}));
}

TEST_F(RunMetaFile, OtherFilesAreRefusedByField) {
  EXPECT_FALSE(read("[]").ok());
  EXPECT_FALSE(read("{\"format\":\"x\",\"version\":1}").ok());
  const std::string head = "{\"format\":\"crosstail-run-meta\",\"version\":1,";
  EXPECT_NE(read(head + "\"alpha\":\"x\"}").error().message.find("`alpha`"), std::string::npos);
  EXPECT_NE(read(head + "\"leaks\":{\"q\":{\"odd\":[]}}}").error().message.find("`leaks`"),
            std::string::npos);
  EXPECT_EQ(read_run_meta("nowhere.meta.json").error().code, ErrorCode::NotFound);
}

TEST(RunMetaPath, LiesBesideTheRun) {
  EXPECT_EQ(run_meta_path("a/run.trec"), "a/run.trec.meta.json");
  EXPECT_EQ(run_meta_path("a/run.trec.gz"), "a/run.trec.meta.json");
}

}  // namespace
}  // namespace crosstail::data
