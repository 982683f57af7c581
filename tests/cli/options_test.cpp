#include "cli/options.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace crosstail::cli {
namespace {

struct Example {
  bool keep = false;
  std::string output = "-";
  std::string format = "text";
  std::uint64_t bytes = 10;
  double alpha = 0.5;
  std::vector<std::string> inputs;
  OptionTable table;
  Example() {
    table.flag(keep, "keep-author", "keep it")
        .text(output, "output", "FILE", "where to", 'o')
        .choice(format, "format", {"text", "json"}, "how")
        .count(bytes, "max-page-bytes", "BYTES", "limit")
        .real(alpha, "alpha", "A", "weight")
        .positionals(inputs, "INPUT", "files", 1);
  }
};

TEST(OptionTable, ReadsAllForms) {
  Example e;
  ASSERT_TRUE(e.table
                  .parse({"a", "--keep-author", "-o", "out", "--format=json", "--max-page-bytes",
                          "2Ki", "--alpha", "0.25", "--", "--b"})
                  .ok());
  EXPECT_TRUE(e.keep);
  EXPECT_EQ(e.output, "out");
  EXPECT_EQ(e.format, "json");
  EXPECT_EQ(e.bytes, 2048u);
  EXPECT_EQ(e.alpha, 0.25);
  EXPECT_EQ(e.inputs, (std::vector<std::string>{"a", "--b"}));
}

std::string failure(const std::vector<std::string>& arguments) {
  Example e;
  const Status status = e.table.parse(arguments);
  if (status.ok()) return "";
  EXPECT_EQ(status.error().code, ErrorCode::InvalidArgument);
  return status.error().message;
}

TEST(OptionTable, NamesWhatIsWrong) {
  EXPECT_EQ(failure({"a", "--keep-autor"}),
            "unknown option --keep-autor; did you mean --keep-author?");
  EXPECT_EQ(failure({"a", "--zzz"}), "unknown option --zzz");
  EXPECT_EQ(failure({"a", "--output"}), "--output needs a value: FILE");
  EXPECT_EQ(failure({"a", "--format", "jsn"}),
            "--format jsn: expected one of text, json; did you mean json?");
  EXPECT_EQ(failure({"a", "--alpha", "x"}), "--alpha x: expected a number");
  EXPECT_EQ(failure({"a", "--keep-author=1"}), "--keep-author takes no value");
  EXPECT_EQ(failure({}), "expected at least one INPUT");
}

TEST(OptionTable, TheEnvironmentStandsBehindTheCommandLine) {
  ::setenv("CROSSTAIL_OUTPUT", "from-environment", 1);
  ::setenv("CROSSTAIL_ALPHA", "0.75", 1);
  Example e;
  ASSERT_TRUE(e.table.parse({"a", "--alpha", "0.1"}).ok());
  ::unsetenv("CROSSTAIL_OUTPUT");
  ::unsetenv("CROSSTAIL_ALPHA");
  EXPECT_EQ(e.output, "from-environment");
  EXPECT_EQ(e.alpha, 0.1);
}

TEST(ParseCount, KnowsUnits) {
  EXPECT_EQ(*parse_count("100"), 100u);
  EXPECT_EQ(*parse_count("1.5k"), 1500u);
  EXPECT_EQ(*parse_count("2Gi"), 2147483648u);
  EXPECT_EQ(*parse_count("3MiB"), 3145728u);
  for (const char* bad : {"", "x", "-1", "1q", "1kk", "1e30"})
    EXPECT_FALSE(parse_count(bad).ok()) << bad;
}

TEST(ParseShard, WantsIndexBelowCount) {
  EXPECT_EQ(parse_shard("3/8")->index, 3u);
  EXPECT_EQ(parse_shard("3/8")->count, 8u);
  for (const char* bad : {"8/8", "1", "/3", "a/b", "1/0", "-1/3"})
    EXPECT_FALSE(parse_shard(bad).ok()) << bad;
}

}  // namespace
}  // namespace crosstail::cli
