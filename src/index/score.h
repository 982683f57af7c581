#pragma once
/// THE score of a row for a query: their inner product in f32 with a fixed order of additions. It
/// has the same bits on every processor, so ranks and ties do too. All other arithmetic in this
/// folder only decides which rows need not be scored, and proves it (docs/search-bounds.md).
///
/// The order: both vectors are padded with +0 to a multiple of 32. Lane j of 32 starts at +0 and
/// takes in elements j, j + 32, j + 64, … by fused multiply-add (one rounding each). Then lanes are
/// added in halves: lane j + lane j+16 for j < 16, j + j+8 for j < 8, and so on down to one number.
/// A NaN, which finite vectors can only reach by overflowing to both sides, counts as −infinity.

#include <cstddef>

#include "index/row_source.h"
#include "nn/isa.h"

namespace crosstail::index {

/// `query` and `row`: dim numbers. Thread-safe, as all here.
float score(const float* query, const float* row, std::size_t dim);

/// The same with the row as it lies in a view (bf16 is widened); the same bits as score() of the
/// widened row.
float score(const float* query, const VectorView& rows, std::size_t row);

/// out[i] = score(query, rows, row + i), i < count: several rows at once, which is faster.
void score_rows(const float* query, const VectorView& rows, std::size_t row, std::size_t count,
                float* out);

/// score() for one kind of processor; all give the same bits. `row` points to dim numbers of the
/// kernel's type.
using ScoreKernel = float (*)(const float* query, const std::byte* row, std::size_t dim);
ScoreKernel score_kernel(VectorType type, nn::Isa isa = nn::default_isa());

}  // namespace crosstail::index
