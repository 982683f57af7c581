#pragma once
/// The whole encoder from the plain definitions of its operations: what every faster version is
/// held against.

#include <vector>

#include "nn/attention.h"
#include "nn/transformer.h"

namespace crosstail::nn {

namespace plain {

template <class Real>
std::vector<Real> cast(std::span<const float> values) {
  return {values.begin(), values.end()};
}

template <class Real>
std::vector<Real> dense(const std::vector<Real>& x, std::size_t in, const LinearWeights& weights,
                        Activation activation = Activation::Identity) {
  const auto weight = cast<Real>(weights.weight), bias = cast<Real>(weights.bias);
  const std::size_t rows = x.size() / in, out = weight.size() / in;
  std::vector<Real> y(rows * out);
  linear_plain(x.data(), rows, in, weight.data(), bias.empty() ? nullptr : bias.data(), out,
               activation, y.data());
  return y;
}

/// x = LayerNorm(x + y).
template <class Real>
void add_and_norm(std::vector<Real>& x, const std::vector<Real>& y, const NormWeights& weights,
                  float epsilon) {
  for (std::size_t i = 0; i < x.size(); ++i) x[i] += y[i];
  const auto gamma = cast<Real>(weights.gamma), beta = cast<Real>(weights.beta);
  layer_norm_plain(x.data(), x.size() / gamma.size(), gamma.size(), gamma.data(), beta.data(),
                   static_cast<Real>(epsilon), x.data());
}

}  // namespace plain

/// One text. Sizes are not checked.
template <class Real>
std::vector<Real> transformer_plain(const TransformerShape& shape,
                                    const TransformerWeights& weights,
                                    std::span<const std::int32_t> ids,
                                    std::span<const std::int32_t> positions,
                                    std::span<const std::int32_t> types) {
  const std::size_t tokens = ids.size(), hidden = shape.hidden;
  const auto word = plain::cast<Real>(weights.embeddings.word);
  const auto position = plain::cast<Real>(weights.embeddings.position);
  const auto type = plain::cast<Real>(weights.embeddings.type);
  std::vector<Real> x(tokens * hidden);
  embed_plain(word.data(), position.data(), type.empty() ? nullptr : type.data(), hidden, ids,
              positions, types, x.data());
  plain::add_and_norm(x, std::vector<Real>(x.size()), weights.embedding_norm, shape.epsilon);
  for (const auto& layer : weights.layers) {
    std::vector<Real> qkv(tokens * 3 * hidden), context(tokens * hidden);
    std::size_t part = 0;
    for (const auto* linear : {&layer.query, &layer.key, &layer.value}) {
      const auto y = plain::dense(x, hidden, *linear);
      for (std::size_t t = 0; t < tokens; ++t)
        std::copy_n(y.data() + t * hidden, hidden, qkv.data() + (3 * t + part) * hidden);
      ++part;
    }
    attention_plain(qkv.data(), tokens, shape.heads, hidden / shape.heads, context.data());
    plain::add_and_norm(x, plain::dense(context, hidden, layer.attention_output),
                        layer.attention_norm, shape.epsilon);
    const auto inner = plain::dense(x, hidden, layer.intermediate, shape.activation);
    plain::add_and_norm(x, plain::dense(inner, shape.intermediate, layer.output), layer.output_norm,
                        shape.epsilon);
  }
  return x;
}

}  // namespace crosstail::nn
