/// `crosstail index add, sync, merge` killed at any moment, and inputs that are wrong.

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <limits>
#include <random>
#include <sstream>

#include "cli/searched_index.h"
#include "support/shared.h"

namespace crosstail {
namespace {

namespace fs = std::filesystem;
using testing::run_crosstail;

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

class IndexChanges : public testing::SearchedIndex {
 protected:
  static constexpr std::size_t kMore = 2000;

  void SetUp() override {
    SearchedIndex::SetUp();
    ASSERT_EQ(build("index").exit_code, 0);
    std::ofstream more(folder_ / "more.jsonl"), all(folder_ / "all.jsonl");
    std::vector<std::vector<float>> rows, all_rows;
    for (std::size_t i = 0; i < kMore; ++i) {
      const std::string line =
          "{\"_id\":\"m" + std::to_string(i) + "\",\"text\":\"More " + std::to_string(i) + "\"}\n";
      more << line;
      all << line;
      rows.push_back(axis(i % kAxes));
    }
    write_vectors("more.npy", rows);
  }

  /// How many passages `index info` counts; 0 where it fails.
  [[nodiscard]] std::size_t passages(const std::string& index) const {
    const auto run = run_crosstail({"index", "info", at(index)});
    const auto found = run.out.find("passages ");
    return found == std::string::npos ? 0 : std::stoul(run.out.substr(found + 9));
  }

