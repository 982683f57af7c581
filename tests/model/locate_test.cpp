/// What a name of a model stands for.

#include "model/locate.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "support/temporary_folder.h"

namespace crosstail::model {
namespace {

namespace fs = std::filesystem;

class Locate : public ::testing::Test {
 protected:
  void SetUp() override {
    ::setenv("CROSSTAIL_MODELS", (folder_ / "bundled").c_str(), 1);
    ::setenv("CROSSTAIL_CACHE", (folder_ / "cache").c_str(), 1);
  }
  void TearDown() override {
    ::unsetenv("CROSSTAIL_MODELS");
    ::unsetenv("CROSSTAIL_CACHE");
  }
  void file(const std::string& name) const {
    fs::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name) << "x";
  }
  testing::TemporaryFolder folder_;
};

TEST_F(Locate, TheBundledModelIsTheDefaultWhereItIs) {
  const auto none = default_model();
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.error().code, ErrorCode::InvalidArgument);
  EXPECT_NE(none.error().message.find((folder_ / "bundled").string()), std::string::npos);
  const auto missing = locate_model("crosstail-mini");
  ASSERT_FALSE(missing.ok());
  EXPECT_NE(missing.error().message.find("bundled"), std::string::npos);

  file("bundled/crosstail-mini/crosstail-mini.ctm");
  ASSERT_TRUE(default_model().ok());
  EXPECT_EQ(*default_model(), "crosstail-mini");
  EXPECT_EQ(*locate_model("crosstail-mini"), folder_ / "bundled/crosstail-mini/crosstail-mini.ctm");
}

TEST_F(Locate, APathComesBeforeABundledModelAndThatBeforeTheCache) {
  file("cache/models/small/config.json");
  EXPECT_EQ(*locate_model("small"), folder_ / "cache/models/small");
  file("bundled/small/config.json");
  EXPECT_EQ(*locate_model("small"), folder_ / "bundled/small");
  EXPECT_EQ(*locate_model(folder_ / "cache/models/small"), folder_ / "cache/models/small");
}

TEST_F(Locate, AllModelsAreListedByName) {
  file("bundled/b/b.ctm");
  file("bundled/a/config.json");
  file("bundled/notes/readme.txt");
  file("cache/models/owner/small/config.json");
  file("cache/models/own/config.json");
  const auto bundled = bundled_models(), cached = cached_models();
  ASSERT_EQ(bundled.size(), 2U);
  EXPECT_EQ(bundled[0].name, "a");
  EXPECT_EQ(bundled[1].path, folder_ / "bundled/b/b.ctm");
  ASSERT_EQ(cached.size(), 2U);
  EXPECT_EQ(cached[0].name, "own");
  EXPECT_EQ(cached[1].name, "owner/small");
}

TEST_F(Locate, ANameCannotLeaveItsFolder) {
  file("outside/x.ctm");
  EXPECT_TRUE(bundled_model("../outside").empty());
  EXPECT_TRUE(bundled_model("..").empty());
}

}  // namespace
}  // namespace crosstail::model
