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
  for (const char* section : {"processor", "memory", "disk", "models", "libraries"})
    EXPECT_TRUE(sections.contains(section)) << section;
  EXPECT_FALSE(sections.contains("rates"));
}

TEST(Doctor, FindsModelsWithTheirSizes) {
  const testing::TemporaryFolder folder;
  std::filesystem::create_directories(folder / "bundled/crosstail-mini");
  std::filesystem::create_directories(folder / "cache/models/owner/small");
  std::ofstream(folder / "bundled/crosstail-mini/crosstail-mini.ctm") << std::string(2500000, 'x');
  std::ofstream(folder / "cache/models/owner/small/config.json") << std::string(1200000, ' ');
  ::setenv("CROSSTAIL_MODELS", (folder / "bundled").c_str(), 1);
  ::setenv("CROSSTAIL_CACHE", (folder / "cache").c_str(), 1);
  auto run = testing::run_crosstail({"doctor", "--seconds", "0"});
  EXPECT_NE(run.out.find("crosstail-mini, bundled"), std::string::npos) << run.out;
  EXPECT_NE(run.out.find("2.5 MB in "), std::string::npos) << run.out;
  EXPECT_NE(run.out.find("owner/small, cached"), std::string::npos) << run.out;
  EXPECT_NE(run.out.find("1.2 MB in "), std::string::npos) << run.out;
  EXPECT_NE(run.out.find("oneDNN"), std::string::npos) << run.out;
  ::setenv("CROSSTAIL_MODELS", (folder / "nowhere").c_str(), 1);
  run = testing::run_crosstail({"doctor", "--seconds", "0"});
  EXPECT_NE(run.out.find("none in "), std::string::npos) << run.out;
  EXPECT_NE(run.err.find("--model"), std::string::npos) << run.err;
  ::unsetenv("CROSSTAIL_MODELS");
  ::unsetenv("CROSSTAIL_CACHE");
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
