/// The recipes of recipes/, run whole on tiny data of the formats that they are for.

#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

#include "support/program.h"
#include "support/shared.h"

namespace crosstail {
namespace {

namespace fs = std::filesystem;

constexpr const char* kQuestions[] = {
    "Where is Oslo?",   "Who eats bread?",    "When does rain fall?", "How old is the moon?",
    "What is a crane?", "Why do cats sleep?", "Which river is long?", "Can fish hear us?"};

class Recipes : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto shared = testing::shared_dir();
    if (!shared) GTEST_SKIP() << "../shared is not here";
    model_ = (*shared / "fixtures/st-mean-norm").string();
  }
  [[nodiscard]] std::string at(const std::string& name) const { return (folder_ / name).string(); }
  [[nodiscard]] std::ofstream file(const std::string& name) const {
    return std::ofstream(folder_ / name, std::ios::binary);
  }
  static std::string passage(std::size_t i) {
    return "Passage number " + std::to_string(i) + " answers in a few words: " + kQuestions[i];
  }

  /// Runs twice; the second time nothing may be left to do.
  void run(const std::string& recipe, std::vector<std::string> settings) {
    std::vector<std::string> command{"run", CROSSTAIL_SOURCE_DIR "/recipes/" + recipe + ".toml",
                                     "-o", at("out")};
    settings.push_back("model=" + model_);
    for (const auto& setting : settings) command.insert(command.end(), {"--set", setting});
    const auto first = testing::run_crosstail(command);
    ASSERT_EQ(first.exit_code, 0) << first.err;
    command.emplace_back("--dry-run");
    const auto second = testing::run_crosstail(command);
    EXPECT_EQ(second.exit_code, 0) << second.err;
    EXPECT_EQ(("\n" + second.out).find("\nrun  "), std::string::npos) << second.out;
    EXPECT_EQ(second.out.find("\ndepends "), std::string::npos) << second.out;
  }

  testing::TemporaryFolder folder_;
  std::string model_;
};

TEST_F(Recipes, FaqSiteGoesFromPagesToATunedIndex) {
  run("faq-site", {"site=" CROSSTAIL_SOURCE_DIR "/docs/faq"});
  const auto curve = testing::whole_file(folder_ / "out/tune.txt");
  EXPECT_NE(curve.find("--fusion none"), std::string::npos) << curve;
  const auto hits =
      testing::run_crosstail({"search", at("out/index"), "--fusion", "auto", "Was ist Crosstail?"});
  EXPECT_EQ(hits.exit_code, 0) << hits.err;
  EXPECT_NE(hits.out.find("1."), std::string::npos) << hits.out;
  // 28 answers in English, asked for in the fifteen other languages of docs/faq.
  EXPECT_NE(testing::whole_file(folder_ / "out/evaluation.txt").find("420 queries"),
            std::string::npos);
  EXPECT_TRUE(fs::exists(folder_ / "out/report.html"));
}

TEST_F(Recipes, XqgTrainsIndexesGeneratedQuestionsAndScoresAnswers) {
  auto corpus = file("corpus.jsonl"), train = file("train.jsonl"), queries = file("queries.jsonl");
  for (std::size_t i = 0; i < 8; ++i) {
    const std::string id = std::to_string(i), next = std::to_string((i + 1) % 8);
    corpus << R"({"docid":"d)" << id << R"(","text":")" << passage(i)
           << R"(","generated_queries":{"fi":["Missä )" << id << R"( on?"],"ru":["Где )" << id
           << R"(?"]}})"
           << "\n";
    train << R"({"query_id":")" << id << R"(","query":")" << kQuestions[i]
          << R"(","positive_passages":[{"docid":"d)" << id << R"(","title":"","text":")"
          << passage(i) << R"("}],"negative_passages":[{"docid":"d)" << next
          << R"(","title":"","text":")" << passage((i + 1) % 8) << "\"}]}\n";
    queries << R"({"id":")" << id << R"(","question":"Missä )" << id
            << R"( on?","lang":"fi","answers":["number )" << id << "\"]}\n";
  }
  corpus.close();
  train.close();
  queries.close();
  run("xqg-xortydi", {"train=" + at("train.jsonl"), "corpus=" + at("corpus.jsonl"),
                      "queries=" + at("queries.jsonl"), "passage-length=64", "epochs=2",
                      "punkt=" CROSSTAIL_SOURCE_DIR "/tests/eval/nltk/punkt"});
  EXPECT_NE(testing::whole_file(folder_ / "out/evaluation.txt").find("r@2kt"), std::string::npos);
  EXPECT_TRUE(fs::exists(folder_ / "out/report.html"));
}

