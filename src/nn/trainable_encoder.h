#pragma once
/// A transformer encoder of the BERT family whose weights learn: the same model as Transformer
/// (transformer.h), with what the way back needs kept, in f64 (checks), f32, f32 by three bfloat16
/// products, or bfloat16 products over f32 weights.
///
/// Texts are packed without padding. Work is cut into tiles of fixed sizes and sums are taken in a
/// fixed order, so weights and gradients have the same bits with any number of threads.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/pool.h"
#include "base/result.h"
#include "nn/attention_training.h"
#include "nn/dropout.h"
#include "nn/kept.h"
#include "nn/parameters.h"
#include "nn/transformer.h"

namespace crosstail::nn {

/// Places of one layer's tensors in Parameters::values. Queries, keys and values are one matrix.
struct LayerOffsets {
  std::size_t qkv_weight, qkv_bias, attention_weight, attention_bias, attention_gamma,
      attention_beta, inner_weight, inner_bias, outer_weight, outer_bias, outer_gamma, outer_beta;
};
struct EmbeddingOffsets {
  std::size_t word, position, type, gamma, beta;
};

/// Which of the encoder's tensors stay as they are.
struct Frozen {
  bool embeddings = false;
  std::size_t layers = 0;  ///< the lowest so many
};

/// What a forward pass kept of one chunk of texts.
template <class Real>
struct EncoderTape {
  struct Layer {
    Kept<Real> qkv, context, inner, attention_normalised, outer_normalised;
    AlignedBuffer<Real> attention_scale, outer_scale;  ///< one a token
  };
  std::vector<std::int32_t> ids, positions, types, offsets;
  std::vector<std::uint64_t> text_numbers;  ///< for dropout: the text's number in the batch
  DropoutKey dropout;
  Kept<Real> embedding_normalised;
  AlignedBuffer<Real> embedding_scale;
  std::vector<Layer> layers;
};

/// One at a time uses it (it brings its own threads along in `pool`).
template <class Real>
class TrainableEncoder {
 public:
  /// Rows of a tile: what a thread takes at once.
  static constexpr std::size_t kTile = 128;

  /// Adds the encoder's tensors to `parameters` (which must be empty: the word table comes first).
  /// Names are those of BertModel and XLMRobertaModel, with `prefix` ("bert.") in front.
  /// `parameters` and `pool` are borrowed.
  TrainableEncoder(const TransformerShape& shape, ProductMode mode, const std::string& prefix,
                   Parameters<Real>& parameters, Pool& pool);
  ~TrainableEncoder();
  TrainableEncoder(const TrainableEncoder&) = delete;
  TrainableEncoder& operator=(const TrainableEncoder&) = delete;

  [[nodiscard]] const TransformerShape& shape() const { return shape_; }
  [[nodiscard]] ProductMode mode() const { return mode_; }
  void freeze(const Frozen& frozen) { frozen_ = frozen; }

  /// Takes over the weights' present values for products. Call after each change of them.
  void weights_changed();

  /// hidden: tokens × shape().hidden, out. `text_numbers`: one a text, only read with dropout.
  /// `tape`: filled for backward(); null keeps nothing. `observe`, if set, sees `hidden` after each
  /// layer, counted from 1. Fails with InvalidArgument as Transformer::forward does.
  Status forward(const PackedBatch& batch, std::span<const std::uint64_t> text_numbers,
                 const DropoutKey& dropout, EncoderTape<Real>* tape, Real* hidden,
                 const std::function<void(std::size_t layer)>& observe = {});

  /// d_hidden: the gradient of the loss with respect to forward()'s result, overwritten. Adds to
  /// the parameters' gradients. `add`, if set, is called when d_hidden is the gradient with respect
  /// to a layer's result, from the last layer down, and may add to it what a loss on this layer
  /// gives.
  void backward(const EncoderTape<Real>& tape, Real* d_hidden,
                const std::function<void(std::size_t layer)>& add = {});

 private:
  struct Work;
  void embed(const PackedBatch& batch, std::span<const std::uint64_t> text_numbers,
             const DropoutKey& dropout, EncoderTape<Real>* tape, Real* hidden);
  void attend(const PackedBatch& batch, std::span<const std::uint64_t> text_numbers,
              const DropoutKey& dropout, std::size_t layer, Kept<Real>& qkv, Kept<Real>& context);
  void layer_tiles(std::size_t layer, const PackedBatch& batch,
                   std::span<const std::uint64_t> text_numbers, const DropoutKey& dropout,
                   Kept<Real>& context, typename EncoderTape<Real>::Layer* keep, Real* hidden);
  void prepare(const PackedBatch& batch, std::span<const std::uint64_t> text_numbers,
               const DropoutKey& dropout, EncoderTape<Real>& tape) const;
  void project(std::size_t layer, std::size_t tokens, const Real* hidden, Kept<Real>& qkv);
  void backward_tiles(const EncoderTape<Real>& tape, std::size_t layer, Real* d_hidden);
  void backward_attention(const EncoderTape<Real>& tape, std::size_t layer);
  void backward_inputs(const EncoderTape<Real>& tape, std::size_t layer, Real* d_hidden);
  void backward_weights(const EncoderTape<Real>& tape, std::size_t layer);
  void add_sums(const EncoderTape<Real>& tape, std::size_t layer);
  void inputs_of_layer(const EncoderTape<Real>& tape, std::size_t layer, std::size_t row,
                       std::size_t rows);
  void prepare_backward(std::size_t tokens);
  void backward_embeddings(const EncoderTape<Real>& tape, Real* d_hidden);
  Operand<Real> weight(std::size_t offset, std::size_t columns) const;
  void product(Transpose transpose_b, std::size_t rows, std::size_t n, std::size_t k,
               const Operand<Real>& a, const Operand<Real>& b, Real* c, bool add = false) const;

  TransformerShape shape_;
  ProductMode mode_;
  Parameters<Real>& parameters_;
  Pool& pool_;
  Frozen frozen_;
  EmbeddingOffsets embedding_{};
  std::vector<LayerOffsets> layers_;
  AlignedBuffer<std::uint16_t> weights_high_, weights_low_;  ///< of everything but the word table
  std::unique_ptr<Work> work_;
};

}  // namespace crosstail::nn
