#pragma once
/// The sections of a tokenizer blob (docs/formats/tokenizer.md). Private to src/text.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace crosstail::text {

enum BlobSection : std::uint32_t {
  kMeta,
  kPieceOffsets,
  kPieceBytes,
  kPieceOrder,
  kTrie,
  kScores32,
  kScores64,
  kMerges,
  kCharsmap,
  kUserTrie,
  kSections
};

using BlobViews = std::array<std::string_view, kSections>;

/// The blob of these sections, each aligned to 8 bytes, with its checksum.
std::vector<std::byte> assemble_blob(const BlobViews& sections);

/// Checks the frame; fails with Corrupt, Unsupported (version) or InvalidArgument (alignment).
Result<BlobViews> read_blob_sections(std::span<const std::byte> blob);

Error corrupt_blob(std::string what);

template <class T>
std::string_view bytes_of(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

template <class T>
std::span<const T> as(std::string_view bytes) {
  return {reinterpret_cast<const T*>(bytes.data()), bytes.size() / sizeof(T)};
}

}  // namespace crosstail::text
