/// The verb as a person runs it, killed at random moments and with a full disk.

#include <gtest/gtest.h>
#include <sys/mount.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <random>

#include "data/npy.h"
#include "support/program.h"

namespace crosstail {
namespace {

using testing::run_crosstail;
using testing::TemporaryFolder;
using testing::whole_file;

/// Files for a build of `count` passages with three questions each.
void write_inputs(const std::filesystem::path& folder, std::size_t count) {
  std::ofstream corpus(folder / "corpus.jsonl"), questions(folder / "q.jsonl");
  std::ofstream p(folder / "p.npy", std::ios::binary), q(folder / "q.npy", std::ios::binary);
  constexpr std::size_t kDim = 64;
  p << data::npy_header(data::NpyType::F32, count, kDim);
  q << data::npy_header(data::NpyType::F32, count * 3, kDim);
  std::mt19937_64 random(7);
  const auto vector = [&](std::ofstream& out) {
    for (std::size_t i = 0; i < kDim; ++i) {
      const float x = static_cast<float>(random() % 2000) / 1000.0F - 1;
      out.write(reinterpret_cast<const char*>(&x), sizeof x);
    }
  };
  for (std::size_t i = 0; i < count; ++i) {
    corpus << "{\"_id\":\"p" << i << "\",\"text\":\"Text of " << i << "\"}\n";
    vector(p);
    for (const char* tag : {"de", "ja", "pt-BR"}) {
      // Not in the order of the passages.
      questions << "{\"passage_id\":\"p" << (i * 7919) % count << "\",\"lang\":\"" << tag
                << "\",\"group\":\"g" << i << "\",\"text\":\"Question " << random() << "\"}\n";
      vector(q);
    }
  }
}

std::vector<std::string> command(const std::filesystem::path& folder, const std::string& output) {
  return {"index",
          (folder / "corpus.jsonl").string(),
          "-o",
          output,
          "--passage-vectors",
          (folder / "p.npy").string(),
          "--questions",
          (folder / "q.jsonl").string(),
          "--question-vectors",
          (folder / "q.npy").string(),
          "--checkpoint-seconds",
          "0",
          "--memory",
          "1Mi"};
}

std::map<std::string, std::string> content_of(const std::filesystem::path& dir) {
  std::map<std::string, std::string> out;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(dir))
    if (entry.is_regular_file())
      out[std::filesystem::relative(entry.path(), dir).string()] = whole_file(entry.path());
  return out;
}

TEST(IndexVerb, KilledAtAnyMomentResumesToTheSameBytes) {
  const TemporaryFolder folder;
  write_inputs(folder.path(), 2500);
  const auto start = std::chrono::steady_clock::now();
  ASSERT_EQ(run_crosstail(command(folder.path(), (folder / "whole").string())).exit_code, 0);
  const auto whole_run = std::chrono::duration_cast<std::chrono::microseconds>(
      std::chrono::steady_clock::now() - start);
  const auto expected = content_of(folder / "whole");
  std::mt19937_64 random(11);
  int kills = 0;
  for (int round = 0; kills < 50 && round < 200; ++round) {
    auto words = command(folder.path(), (folder / "killed").string());
    words.push_back("--resume");
    const std::chrono::microseconds after(
        1000 +
        static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(std::max<std::int64_t>(
                                                 whole_run.count() / 2, 2000))));
    const auto run = run_crosstail(words, "", after);
    if (run.exit_code != 0) {
      ASSERT_EQ(run.exit_code, 128 + SIGKILL) << run.err;
      ++kills;
      continue;
    }
    ASSERT_EQ(content_of(folder / "killed"), expected);
    std::filesystem::remove_all(folder / "killed");
  }
  EXPECT_GE(kills, 20);
  auto words = command(folder.path(), (folder / "killed").string());
  words.push_back("--resume");
  ASSERT_EQ(run_crosstail(words).exit_code, 0);
  EXPECT_EQ(content_of(folder / "killed"), expected);
  EXPECT_FALSE(std::filesystem::exists(folder / "killed.part"));
}

TEST(IndexVerb, AFullDiskIsAClearErrorAndResumeWorksAfterSpaceIsMade) {
  const TemporaryFolder folder;
  const auto disk = folder / "disk";
  std::filesystem::create_directories(disk);
  if (::mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=3m") != 0)
    GTEST_SKIP() << "a small tmpfs cannot be mounted here (it needs root)";
  write_inputs(folder.path(), 4000);
  std::ofstream(disk / "filler") << std::string(1 << 20, 'x');
  const auto run = run_crosstail(command(folder.path(), (disk / "i").string()));
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_NE(run.err.find("No space left on device"), std::string::npos) << run.err;
  EXPECT_NE(run.err.find("--resume"), std::string::npos) << run.err;
  std::filesystem::remove(disk / "filler");
  ::mount("tmpfs", disk.c_str(), "tmpfs", MS_REMOUNT, "size=64m");
  auto words = command(folder.path(), (disk / "i").string());
  words.push_back("--resume");
  const auto resumed = run_crosstail(words);
  EXPECT_EQ(resumed.exit_code, 0) << resumed.err;
  ASSERT_EQ(run_crosstail(command(folder.path(), (folder / "whole").string())).exit_code, 0);
  EXPECT_EQ(content_of(disk / "i"), content_of(folder / "whole"));
  ::umount(disk.c_str());
}

TEST(IndexVerb, SaysWhatIsMissing) {
  const TemporaryFolder folder;
  std::ofstream(folder / "c.jsonl") << "{\"_id\":\"a\",\"text\":\"x\"}\n";
  ::setenv("CROSSTAIL_MODELS", (folder / "none").c_str(), 1);  // no model comes with the program
  const auto run =
      run_crosstail({"index", (folder / "c.jsonl").string(), "-o", (folder / "i").string()});
  ::unsetenv("CROSSTAIL_MODELS");
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_NE(run.err.find("--model"), std::string::npos) << run.err;
  const auto info = run_crosstail({"index", "info", (folder / "i").string()});
  EXPECT_EQ(info.exit_code, 1);
  EXPECT_NE(info.err.find("no index here"), std::string::npos) << info.err;
}

}  // namespace
}  // namespace crosstail
