#include "nn/transformer_check.h"

#include <algorithm>
#include <cmath>
#include <string>

namespace crosstail::nn {

namespace {

Error invalid(std::string message) {
  return {ErrorCode::InvalidArgument, std::move(message)};
}

Status check_tensor(const std::string& name, std::span<const float> values, std::size_t expected) {
  if (values.size() != expected)
    return invalid(name + ": " + std::to_string(values.size()) + " numbers, expected " +
                   std::to_string(expected));
  // A sum is finite only if all its terms are; f64 cannot overflow from finite f32 terms here.
  double sum = 0;
  for (const float value : values) sum += std::fabs(static_cast<double>(value));
  if (!std::isfinite(sum)) {
    const auto bad =
        std::find_if(values.begin(), values.end(), [](float v) { return !std::isfinite(v); });
    return invalid(name + ": number " + std::to_string(bad - values.begin()) +
                   " is not finite; the file is damaged or its training diverged");
  }
  return {};
}

Status check_linear(const std::string& name, const LinearWeights& weights, std::size_t in,
                    std::size_t out) {
  CT_CHECK(check_tensor(name + ".weight", weights.weight, in * out));
  if (weights.bias.empty()) return {};
  return check_tensor(name + ".bias", weights.bias, out);
}

Status check_norm(const std::string& name, const NormWeights& weights, std::size_t columns) {
  CT_CHECK(check_tensor(name + ".weight", weights.gamma, columns));
  return check_tensor(name + ".bias", weights.beta, columns);
}

Status check_layer(const std::string& name, const TransformerShape& shape,
                   const LayerWeights& layer) {
  const std::size_t hidden = shape.hidden, inner = shape.intermediate;
  CT_CHECK(check_linear(name + ".query", layer.query, hidden, hidden));
  CT_CHECK(check_linear(name + ".key", layer.key, hidden, hidden));
  CT_CHECK(check_linear(name + ".value", layer.value, hidden, hidden));
  CT_CHECK(check_linear(name + ".attention.output", layer.attention_output, hidden, hidden));
  CT_CHECK(check_norm(name + ".attention.output.LayerNorm", layer.attention_norm, hidden));
  CT_CHECK(check_linear(name + ".intermediate", layer.intermediate, hidden, inner));
  CT_CHECK(check_linear(name + ".output", layer.output, inner, hidden));
  return check_norm(name + ".output.LayerNorm", layer.output_norm, hidden);
}

Status check_indices(const char* name, std::span<const std::int32_t> values, std::size_t limit) {
  std::uint32_t largest = 0;
  for (const auto value : values) largest = std::max(largest, static_cast<std::uint32_t>(value));
  if (values.empty() || largest < limit) return {};
  const auto bad = std::find_if(values.begin(), values.end(), [limit](std::int32_t v) {
    return static_cast<std::uint32_t>(v) >= limit;
  });
  return invalid(std::string(name) + " " + std::to_string(*bad) + " of token " +
                 std::to_string(bad - values.begin()) + " is outside the model's table of " +
                 std::to_string(limit) + " rows");
}

}  // namespace

Status check_shape(const TransformerShape& shape) {
  struct Field {
    const char* name;
    std::size_t value, least, most;
  };
  constexpr std::size_t kWide = 1u << 16;  // so many products of 255 · 127 fit 32 bits
  for (const auto& field :
       {Field{"layers", shape.layers, 1, 1024}, Field{"hidden", shape.hidden, 1, kWide},
        Field{"heads", shape.heads, 1, kWide}, Field{"intermediate", shape.intermediate, 1, kWide},
        Field{"vocabulary", shape.vocabulary, 1, 1u << 28},
        Field{"positions", shape.positions, 1, 1u << 24}, Field{"types", shape.types, 0, kWide}})
    if (field.value < field.least || field.value > field.most)
      return invalid(std::string(field.name) + " is " + std::to_string(field.value) +
                     ", expected " + std::to_string(field.least) + " to " +
                     std::to_string(field.most));
  if (shape.hidden % shape.heads != 0)
    return invalid("hidden " + std::to_string(shape.hidden) + " is not a multiple of heads " +
                   std::to_string(shape.heads));
  if (!(shape.epsilon >= 0.0F) || !std::isfinite(shape.epsilon))
    return invalid("epsilon of LayerNorm is " + std::to_string(shape.epsilon));
  return {};
}

Status check_weights(const TransformerShape& shape, const TransformerWeights& weights) {
  const std::size_t hidden = shape.hidden;
  CT_CHECK(check_tensor("word_embeddings", weights.embeddings.word, shape.vocabulary * hidden));
  CT_CHECK(
      check_tensor("position_embeddings", weights.embeddings.position, shape.positions * hidden));
  CT_CHECK(check_tensor("token_type_embeddings", weights.embeddings.type, shape.types * hidden));
  CT_CHECK(check_norm("embeddings.LayerNorm", weights.embedding_norm, hidden));
  if (weights.layers.size() != shape.layers)
    return invalid(std::to_string(weights.layers.size()) + " layers of weights, expected " +
                   std::to_string(shape.layers));
  for (std::size_t i = 0; i < shape.layers; ++i)
    CT_CHECK(check_layer("layer." + std::to_string(i), shape, weights.layers[i]));
  return {};
}

Status check_batch(const TransformerShape& shape, const PackedBatch& batch) {
  const std::size_t tokens = batch.ids.size();
  if (batch.positions.size() != tokens || (!batch.types.empty() && batch.types.size() != tokens))
    return invalid("a batch needs a position, and a type or none, for each of its " +
                   std::to_string(tokens) + " tokens");
  const auto offsets = batch.offsets;
  if (offsets.empty() || offsets.front() != 0 ||
      static_cast<std::size_t>(offsets.back()) != tokens ||
      !std::is_sorted(offsets.begin(), offsets.end()))
    return invalid("a batch's offsets must rise from 0 to its number of tokens");
  CT_CHECK(check_indices("id", batch.ids, shape.vocabulary));
  CT_CHECK(check_indices("position", batch.positions, shape.positions));
  if (shape.types == 0) return {};
  return check_indices("type", batch.types, shape.types);
}

}  // namespace crosstail::nn
