/// ./demo where there is no model: the FAQ's part, a clear word, and a good end.

#include <gtest/gtest.h>

#include <cstdlib>

#include "support/program.h"

namespace crosstail {
namespace {

TEST(Demo, WithoutAModelItEndsWellAfterTheFaq) {
  const testing::TemporaryFolder folder;
  const std::string command =
      "CROSSTAIL_MODELS=" + testing::quoted((folder / "none").string()) +
      " CROSSTAIL_CACHE=" + testing::quoted((folder / "cache").string()) +
      " CROSSTAIL_DEMO_MODEL= CROSSTAIL_BINARY=" + testing::quoted(CROSSTAIL_BINARY) +
      " CROSSTAIL_DEMO_OUT=" + testing::quoted((folder / "out").string()) +
      " NO_COLOR=1 " CROSSTAIL_SOURCE_DIR "/demo >" + testing::quoted((folder / "log").string()) +
      " 2>&1";
  const int status = std::system(command.c_str());
  const std::string printed = testing::whole_file(folder / "log");
  EXPECT_EQ(status, 0) << printed;
  EXPECT_NE(printed.find("448 question-answer pairs from 16 pages"), std::string::npos) << printed;
  EXPECT_NE(printed.find("28 questions belong together across languages"), std::string::npos);
  EXPECT_NE(printed.find("Without a model the demo ends here"), std::string::npos) << printed;
  EXPECT_TRUE(std::filesystem::exists(folder / "out/pairs/card.md"));
  EXPECT_FALSE(std::filesystem::exists(folder / "out/debs"));
}

}  // namespace
}  // namespace crosstail
