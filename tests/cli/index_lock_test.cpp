/// Two processes at one index: those that build or change it are kept apart, readers are not.

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "cli/searched_index.h"
#include "index/index_reader.h"
#include "retrieve/index_changes.h"
#include "retrieve/index_lock.h"

namespace crosstail {
namespace {

namespace fs = std::filesystem;
using retrieve::IndexLock;
using testing::run_crosstail;

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// Starts the program, and stops it by SIGSTOP as soon as `lock` names it. 0 if it ended before.
pid_t start_and_stop(std::vector<std::string> words, const fs::path& lock) {
  const pid_t child = ::fork();
  if (child == 0) {
    if (std::freopen("/dev/null", "w", stderr) == nullptr) ::_exit(127);
    words.insert(words.begin(), CROSSTAIL_BINARY);
    std::vector<char*> argv;
    argv.reserve(words.size() + 1);
    for (auto& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    ::execv(CROSSTAIL_BINARY, argv.data());
    ::_exit(127);
  }
  int status = 0;
  while (testing::whole_file(lock) != std::to_string(child) + "\n") {
    if (::waitpid(child, &status, WNOHANG) != 0) return 0;
    ::usleep(100);
  }
  ::kill(child, SIGSTOP);
  ::waitpid(child, &status, WUNTRACED);
  return WIFSTOPPED(status) ? child : 0;
}

void kill_and_reap(pid_t process) {
  ::kill(process, SIGKILL);
  int status = 0;
  ::waitpid(process, &status, 0);
}

class TwoProcesses : public testing::SearchedIndex {
 protected:
  static constexpr std::size_t kMore = 20000;  ///< enough to be met at work

  void SetUp() override {
    SearchedIndex::SetUp();
    std::ofstream more(folder_ / "more.jsonl");
    for (std::size_t i = 0; i < kMore; ++i)
      more << "{\"_id\":\"m" << i << "\",\"text\":\"More " << i << "\"}\n";
    write_vectors("more.npy", std::vector<std::vector<float>>(kMore, axis(0)));
    ASSERT_EQ(build("index").exit_code, 0);
  }

  /// `words` stopped while it holds `lock`; it leaves the files it needs as they were.
  pid_t stopped(const std::vector<std::string>& words, const std::string& lock) {
    for (int round = 0; round < 50; ++round) {
      fs::remove_all(folder_ / "held");
      fs::copy(folder_ / "index", folder_ / "held", fs::copy_options::recursive);
      if (const pid_t process = start_and_stop(words, folder_ / lock); process != 0) return process;
    }
    return 0;
  }

  void expect_refused(const std::vector<std::string>& words, pid_t by) const {
    const auto run = run_crosstail(words);
    EXPECT_EQ(run.exit_code, 1) << words[1];
    EXPECT_TRUE(has(run.err, "process " + std::to_string(by) + " is building or changing"))
        << run.err;
  }

  std::vector<std::string> build_held() const {
    return {"index",    at("more.jsonl"),       "-o",
            at("held"), "--passage-vectors",    at("more.npy"),
            "--resume", "--checkpoint-seconds", "0"};
  }
};

TEST_F(TwoProcesses, WhileOneBuildsNoOtherBuildsOrChangesTheIndexAndReadersRead) {
  const pid_t first = stopped(build_held(), "held.part/lock");
  ASSERT_NE(first, 0);
  expect_refused(build_held(), first);
  expect_refused(
      {"index", at("corpus.jsonl"), "-o", at("held") + "/", "--passage-vectors", at("p.npy")},
      first);
  expect_refused({"index", "delete", at("held"), "p1"}, first);
  expect_refused({"index", "merge", at("index"), "-o", at("held")}, first);
  expect_refused({"tune", at("held")}, first);
  EXPECT_EQ(run_crosstail({"index", "verify", at("held")}).exit_code, 0);
  EXPECT_EQ(search({"-k", "1"}, "held").exit_code, 0);
  kill_and_reap(first);
  const auto resumed = run_crosstail(build_held());
  EXPECT_EQ(resumed.exit_code, 0) << resumed.err;
  EXPECT_FALSE(fs::exists(folder_ / "held/lock"));
  EXPECT_FALSE(fs::exists(folder_ / "held.part"));
  EXPECT_TRUE(has(run_crosstail({"index", "info", at("held")}).out, std::to_string(kMore)));
}

TEST_F(TwoProcesses, WhileOneAddsNoOtherChangesOrReplacesTheIndexAndAKilledOneIsInNobodysWay) {
  const std::vector<std::string> add{
      "index", "add", at("held"), at("more.jsonl"), "--passage-vectors", at("more.npy")};
  const pid_t first = stopped(add, "held/lock");
  ASSERT_NE(first, 0);
  expect_refused(add, first);
  expect_refused(
      {"index", "sync", at("held"), at("more.jsonl"), "--passage-vectors", at("more.npy")}, first);
  expect_refused({"index", "delete", at("held"), "p1"}, first);
  expect_refused(build_held(), first);
  EXPECT_FALSE(fs::exists(folder_ / "held.part"));
  EXPECT_EQ(run_crosstail({"index", "merge", at("held"), "-o", at("joined")}).exit_code, 0);
  kill_and_reap(first);
  EXPECT_TRUE(fs::exists(folder_ / "held/lock"));  // but nobody holds it
  const auto deleted = run_crosstail({"index", "delete", at("held"), "p1"});
  EXPECT_EQ(deleted.exit_code, 0) << deleted.err;
  EXPECT_FALSE(fs::exists(folder_ / "held/lock"));
}

TEST_F(TwoProcesses, AnIndexIsOpenedWhileAnotherProcessDeletesAndReplacesIt) {
  const std::string index = at("index"), other = at("other");
  ASSERT_EQ(build("other").exit_code, 0);
  const pid_t writer = ::fork();
  if (writer == 0) {
    for (int round = 0; round < 6; ++round) {
      for (const char* id : {"p0", "p1", "p2"})
        if (!retrieve::delete_from_index(index, {id}, false).ok()) ::_exit(1);
      if (!retrieve::merge_indexes({other}, index, "test").ok()) ::_exit(2);
    }
    ::_exit(0);
  }
  int status = 0;
  std::size_t opened = 0;
  while (::waitpid(writer, &status, WNOHANG) == 0) {
    const auto reader = index::IndexReader::open(index);
    ASSERT_TRUE(reader.ok()) << reader.error().message;
    ++opened;
  }
  EXPECT_EQ(status, 0);
  EXPECT_GT(opened, 6U);
}

TEST(IndexLock, IsLetGoAtTheEndOfItsObjectAndAlsoAfterTheDirectoryWasRenamed) {
  const testing::TemporaryFolder folder;
  fs::create_directory(folder / "a");
  {
    const auto lock = IndexLock::take(folder / "a");
    ASSERT_TRUE(lock.ok());
    const auto second = IndexLock::take(folder / "a");
    ASSERT_FALSE(second.ok());
    EXPECT_TRUE(has(second.error().message, "process " + std::to_string(::getpid())));
    fs::rename(folder / "a", folder / "b");
    EXPECT_FALSE(IndexLock::take(folder / "b").ok());
  }
  EXPECT_FALSE(fs::exists(folder / "b/lock"));
  EXPECT_TRUE(IndexLock::take(folder / "b").ok());
  EXPECT_EQ(IndexLock::take(folder / "a").error().code, ErrorCode::NotFound);
}

TEST(IndexLock, AFileThatAnotherLeftKeepsNobodyOut) {
  const testing::TemporaryFolder folder;
  std::ofstream(folder / "lock") << "1\n";
  EXPECT_TRUE(IndexLock::take(folder.path()).ok());
}

}  // namespace
}  // namespace crosstail
