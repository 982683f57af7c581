#pragma once
/// Element-by-element arithmetic on stored vectors. Every result is one rounding of exact f32
/// operations per element, so the bits are the same on every processor.

#include <cstddef>
#include <cstdint>

#include "index/block_file.h"
#include "index/row_source.h"

namespace crosstail::index {

/// out = row, widened to f32.
void widen(const std::byte* row, VectorType type, std::size_t dim, float* out);
/// out += row.
void add_widened(const std::byte* row, VectorType type, std::size_t dim, float* out);
/// out += weight·sum.
void add_scaled(const float* sum, float weight, std::size_t dim, float* out);
/// out += weight·(sum − count·centroid).
void add_centred(const float* sum, float weight, float count, const float* centroid,
                 std::size_t dim, float* out);

/// f32 to what is stored: bf16 rounds to nearest, ties to even.
void narrow(const float* row, VectorType type, std::size_t dim, std::byte* out);

/// Whether all numbers are smaller than `bound` in size; NaN is not.
bool all_below(const float* numbers, std::size_t count, float bound);

/// Vector `i` of a file of vectors as f32; zeros where the file is damaged (it remembers).
void read_vector(const BlockFile& vectors, std::uint64_t i, float* out);
/// Adds it.
void add_vector(const BlockFile& vectors, std::uint64_t i, float* out);

}  // namespace crosstail::index
