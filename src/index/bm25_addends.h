#pragma once
/// What postings add to the sums of a query. Private to index.

#include <cstddef>
#include <cstdint>

#include "index/bm25_score.h"

namespace crosstail::index {

/// out[i] = bm25_addend(weight, impact(frequencies[i] + 1, lengths[documents[i]])), i < count;
/// count may be rounded up to a multiple of 8 where all arrays have the room. The same on every
/// processor.
using Bm25Addends = void (*)(const Bm25Norm& norm, float weight, const std::uint32_t* lengths,
                             const std::uint32_t* documents, const std::uint32_t* frequencies,
                             std::size_t count, std::uint32_t* out);
/// For an index of `rows` documents.
Bm25Addends bm25_addends(std::uint64_t rows);

}  // namespace crosstail::index
