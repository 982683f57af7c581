#include "nn/trainable_encoder.h"

#include <algorithm>
#include <cmath>

#include "nn/trainable_encoder_work.h"
#include "nn/transformer_check.h"

namespace crosstail::nn {

template <class Real>
TrainableEncoder<Real>::TrainableEncoder(const TransformerShape& shape, ProductMode mode,
                                         const std::string& prefix, Parameters<Real>& parameters,
                                         Pool& pool)
    : shape_(shape),
      mode_(mode),
      parameters_(parameters),
      pool_(pool),
      work_(std::make_unique<Work>()) {
  const std::size_t h = shape.hidden, inner = shape.intermediate;
  auto& p = parameters;
  const std::string e = prefix + "embeddings.";
  embedding_.word = p.add(e + "word_embeddings.weight", shape.vocabulary, h, 0, true);
  embedding_.position = p.add(e + "position_embeddings.weight", shape.positions, h, 0, true);
  if (shape.types > 0)
    embedding_.type = p.add(e + "token_type_embeddings.weight", shape.types, h, 0, true);
  embedding_.gamma = p.add(e + "LayerNorm.weight", h, 1, 0, false);
  embedding_.beta = p.add(e + "LayerNorm.bias", h, 1, 0, false);
  for (std::size_t l = 0; l < shape.layers; ++l) {
    const std::string name = prefix + "encoder.layer." + std::to_string(l) + ".";
    const std::string self = name + "attention.self.", out = name + "attention.output.";
    const std::size_t depth = l + 1;
    LayerOffsets& o = layers_.emplace_back();
    // Queries, keys and values stand together, so that they are one product.
    o.qkv_weight = p.add(self + "query.weight", h, h, depth, true);
    p.add(self + "key.weight", h, h, depth, true);
    p.add(self + "value.weight", h, h, depth, true);
    o.qkv_bias = p.add(self + "query.bias", h, 1, depth, false);
    p.add(self + "key.bias", h, 1, depth, false);
    p.add(self + "value.bias", h, 1, depth, false);
    o.attention_weight = p.add(out + "dense.weight", h, h, depth, true);
    o.attention_bias = p.add(out + "dense.bias", h, 1, depth, false);
    o.attention_gamma = p.add(out + "LayerNorm.weight", h, 1, depth, false);
    o.attention_beta = p.add(out + "LayerNorm.bias", h, 1, depth, false);
    o.inner_weight = p.add(name + "intermediate.dense.weight", inner, h, depth, true);
    o.inner_bias = p.add(name + "intermediate.dense.bias", inner, 1, depth, false);
    o.outer_weight = p.add(name + "output.dense.weight", h, inner, depth, true);
    o.outer_bias = p.add(name + "output.dense.bias", h, 1, depth, false);
    o.outer_gamma = p.add(name + "output.LayerNorm.weight", h, 1, depth, false);
    o.outer_beta = p.add(name + "output.LayerNorm.bias", h, 1, depth, false);
  }
}

template <class Real>
TrainableEncoder<Real>::~TrainableEncoder() = default;

template <class Real>
void TrainableEncoder<Real>::weights_changed() {
  if constexpr (sizeof(Real) == 4) {
    if (mode_ == ProductMode::F32) return;
    const std::size_t first = parameters_.first_dense, count = parameters_.values.size() - first;
    weights_high_.resize(count);
    if (mode_ == ProductMode::F32x3) weights_low_.resize(count);
    for_tiles(pool_, count, std::size_t{1} << 20, [&](std::size_t at, std::size_t n) {
      to_bfloat16({parameters_.value(first + at), n}, weights_high_.data() + at,
                  mode_ == ProductMode::F32x3 ? weights_low_.data() + at : nullptr);
    });
  }
}

template <class Real>
Operand<Real> TrainableEncoder<Real>::weight(std::size_t offset, std::size_t columns) const {
  if (mode_ == ProductMode::F64 || mode_ == ProductMode::F32)
    return {parameters_.value(offset), nullptr, nullptr, columns};
  const std::size_t at = offset - parameters_.first_dense;
  return {nullptr, weights_high_.data() + at,
          mode_ == ProductMode::F32x3 ? weights_low_.data() + at : nullptr, columns};
}

template <class Real>
void TrainableEncoder<Real>::product(Transpose transpose_b, std::size_t rows, std::size_t n,
                                     std::size_t k, const Operand<Real>& a, const Operand<Real>& b,
                                     Real* c, bool add) const {
  const bool rounded = mode_ == ProductMode::F32x3 || mode_ == ProductMode::BF16;
  const std::size_t m = rounded ? rounded_up(rows, kRowRounding) : rows;
  multiply<Real>({mode_, Transpose::No, transpose_b, m, n, k, add}, a, b, c, n);
}

template <class Real>
void TrainableEncoder<Real>::embed(const PackedBatch& batch,
                                   std::span<const std::uint64_t> text_numbers,
                                   const DropoutKey& dropout, EncoderTape<Real>* tape,
                                   Real* hidden) {
  const std::size_t h = shape_.hidden;
  const Real* word = parameters_.value(embedding_.word);
  const Real* position = parameters_.value(embedding_.position);
  const Real* type = shape_.types > 0 ? parameters_.value(embedding_.type) : nullptr;
  for_tiles(pool_, batch.ids.size(), kTile, [&](std::size_t row, std::size_t rows) {
    typename Work::Lease scratch(*work_);
    Real* state = hidden + row * h;
    const auto types = batch.types.empty() ? batch.types : batch.types.subspan(row, rows);
    embed_plain(word, position, type, h, batch.ids.subspan(row, rows),
                batch.positions.subspan(row, rows), types, state);
    AddNorm<Real> norm{rows,
                       h,
                       nullptr,
                       nullptr,
                       {},
                       parameters_.value(embedding_.gamma),
                       parameters_.value(embedding_.beta),
                       epsilon_of<Real>(shape_),
                       state,
                       nullptr,
                       nullptr};
    if (tape != nullptr) {
      scratch->a.resize(kTile * h);
      norm.normalised = scratch->a.data();
      norm.scale = tape->embedding_scale.data() + row;
    }
    add_norm(norm);
    if (tape != nullptr) tape->embedding_normalised.put(row, rows, norm.normalised);
    drop_rows(rows, h,
              work_->row_dropout(*scratch, dropout, site_of(shape_.layers, kEmbedding),
                                 text_numbers, batch.offsets, row, rows),
              state);
  });
}

template <class Real>
void TrainableEncoder<Real>::project(std::size_t layer, std::size_t tokens, const Real* hidden,
                                     Kept<Real>& qkv) {
  const std::size_t h = shape_.hidden;
  const LayerOffsets& o = layers_[layer];
  for_tiles(pool_, tokens, kTile, [&](std::size_t row, std::size_t rows) {
    typename Work::Lease scratch(*work_);
    scratch->a.resize(kTile * 3 * h);
    const auto x = factor_of(mode_, hidden + row * h, rows, h, scratch->factor);
    product(Transpose::Yes, rows, 3 * h, h, x, weight(o.qkv_weight, h), scratch->a.data());
    add_bias(rows, 3 * h, parameters_.value(o.qkv_bias), scratch->a.data());
    qkv.put(row, rows, scratch->a.data());
  });
}

template <class Real>
void TrainableEncoder<Real>::attend(const PackedBatch& batch,
                                    std::span<const std::uint64_t> text_numbers,
                                    const DropoutKey& dropout, std::size_t layer, Kept<Real>& qkv,
                                    Kept<Real>& context) {
  const std::size_t h = shape_.hidden, heads = shape_.heads, width = h / heads;
  const std::size_t texts = batch.offsets.size() - 1;
  pool_.parallel_for(texts * heads, [&](std::size_t i) {
    const std::size_t text = i / heads, head = i % heads;
    const auto begin = static_cast<std::size_t>(batch.offsets[text]),
               tokens = static_cast<std::size_t>(batch.offsets[text + 1]) - begin;
    typename Work::Lease scratch(*work_);
    auto& s = scratch->attention;
    for (auto& room : s.head) room.resize(tokens * width);
    for (std::size_t part = 0; part < 3; ++part)
      qkv.get_columns(begin, tokens, part * h + head * width, width, s.head[part].data());
    AttentionHead<Real> one{tokens,
                            width,
                            width,
                            s.head[0].data(),
                            s.head[1].data(),
                            s.head[2].data(),
                            Real(1) / std::sqrt(static_cast<Real>(width))};
    if (dropout.attention_rate > 0) {
      one.dropout_rate = dropout.attention_rate;
      one.key = row_key(dropout, site_of(layer, kAttentionWeights), text_numbers[text], head);
    }
    attention_forward(one, s.head[3].data(), width, s);
    context.put_columns(begin, tokens, head * width, width, s.head[3].data());
  });
}

template <class Real>
void TrainableEncoder<Real>::layer_tiles(std::size_t layer, const PackedBatch& batch,
                                         std::span<const std::uint64_t> text_numbers,
                                         const DropoutKey& dropout, Kept<Real>& context,
                                         typename EncoderTape<Real>::Layer* keep, Real* hidden) {
  const std::size_t h = shape_.hidden, inner = shape_.intermediate;
  const LayerOffsets& o = layers_[layer];
  const auto epsilon = epsilon_of<Real>(shape_);
  for_tiles(pool_, batch.ids.size(), kTile, [&](std::size_t row, std::size_t rows) {
    typename Work::Lease scratch(*work_);
    scratch->a.resize(kTile * std::max(h, inner));
    scratch->b.resize(kTile * std::max(h, inner));
    scratch->d.resize(kTile * h);
    Real *a = scratch->a.data(), *b = scratch->b.data(), *state = hidden + row * h;
    const auto normalise = [&](DropoutSite place, const Real* y, std::size_t bias,
                               std::size_t gamma, std::size_t beta, Kept<Real>* normalised,
                               AlignedBuffer<Real>* scale) {
      const auto dropped = work_->row_dropout(*scratch, dropout, site_of(layer, place),
                                              text_numbers, batch.offsets, row, rows);
      add_norm<Real>({rows, h, y, parameters_.value(bias), dropped, parameters_.value(gamma),
                      parameters_.value(beta), epsilon, state,
                      normalised != nullptr ? scratch->d.data() : nullptr,
                      scale != nullptr ? scale->data() + row : nullptr});
      if (normalised != nullptr) normalised->put(row, rows, scratch->d.data());
    };
    product(Transpose::Yes, rows, h, h, context.operand(row), weight(o.attention_weight, h), a);
    normalise(kAttentionOutput, a, o.attention_bias, o.attention_gamma, o.attention_beta,
              keep ? &keep->attention_normalised : nullptr,
              keep ? &keep->attention_scale : nullptr);
    const auto middle = factor_of(mode_, state, rows, h, scratch->factor);
    product(Transpose::Yes, rows, inner, h, middle, weight(o.inner_weight, h), a);
    bias_activation(shape_.activation, rows, inner, parameters_.value(o.inner_bias), a, b);
    if (keep != nullptr) keep->inner.put(row, rows, a);
    const auto active = factor_of(mode_, b, rows, inner, scratch->factor);
    product(Transpose::Yes, rows, h, inner, active, weight(o.outer_weight, inner), a);
    normalise(kOuterOutput, a, o.outer_bias, o.outer_gamma, o.outer_beta,
              keep ? &keep->outer_normalised : nullptr, keep ? &keep->outer_scale : nullptr);
  });
}

template <class Real>
void TrainableEncoder<Real>::prepare(const PackedBatch& batch,
                                     std::span<const std::uint64_t> text_numbers,
                                     const DropoutKey& dropout, EncoderTape<Real>& tape) const {
  const std::size_t tokens = batch.ids.size(), h = shape_.hidden;
  const std::size_t rows = rounded_up(tokens, kTile);
  tape.ids.assign(batch.ids.begin(), batch.ids.end());
  tape.positions.assign(batch.positions.begin(), batch.positions.end());
  tape.types.assign(batch.types.begin(), batch.types.end());
  tape.offsets.assign(batch.offsets.begin(), batch.offsets.end());
  tape.text_numbers.assign(text_numbers.begin(), text_numbers.end());
  tape.dropout = dropout;
  tape.embedding_normalised.resize(mode_, rows, h);
  tape.embedding_scale.resize(rows);
  tape.layers.resize(shape_.layers);
  for (auto& layer : tape.layers) {
    layer.qkv.resize(mode_, rows, 3 * h);
    layer.context.resize(mode_, rows, h);
    layer.context.clear_rows(tokens, rows - tokens);
    layer.inner.resize(mode_, rows, shape_.intermediate);
    layer.attention_normalised.resize(mode_, rows, h);
    layer.outer_normalised.resize(mode_, rows, h);
    layer.attention_scale.resize(rows);
    layer.outer_scale.resize(rows);
  }
}

template <class Real>
Status TrainableEncoder<Real>::forward(const PackedBatch& batch,
                                       std::span<const std::uint64_t> text_numbers,
                                       const DropoutKey& dropout, EncoderTape<Real>* tape,
                                       Real* hidden,
                                       const std::function<void(std::size_t layer)>& observe) {
  CT_CHECK(check_batch(shape_, batch));
  const std::size_t tokens = batch.ids.size(), rows = rounded_up(tokens, kTile);
  work_->find_texts(batch.offsets);
  if (tape != nullptr) {
    prepare(batch, text_numbers, dropout, *tape);
  } else {
    work_->qkv.resize(mode_, rows, 3 * shape_.hidden);
    work_->context.resize(mode_, rows, shape_.hidden);
    work_->context.clear_rows(tokens, rows - tokens);
  }
  embed(batch, text_numbers, dropout, tape, hidden);
  for (std::size_t l = 0; l < shape_.layers; ++l) {
    auto* keep = tape != nullptr ? &tape->layers[l] : nullptr;
    auto& qkv = keep != nullptr ? keep->qkv : work_->qkv;
    auto& context = keep != nullptr ? keep->context : work_->context;
    project(l, tokens, hidden, qkv);
    attend(batch, text_numbers, dropout, l, qkv, context);
    layer_tiles(l, batch, text_numbers, dropout, context, keep, hidden);
    if (observe) observe(l + 1);
  }
  return {};
}

template class TrainableEncoder<float>;
template class TrainableEncoder<double>;

}  // namespace crosstail::nn
