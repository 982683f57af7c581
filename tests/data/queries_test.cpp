#include "data/queries.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/file.h"
#include "base/stream.h"

namespace crosstail::data {
namespace {

class QueriesFile : public ::testing::Test {
 protected:
  Result<Queries> read(std::string_view text) {
    EXPECT_TRUE(write_file_atomic(path_, text).ok());
    return read_queries(path_);
  }
  void TearDown() override { std::filesystem::remove(path_); }
  std::filesystem::path path_ = std::filesystem::temp_directory_path() /
                                ("crosstail-queries-" + std::to_string(::getpid()) + ".jsonl");
};

TEST_F(QueriesFile, JsonRowsKeepEveryScalarMember) {
  const auto queries = read(
      "{\"_id\":\"q1\",\"text\":\"Où ?\",\"lang\":\"fr\",\"group\":\"g\",\"views\":12,\"new\":true,"
      "\"nested\":{\"a\":[1]},\"none\":null}\r\n\n"
      "{\"id\":7,\"question\":\"What?\",\"language\":\"en\",\"answers\":[\"a\",\"b\"]}");
  ASSERT_TRUE(queries.ok()) << queries.error().message;
  ASSERT_EQ(queries->size(), 2u);
  const Query& first = (*queries)[0];
  EXPECT_EQ(first.text, "Où ?");
  EXPECT_EQ(first.field("language"), "fr");
  EXPECT_EQ(first.field("views"), "12");
  EXPECT_EQ(first.field("new"), "true");
  EXPECT_FALSE(first.field("nested"));
  EXPECT_EQ((*queries)[1].id, "7");
  EXPECT_EQ((*queries)[1].answers, (std::vector<std::string>{"a", "b"}));
  EXPECT_FALSE((*queries)[1].field("group"));
  EXPECT_EQ(queries->find("7"), 1u);
}

TEST_F(QueriesFile, TabSeparatedAndCompressedFilesAreReadToo) {
  const auto plain = read("q1\twhat is it\nq2\tand\tthat\n");
  ASSERT_TRUE(plain.ok());
  EXPECT_EQ((*plain)[1].text, "and\tthat");
  const auto packed = read(compress_frame("q1\twhat is it\n", Compression::Zstd));
  ASSERT_TRUE(packed.ok()) << packed.error().message;
  EXPECT_EQ((*packed)[0].text, "what is it");
}

TEST_F(QueriesFile, BadRowsNameTheirLine) {
  const auto message = [&](std::string_view text) {
    const auto queries = read(text);
    return queries.ok() ? std::string() : queries.error().message.substr(path_.string().size());
  };
  EXPECT_TRUE(
      message("q\tok\nno tab here\n").starts_with(":2: expected JSON with `_id` and `text`"));
  EXPECT_TRUE(
      message("{\"_id\":\"q\",\"text\":\"\"}\n{\"_id\":\"q\"").starts_with(":2: expected a JSON"));
  EXPECT_EQ(message("{\"text\":\"x\"}\n"), ":1: expected a query id in `_id` (or `id`)");
  EXPECT_EQ(message("q\ta\nq\tb\n"), ":2: the query id \"q\" occurs twice");
  EXPECT_EQ(message("q\t\xff\n"), ":1: expected UTF-8");
  EXPECT_EQ(message("\n"), ": no queries in it");
}

}  // namespace
}  // namespace crosstail::data
