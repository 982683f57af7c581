#include <gtest/gtest.h>
#include <simdjson.h>

#include <set>

#include "support/program.h"

namespace crosstail {
namespace {

TEST(Doctor, NamesWhatTheMachineHas) {
  const auto run = testing::run_crosstail({"doctor", "--seconds", "0", "--json"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  simdjson::dom::parser parser;
  simdjson::dom::array findings;
  ASSERT_EQ(parser.parse(run.out)["findings"].get(findings), simdjson::SUCCESS) << run.out;
  std::set<std::string> sections;
  for (const auto finding : findings) {
    std::string_view section, value;
    ASSERT_EQ(finding["section"].get(section), simdjson::SUCCESS);
    ASSERT_EQ(finding["value"].get(value), simdjson::SUCCESS);
    EXPECT_FALSE(value.empty());
    sections.emplace(section);
  }
  for (const char* section : {"processor", "memory", "disk", "libraries"})
    EXPECT_TRUE(sections.contains(section)) << section;
  EXPECT_FALSE(sections.contains("rates"));
}

TEST(Doctor, MeasuresRates) {
  const auto run = testing::run_crosstail({"doctor", "--seconds", "0.1"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_NE(run.out.find("memory read"), std::string::npos) << run.out;
  EXPECT_NE(run.out.find("texts/s"), std::string::npos) << run.out;
  EXPECT_EQ(run.out.find("failed"), std::string::npos) << run.out;
}

TEST(Doctor, ALengthThatMakesNoSenseIsWrongUsage) {
  EXPECT_EQ(testing::run_crosstail({"doctor", "--seconds", "-1"}).exit_code, 2);
}

}  // namespace
}  // namespace crosstail
