#include "base/journaled_output.h"

#include <gtest/gtest.h>

#include "support/temporary_folder.h"

namespace crosstail {
namespace {

using testing::TemporaryFolder;

JournaledOptions options(bool resume, std::string fingerprint = "run") {
  return {.fingerprint = std::move(fingerprint),
          .resume = resume,
          .frame_bytes = 100,
          .sync_every = std::chrono::milliseconds(0)};
}

/// Writes records from `first` until `stop`, as a stage would; the state is the next record.
void write_records(JournaledOutputs& outputs, int first, int stop) {
  for (int i = first; i < stop; ++i) {
    outputs.append(0, "record " + std::to_string(i) + "\n");
    if (i % 3 == 0) outputs.append(1, "third " + std::to_string(i) + "\n");
    ASSERT_TRUE(outputs.boundary([&] { return std::to_string(i + 1); }).ok());
  }
}

std::vector<std::string> paths(const TemporaryFolder& folder, const std::string& extension) {
  return {(folder / ("a" + extension)).string(), (folder / ("b" + extension)).string()};
}

class JournaledOutputsOf : public ::testing::TestWithParam<std::string> {};

TEST_P(JournaledOutputsOf, KilledAnywhereAndResumedGiveTheSameBytes) {
  TemporaryFolder whole_folder;
  const auto whole_paths = paths(whole_folder, GetParam());
  auto whole = JournaledOutputs::open(whole_paths, options(false));
  ASSERT_TRUE(whole.ok());
  write_records(*whole, 0, 200);
  ASSERT_TRUE(whole->commit("end").ok());
  const std::string expected = *read_file(whole_paths[0]);
  const std::string expected_second = *read_file(whole_paths[1]);
  for (int kill_at = 0; kill_at < 200; kill_at += 47) {
    TemporaryFolder folder;
    const auto names = paths(folder, GetParam());
    {
      auto killed = JournaledOutputs::open(names, options(false));
      ASSERT_TRUE(killed.ok());
      write_records(*killed, 0, kill_at);
    }  // nothing committed: what a kill leaves
    auto resumed = JournaledOutputs::open(names, options(true));
    ASSERT_TRUE(resumed.ok());
    const int first = resumed->resumed_state() ? std::stoi(*resumed->resumed_state()) : 0;
    write_records(*resumed, first, 200);
    ASSERT_TRUE(resumed->commit("end").ok());
    EXPECT_EQ(*read_file(names[0]), expected) << "killed at " << kill_at;
    EXPECT_EQ(*read_file(names[1]), expected_second) << "killed at " << kill_at;
    EXPECT_FALSE(std::filesystem::exists(names[0] + ".journal"));
    EXPECT_FALSE(std::filesystem::exists(names[0] + ".part"));
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, JournaledOutputsOf, ::testing::Values("", ".gz", ".zst"),
                         [](const auto& info) {
                           return info.param.empty() ? std::string("plain") : info.param.substr(1);
                         });

TEST(JournaledOutputs, RefuseToResumeAnotherRun) {
  TemporaryFolder folder;
  {
    auto outputs = JournaledOutputs::open(paths(folder, ""), options(false, "one"));
    ASSERT_TRUE(outputs.ok());
    write_records(*outputs, 0, 50);
  }
  auto other = JournaledOutputs::open(paths(folder, ""), options(true, "two"));
  ASSERT_FALSE(other.ok());
  EXPECT_EQ(other.error().code, ErrorCode::InvalidArgument);
  EXPECT_NE(other.error().message.find("two"), std::string::npos);
}

TEST(JournaledOutputs, NameADamagedJournal) {
  TemporaryFolder folder;
  ASSERT_TRUE(write_file_atomic(folder / "a.journal", "{\"fingerprint\":").ok());
  auto outputs = JournaledOutputs::open(paths(folder, ""), options(true));
  ASSERT_FALSE(outputs.ok());
  EXPECT_EQ(outputs.error().code, ErrorCode::Corrupt);
}

TEST(JournaledOutputs, FinishARenamingThatWasKilled) {
  TemporaryFolder folder;
  const auto names = paths(folder, "");
  ASSERT_TRUE(write_file_atomic(names[0], "first, in place").ok());
  ASSERT_TRUE(write_file_atomic(names[1] + ".part", "second").ok());
  ASSERT_TRUE(
      write_file_atomic(names[0] + ".journal",
                        R"({"fingerprint":"run","complete":true,"state":"the end","outputs":[)"
                        R"({"path":")" +
                            names[0] + R"(","length":15},)" + R"({"path":")" + names[1] +
                            R"(","length":6}]})")
          .ok());
  auto outputs = JournaledOutputs::open(names, options(true));
  ASSERT_TRUE(outputs.ok()) << outputs.error().message;
  EXPECT_TRUE(outputs->already_complete());
  EXPECT_EQ(outputs->resumed_state(), "the end");
  EXPECT_EQ(*read_file(names[0]), "first, in place");
  EXPECT_EQ(*read_file(names[1]), "second");
  EXPECT_FALSE(std::filesystem::exists(names[0] + ".journal"));
}

TEST(JournaledOutputs, TellThatADeviceIsFull) {
  auto outputs = JournaledOutputs::open({"/dev/full"}, options(false));
  ASSERT_TRUE(outputs.ok());
  outputs->append(0, "x");
  const Status status = outputs->commit("end");
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, ErrorCode::NoSpace);
}

TEST(JournaledOutputs, AHeadThatIsKnownAtTheEndTakesThePlaceOfTheFirstBytes) {
  TemporaryFolder folder;
  const auto names = paths(folder, "");
  {
    auto killed = JournaledOutputs::open(names, options(false));
    ASSERT_TRUE(killed.ok());
    killed->append(0, "????\n");
    write_records(*killed, 0, 100);
  }
  auto resumed = JournaledOutputs::open(names, options(true));
  ASSERT_TRUE(resumed.ok());
  ASSERT_TRUE(resumed->resumed_state());
  write_records(*resumed, std::stoi(*resumed->resumed_state()), 120);
  resumed->set_head(0, "0120\n");
  ASSERT_TRUE(resumed->commit("end").ok());
  const std::string bytes = *read_file(names[0]);
  EXPECT_EQ(bytes.substr(0, 14), "0120\nrecord 0\n");
  EXPECT_NE(bytes.find("record 119\n"), std::string::npos);
}

}  // namespace
}  // namespace crosstail