TEST_F(Recipes, WebFaqTrainsOnPairsAndComparesBeforeWithAfter) {
  ASSERT_EQ(
      testing::run_crosstail({"extract", CROSSTAIL_SOURCE_DIR "/docs/faq", "-o", at("faq.jsonl")})
          .exit_code,
      0);
  auto corpus = file("corpus.jsonl"), queries = file("queries.jsonl"), qrels = file("qrels.tsv");
  qrels << "query-id\tcorpus-id\tscore\n";
  for (std::size_t i = 0; i < 8; ++i) {
    corpus << R"({"_id":"d)" << i << R"(","title":"","text":")" << passage(i) << "\"}\n";
    queries << R"({"_id":"q)" << i << R"(","text":")" << kQuestions[i] << R"(","lang":"en"})"
            << "\n";
    qrels << "q" << i << "\td" << i << "\t1\n";
  }
  corpus.close();
  queries.close();
  qrels.close();
  run("webfaq-retrieval", {"pairs=" + at("faq.jsonl"), "corpus=" + at("corpus.jsonl"),
                           "queries=" + at("queries.jsonl"), "qrels=" + at("qrels.tsv")});
  EXPECT_NE(testing::whole_file(folder_ / "out/evaluation.txt").find("after"), std::string::npos);
  EXPECT_TRUE(fs::exists(folder_ / "out/report.html"));
}

TEST_F(Recipes, DebianHelpGoesFromHelpPagesToAReport) {
  const char* languages[] = {"en-US", "ca", "cs", "da", "de", "es",    "fi", "fr", "hu",
                             "it",    "ja", "ko", "nl", "pl", "pt-BR", "ru", "sv", "zh-CN"};
  for (const std::string language : languages) {
    std::string entries;
    for (std::size_t i = 0; i < 8; ++i) {
      entries += "{url:\"" + language + "/text/swriter/guide/" + std::to_string(i) +
                 ".html?DbPAR=WRITER#bm\", app:\"WRITER\", text:\"" + language + " --  entry " +
                 std::to_string(i) + "\"},\n";
      const auto page =
          folder_ / "help" / language / "text/swriter/guide" / (std::to_string(i) + ".html");
      fs::create_directories(page.parent_path());
      std::ofstream(page)
          << "<!DOCTYPE html><html lang=\"" << language << "\"><head><title>" << language << " "
          << kQuestions[i] << "</title></head><body><div id=\"DisplayArea\"><h1>" << language << " "
          << kQuestions[i] << "</h1><p>" << passage(i)
          << " It goes on for long enough to be a passage of its own.</p></div></body></html>";
    }
    std::ofstream(folder_ / "help" / language / "bookmarks.js")
        << "var bookmarks = [\n" + entries + "];\n";
  }
  run("debian-help", {"help=" + at("help"), "max-length=64"});
  const auto report = testing::whole_file(folder_ / "out/report.html");
  EXPECT_NE(report.find("<h2>Headline: index-entries</h2>"), std::string::npos);
  EXPECT_NE(report.find("Beside it, a query set of its own: titles"), std::string::npos);
  const auto entries = testing::whole_file(folder_ / "out/evaluation/entries.txt");
  EXPECT_NE(entries.find("only other wordings are attached"), std::string::npos) << entries;
  EXPECT_NE(entries.find("Long tail by density"), std::string::npos) << entries;
  const auto titles = testing::whole_file(folder_ / "out/evaluation/titles.txt");
  EXPECT_NE(titles.find("an upper bound"), std::string::npos) << titles;
  // Half of the pages are for tuning, and no page is in both halves.
  std::set<std::string> halves[2];
  for (const int half : {0, 1}) {
    std::istringstream lines(
        testing::whole_file(folder_ / "out/index-entries/qrels" / (half ? "dev.tsv" : "test.tsv")));
    std::string line;
    for (std::getline(lines, line); std::getline(lines, line);)
      halves[half].insert(line.substr(line.find('\t')));
    EXPECT_FALSE(halves[half].empty());
  }
  EXPECT_EQ(halves[0].size() + halves[1].size(), 8U);
  for (const auto& page : halves[0]) EXPECT_FALSE(halves[1].contains(page)) << page;
}

}  // namespace
}  // namespace crosstail
