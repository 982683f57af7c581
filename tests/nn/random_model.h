#pragma once
/// Encoders and batches at random, of the sizes asked for.

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "nn/transformer.h"
#include "nn/transformer_plain.h"

namespace crosstail::nn::testing {

inline std::vector<float> random_numbers(std::mt19937& random, std::size_t count,
                                         float deviation = 1.0F, float mean = 0.0F) {
  std::normal_distribution<float> normal(mean, deviation);
  std::vector<float> numbers(count);
  for (auto& number : numbers) number = normal(random);
  return numbers;
}

/// Owns the tensors that its `weights` view.
struct RandomModel {
  TransformerShape shape;
  TransformerWeights weights;
  std::vector<std::vector<float>> tensors;

  RandomModel(const TransformerShape& shape_, unsigned seed) : shape(shape_), random_(seed) {
    const std::size_t h = shape.hidden, m = shape.intermediate;
    tensors.reserve(5 + shape.layers * 16);
    weights.embeddings.word = tensor(shape.vocabulary * h, 1.0F);
    weights.embeddings.position = tensor(shape.positions * h, 0.3F);
    weights.embeddings.type = tensor(shape.types * h, 0.3F);
    weights.embedding_norm = norm(h);
    for (std::size_t i = 0; i < shape.layers; ++i) {
      LayerWeights layer;
      for (auto* square : {&layer.query, &layer.key, &layer.value, &layer.attention_output})
        *square = linear(h, h);
      layer.attention_norm = norm(h);
      layer.intermediate = linear(m, h);
      layer.output = linear(h, m);
      layer.output_norm = norm(h);
      weights.layers.push_back(layer);
    }
  }
  RandomModel(const RandomModel&) = delete;
  RandomModel& operator=(const RandomModel&) = delete;

  [[nodiscard]] Transformer build(Precision precision, Isa isa) const {
    auto built = Transformer::build(shape, weights, precision, isa);
    EXPECT_TRUE(built.ok());
    return *std::move(built);
  }

 private:
  std::span<const float> tensor(std::size_t count, float deviation, float mean = 0.0F) {
    return tensors.emplace_back(random_numbers(random_, count, deviation, mean));
  }
  LinearWeights linear(std::size_t out, std::size_t in) {
    const auto weight = tensor(out * in, 1.0F / std::sqrt(static_cast<float>(in)));
    return {weight, tensor(out, 0.2F)};
  }
  NormWeights norm(std::size_t columns) {
    const auto gamma = tensor(columns, 0.2F, 1.0F);
    return {gamma, tensor(columns, 0.2F)};
  }
  std::mt19937 random_;
};

struct RandomText {
  std::vector<std::int32_t> ids, positions, types;
};

inline RandomText random_text(const TransformerShape& shape, std::size_t tokens,
                              std::mt19937& random) {
  RandomText text;
  for (std::size_t t = 0; t < tokens; ++t) {
    text.ids.push_back(static_cast<std::int32_t>(random() % shape.vocabulary));
    text.positions.push_back(static_cast<std::int32_t>(t));
    text.types.push_back(static_cast<std::int32_t>(shape.types == 0 ? 0 : random() % shape.types));
  }
  return text;
}

/// Texts back to back.
struct RandomBatch {
  std::vector<std::int32_t> ids, positions, types, offsets = {0};
  void add(const RandomText& text) {
    ids.insert(ids.end(), text.ids.begin(), text.ids.end());
    positions.insert(positions.end(), text.positions.begin(), text.positions.end());
    types.insert(types.end(), text.types.begin(), text.types.end());
    offsets.push_back(static_cast<std::int32_t>(ids.size()));
  }
  [[nodiscard]] PackedBatch view() const { return {ids, positions, types, offsets}; }
};

/// Those that this machine can run.
inline std::vector<Isa> isas_here() {
  std::vector<Isa> isas;
  for (const auto isa : kAllIsas)
    if (isa <= best_isa()) isas.push_back(isa);
  return isas;
}

inline double cosine(std::span<const float> a, std::span<const double> b) {
  double ab = 0, aa = 0, bb = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const auto x = static_cast<double>(a[i]);
    ab += x * b[i];
    aa += x * x;
    bb += b[i] * b[i];
  }
  return ab / std::sqrt(aa * bb);
}

}  // namespace crosstail::nn::testing
