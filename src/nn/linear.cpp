#include "nn/linear.h"

#include <string>

namespace crosstail::nn {

Result<Linear> Linear::build(std::size_t in, std::size_t out, const LinearWeights& weights,
                             Activation activation) {
  if (in == 0 || out == 0 || weights.weight.size() / in != out || weights.weight.size() % in != 0)
    return Error{ErrorCode::InvalidArgument,
                 "dense layer: " + std::to_string(weights.weight.size()) + " weights, expected " +
                     std::to_string(out) + " x " + std::to_string(in)};
  if (!weights.bias.empty() && weights.bias.size() != out)
    return Error{ErrorCode::InvalidArgument, "dense layer: " + std::to_string(weights.bias.size()) +
                                                 " biases, expected " + std::to_string(out)};
  Linear linear;
  linear.in_ = in;
  linear.out_ = out;
  linear.activation_ = activation;
  linear.weight_.assign(weights.weight.begin(), weights.weight.end());
  linear.bias_.assign(weights.bias.begin(), weights.bias.end());
  return linear;
}

void Linear::apply(const float* x, std::size_t rows, float* y) const {
  linear_plain(x, rows, in_, weight_.data(), bias_.empty() ? nullptr : bias_.data(), out_,
               activation_, y);
}

}  // namespace crosstail::nn
