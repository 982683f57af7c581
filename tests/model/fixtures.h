#pragma once
/// Model directories and what the original implementations compute with them
/// (../shared/fixtures).

#include <gtest/gtest.h>
#include <simdjson.h>

#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include "support/shared.h"
#include "support/temporary_folder.h"

namespace crosstail::testing {

inline std::filesystem::path fixtures() {
  return *shared_dir() / "fixtures";
}

/// A directory made of the files of others.
inline void link_files(const std::filesystem::path& from, const std::filesystem::path& to,
                       const std::vector<std::string>& leave_out = {}) {
  for (const auto& entry : std::filesystem::directory_iterator(from)) {
    const auto name = entry.path().filename();
    if (std::find(leave_out.begin(), leave_out.end(), name.string()) != leave_out.end() ||
        std::filesystem::exists(to / name))
      continue;
    std::filesystem::create_symlink(entry.path(), to / name);
  }
}

class Expected {
 public:
  explicit Expected(const std::filesystem::path& file) { root_ = parser_.load(file.string()); }
  [[nodiscard]] std::vector<std::string> texts() const {
    std::vector<std::string> out;
    for (const auto text : root_["texts"].get_array())
      out.emplace_back(std::string_view(text.get_string()));
    return out;
  }
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> pairs() const {
    std::vector<std::pair<std::string, std::string>> out;
    for (const auto pair : root_["pairs"].get_array())
      out.emplace_back(std::string_view(pair.at(0).get_string()),
                       std::string_view(pair.at(1).get_string()));
    return out;
  }
  [[nodiscard]] std::vector<std::vector<float>> rows(std::string_view name) const {
    std::vector<std::vector<float>> out;
    for (const auto row : root_[name].get_array()) {
      out.emplace_back();
      for (const auto number : row.get_array())
        out.back().push_back(static_cast<float>(double(number.get_double())));
    }
    return out;
  }
  [[nodiscard]] simdjson::dom::element root() const { return root_; }

 private:
  simdjson::dom::parser parser_;
  simdjson::dom::element root_;
};

/// The README's tolerance: 1e-5 absolute plus 1e-4 relative.
inline void expect_near(const float* got, const std::vector<float>& wanted,
                        const std::string& what) {
  for (std::size_t i = 0; i < wanted.size(); ++i)
    ASSERT_NEAR(got[i], wanted[i], 1e-5 + 1e-4 * std::abs(wanted[i])) << what << ", number " << i;
}

}  // namespace crosstail::testing
