#include "nn/packed_matrix.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace crosstail::nn {

namespace {

/// Where output `out`'s step 0 lies; its next steps are 64 bytes apart.
std::byte* first_step(const PackedMatrix& to, std::size_t out) {
  return const_cast<std::byte*>(to.panels) + out / kLanes * to.steps() * 64 + out % kLanes * 4;
}

void pack_f32(const float* weights, std::size_t in, std::byte* step) {
  for (std::size_t i = 0; i < in; ++i, step += 64) std::memcpy(step, weights + i, 4);
}

void pack_bf16(const float* weights, std::size_t in, std::byte* step) {
  for (std::size_t i = 0; i < in; i += 2, step += 64) {
    const std::uint16_t pair[2] = {bf16_from(weights[i]),
                                   i + 1 < in ? bf16_from(weights[i + 1]) : std::uint16_t{0}};
    std::memcpy(step, pair, 4);
  }
}

/// Returns the sum of what was stored.
std::int32_t pack_int8(const float* weights, std::size_t in, float inverse, std::byte* step) {
  std::int32_t sum = 0;
  for (std::size_t i = 0; i < in; i += 4, step += 64) {
    std::int8_t four[4] = {};
    for (std::size_t j = 0; j < 4 && i + j < in; ++j) {
      four[j] = static_cast<std::int8_t>(std::lrint(weights[i + j] * inverse));
      sum += four[j];
    }
    std::memcpy(step, four, 4);
  }
  return sum;
}

}  // namespace

void pack(const LinearWeights& weights, std::size_t first_out, const PackedMatrix& to) {
  const std::size_t outputs = weights.weight.size() / to.in;
  for (std::size_t o = 0; o < outputs; ++o) {
    const float* row = weights.weight.data() + o * to.in;
    const std::size_t at = first_out + o;
    if (!weights.bias.empty()) const_cast<float*>(to.bias)[at] = weights.bias[o];
    if (to.precision == Precision::F32) {
      pack_f32(row, to.in, first_step(to, at));
    } else if (to.precision == Precision::BF16) {
      pack_bf16(row, to.in, first_step(to, at));
    } else {
      float most = 0;
      for (std::size_t i = 0; i < to.in; ++i) most = std::max(most, std::fabs(row[i]));
      const float scale = most > 1e-30F ? most / 127.0F : 1.0F;
      const_cast<float*>(to.scale)[at] = scale;
      const_cast<std::int32_t*>(to.sums)[at] =
          pack_int8(row, to.in, 1.0F / scale, first_step(to, at));
    }
  }
}

void multiply_block(const Kernels& kernels, const PackedMatrix& matrix, const ProductInput& input,
                    std::size_t rows, std::size_t block, const ProductOutput& output) {
  constexpr std::size_t kColumns = kProductPanels * kLanes;
  alignas(64) float sums[kMostBlockRows * kColumns];
  const std::size_t column = block * kColumns, steps = matrix.steps();
  const bool int8 = matrix.precision == Precision::INT8;
  const auto product = int8                                  ? kernels.product_int8
                       : matrix.precision == Precision::BF16 ? kernels.product_bf16
                                                             : kernels.product_f32;
  const std::size_t out_bytes = output.to == Finish::To::Bf16 ? 2 : 4;
  Finish finish;
  finish.sums = sums;
  finish.sums_stride = kColumns;
  finish.panels = kProductPanels;
  finish.bias = matrix.bias + column;
  if (int8) {
    finish.scale = matrix.scale + column;
    finish.column_sums = matrix.sums + column;
  }
  finish.activation = output.activation;
  finish.rough = matrix.precision != Precision::F32;
  finish.to = output.to;
  finish.out_stride = output.stride;
  const std::size_t at_once = kernels.block_rows(matrix.precision);
  for (std::size_t r = 0; r < rows; r += at_once) {
    const std::size_t some = std::min(at_once, rows - r);
    const ProductInput from = input.from(r);
    product({from.rows, from.stride, some, matrix.panels + column * steps * 4, kProductPanels,
             steps, sums, kColumns});
    finish.rows = some;
    finish.row_scale = from.scale;
    finish.row_zero = from.zero;
    finish.out = static_cast<std::byte*>(output.rows) + r * output.stride * out_bytes;
    kernels.finish(finish);
  }
}

}  // namespace crosstail::nn
