// The recipe of the bundled model reads texts as their formats say (recipe_texts.py has the facts).
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

namespace {

TEST(RecipeTexts, AreReadAsTheirFormatsSay) {
  if (std::system("python3 -c 'import sys; sys.exit(sys.version_info < (3, 9))' 2>/dev/null") != 0)
    GTEST_SKIP() << "python3 is not here";
  const std::string source = CROSSTAIL_SOURCE_DIR;
  const std::string command = "PYTHONDONTWRITEBYTECODE=1 python3 '" + source +
                              "/tests/train/recipe_texts.py' '" + source +
                              "/recipes/crosstail-mini' 2>&1";
  EXPECT_EQ(std::system(command.c_str()), 0);
}

}  // namespace
