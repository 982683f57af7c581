#pragma once
/// From a text's token states to its vector and back: first token, mean over tokens, length 1.
/// Texts are packed without padding: text i is rows offsets[i] … offsets[i + 1].

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>

namespace crosstail::nn {

enum class TextPooling { FirstToken, Mean };

/// hidden: tokens × dim; pooled: texts × dim. A text without tokens pools to zeros.
template <class Real>
void pool_texts(TextPooling pooling, const Real* hidden, std::span<const std::int32_t> offsets,
                std::size_t dim, Real* pooled) {
  for (std::size_t t = 0; t + 1 < offsets.size(); ++t) {
    const auto begin = static_cast<std::size_t>(offsets[t]),
               end = static_cast<std::size_t>(offsets[t + 1]);
    Real* out = pooled + t * dim;
    std::fill_n(out, dim, Real(0));
    if (begin == end) continue;
    const std::size_t last = pooling == TextPooling::FirstToken ? begin + 1 : end;
    for (std::size_t r = begin; r < last; ++r)
      for (std::size_t c = 0; c < dim; ++c) out[c] += hidden[r * dim + c];
    const Real share = Real(1) / static_cast<Real>(last - begin);
    for (std::size_t c = 0; c < dim; ++c) out[c] *= share;
  }
}

/// d_hidden (tokens × dim) is overwritten.
template <class Real>
void pool_texts_backward(TextPooling pooling, const Real* d_pooled,
                         std::span<const std::int32_t> offsets, std::size_t dim, Real* d_hidden) {
  for (std::size_t t = 0; t + 1 < offsets.size(); ++t) {
    const auto begin = static_cast<std::size_t>(offsets[t]),
               end = static_cast<std::size_t>(offsets[t + 1]);
    const std::size_t last = pooling == TextPooling::FirstToken ? std::min(begin + 1, end) : end;
    const Real share = last > begin ? Real(1) / static_cast<Real>(last - begin) : Real(0);
    for (std::size_t r = begin; r < end; ++r)
      for (std::size_t c = 0; c < dim; ++c)
        d_hidden[r * dim + c] = r < last ? d_pooled[t * dim + c] * share : Real(0);
  }
}

/// The least length that counts as one (PyTorch's `normalize`).
inline constexpr double kLeastLength = 1e-12;

/// x / max(|x|, kLeastLength), row by row, in place.
template <class Real>
void l2_normalise(Real* x, std::size_t rows, std::size_t dim) {
  for (std::size_t r = 0; r < rows; ++r, x += dim) {
    double sum = 0;
    for (std::size_t c = 0; c < dim; ++c)
      sum += static_cast<double>(x[c]) * static_cast<double>(x[c]);
    const auto scale = static_cast<Real>(1 / std::max(std::sqrt(sum), kLeastLength));
    for (std::size_t c = 0; c < dim; ++c) x[c] *= scale;
  }
}

/// x: before normalisation. gradient: with respect to the normalised rows, then to x, in place.
template <class Real>
void l2_normalise_backward(const Real* x, std::size_t rows, std::size_t dim, Real* gradient) {
  for (std::size_t r = 0; r < rows; ++r, x += dim, gradient += dim) {
    double sum = 0, along = 0;
    for (std::size_t c = 0; c < dim; ++c) {
      sum += static_cast<double>(x[c]) * static_cast<double>(x[c]);
      along += static_cast<double>(x[c]) * static_cast<double>(gradient[c]);
    }
    const double length = std::sqrt(sum), scale = 1 / std::max(length, kLeastLength);
    const double back = length > kLeastLength ? along / sum : 0;
    for (std::size_t c = 0; c < dim; ++c)
      gradient[c] = static_cast<Real>(
          scale * (static_cast<double>(gradient[c]) - back * static_cast<double>(x[c])));
  }
}

}  // namespace crosstail::nn
