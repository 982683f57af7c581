/// Changes of an index on a full disk: a clear error, the index as it was, and the same command
/// goes through once there is space. And what is kept beside an index, damaged.

#include <gtest/gtest.h>
#include <sys/mount.h>

#include <filesystem>
#include <fstream>

#include "cli/searched_index.h"

namespace crosstail {
namespace {

namespace fs = std::filesystem;
using testing::run_crosstail;

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// A disk of 8 MiB with an index on it.
class FullDisk : public testing::SearchedIndex {
 protected:
  static constexpr std::size_t kMore = 3000;

  void SetUp() override {
    SearchedIndex::SetUp();
    fs::create_directories(folder_ / "disk");
    mounted_ = ::mount("tmpfs", at("disk").c_str(), "tmpfs", 0, "size=8m") == 0;
    if (!mounted_) GTEST_SKIP() << "a small tmpfs cannot be mounted here (it needs root)";
    ASSERT_EQ(build("disk/index").exit_code, 0);
    std::ofstream more(folder_ / "more.jsonl");
    for (std::size_t i = 0; i < kMore; ++i)
      more << "{\"_id\":\"m" << i << "\",\"text\":\"More " << i << "\"}\n";
    write_vectors("more.npy", std::vector<std::vector<float>>(kMore, axis(0)));
  }
  void TearDown() override {
    if (mounted_) ::umount(at("disk").c_str());
  }

  /// Takes up all of the disk but `left` bytes.
  void fill(std::uintmax_t left) const {
    {
      std::ofstream filler(folder_ / "disk/filler", std::ios::binary);
      const std::string block(4096, 'x');
      while (filler.write(block.data(), 4096).flush()) {
      }
    }
    fs::resize_file(folder_ / "disk/filler", fs::file_size(folder_ / "disk/filler") / 4096 * 4096);
    ASSERT_EQ(fs::space(folder_ / "disk").available, 0U);
    fs::resize_file(folder_ / "disk/filler", fs::file_size(folder_ / "disk/filler") - left);
  }

  [[nodiscard]] std::string info() const {
    return run_crosstail({"index", "info", at("disk/index"), "--json"}).out;
  }

  /// `words` fail with `left` bytes on the disk and leave the index as it was; then they go
  /// through.
  void expect_full_then_done(const std::vector<std::string>& words, std::uintmax_t left) {
    const std::string before = info();
    fill(left);
    const auto full = run_crosstail(words);
    EXPECT_EQ(full.exit_code, 1);
    EXPECT_TRUE(has(full.err, "No space left on device")) << full.err;
    EXPECT_TRUE(has(full.err, at("disk"))) << full.err;
    EXPECT_EQ(run_crosstail({"index", "verify", at("disk/index")}).exit_code, 0);
    EXPECT_EQ(info(), before);
    fs::remove(folder_ / "disk/filler");
    const auto done = run_crosstail(words);
    EXPECT_EQ(done.exit_code, 0) << done.err;
    EXPECT_EQ(run_crosstail({"index", "verify", at("disk/index")}).exit_code, 0);
  }

  bool mounted_ = false;
};

TEST_F(FullDisk, Add) {
  expect_full_then_done(
      {"index", "add", at("disk/index"), at("more.jsonl"), "--passage-vectors", at("more.npy")},
      65536);
}

TEST_F(FullDisk, Sync) {
  expect_full_then_done(
      {"index", "sync", at("disk/index"), at("more.jsonl"), "--passage-vectors", at("more.npy")},
      65536);
}

TEST_F(FullDisk, Delete) {
  expect_full_then_done({"index", "delete", at("disk/index"), "p1"}, 0);
}

TEST_F(FullDisk, Merge) {
  ASSERT_EQ(run_crosstail(
                {"index", at("more.jsonl"), "-o", at("other"), "--passage-vectors", at("more.npy")})
                .exit_code,
            0);
  expect_full_then_done({"index", "merge", at("disk/index"), at("other"), "-o", at("disk/joined")},
                        65536);
  EXPECT_EQ(run_crosstail({"index", "verify", at("disk/joined")}).exit_code, 0);
}

TEST_F(FullDisk, Tune) {
  expect_full_then_done({"tune", at("disk/index")}, 0);
  EXPECT_TRUE(has(info(), "\"tuned\""));
}

TEST_F(FullDisk, FilesThatSearchesKeep) {
  for (const auto& option : {std::vector<std::string>{"--recall", "0.9"},
                             std::vector<std::string>{"--bm25", "--bm25-terms", "words"}}) {
    std::vector<std::string> words{"search",          at("disk/index"),  "--queries",
                                   at("asked.jsonl"), "--query-vectors", at("asked.npy")};
    words.insert(words.end(), option.begin(), option.end());
    expect_full_then_done(words, 0);
  }
}

class KeptFilesDamaged : public testing::SearchedIndex {};

TEST_F(KeptFilesDamaged, AreNamedByVerifyWithTheirBytes) {
  ASSERT_EQ(build("index").exit_code, 0);
  ASSERT_EQ(search({"--recall", "0.9"}).exit_code, 0);
  ASSERT_EQ(search({"--bm25", "--bm25-terms", "words"}).exit_code, 0);
  const auto whole = run_crosstail({"index", "verify", at("index")});
  EXPECT_EQ(whole.exit_code, 0) << whole.err;
  EXPECT_TRUE(has(whole.out, "whole, also the 3 files")) << whole.out;
  std::size_t seen = 0;
  for (const char* folder : {"index/rows", "index/bm25"})
    for (const auto& entry : fs::directory_iterator(folder_ / folder)) {
      if (entry.path().filename() == "lock") continue;
      ++seen;
      const std::string old = testing::whole_file(entry.path());
      std::string bytes = old;
      bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 0x55);
      std::ofstream(entry.path(), std::ios::binary) << bytes;
      auto run = run_crosstail({"index", "verify", at("index")});
      EXPECT_EQ(run.exit_code, 1) << entry.path();
      EXPECT_TRUE(has(run.err, entry.path().string())) << run.err;
      EXPECT_TRUE(has(run.err, "byte")) << run.err;
      std::ofstream(entry.path(), std::ios::binary) << bytes.substr(0, bytes.size() - 9);
      run = run_crosstail({"index", "verify", at("index")});
      EXPECT_EQ(run.exit_code, 1) << entry.path();
      EXPECT_TRUE(has(run.err, entry.path().string())) << run.err;
      std::ofstream(entry.path(), std::ios::binary) << old;
    }
  EXPECT_EQ(seen, 3U);
}

}  // namespace
}  // namespace crosstail
