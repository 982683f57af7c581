#pragma once
/// Where tests find fastText's lid.176, which is CC-BY-SA and never in the repository.

#include <cstdlib>
#include <filesystem>
#include <optional>

namespace crosstail::testing {

inline constexpr const char* kNoLidModel =
    "no lid.176.ftz: run tools/fetch-test-models, or set CROSSTAIL_LID_MODEL";

/// $CROSSTAIL_LID_MODEL, or build/test-models/lid.176.ftz, where tools/fetch-test-models puts it.
inline std::optional<std::filesystem::path> lid_model() {
  if (const char* set = std::getenv("CROSSTAIL_LID_MODEL"); set != nullptr && *set != '\0')
    return set;
  const std::filesystem::path kept = CROSSTAIL_SOURCE_DIR "/build/test-models/lid.176.ftz";
  if (std::filesystem::exists(kept)) return kept;
  return std::nullopt;
}

}  // namespace crosstail::testing
