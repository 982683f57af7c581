#pragma once
/// Inner products of a tile of rows with panels of 32 queries: the fast part of a batch search. The
/// values are only near to score(); `rounding` says how near (docs/search-bounds.md).
///
/// A tile holds rows as they are, row-major, in the kernel's type, each padded with zeros to
/// `padded_dim` numbers; the number of rows is padded to a multiple of `row_block`.
/// A panel holds 32 queries side by side: f32 as [dim][32], bf16 as [dim / 2][32][2].

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "index/row_source.h"
#include "nn/isa.h"

namespace crosstail::index {

inline constexpr std::size_t kPanelQueries = 32;

struct PanelKernel {
  std::string_view name;
  VectorType type = VectorType::F32;  ///< of tiles and panels
  std::size_t row_block = 4;          ///< rows of one call of `multiply`
  std::size_t dim_multiple = 1;       ///< padded_dim is a multiple of this
  /// values[i × 32 + j] = row i · query j, i < row_block. `stride_bytes` from row to row.
  void (*multiply)(const std::byte* rows, std::size_t stride_bytes, const std::byte* panel,
                   std::size_t padded_dim, float* values) = nullptr;
  /// Bit j: not (values[j] < limits[j]), so that a NaN passes. j < 32.
  std::uint32_t (*passing)(const float* values, const float* limits) = nullptr;
  /// Called on a thread before and after its calls of `multiply` (AMX tiles' configuration).
  void (*enter)() = nullptr;
  void (*leave)() = nullptr;

  [[nodiscard]] std::size_t padded(std::size_t dim) const {
    return (dim + dim_multiple - 1) / dim_multiple * dim_multiple;
  }
};

/// The kernel for one kind of processor.
const PanelKernel& panel_kernel(nn::Isa isa);

}  // namespace crosstail::index
