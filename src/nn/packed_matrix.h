#pragma once
/// A dense layer's weights as the kernels want them, and products with them.
///
/// Outputs lie in panels of 16. A panel holds, for each step of 4 bytes along the inner dimension
/// (1 f32, 2 bf16 or 4 int8), the steps of its 16 outputs: 64 bytes, one vector register, and with
/// 16 steps one AMX tile. All instruction sets read this one layout.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "nn/kernels.h"
#include "nn/linear.h"
#include "nn/precision.h"

namespace crosstail::nn {

constexpr std::size_t up_to_multiple(std::size_t n, std::size_t multiple) {
  return (n + multiple - 1) / multiple * multiple;
}

/// The nearest bfloat16, ties to even; x is finite.
inline std::uint16_t bf16_from(float x) {
  std::uint32_t bits = 0;
  std::memcpy(&bits, &x, 4);
  return static_cast<std::uint16_t>((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
}

/// Bytes of a number in the products' inputs.
constexpr std::size_t input_bytes(Precision precision) {
  return precision == Precision::F32 ? 4 : precision == Precision::BF16 ? 2 : 1;
}

/// Numbers from row to row of an activation of so many columns: padded to kColumnGroup, and 64
/// bytes more so that rows do not meet in the same cache sets (measured: AMX products gain 5 to
/// 30%).
constexpr std::size_t row_stride(std::size_t columns, std::size_t bytes) {
  return up_to_multiple(columns, kColumnGroup) + 64 / bytes;
}

/// Borrowed. Everything is padded with zeros to a multiple of kColumnGroup outputs.
struct PackedMatrix {
  std::size_t in = 0, out = 0;
  Precision precision = Precision::F32;
  const std::byte* panels = nullptr;
  const float* bias = nullptr;
  const float* scale = nullptr;        ///< int8: of each output's weights
  const std::int32_t* sums = nullptr;  ///< int8: of each output's weights

  [[nodiscard]] std::size_t padded_out() const { return up_to_multiple(out, kColumnGroup); }
  /// Steps of 4 bytes along the inner dimension; a multiple of 16 for bf16 and int8.
  [[nodiscard]] std::size_t steps() const {
    return precision == Precision::F32    ? in
           : precision == Precision::BF16 ? up_to_multiple(in, 32) / 2
                                          : up_to_multiple(in, 64) / 4;
  }
  [[nodiscard]] std::size_t panel_bytes() const { return padded_out() * steps() * 4; }
};

/// Fills what `to` points to (panel_bytes() bytes, padded_out() numbers, all zero before) with
/// outputs `first_out` … of a layer of to.in inputs.
void pack(const LinearWeights& weights, std::size_t first_out, const PackedMatrix& to);

/// Rows of a product's input. Readable up to a multiple of kRowTile rows and for all steps.
struct ProductInput {
  const std::byte* rows = nullptr;
  std::size_t stride = 0;              ///< bytes
  const float* scale = nullptr;        ///< int8: of each row
  const std::int32_t* zero = nullptr;  ///< int8: of each row
  [[nodiscard]] ProductInput from(std::size_t row) const {
    return {rows + row * stride, stride, scale == nullptr ? nullptr : scale + row,
            zero == nullptr ? nullptr : zero + row};
  }
};

/// Where a product's rows go. Columns up to padded_out() are written.
struct ProductOutput {
  void* rows = nullptr;
  std::size_t stride = 0;  ///< numbers
  Finish::To to = Finish::To::F32;
  Activation activation = Activation::Identity;
};

/// Blocks of columns that multiply() computes on their own.
inline std::size_t column_blocks(const PackedMatrix& matrix) {
  return matrix.padded_out() / (kProductPanels * kLanes);
}

/// One block of columns of out = f(input · matrixᵀ + bias); output.rows is where the block itself
/// begins. A column's bits do not depend on how many rows there are. Inside a KernelScope.
void multiply_block(const Kernels& kernels, const PackedMatrix& matrix, const ProductInput& input,
                    std::size_t rows, std::size_t block, const ProductOutput& output);

/// The same with output.rows where column 0 begins.
inline void multiply(const Kernels& kernels, const PackedMatrix& matrix, const ProductInput& input,
                     std::size_t rows, std::size_t block, ProductOutput output) {
  const std::size_t bytes = output.to == Finish::To::Bf16 ? 2 : 4;
  output.rows = static_cast<std::byte*>(output.rows) + block * kProductPanels * kLanes * bytes;
  multiply_block(kernels, matrix, input, rows, block, output);
}

}  // namespace crosstail::nn
