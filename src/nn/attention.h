#pragma once
/// softmax(q kᵀ / sqrt(d)) v, each head of each text on its own (Vaswani et al., 2017, equation 1).

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

namespace crosstail::nn {

/// The definition, for tests: one text. qkv: tokens × (3 · heads · width), a row holding all heads'
/// queries, then keys, then values. out: tokens × (heads · width).
template <class Real>
void attention_plain(const Real* qkv, std::size_t tokens, std::size_t heads, std::size_t width,
                     Real* out) {
  const std::size_t hidden = heads * width, stride = 3 * hidden;
  std::vector<Real> weight(tokens);
  for (std::size_t h = 0; h < heads; ++h)
    for (std::size_t t = 0; t < tokens; ++t) {
      const Real* q = qkv + t * stride + h * width;
      Real largest = 0, sum = 0;
      for (std::size_t s = 0; s < tokens; ++s) {
        const Real* k = qkv + s * stride + hidden + h * width;
        Real dot = 0;
        for (std::size_t i = 0; i < width; ++i) dot += q[i] * k[i];
        weight[s] = dot / std::sqrt(static_cast<Real>(width));
        largest = s == 0 ? weight[s] : std::max(largest, weight[s]);
      }
      for (auto& w : weight) sum += w = std::exp(w - largest);
      Real* o = out + t * hidden + h * width;
      std::fill(o, o + width, Real(0));
      for (std::size_t s = 0; s < tokens; ++s) {
        const Real* v = qkv + s * stride + 2 * hidden + h * width;
        for (std::size_t i = 0; i < width; ++i) o[i] += weight[s] / sum * v[i];
      }
    }
}

}  // namespace crosstail::nn
