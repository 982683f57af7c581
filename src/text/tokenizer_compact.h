#pragma once
/// A tokenizer's blob in a fraction of its bytes (docs/formats/tokenizer.md, "Compact"): pieces
/// sorted and each written as what it does not share with the one before, scores as steps, no trie;
/// all in a zstd frame. Expanding gives the blob back byte for byte.

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"

namespace crosstail::text {

/// `blob` is what from_blob() reads. A blob that would not come back byte for byte is returned as
/// it is.
std::string compact_blob(std::span<const std::byte> blob);

/// Whether the bytes are a compact blob.
bool is_compact_blob(std::span<const std::byte> bytes);

/// Fails with Corrupt, or Limit where it would be larger than 256 MiB.
Result<std::vector<std::byte>> expand_blob(std::span<const std::byte> bytes);

}  // namespace crosstail::text
