#include "nn/transformer.h"

#include <string>

#include "nn/packed_transformer.h"
#include "nn/transformer_check.h"
#include "nn/transformer_forward.h"

namespace crosstail::nn {

struct Transformer::Parts {
  OwnedBytes owned;    ///< nothing when the bytes are somebody else's
  OwnedBytes widened;  ///< layers that are stored in four bits
  std::span<const std::byte> bytes;
  PackedTransformer model;
  Isa isa = Isa::Portable;
  const Kernels* kernels = nullptr;
};

Result<Transformer> Transformer::open(std::shared_ptr<Parts> parts, Isa isa) {
  CT_TRY(parts->model, read_packed_transformer(parts->bytes));
  if (!parts->model.four_bit_layers.empty()) {
    CT_TRY(parts->widened, widen_layers(parts->model));
  }
  parts->isa = std::min(isa, best_isa());
  parts->kernels = &kernels_for(parts->isa);
  return Transformer(std::move(parts));
}

Result<Transformer> Transformer::build(const TransformerShape& shape,
                                       const TransformerWeights& weights, Precision precision,
                                       Isa isa, const std::optional<WordStorage>& words,
                                       LayerFormat layers) {
  CT_CHECK(check_shape(shape));
  CT_CHECK(check_weights(shape, weights));
  const WordStorage storage = words.value_or(WordStorage(table_format_of(precision)));
  CT_CHECK(check_word_storage(storage, shape.vocabulary));
  auto parts = std::make_shared<Parts>();
  CT_TRY(parts->owned, pack_transformer(shape, weights, precision, storage, layers));
  parts->bytes = {parts->owned.memory.get(), parts->owned.size};
  return open(std::move(parts), isa);
}

Result<Transformer> Transformer::from_packed(std::span<const std::byte> bytes, Isa isa) {
  auto parts = std::make_shared<Parts>();
  parts->bytes = bytes;
  return open(std::move(parts), isa);
}

const TransformerShape& Transformer::shape() const {
  return parts_->model.shape;
}
Precision Transformer::precision() const {
  return parts_->model.precision;
}
const WordStorage& Transformer::words() const {
  return parts_->model.words;
}
LayerFormat Transformer::layer_format() const {
  return parts_->model.four_bit_layers.empty() ? LayerFormat::AsComputed : LayerFormat::INT4;
}
Isa Transformer::isa() const {
  return parts_->isa;
}
std::span<const std::byte> Transformer::packed() const {
  return parts_->bytes;
}

Status Transformer::run(const PackedBatch& batch, float* hidden, Workspace& workspace, Team& team,
                        const LayerObserver& observe) const {
  const auto& parts = *parts_;
  CT_CHECK(check_batch(parts.model.shape, batch));
  const std::size_t bytes = forward_bytes(parts.model, *parts.kernels, batch, team.workers());
  std::byte* memory = workspace.reserve(bytes);
  if (memory == nullptr)
    return Error{ErrorCode::Limit, "no memory for a batch of " + std::to_string(batch.ids.size()) +
                                       " tokens (" + std::to_string(bytes) + " bytes)"};
  nn::forward(parts.model, *parts.kernels, batch, hidden, memory, team, observe);
  return {};
}

Status Transformer::forward(const PackedBatch& batch, float* hidden, Workspace& workspace,
                            const LayerObserver& observe) const {
  OneThread alone;
  return run(batch, hidden, workspace, alone, observe);
}

Status Transformer::forward_split(const PackedBatch& batch, float* hidden, Workspace& workspace,
                                  Pool& pool, const LayerObserver& observe) const {
  SpinningTeam team(pool, parts_->kernels->enter, parts_->kernels->leave);
  return run(batch, hidden, workspace, team, observe);
}

}  // namespace crosstail::nn
