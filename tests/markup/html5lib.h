#pragma once
/// The html5lib-tests (MIT, https://github.com/html5lib/html5lib-tests) are not part of this
/// repository. Tests that read them run where the environment variable CROSSTAIL_HTML5LIB_TESTS, or
/// ../shared/data/html5lib-tests, names a copy, and are skipped elsewhere.

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "support/shared.h"

namespace crosstail::testing {

inline std::optional<std::filesystem::path> html5lib_dir() {
  std::filesystem::path path;
  if (const char* variable = std::getenv("CROSSTAIL_HTML5LIB_TESTS"))
    path = variable;
  else if (const auto shared = shared_dir())
    path = *shared / "data" / "html5lib-tests";
  if (path.empty() || !std::filesystem::is_directory(path)) return std::nullopt;
  return path;
}

inline std::vector<std::filesystem::path> files_under(const std::filesystem::path& folder,
                                                      const std::string& extension) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
    if (entry.path().extension() == extension) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

inline std::string read_all(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

}  // namespace crosstail::testing
