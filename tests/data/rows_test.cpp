#include "data/rows.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace crosstail::data {
namespace {

class Rows : public ::testing::Test {
 protected:
  void SetUp() override {
    path_ = std::filesystem::temp_directory_path() /
            ("crosstail-rows-" +
             std::string(::testing::UnitTest::GetInstance()->current_test_info()->name()));
  }
  void TearDown() override { std::filesystem::remove(path_); }

  /// Each row as JSON, or "LINE: problem".
  std::vector<std::string> read(std::string_view content, const ColumnMap& columns = {}) {
    std::ofstream(path_, std::ios::binary) << content;
    auto reader = RowReader::open(path_, columns);
    if (!reader) return {"error: " + reader.error().message};
    std::vector<std::string> out;
    Row row;
    while (true) {
      auto more = reader->next(row);
      if (!more) {
        out.push_back("error: " + more.error().message);
        break;
      }
      if (!*more) break;
      out.push_back(row.problem.empty()
                        ? std::string(row.json)
                        : std::to_string(row.line) + ": " + std::string(row.problem));
    }
    return out;
  }
  std::filesystem::path path_;
};

using Lines = std::vector<std::string>;

TEST_F(Rows, JsonLinesPassThrough) {
  EXPECT_EQ(read("{\"a\":1}\n\n  {\"a\":2}\r\nbroken\n"),
            (Lines{"{\"a\":1}", "  {\"a\":2}", "broken"}));
  EXPECT_EQ(read("\xEF\xBB\xBF{\"a\":1}\n"), (Lines{"{\"a\":1}"}));
  EXPECT_TRUE(read("").empty());
  EXPECT_TRUE(read("\n \n").empty());
}

TEST_F(Rows, CsvQuotesFollowRfc4180) {
  EXPECT_EQ(read("question,answer\n\"a, \"\"b\"\"\",c\n"),
            (Lines{R"({"question":"a, \"b\"","answer":"c"})"}));
  EXPECT_EQ(read("q,a\n\"two\nlines\",x\n,\n"),
            (Lines{R"({"q":"two\nlines","a":"x"})", R"({"q":"","a":""})"}));
}

TEST_F(Rows, ATabInTheFirstLineMeansTsv) {
  EXPECT_EQ(read("q\ta\n\"x\ty, z\n"), (Lines{R"({"q":"\"x","a":"y, z"})"}));
}

TEST_F(Rows, ColumnsByNameAndByNumber) {
  auto named = ColumnMap::parse("question=Frage,answer=Antwort,lang=3");
  ASSERT_TRUE(named);
  EXPECT_EQ(read("Antwort,Frage,Sprache\nA,F,de\n", *named),
            (Lines{R"({"question":"F","answer":"A","lang":"de"})"}));
  auto numbered = ColumnMap::parse("question=2,answer=1");
  ASSERT_TRUE(numbered);
  EXPECT_EQ(read("A,F\n", *numbered), (Lines{R"({"question":"F","answer":"A"})"}));
}

TEST_F(Rows, MalformedRowsAreNamedAndTheRestIsRead) {
  EXPECT_EQ(read("q,a\nonly one\nx,y\n"),
            (Lines{"2: expected 2 columns, found 1", R"({"q":"x","a":"y"})"}));
  EXPECT_EQ(read("q,a\nx,\xff\nx,y\n"), (Lines{"2: expected UTF-8", R"({"q":"x","a":"y"})"}));
  EXPECT_EQ(read("q,a\nx,\"y\n"), (Lines{"2: expected a closing quote"}));
}

TEST_F(Rows, AColumnThatIsNotThereIsAnErrorThatListsTheHeader) {
  auto columns = ColumnMap::parse("question=Frage");
  ASSERT_TRUE(columns);
  const auto lines = read("question,answer\nx,y\n", *columns);
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_NE(lines[0].find("no column 'Frage' in its header (question, answer)"), std::string::npos)
      << lines[0];
}

TEST_F(Rows, ARowOfTooManyCellsIsMalformedAndTheNextIsRead) {
  EXPECT_EQ(read("q,a\n" + std::string(70000, ',') + "\nx,y\n"),
            (Lines{"2: expected at most 65536 columns", R"({"q":"x","a":"y"})"}));
  EXPECT_EQ(read("q\ta\nz" + std::string(70000, '\t') + "\nx\ty\n"),
            (Lines{"2: expected at most 65536 columns", R"({"q":"x","a":"y"})"}));
}

TEST_F(Rows, AQuoteThatIsNeverClosedEndsAt64MiBEvenOfLineEndsAlone) {
  const auto rows = read("q,a\n\"" + std::string(std::size_t{65} << 20, '\n'));
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_NE(rows[0].find("a quoted cell goes on for more than 64 MiB"), std::string::npos);
}

TEST(ColumnMap, BadOnesAreRefused) {
  EXPECT_FALSE(ColumnMap::parse("question"));
  EXPECT_FALSE(ColumnMap::parse("=x"));
  EXPECT_FALSE(ColumnMap::parse("a=1,a=2"));
  EXPECT_TRUE(ColumnMap::parse(""));
}

}  // namespace
}  // namespace crosstail::data
