#pragma once
/// Transformer encoders of the BERT family (BERT, RoBERTa, XLM-RoBERTa, DistilBERT): token ids in,
/// the last layer's states out. LayerNorm after each residual (Devlin et al., 2019).

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/pool.h"
#include "base/result.h"
#include "nn/activation.h"
#include "nn/embedding.h"
#include "nn/isa.h"
#include "nn/layer_norm.h"
#include "nn/linear.h"
#include "nn/precision.h"
#include "nn/word_storage.h"
#include "nn/workspace.h"

namespace crosstail::nn {

class Team;

struct TransformerShape {
  std::size_t layers = 0, hidden = 0, heads = 0, intermediate = 0;
  std::size_t vocabulary = 0, positions = 0,
              types = 0;  ///< rows of the three tables; types may be 0
  Activation activation = Activation::Gelu;
  float epsilon = 1e-12F;  ///< of every LayerNorm
};

struct LayerWeights {
  LinearWeights query, key, value, attention_output;  ///< hidden × hidden
  NormWeights attention_norm;
  LinearWeights intermediate;  ///< intermediate × hidden
  LinearWeights output;        ///< hidden × intermediate
  NormWeights output_norm;
};

/// f32 views into somebody's memory (a mapped file), needed only while building.
struct TransformerWeights {
  EmbeddingWeights embeddings;
  NormWeights embedding_norm;
  std::vector<LayerWeights> layers;
};

/// Texts back to back, no padding. Positions are those of the position table (RoBERTa's begin at
/// 2). Empty `types` means type 0. Text i is tokens offsets[i] … offsets[i + 1]; offsets begins
/// with 0 and ends with the number of tokens.
struct PackedBatch {
  std::span<const std::int32_t> ids, positions, types;
  std::span<const std::int32_t> offsets;
};

/// Called after each layer, counted from 1, on the calling thread: the states of all tokens, rows
/// `stride` numbers apart.
using LayerObserver =
    std::function<void(std::size_t layer, const float* states, std::size_t stride)>;

/// Immutable and thread-safe once built. A text's states have the same bits alone, in any batch and
/// with any number of threads, on one Isa (design.md §6).
class Transformer {
 public:
  /// Packs the weights, the words' table as `words` says (nothing: as goes with the precision), the
  /// layers as `layers` says; owns the result and computes with what was stored. Fails with
  /// InvalidArgument, naming the tensor, if a size does not fit the shape or a weight is not
  /// finite.
  static Result<Transformer> build(const TransformerShape& shape, const TransformerWeights& weights,
                                   Precision precision, Isa isa = default_isa(),
                                   const std::optional<WordStorage>& words = std::nullopt,
                                   LayerFormat layers = LayerFormat::AsComputed);

  /// Reads what packed() gave, on any processor, in microseconds: the bytes are borrowed (a mapped
  /// file), must be aligned to 64 and outlive this object; word embeddings are only touched where a
  /// batch needs them. Layers in four bits are widened into memory of its own: milliseconds, and
  /// Limit if there is no memory. Hostile bytes give Corrupt, or wrong states, never a bad access.
  static Result<Transformer> from_packed(std::span<const std::byte> bytes, Isa isa = default_isa());

  /// The whole encoder as docs/formats/nn-packed.md describes it. Lives as long as this object.
  [[nodiscard]] std::span<const std::byte> packed() const;

  [[nodiscard]] const TransformerShape& shape() const;
  [[nodiscard]] Precision precision() const;
  [[nodiscard]] const WordStorage& words() const;
  [[nodiscard]] LayerFormat layer_format() const;
  [[nodiscard]] Isa isa() const;

  /// hidden: tokens × shape().hidden f32, row-major. Runs on the calling thread alone; a pool runs
  /// several batches at once, each with its own workspace. Best with 256 to 1,024 tokens a call.
  /// Fails with InvalidArgument if an id, position, type or offset lies outside its range.
  Status forward(const PackedBatch& batch, float* hidden, Workspace& workspace,
                 const LayerObserver& observe = {}) const;

  /// The same bits, with the work on a small batch split over the pool: for the latency of one
  /// query.
  Status forward_split(const PackedBatch& batch, float* hidden, Workspace& workspace, Pool& pool,
                       const LayerObserver& observe = {}) const;

 private:
  struct Parts;
  static Result<Transformer> open(std::shared_ptr<Parts> parts, Isa isa);
  Status run(const PackedBatch& batch, float* hidden, Workspace& workspace, Team& team,
             const LayerObserver& observe) const;
  explicit Transformer(std::shared_ptr<const Parts> parts) : parts_(std::move(parts)) {}
  std::shared_ptr<const Parts> parts_;
};

}  // namespace crosstail::nn
