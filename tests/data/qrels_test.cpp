#include "data/qrels.h"

#include <gtest/gtest.h>

namespace crosstail::data {
namespace {

Result<Qrels> read(std::string_view text, Duplicates duplicates = Duplicates::Error) {
  return read_qrels_text(WholeText::from(std::vector<char>(text.begin(), text.end())), "a.qrels",
                         duplicates);
}

TEST(Qrels, TrecBeirAndJsonSayTheSame) {
  for (const char* text :
       {"q1 0 d2 2\nq1 0 d1 0\n# comment\n\nq2\t0\td1\t1\n",
        "query-id\tcorpus-id\tscore\nq1\td2\t2\nq1\td1\t0\r\nq2\td1\t1\n",
        "q1\td2\t2\nq1\td1\t0\nq2\td1\t1", R"({"q1": {"d2": 2, "d1": 0}, "q2": {"d1": 1}})"}) {
    const auto qrels = read(text);
    ASSERT_TRUE(qrels.ok()) << qrels.error().message << "\n" << text;
    ASSERT_EQ(qrels->size(), 2u) << text;
    EXPECT_EQ(qrels->query(0), "q1");
    ASSERT_EQ(qrels->judgments(0).size(), 2u);
    EXPECT_EQ(qrels->judgments(0)[0].doc, "d1");
    EXPECT_EQ(qrels->judgments(0)[1].relevance, 2);
    EXPECT_EQ(qrels->relevance(*qrels->find("q2"), "d1"), 1);
    EXPECT_FALSE(qrels->relevance(1, "d2"));
    EXPECT_FALSE(qrels->find("q3"));
  }
}

TEST(Qrels, BeirIdsMayHoldSpaces) {
  const auto qrels = read("query-id\tcorpus-id\tscore\na query\ta passage\t1\n");
  ASSERT_TRUE(qrels.ok());
  EXPECT_EQ(qrels->query(0), "a query");
  EXPECT_EQ(qrels->judgments(0)[0].doc, "a passage");
}

TEST(Qrels, APassageJudgedTwiceIsAnErrorUnlessTheBestIsAskedFor) {
  const char* text = "q 0 d 1\nq 0 d 3\nq 0 d 2\n";
  const auto strict = read(text);
  ASSERT_FALSE(strict.ok());
  EXPECT_EQ(strict.error().message,
            "a.qrels: query \"q\" judges passage \"d\" more than once; mend the file, or ask for "
            "--duplicates best");
  const auto best = read(text, Duplicates::Best);
  ASSERT_TRUE(best.ok());
  EXPECT_EQ(best->judgments(0)[0].relevance, 3);
  EXPECT_EQ(best->duplicates(), 2u);
}

TEST(Qrels, MalformedLinesAreNamed) {
  EXPECT_EQ(read("q 0 d 1\nq 0 d\n").error().message,
            "a.qrels:2: expected 4 fields `qid 0 docid relevance`, found 3: \"q 0 d\"");
  EXPECT_EQ(read("q 0 d 1\nq 0 e yes\n").error().message,
            "a.qrels:2: expected a whole number as relevance, found \"yes\"");
  EXPECT_EQ(
      read("query-id\tcorpus-id\tscore\nq\td\t1\nq d 1\n").error().message,
      "a.qrels:3: expected 3 tab-separated fields `query-id corpus-id score`, found 1: \"q d 1\"");
  for (const char* text :
       {"", " \n", "# nothing\n", "{}", "{\"q\":{\"d\":1.5}}", "{\"q\":{\"d\":9999999999}}"})
    EXPECT_FALSE(read(text).ok()) << text;
}

}  // namespace
}  // namespace crosstail::data
