/// The commands in README.md and docs/tutorial.md, run as written in an empty folder that holds
/// docs and recipes; what they print is held against the page.
///
/// In a page's output "…" stands for any text, alone on a line for any lines. Where the bundled
/// model is not there, the fixture model takes its place.

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <regex>
#include <sstream>

#include "model/locate.h"
#include "support/program.h"
#include "support/shared.h"

namespace crosstail {
namespace {

namespace fs = std::filesystem;

struct Command {
  std::string line;
  std::vector<std::string> output;
};

/// Commands of the ```console blocks: "$ " begins one, a backslash at the end goes on.
std::vector<Command> commands_of(const fs::path& page) {
  std::vector<Command> out;
  std::ifstream in(page);
  bool inside = false, goes_on = false;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("```")) {
      inside = line == "```console";
      continue;
    }
    if (!inside) continue;
    if (goes_on) {
      out.back().line += "\n" + line;
    } else if (line.starts_with("$ ")) {
      out.push_back({line.substr(2), {}});
    } else if (!out.empty()) {
      out.back().output.push_back(line);
    }
    goes_on = line.ends_with('\\') && (goes_on || line.starts_with("$ "));
  }
  return out;
}

/// The page's lines as one expression.
std::string pattern_of(const std::vector<std::string>& lines) {
  const std::string any = "…";
  std::string out;
  for (const auto& line : lines) {
    if (line == any) {
      out += "(?:[^\n]*\n)*";
      continue;
    }
    for (std::size_t at = 0; at < line.size(); ++at) {
      if (line.compare(at, any.size(), any) == 0) {
        out += "[^\n]*";
        at += any.size() - 1;
      } else {
        if (std::string_view(".[]{}()\\*+?^$|").find(line[at]) != std::string_view::npos)
          out += '\\';
        out += line[at];
      }
    }
    out += "\n";
  }
  return out;
}

class Documents : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    fs::create_directory_symlink(CROSSTAIL_SOURCE_DIR "/docs", folder_ / "docs");
    fs::create_directory_symlink(CROSSTAIL_SOURCE_DIR "/recipes", folder_ / "recipes");
    fs::create_directories(folder_ / "models");
    const fs::path bundled = fs::path(CROSSTAIL_SOURCE_DIR "/models") / model::kBundledModel;
    const auto shared = testing::shared_dir();
    if (!fs::exists(bundled) && !shared) GTEST_SKIP() << "no model is here";
    fs::create_directory_symlink(fs::exists(bundled) ? bundled : *shared / "fixtures/st-mean-norm",
                                 folder_ / "models" / model::kBundledModel);
  }

  std::string run(const std::string& line) const {
    std::ofstream(folder_ / ".command")
        << "cd " << testing::quoted(folder_.path().string()) << " || exit 1\n"
        << "crosstail() { " << testing::quoted(CROSSTAIL_BINARY) << " \"$@\"; }\n"
        << "export CROSSTAIL_MODELS=\"$PWD/models\"\nset -o pipefail\n{ " << line
        << "\n} >.out 2>&1\n";
    const int status =
        std::system(("bash " + testing::quoted((folder_ / ".command").string())).c_str());
    // The fixture model takes few tokens.
    static const std::regex kShort(
        "crosstail: warning: [^\n]* longer than the model takes[^\n]*\n");
    return std::regex_replace(testing::whole_file(folder_ / ".out"), kShort, "") +
           (status == 0 ? "" : "(exit status " + std::to_string(status) + ")\n");
  }

  testing::TemporaryFolder folder_;
};

TEST_P(Documents, CommandsPrintWhatThePageSays) {
  const auto commands = commands_of(fs::path(CROSSTAIL_SOURCE_DIR) / GetParam());
  ASSERT_GE(commands.size(), 5U);
  for (const auto& command : commands) {
    const std::string printed = run(command.line);
    EXPECT_TRUE(std::regex_match(printed, std::regex(pattern_of(command.output))))
        << "$ " << command.line << "\nprinted:\n"
        << printed << "\nthe page says:\n"
        << pattern_of(command.output);
  }
}

INSTANTIATE_TEST_SUITE_P(Pages, Documents, ::testing::Values("README.md", "docs/tutorial.md"),
                         [](const auto& page) {
                           return page.index == 0 ? std::string("Readme") : std::string("Tutorial");
                         });

}  // namespace
}  // namespace crosstail
