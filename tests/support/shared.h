#pragma once
/// Where tests find real data that is not in the repository.

#include <filesystem>
#include <optional>

namespace crosstail::testing {

/// ../shared beside the checkout (or beside its parent, for git worktrees). Empty when it is not
/// there: the test then says so with `CROSSTAIL_NEEDS_SHARED()` and is skipped.
inline std::optional<std::filesystem::path> shared_dir() {
  for (const char* up : {"..", "../.."}) {
    auto path = std::filesystem::path(CROSSTAIL_SOURCE_DIR) / up / "shared";
    if (std::filesystem::is_directory(path / "data")) return path.lexically_normal();
  }
  return std::nullopt;
}

#define CROSSTAIL_NEEDS_SHARED() \
  if (!::crosstail::testing::shared_dir()) GTEST_SKIP() << "../shared is not here"

}  // namespace crosstail::testing