  /// Runs `words` on a copy of the index, killed at random moments until it was not; between kills
  /// the index is whole, and has `before` or `after` passages.
  void kill_again_and_again(const std::vector<std::string>& words, std::size_t before,
                            std::size_t after) {
    std::mt19937_64 random(5);
    std::size_t kills = 0, done = 0;
    for (int round = 0; round < 3; ++round) {
      fs::remove_all(folder_ / "killed");
      fs::copy(folder_ / "index", folder_ / "killed", fs::copy_options::recursive);
      for (std::uint64_t attempts = 0;;) {
        const auto run = run_crosstail(
            words, "",
            std::chrono::microseconds(1000 + static_cast<long>(random() % (20000 * ++attempts))));
        const auto verified = run_crosstail({"index", "verify", at("killed")});
        ASSERT_EQ(verified.exit_code, 0) << verified.err;
        const std::size_t now = passages("killed");
        ASSERT_TRUE(now == before || now == after) << now;
        if (run.exit_code == 128 + SIGKILL) ++kills;
        if (now == after) break;
      }
      ++done;
    }
    EXPECT_EQ(done, 3U);
    EXPECT_GT(kills, 0U);
  }
};

TEST_F(IndexChanges, AKilledAddLeavesTheIndexAsItWasAndGoesThroughTheNextTime) {
  kill_again_and_again(
      {"index", "add", at("killed"), at("more.jsonl"), "--passage-vectors", at("more.npy")},
      kPassages, kPassages + kMore);
}

TEST_F(IndexChanges, AKilledSyncLeavesTheIndexAsItWasAndGoesThroughTheNextTime) {
  kill_again_and_again(
      {"index", "sync", at("killed"), at("all.jsonl"), "--passage-vectors", at("more.npy")},
      kPassages, kMore);
}

TEST_F(IndexChanges, AKilledMergeLeavesNoIndexAndGoesThroughTheNextTime) {
  ASSERT_EQ(run_crosstail(
                {"index", at("more.jsonl"), "-o", at("other"), "--passage-vectors", at("more.npy")})
                .exit_code,
            0);
  std::mt19937_64 random(5);
  for (int round = 0; round < 2; ++round) {
    fs::remove_all(folder_ / "joined");
    std::uint64_t attempts = 0;
    for (bool killed = true; killed;) {
      const auto run = run_crosstail(
          {"index", "merge", at("index"), at("other"), "-o", at("joined")}, "",
          std::chrono::microseconds(1000 + static_cast<long>(random() % (20000 * ++attempts))));
      killed = run.exit_code == 128 + SIGKILL;
      ASSERT_TRUE(killed || run.exit_code == 0) << run.err;
      const std::size_t now = passages("joined");
      ASSERT_TRUE(now == 0 || now == kPassages + kMore) << now;
    }
    EXPECT_EQ(passages("joined"), kPassages + kMore);
  }
}

TEST_F(IndexChanges, WrongInputsAreExitOneAndNameTheirPlace) {
  const auto index = [&](const std::string& corpus, const std::string& vectors) {
    std::ofstream(folder_ / "wrong.jsonl") << corpus;
    return run_crosstail(
        {"index", at("wrong.jsonl"), "-o", at("wrong"), "--passage-vectors", at(vectors)});
  };
  auto run = index("", "p.npy");
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_TRUE(has(run.err, at("wrong.jsonl") + ": no passages")) << run.err;
  run = index("{\"_id\":\"a\",\"text\":\"x\"}\n{\"_id\":\"a\",\"text\":\"y\"}\n", "p.npy");
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_TRUE(has(run.err, "wrong.jsonl:2: passage \"a\" was there before")) << run.err;
  write_vectors("nan.npy",
                {axis(0), std::vector<float>(kAxes, std::numeric_limits<float>::quiet_NaN())});
  run = index("{\"_id\":\"a\",\"text\":\"x\"}\n{\"_id\":\"b\",\"text\":\"y\"}\n", "nan.npy");
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_TRUE(has(run.err, "nan.npy: row 1, column 0: not a finite number")) << run.err;
  EXPECT_FALSE(fs::exists(folder_ / "wrong"));
  run = run_crosstail(
      {"index", "add", at("index"), at("corpus.jsonl"), "--passage-vectors", at("p.npy")});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_TRUE(has(run.err, "passage \"p0\" is in the index already")) << run.err;
  EXPECT_EQ(passages("index"), kPassages);
}

TEST_F(IndexChanges, PresetXqgIsTheSumWithOneHundredthAQuestion) {
  ASSERT_EQ(build("xqg", {"--preset", "xqg"}).exit_code, 0);
  const auto info = run_crosstail({"index", "info", at("xqg")});
  EXPECT_TRUE(has(info.out, "--fusion sum --alpha 0.01")) << info.out;
  const auto run = search({"-k", "3", "--format", "trec"}, "xqg");
  ASSERT_EQ(run.exit_code, 0) << run.err;
  // 0.99·0.8 + 0.01·0.6; 0.99·0.6 + 0; 0 + 0.01·0.8.
  EXPECT_TRUE(has(run.out, "a0 Q0 p2 1 0.798")) << run.out;
  EXPECT_TRUE(has(run.out, "a0 Q0 p3 2 0.594")) << run.out;
  EXPECT_TRUE(has(run.out, "a0 Q0 p1 3 0.008")) << run.out;
}

class WithModel : public testing::SearchedIndex {
 protected:
  void SetUp() override {
    SearchedIndex::SetUp();
    const auto shared = testing::shared_dir();
    if (!shared) GTEST_SKIP() << "../shared is not here";
    fixtures_ = (*shared / "fixtures").string();
    std::string text;
    for (int i = 0; i < 100; ++i) text += "many words ";
    std::ofstream(folder_ / "long.jsonl") << "{\"_id\":\"a\",\"text\":\"" << text << "\"}\n";
  }
  [[nodiscard]] testing::ProgramRun encode(const std::string& output,
                                           const std::vector<std::string>& more) const {
    std::vector<std::string> words{"index",    at("long.jsonl"), "-o",
                                   at(output), "--model",        fixtures_ + "/st-mean-norm"};
    words.insert(words.end(), more.begin(), more.end());
    return run_crosstail(words);
  }
  std::string fixtures_;
};

TEST_F(WithModel, LongTextsAreCutAndSaidWindowsKeepThemStrictRefuses) {
  const auto cut = encode("cut", {});
  EXPECT_EQ(cut.exit_code, 0) << cut.err;
  EXPECT_TRUE(has(cut.err, "1 passages are longer than the model takes")) << cut.err;
  const auto strict = encode("strict", {"--strict"});
  EXPECT_EQ(strict.exit_code, 1) << "the texts are wrong, not the usage: " << strict.err;
  EXPECT_TRUE(has(strict.err, "fit (--strict)")) << strict.err;
  EXPECT_FALSE(fs::exists(folder_ / "strict"));
  const auto windows = encode("windows", {"--window", "32", "--stride", "16"});
  EXPECT_EQ(windows.exit_code, 0) << windows.err;
  EXPECT_TRUE(has(windows.err, "1 passages, ") && !has(windows.err, "1 passages, 1 vectors"))
      << windows.err;
  const auto hit = run_crosstail({"search", at("windows"), "many", "-k", "5", "--format", "trec"});
  EXPECT_TRUE(has(hit.out, "1 Q0 a 1 ")) << hit.out;
  EXPECT_FALSE(has(hit.out, "1 Q0 a 2 ")) << "a passage is found once: " << hit.out;
  const auto estimate = encode("none", {"--estimate"});
  EXPECT_EQ(estimate.exit_code, 0) << estimate.err;
  EXPECT_TRUE(has(estimate.out, "memory") && has(estimate.out, "disk")) << estimate.out;
  EXPECT_FALSE(fs::exists(folder_ / "none"));
}

TEST_F(WithModel, LanguagesThatTheModelIsNotMadeForAreNamed) {
  const std::string model = at("model"), warning = "not made for these languages of ";
  fs::copy(fixtures_ + "/st-mean-norm", model, fs::copy_options::recursive);
  std::ofstream(fs::path(model) / "README.md") << "---\nlanguage:\n- en\n---\n";
  const auto corpus = [&](const std::string& name, const std::string& tag) {
    std::ofstream(folder_ / name) << "{\"_id\":\"" << name << "\",\"text\":\"many\",\"lang\":\""
                                  << tag << "\"}\n";
    return at(name);
  };
  auto run = run_crosstail({"index", corpus("en", "en"), "-o", at("index"), "--model", model});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_FALSE(has(run.err, warning)) << run.err;
  run = run_crosstail({"index", "add", at("index"), corpus("th", "th"), "--model", model});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_TRUE(has(run.err, warning + "passages or questions: th")) << run.err;
  run = run_crosstail({"index", "sync", at("index"), corpus("ja", "ja"), "--model", model});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_TRUE(has(run.err, "ja")) << run.err;
  EXPECT_TRUE(has(run.err, warning)) << run.err;
  // From the prompt.
  run =
      run_crosstail({"search", at("index"), "--query-language", "fi", "--model", model}, "many\n");
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_TRUE(has(run.err, warning + "queries: fi")) << run.err;
}

TEST_F(WithModel, RerankPutsTheBestHitsInTheOrderOfTheCrossEncoder) {
  ASSERT_EQ(build("vectors").exit_code, 0);
  const std::string model = at("cross-encoder");
  fs::copy(fixtures_ + "/tiny-xlmr-cls1", model);
  fs::copy(fixtures_ + "/tok-xlmr/tokenizer.json", model);
  std::ofstream pairs(folder_ / "pairs.jsonl");
  for (const char* id : {"2", "3", "0", "1"})  // the best four by vectors, ties by place
    pairs << "{\"_id\":\"p" << id << "\",\"query\":\"passage3\",\"text\":\"Words of passage" << id
          << "\"}\n";
  pairs.close();
  const auto scored = run_crosstail({"score", "--model", model, at("pairs.jsonl"), "--raw"});
  ASSERT_EQ(scored.exit_code, 0) << scored.err;
  std::vector<std::pair<double, std::string>> expected;
  std::istringstream lines(scored.out);
  for (std::string line; std::getline(lines, line);)
    expected.emplace_back(-std::stod(line.substr(line.find("\"score\":") + 8)),
                          line.substr(line.find("p"), 2));
  std::sort(expected.begin(), expected.end());
  const auto run =
      search({"--rerank", model, "--rerank-depth", "4", "-k", "2", "--format", "trec"}, "vectors");
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_TRUE(has(run.out, "a0 Q0 " + expected.at(0).second + " 1 ")) << run.out << scored.out;
  EXPECT_TRUE(has(run.out, "a0 Q0 " + expected.at(1).second + " 2 ")) << run.out << scored.out;
  EXPECT_FALSE(has(run.out, " 3 ")) << run.out;
  const auto wrong = search({"--rerank", fixtures_ + "/st-cls"}, "vectors");
  EXPECT_EQ(wrong.exit_code, 2) << wrong.err;
  EXPECT_TRUE(has(wrong.err, "expected a cross-encoder")) << wrong.err;
}

TEST_F(WithModel, AnotherModelIsAnErrorThatSaysWhatDiffers) {
  ASSERT_EQ(encode("index", {}).exit_code, 0);
  const auto run = run_crosstail({"search", at("index"), "many", "--model", fixtures_ + "/st-cls"});
  EXPECT_NE(run.exit_code, 0);
  EXPECT_TRUE(has(run.err, "is not the model of the index: identity ")) << run.err;
}

TEST_F(WithModel, CentroidsFromAFileAreKeptForAuto) {
  std::ofstream(folder_ / "q.jsonl")
      << "{\"passage_id\":\"a\",\"lang\":\"de\",\"text\":\"many\",\"group\":\"1\"}\n"
         "{\"passage_id\":\"a\",\"lang\":\"fr\",\"text\":\"words\",\"group\":\"2\"}\n";
  ASSERT_EQ(encode("index", {"--questions", at("q.jsonl")}).exit_code, 0);
  const auto kept = folder_ / "index/tuned-centroids.bin";
  auto run = run_crosstail({"tune", at("index"), "--centroid-from", at("q.jsonl")});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_TRUE(fs::exists(kept));
  EXPECT_EQ(run_crosstail({"search", at("index"), "many", "--fusion", "auto"}).exit_code, 0);
  fs::resize_file(kept, 5);
  run = run_crosstail({"search", at("index"), "many", "--fusion", "auto"});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_TRUE(has(run.err, kept.string())) << run.err;
  EXPECT_EQ(run_crosstail({"tune", at("index")}).exit_code, 0);
  EXPECT_FALSE(fs::exists(kept)) << "tuned with the index's own";
}

}  // namespace
}  // namespace crosstail
