#include "nn/linear.h"

#include <algorithm>
#include <string>
#include <vector>

#include "nn/packed_matrix.h"

namespace crosstail::nn {

struct Linear::Parts {
  PackedMatrix matrix;
  Activation activation = Activation::Identity;
  Isa isa = Isa::Portable;
  std::vector<float> panels, bias;
};

Result<Linear> Linear::build(std::size_t in, std::size_t out, const LinearWeights& weights,
                             Activation activation, Isa isa) {
  if (in == 0 || out == 0 || weights.weight.size() / in != out || weights.weight.size() % in != 0)
    return Error{ErrorCode::InvalidArgument,
                 "dense layer: " + std::to_string(weights.weight.size()) + " weights, expected " +
                     std::to_string(out) + " x " + std::to_string(in)};
  if (!weights.bias.empty() && weights.bias.size() != out)
    return Error{ErrorCode::InvalidArgument, "dense layer: " + std::to_string(weights.bias.size()) +
                                                 " biases, expected " + std::to_string(out)};
  auto parts = std::make_shared<Parts>();
  parts->activation = activation;
  parts->isa = isa;
  auto& matrix = parts->matrix;
  matrix.in = in;
  matrix.out = out;
  parts->panels.resize(matrix.panel_bytes() / 4);
  parts->bias.resize(matrix.padded_out());
  matrix.panels = reinterpret_cast<const std::byte*>(parts->panels.data());
  matrix.bias = parts->bias.data();
  pack(weights, 0, matrix);
  return Linear(std::move(parts));
}

std::size_t Linear::in() const {
  return parts_->matrix.in;
}
std::size_t Linear::out() const {
  return parts_->matrix.out;
}

void Linear::apply(const float* x, std::size_t rows, float* y) const {
  const auto& matrix = parts_->matrix;
  const Kernels& kernels = kernels_for(parts_->isa);
  constexpr std::size_t kColumns = kProductPanels * kLanes;
  alignas(64) float block[kMostBlockRows * kColumns];
  for (std::size_t r = 0; r < rows; r += kMostBlockRows) {
    const std::size_t some = std::min(kMostBlockRows, rows - r);
    const ProductInput input{reinterpret_cast<const std::byte*>(x + r * matrix.in), matrix.in * 4};
    for (std::size_t c = 0; c < matrix.out; c += kColumns) {
      multiply_block(kernels, matrix, input, some, c / kColumns,
                     {block, kColumns, Finish::To::F32, parts_->activation});
      const std::size_t columns = std::min(kColumns, matrix.out - c);
      for (std::size_t i = 0; i < some; ++i)
        std::copy_n(block + i * kColumns, columns, y + (r + i) * matrix.out + c);
    }
  }
}

}  // namespace crosstail::nn
