#pragma once
/// What searches keep beside an index (kept_files.h), for `crosstail index verify`.

#include <cstddef>
#include <filesystem>

#include "base/pool.h"
#include "base/result.h"

namespace crosstail::retrieve {

/// Reads every codes, graph and BM25 file in the index's own folder. Fails with Corrupt, naming the
/// first file that is damaged and its bytes. Returns how many there are.
Result<std::size_t> verify_kept_files(const std::filesystem::path& index, Pool* pool);

}  // namespace crosstail::retrieve
