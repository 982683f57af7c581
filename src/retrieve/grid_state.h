#pragma once
/// What a grid (grid_ranks.h) has counted so far, in one file, so that a `tune` that was stopped
/// goes on. The file is another run's, or damaged, where its identity or checksum is wrong: then it
/// is as if it were not there. docs/formats/index.md has its bytes.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <vector>

#include "base/result.h"
#include "retrieve/grid_ranks.h"

namespace crosstail::retrieve {

inline constexpr const char* kTuneStateFile = "tune.state";

struct GridState {
  std::uint64_t batches = 0;                   ///< done
  std::uint64_t passages = 0;                  ///< done of the next batch
  std::vector<std::uint32_t> better;           ///< of that batch
  std::vector<std::vector<float>> reciprocal;  ///< by setting, then query
};

/// Of everything that decides what is counted.
std::uint64_t grid_identity(const QuerySession& session, const GridQueries& asked,
                            const SearchSetting& base,
                            std::span<const index::FusionSetting> settings);

/// Nothing where there is none of this `identity`, of `settings` × `queries`.
std::optional<GridState> read_grid_state(const std::filesystem::path& path, std::uint64_t identity,
                                         std::size_t settings, std::size_t queries);
/// Atomically; fails with NoSpace, Io.
Status write_grid_state(const std::filesystem::path& path, std::uint64_t identity,
                        const GridState& state);

}  // namespace crosstail::retrieve
