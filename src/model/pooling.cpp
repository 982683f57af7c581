#include "model/pooling.h"

#include <algorithm>
#include <cmath>

namespace crosstail::model {
namespace {

void weighted_sum(const float* states, std::size_t begin, std::size_t tokens, std::size_t hidden,
                  bool by_position, float* out) {
  std::fill_n(out, hidden, 0.0F);
  for (std::size_t t = begin; t < tokens; ++t) {
    const float weight = by_position ? static_cast<float>(t + 1) : 1.0F;
    const float* row = states + t * hidden;
    for (std::size_t c = 0; c < hidden; ++c) out[c] += weight * row[c];
  }
}

void divide(float* out, std::size_t size, float by) {
  for (std::size_t c = 0; c < size; ++c) out[c] /= by;
}

void pool_one(PoolingMode mode, const float* states, std::size_t tokens, std::size_t hidden,
              std::size_t begin, float* out) {
  const auto count = static_cast<float>(tokens - begin);
  switch (mode) {
    case PoolingMode::Cls:
      std::copy_n(states + begin * hidden, hidden, out);
      return;
    case PoolingMode::Last:
      std::copy_n(states + (tokens - 1) * hidden, hidden, out);
      return;
    case PoolingMode::Max:
      std::copy_n(states + begin * hidden, hidden, out);
      for (std::size_t t = begin + 1; t < tokens; ++t)
        for (std::size_t c = 0; c < hidden; ++c) out[c] = std::max(out[c], states[t * hidden + c]);
      return;
    case PoolingMode::Mean:
    case PoolingMode::MeanSqrtLength:
      weighted_sum(states, begin, tokens, hidden, false, out);
      return divide(out, hidden, mode == PoolingMode::Mean ? count : std::sqrt(count));
    case PoolingMode::WeightedMean: {
      weighted_sum(states, begin, tokens, hidden, true, out);
      float weights = 0;
      for (std::size_t t = begin; t < tokens; ++t) weights += static_cast<float>(t + 1);
      return divide(out, hidden, weights);
    }
  }
}

}  // namespace

void pool(std::span<const PoolingMode> modes, const float* states, std::size_t tokens,
          std::size_t hidden, std::size_t skip, float* out) {
  if (tokens == 0) {
    std::fill_n(out, modes.size() * hidden, 0.0F);
    return;
  }
  const std::size_t begin = std::min(skip, tokens - 1);
  for (const PoolingMode mode : modes) {
    pool_one(mode, states, tokens, hidden, begin, out);
    out += hidden;
  }
}

void normalise(float* vector, std::size_t size) {
  double squares = 0;
  for (std::size_t c = 0; c < size; ++c) squares += double{vector[c]} * double{vector[c]};
  const double length = std::max(std::sqrt(squares), 1e-12);
  for (std::size_t c = 0; c < size; ++c) vector[c] = static_cast<float>(double{vector[c]} / length);
}

void activate(LabelActivation activation, float* logits, std::size_t size) {
  if (activation == LabelActivation::Sigmoid) {
    for (std::size_t i = 0; i < size; ++i)
      logits[i] = static_cast<float>(1.0 / (1.0 + std::exp(-double{logits[i]})));
  } else if (activation == LabelActivation::Softmax) {
    const double top = *std::max_element(logits, logits + size);
    double sum = 0;
    for (std::size_t i = 0; i < size; ++i) sum += std::exp(double{logits[i]} - top);
    for (std::size_t i = 0; i < size; ++i)
      logits[i] = static_cast<float>(std::exp(double{logits[i]} - top) / sum);
  }
}

}  // namespace crosstail::model
