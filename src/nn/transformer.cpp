#include "nn/transformer.h"

#include <algorithm>
#include <deque>

#include "nn/transformer_check.h"
#include "nn/transformer_plain.h"

namespace crosstail::nn {

struct Transformer::Parts {
  TransformerShape shape;
  Precision precision = Precision::F32;
  Isa isa = Isa::Portable;
  std::deque<std::vector<float>> owned;
  TransformerWeights weights;
};

Result<Transformer> Transformer::build(const TransformerShape& shape,
                                       const TransformerWeights& weights, Precision precision,
                                       Isa isa) {
  CT_CHECK(check_shape(shape));
  CT_CHECK(check_weights(shape, weights));
  auto parts = std::make_shared<Parts>();
  parts->shape = shape;
  parts->precision = precision;
  parts->isa = isa;
  parts->weights = weights;
  const auto own = [&](std::span<const float>& view) {
    view = parts->owned.emplace_back(view.begin(), view.end());
  };
  auto& copy = parts->weights;
  for (auto* view : {&copy.embeddings.word, &copy.embeddings.position, &copy.embeddings.type,
                     &copy.embedding_norm.gamma, &copy.embedding_norm.beta})
    own(*view);
  for (auto& layer : copy.layers) {
    for (auto* linear : {&layer.query, &layer.key, &layer.value, &layer.attention_output,
                         &layer.intermediate, &layer.output}) {
      own(linear->weight);
      own(linear->bias);
    }
    for (auto* norm : {&layer.attention_norm, &layer.output_norm}) {
      own(norm->gamma);
      own(norm->beta);
    }
  }
  return Transformer(std::move(parts));
}

const TransformerShape& Transformer::shape() const {
  return parts_->shape;
}
Precision Transformer::precision() const {
  return parts_->precision;
}
Isa Transformer::isa() const {
  return parts_->isa;
}

Status Transformer::forward(const PackedBatch& batch, float* hidden, Workspace&) const {
  const auto& shape = parts_->shape;
  CT_CHECK(check_batch(shape, batch));
  for (std::size_t i = 0; i + 1 < batch.offsets.size(); ++i) {
    const auto begin = static_cast<std::size_t>(batch.offsets[i]);
    const auto tokens = static_cast<std::size_t>(batch.offsets[i + 1]) - begin;
    const auto states = transformer_plain<float>(
        shape, parts_->weights, batch.ids.subspan(begin, tokens),
        batch.positions.subspan(begin, tokens),
        batch.types.empty() ? batch.types : batch.types.subspan(begin, tokens));
    std::copy(states.begin(), states.end(), hidden + begin * shape.hidden);
  }
  return {};
}

Status Transformer::forward_split(const PackedBatch& batch, float* hidden, Workspace& workspace,
                                  Pool&) const {
  return forward(batch, hidden, workspace);
}

}  // namespace crosstail::nn
