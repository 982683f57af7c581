#pragma once
/// A tokenizer as one flat block of bytes (docs/formats/tokenizer.md): built once from a model
/// directory, then mapped and used in place.
///
///     0   "CTTOKEN" and NUL       8  u32 version (1)       12  u32 number of sections
///    16   u64 size of the blob    24  u64 XXH3 of all bytes from 32 on
///    32   per section: u32 kind, u32 0, u64 offset, u64 size; offsets are multiples of 8
///
/// All numbers are little-endian.

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "base/result.h"
#include "text/tokenizer_parts.h"
#include "text/tokenizer_spec.h"

namespace crosstail::text {

inline constexpr std::string_view kBlobMagic{"CTTOKEN\0", 8};
inline constexpr std::uint32_t kBlobVersion = 1;

/// Fails with Limit or Corrupt when the pieces do not make a trie.
Result<std::vector<std::byte>> write_blob(const TokenizerSpec& spec);

/// Checks the frame and the sizes, reads the small parts. `parts->owned`, if filled, is the blob.
Result<std::shared_ptr<const Tokenizer::Parts>> read_blob(std::span<const std::byte> blob,
                                                          std::vector<std::byte> owned);

}  // namespace crosstail::text
