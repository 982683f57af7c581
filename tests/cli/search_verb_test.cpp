/// `crosstail search` as a person runs it; scores are counted by hand (searched_index.h).

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <limits>

#include "cli/searched_index.h"

namespace crosstail {
namespace {

namespace fs = std::filesystem;
using testing::ProgramRun;
using testing::whole_file;

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

class SearchVerb : public testing::SearchedIndex {
 protected:
  void SetUp() override {
    SearchedIndex::SetUp();
    const auto built = build("index");
    ASSERT_EQ(built.exit_code, 0) << built.err;
  }
  /// Search, and the ids of the first query's hits in a TREC run.
  [[nodiscard]] std::string first(std::vector<std::string> more) const {
    more.insert(more.end(), {"--format", "trec"});
    const auto run = search(more);
    EXPECT_EQ(run.exit_code, 0) << run.err;
    std::string ids;
    std::istringstream lines(run.out);
    for (std::string id, q0, passage, rank, score, tag;
         lines >> id >> q0 >> passage >> rank >> score >> tag;)
      if (id == "a0") ids += passage + "=" + score + " ";
    return ids;
  }
  void damage(const fs::path& file, std::size_t byte) const {
    std::string bytes = whole_file(file);
    bytes[byte] = static_cast<char>(bytes[byte] ^ 0x40);
    std::ofstream(file, std::ios::binary) << bytes;
  }
  [[nodiscard]] fs::path file_of_index(const std::string& name) const {
    for (const auto& entry : fs::recursive_directory_iterator(folder_ / "index"))
      if (entry.path().filename() == name) return entry.path();
    ADD_FAILURE() << "no " << name;
    return {};
  }
};

TEST_F(SearchVerb, WritesATrecRunWithItsMetaFile) {
  const auto run = search({"-k", "2", "--format", "trec", "-o", at("run.trec"), "--tag", "mine"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(whole_file(folder_ / "run.trec"),
            "a0 Q0 p2 1 0.8 mine\na0 Q0 p3 2 0.6 mine\na1 Q0 p2 1 0.8 mine\na1 Q0 p3 2 0.6 mine\n");
  EXPECT_TRUE(has(whole_file(folder_ / "run.trec.meta.json"), "\"none\""));
  EXPECT_FALSE(fs::exists(folder_ / "run.trec.part"));
}

TEST_F(SearchVerb, WritesTextJsonAndXor) {
  const auto text = search({"-k", "1", "--explain"});
  EXPECT_TRUE(has(text.out, "1. 0.8  p2 [en]")) << text.out;
  EXPECT_TRUE(has(text.out, "Words of passage2")) << text.out;
  const auto json = search({"-k", "1", "--format", "json"});
  EXPECT_TRUE(
      has(json.out, "{\"id\":\"a0\",\"text\":\"passage3\",\"hits\":[{\"rank\":1,\"id\":\"p2\""))
      << json.out;
  EXPECT_EQ(std::count(json.out.begin(), json.out.end(), '\n'), 2);
  const auto xor_tydi = search({"-k", "1", "--format", "xor"});
  EXPECT_EQ(xor_tydi.out,
            "[\n{\"id\":\"a0\",\"lang\":\"de\",\"ctxs\":[\"Words of passage2\"]},\n"
            "{\"id\":\"a1\",\"lang\":\"fr-CA\",\"ctxs\":[\"Words of passage2\"]}\n]\n");
}

TEST_F(SearchVerb, FiltersGroupsAndCollapses) {
  EXPECT_EQ(first({"-k", "2"}), "p2=0.8 p3=0.6 ");
  EXPECT_EQ(first({"-k", "2", "--language", "de"}), "p3=0.6 p1=0 ");
  EXPECT_EQ(first({"-k", "1", "--site", "b.example"}), "p3=0.6 ");
  EXPECT_EQ(first({"-k", "2", "--group-by", "doc"}), "p2=0.8 p0=0 ") << "p2 and p3 are one page";
  EXPECT_EQ(first({"-k", "1", "--collapse", "group", "--prefer-language", "de"}), "p3=0.8 ");
}

TEST_F(SearchVerb, QuestionsEnterAndAreLeftOut) {
  // Half of e_p and half of its question, to length 1: p1 lies between axes 1 and 2.
  EXPECT_EQ(first({"-k", "2", "--fusion", "questions-only"}), "p1=0.8 p2=0.6 ");
  EXPECT_EQ(first({"-k", "2", "--fusion", "questions-only", "--leave-out", "group"}),
            "p2=0.6 p0=0 ")
      << "without h1, p1 keeps its own vector";
  EXPECT_EQ(first({"-k", "2", "--fusion", "max", "--beta", "0.5"}), "p2=0.8 p3=0.6 ");
  const auto both = search(
      {"-k", "1", "--fusion", "questions-only", "--leave-out", "language", "--format", "trec"});
  EXPECT_TRUE(has(both.out, "a1 Q0 p2 1 0.8")) << "fr-CA leaves fr out: " << both.out;
}

TEST_F(SearchVerb, ExplainNamesTheQuestionTheBoundAndTheShare) {
  const auto run =
      search({"-k", "1", "--fusion", "questions-only", "--explain", "--codes", "always"});
  EXPECT_TRUE(has(run.out, "passage alone 0; nearest question 0.8 [fr] Question de 1")) << run.out;
  EXPECT_TRUE(has(run.err, "scan: int8 codes, largest bound ")) << run.err;
  EXPECT_TRUE(has(run.err, "rows re-scored")) << run.err;
  EXPECT_TRUE(fs::exists(folder_ / "index/rows"));
}

TEST_F(SearchVerb, FindsWords) {
  const auto run = search({"--bm25", "--bm25-terms", "words", "-k", "2", "--format", "trec"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_TRUE(has(run.out, "a0 Q0 p3 1 ")) << run.out;
  EXPECT_FALSE(has(run.out, "a0 Q0 p2")) << "only passages with a term of the query";
  const auto hybrid =
      search({"--hybrid", "rrf", "--bm25-terms", "words", "-k", "1", "--format", "trec"});
  EXPECT_TRUE(has(hybrid.out, "a0 Q0 p3 1 "))
      << "second of vectors, first of words: " << hybrid.out;
}

TEST_F(SearchVerb, SweepMakesARunASettingAndATable) {
  std::ofstream(folder_ / "qrels.tsv") << "query-id\tcorpus-id\tscore\na0\tp3\t1\na1\tp2\t1\n";
  const auto run = search({"--sweep", "fusion=none|questions-only", "-o", at("runs"), "--format",
                           "trec", "--qrels", at("qrels.tsv")});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  // none: a0 finds p3 second, a1 finds p2 first; questions-only: p3 third at best (ties), p2
  // second.
  const std::string table = whole_file(folder_ / "runs/sweep.tsv");
  EXPECT_EQ(std::count(table.begin(), table.end(), '\n'), 3) << table;
  EXPECT_TRUE(has(table, "none.trec\t0.7500")) << table;
  EXPECT_TRUE(fs::exists(folder_ / "runs/none.trec"));
  EXPECT_TRUE(fs::exists(folder_ / "runs/questions-only.trec.meta.json"));
}

TEST_F(SearchVerb, AMissingFieldIsNamedAndNothingIsWritten) {
  const auto run =
      search({"--leave-out", "site", "--fusion", "mean", "--format", "trec", "-o", at("run.trec")});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_TRUE(has(run.err, "query `a1` has no `site`, which --leave-out site needs")) << run.err;
  EXPECT_FALSE(fs::exists(folder_ / "run.trec"));
}

TEST_F(SearchVerb, WrongUsageIsExitTwoWithAHint) {
  const auto misspelt = search({"--leaveout", "group"});
  EXPECT_EQ(misspelt.exit_code, 2);
  EXPECT_TRUE(has(misspelt.err, "did you mean --leave-out?")) << misspelt.err;
  const auto fusion = search({"--fusion", "meen"});
  EXPECT_EQ(fusion.exit_code, 2);
  EXPECT_TRUE(has(fusion.err, "did you mean mean?")) << fusion.err;
  const auto untuned = search({"--fusion", "auto"});
  EXPECT_EQ(untuned.exit_code, 2);
  EXPECT_TRUE(has(untuned.err, "crosstail tune")) << untuned.err;
  for (const auto& wrong : std::vector<std::vector<std::string>>{{"-k", "0"},
                                                                 {"--recall", "1.5"},
                                                                 {"--alpha", "2"},
                                                                 {"--leave-out", "colour"},
                                                                 {"--fields", "both"},
                                                                 {"--center-strength", "-1"},
                                                                 {"--sweep", "alpha=0:1:0"}}) {
    const auto run = search(wrong);
    EXPECT_EQ(run.exit_code, 2) << wrong[0] << run.err;
    EXPECT_TRUE(has(run.err, wrong[0])) << run.err;
  }
}

TEST_F(SearchVerb, BadQueriesAreNamed) {
  std::ofstream(folder_ / "asked.jsonl") << "\n\n";
  auto run = search({});
  EXPECT_NE(run.exit_code, 0);
  EXPECT_TRUE(has(run.err, at("asked.jsonl") + ": no queries in it")) << run.err;
  std::ofstream(folder_ / "asked.jsonl") << "{\"_id\":\"a\",\"text\":\"x\"}\n{\"_id\":\"a\"}\n";
  run = search({});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_TRUE(has(run.err, "asked.jsonl:2")) << run.err;
}

TEST_F(SearchVerb, VectorsThatDoNotFitAreNamed) {
  std::vector<float> nan(kAxes, 0.0F);
  nan[3] = std::numeric_limits<float>::quiet_NaN();
  write_vectors("asked.npy", {axis(0), nan});
  auto run = search({});
  EXPECT_EQ(run.exit_code, 1) << run.err;
  EXPECT_TRUE(has(run.err, "asked.npy") && has(run.err, "row 1")) << run.err;
  write_vectors("asked.npy", {axis(0)});
  run = search({});
  EXPECT_NE(run.exit_code, 0);
  EXPECT_TRUE(has(run.err, "asked.npy: has 1 × 8 numbers")) << run.err;
}

TEST_F(SearchVerb, DamageIsNamedWithItsPlace) {
  const auto passages = file_of_index("passages.rec");
  const std::string whole = whole_file(passages);
  fs::resize_file(passages, whole.size() - 5);
  auto run = search({});
  EXPECT_EQ(run.exit_code, 1);
  // A trailer has 64 bytes.
  EXPECT_TRUE(has(run.err, "passages.rec: byte " + std::to_string(whole.size() - 5 - 64) +
                               ": no valid trailer"))
      << run.err;
  std::ofstream(passages, std::ios::binary) << whole;
  const auto vectors = file_of_index("passages.vec");
  damage(vectors, 100);
  run = search({});
  EXPECT_EQ(run.exit_code, 1) << run.out;
  EXPECT_TRUE(has(run.err, "passages.vec: byte 64: checksum mismatch in block 0 (bytes 64..256)"))
      << run.err;
}

TEST_F(SearchVerb, AnIndexOfVectorsFromElsewhereSaysThatItNeedsThem) {
  const auto run = testing::run_crosstail({"search", at("index"), "who?"});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_TRUE(has(run.err, "--query-vectors")) << run.err;
  const auto none = testing::run_crosstail({"search", at("nowhere"), "who?"});
  EXPECT_EQ(none.exit_code, 1);
  EXPECT_TRUE(has(none.err, at("nowhere"))) << none.err;
}

TEST_F(SearchVerb, CtrlCEndsItCleanly) {
  {
    std::ofstream many(folder_ / "many.jsonl");
    for (int i = 0; i < 400000; ++i)
      many << "{\"_id\":\"" << i << "\",\"text\":\"words\",\"lang\":\"de\"}\n";
  }
  const auto run = testing::run_crosstail(
      {"search", at("index"), "--queries", at("many.jsonl"), "--bm25", "--bm25-terms", "words",
       "--batch", "1", "--format", "trec", "-o", at("run.trec")},
      "", std::chrono::milliseconds(600), SIGINT);
  EXPECT_EQ(run.exit_code, 130) << run.err;
  EXPECT_FALSE(fs::exists(folder_ / "run.trec"));
  EXPECT_FALSE(fs::exists(folder_ / "run.trec.part"));
}

TEST_F(SearchVerb, TuneStoresAChoiceThatAutoUses) {
  std::ofstream(folder_ / "qrels.tsv") << "query-id\tcorpus-id\tscore\na0\tp1\t1\na1\tp1\t1\n";
  const auto tuned =
      testing::run_crosstail({"tune", at("index"), "--queries", at("asked.jsonl"),
                              "--query-vectors", at("asked.npy"), "--qrels", at("qrels.tsv")});
  ASSERT_EQ(tuned.exit_code, 0) << tuned.err;
  EXPECT_TRUE(has(tuned.out, "best\t1.0000\t--fusion ")) << tuned.out;
  EXPECT_EQ(first({"-k", "1", "--fusion", "auto"}).substr(0, 3), "p1=");
}

TEST_F(SearchVerb, TuneWithoutQueriesAsksTheAttachedQuestions) {
  const auto run = testing::run_crosstail({"tune", at("index"), "--dry-run"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_TRUE(has(run.err, "no development queries: the attached questions are asked, 6 of them"))
      << run.err;
  EXPECT_EQ(search({"--fusion", "auto"}).exit_code, 2) << "--dry-run stores nothing";
  const auto half = testing::run_crosstail({"tune", at("index"), "--qrels", at("qrels.tsv")});
  EXPECT_EQ(half.exit_code, 2);
  EXPECT_TRUE(has(half.err, "--queries and --qrels go together")) << half.err;
}

}  // namespace
}  // namespace crosstail
