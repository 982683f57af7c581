// The way back through TrainableEncoder. Notation: z = x + y is the sum before a LayerNorm.

#include <algorithm>
#include <array>
#include <cmath>

#include "nn/trainable_encoder.h"
#include "nn/trainable_encoder_work.h"

namespace crosstail::nn {
namespace {

/// Where a tile's column sums stand in its row of Work::sums.
struct SumPlaces {
  std::size_t outer_gamma, outer_beta, outer_bias, attention_gamma, attention_beta, attention_bias,
      qkv_bias, inner_bias, size;
  explicit SumPlaces(const TransformerShape& shape) {
    const std::size_t h = shape.hidden;
    outer_gamma = 0;
    outer_beta = h;
    outer_bias = 2 * h;
    attention_gamma = 3 * h;
    attention_beta = 4 * h;
    attention_bias = 5 * h;
    qkv_bias = 6 * h;
    inner_bias = 9 * h;
    size = 9 * h + shape.intermediate;
  }
};

/// Rows of one weight-gradient task, and tokens that one product sums over.
constexpr std::size_t kWeightRows = 128, kTokenBlock = 1024;

}  // namespace

template <class Real>
void TrainableEncoder<Real>::prepare_backward(std::size_t tokens) {
  const std::size_t h = shape_.hidden, inner = shape_.intermediate;
  const std::size_t rows = rounded_up(tokens, kTile);
  Work& w = *work_;
  for (auto [kept, columns] : {std::pair{&w.d_outer, h},
                               {&w.d_inner, inner},
                               {&w.d_attention, h},
                               {&w.d_qkv, 3 * h},
                               {&w.activated, inner},
                               {&w.middle, h},
                               {&w.input, h}}) {
    kept->resize(mode_, rows, columns);
    kept->clear_rows(tokens, rows - tokens);
  }
  w.d_context.resize(rows * h);
  w.sums.resize(rows / kTile * SumPlaces(shape_).size);
}

/// What entered the layer, computed again from what its LayerNorm kept.
template <class Real>
void TrainableEncoder<Real>::inputs_of_layer(const EncoderTape<Real>& tape, std::size_t layer,
                                             std::size_t row, std::size_t rows) {
  typename Work::Lease scratch(*work_);
  const std::size_t h = shape_.hidden;
  scratch->a.resize(kTile * h);
  scratch->b.resize(kTile * h);
  Real *room = scratch->a.data(), *out = scratch->b.data();
  const auto& own = tape.layers[layer];
  const LayerOffsets& o = layers_[layer];
  rescale(rows, h, own.attention_normalised.get(row, rows, room),
          parameters_.value(o.attention_gamma), parameters_.value(o.attention_beta), out);
  work_->middle.put(row, rows, out);
  if (layer > 0) {
    const LayerOffsets& below = layers_[layer - 1];
    rescale(rows, h, tape.layers[layer - 1].outer_normalised.get(row, rows, room),
            parameters_.value(below.outer_gamma), parameters_.value(below.outer_beta), out);
  } else {
    rescale(rows, h, tape.embedding_normalised.get(row, rows, room),
            parameters_.value(embedding_.gamma), parameters_.value(embedding_.beta), out);
    drop_rows(rows, h,
              work_->row_dropout(*scratch, tape.dropout, site_of(shape_.layers, kEmbedding),
                                 tape.text_numbers, tape.offsets, row, rows),
              out);
  }
  work_->input.put(row, rows, out);
}

/// From the layer's result to the context that attention gave: d_hidden becomes the gradient of the
/// first residual sum, d_context that of the context.
template <class Real>
void TrainableEncoder<Real>::backward_tiles(const EncoderTape<Real>& tape, std::size_t layer,
                                            Real* d_hidden) {
  const std::size_t h = shape_.hidden, inner = shape_.intermediate;
  const auto& kept = tape.layers[layer];
  const LayerOffsets& o = layers_[layer];
  const SumPlaces at(shape_);
  for_tiles(pool_, tape.ids.size(), kTile, [&](std::size_t row, std::size_t rows) {
    inputs_of_layer(tape, layer, row, rows);
    typename Work::Lease scratch(*work_);
    scratch->a.resize(kTile * std::max(h, inner));
    scratch->b.resize(kTile * std::max(h, inner));
    scratch->c.resize(kTile * std::max(h, inner));
    Real *a = scratch->a.data(), *b = scratch->b.data(), *c = scratch->c.data();
    // Products write whole rounded rows, so the tile is worked on apart and copied back.
    scratch->d.resize(kTile * h);
    Real *d = scratch->d.data(), *sums = work_->sums.data() + row / kTile * at.size;
    std::copy_n(d_hidden + row * h, rows * h, d);
    std::fill_n(sums, at.size, Real(0));
    const auto dropped = [&](DropoutSite place) {
      return work_->row_dropout(*scratch, tape.dropout, site_of(layer, place), tape.text_numbers,
                                tape.offsets, row, rows);
    };
    add_norm_backward<Real>({rows, h, kept.outer_normalised.get(row, rows, b),
                             kept.outer_scale.data() + row, parameters_.value(o.outer_gamma),
                             dropped(kOuterOutput), d, a, sums + at.outer_gamma,
                             sums + at.outer_beta, sums + at.outer_bias});
    work_->d_outer.put(row, rows, a);
    product(Transpose::No, rows, inner, h, work_->d_outer.operand(row),
            weight(o.outer_weight, inner), a);
    activation_backward(shape_.activation, rows, inner, kept.inner.get(row, rows, b), a, c,
                        sums + at.inner_bias);
    work_->d_inner.put(row, rows, a);
    work_->activated.put(row, rows, c);
    product(Transpose::No, rows, h, inner, work_->d_inner.operand(row), weight(o.inner_weight, h),
            d, true);
    add_norm_backward<Real>(
        {rows, h, kept.attention_normalised.get(row, rows, b), kept.attention_scale.data() + row,
         parameters_.value(o.attention_gamma), dropped(kAttentionOutput), d, a,
         sums + at.attention_gamma, sums + at.attention_beta, sums + at.attention_bias});
    work_->d_attention.put(row, rows, a);
    product(Transpose::No, rows, h, h, work_->d_attention.operand(row),
            weight(o.attention_weight, h), work_->d_context.data() + row * h);
    std::copy_n(d, rows * h, d_hidden + row * h);
  });
}

template <class Real>
void TrainableEncoder<Real>::backward_attention(const EncoderTape<Real>& tape, std::size_t layer) {
  const std::size_t h = shape_.hidden, heads = shape_.heads, width = h / heads;
  const std::size_t texts = tape.offsets.size() - 1;
  const auto& kept = tape.layers[layer];
  pool_.parallel_for(texts * heads, [&](std::size_t i) {
    const std::size_t text = i / heads, head = i % heads;
    const auto begin = static_cast<std::size_t>(tape.offsets[text]),
               tokens = static_cast<std::size_t>(tape.offsets[text + 1]) - begin;
    typename Work::Lease scratch(*work_);
    auto& s = scratch->attention;
    for (auto& room : s.head) room.resize(3 * tokens * width);
    for (std::size_t part = 0; part < 3; ++part)
      kept.qkv.get_columns(begin, tokens, part * h + head * width, width, s.head[part].data());
    AttentionHead<Real> one{tokens,
                            width,
                            width,
                            s.head[0].data(),
                            s.head[1].data(),
                            s.head[2].data(),
                            Real(1) / std::sqrt(static_cast<Real>(width))};
    if (tape.dropout.attention_rate > 0) {
      one.dropout_rate = tape.dropout.attention_rate;
      one.key =
          row_key(tape.dropout, site_of(layer, kAttentionWeights), tape.text_numbers[text], head);
    }
    Real* d = s.head[3].data();
    const std::size_t part_size = tokens * width;
    attention_backward(one, work_->d_context.data() + begin * h + head * width, h, d, d + part_size,
                       d + 2 * part_size, width, s);
    for (std::size_t part = 0; part < 3; ++part)
      work_->d_qkv.put_columns(begin, tokens, part * h + head * width, width, d + part * part_size);
  });
}

/// d_hidden += the way back through queries, keys and values: now the gradient of the layer's
/// input. Null: nothing below learns, and only the biases' sums are taken.
template <class Real>
void TrainableEncoder<Real>::backward_inputs(const EncoderTape<Real>& tape, std::size_t layer,
                                             Real* d_hidden) {
  const std::size_t h = shape_.hidden;
  const LayerOffsets& o = layers_[layer];
  const SumPlaces at(shape_);
  for_tiles(pool_, tape.ids.size(), kTile, [&](std::size_t row, std::size_t rows) {
    typename Work::Lease scratch(*work_);
    scratch->a.resize(kTile * 3 * h);
    scratch->d.resize(kTile * h);
    add_column_sums(rows, 3 * h, work_->d_qkv.get(row, rows, scratch->a.data()),
                    work_->sums.data() + row / kTile * at.size + at.qkv_bias);
    if (d_hidden == nullptr) return;
    std::copy_n(d_hidden + row * h, rows * h, scratch->d.data());
    product(Transpose::No, rows, h, 3 * h, work_->d_qkv.operand(row), weight(o.qkv_weight, h),
            scratch->d.data(), true);
    std::copy_n(scratch->d.data(), rows * h, d_hidden + row * h);
  });
}

/// gradient += d_outputᵀ input for the layer's four matrices, in blocks of rows: each block sums
/// over all tokens in order, whichever thread it falls to.
template <class Real>
void TrainableEncoder<Real>::backward_weights(const EncoderTape<Real>& tape, std::size_t layer) {
  const std::size_t h = shape_.hidden, inner = shape_.intermediate;
  const LayerOffsets& o = layers_[layer];
  struct Matrix {
    std::size_t offset, rows, columns;
    const Kept<Real>*d_output, *input;
  };
  const std::array<Matrix, 4> matrices = {
      Matrix{o.inner_weight, inner, h, &work_->d_inner, &work_->middle},
      Matrix{o.outer_weight, h, inner, &work_->d_outer, &work_->activated},
      Matrix{o.qkv_weight, 3 * h, h, &work_->d_qkv, &work_->input},
      Matrix{o.attention_weight, h, h, &work_->d_attention, &tape.layers[layer].context}};
  struct Task {
    const Matrix* matrix;
    std::size_t row, rows;
  };
  std::vector<Task> tasks;
  for (const auto& m : matrices)
    for (std::size_t row = 0; row < m.rows; row += kWeightRows)
      tasks.push_back({&m, row, std::min(kWeightRows, m.rows - row)});
  const bool rounded = mode_ == ProductMode::F32x3 || mode_ == ProductMode::BF16;
  const std::size_t tokens = rounded ? rounded_up(tape.ids.size(), kRowRounding) : tape.ids.size();
  pool_.parallel_for(tasks.size(), [&](std::size_t i) {
    const auto& [m, row, rows] = tasks[i];
    Real* gradient = parameters_.gradient(m->offset) + row * m->columns;
    for (std::size_t from = 0; from < tokens; from += kTokenBlock) {
      const std::size_t count = std::min(kTokenBlock, tokens - from);
      multiply<Real>({mode_, Transpose::Yes, Transpose::No, rows, m->columns, count, true},
                     m->d_output->operand(from, row), m->input->operand(from), gradient,
                     m->columns);
    }
  });
}

/// Adds the tiles' column sums to the gradients of biases and LayerNorms, tile by tile.
template <class Real>
void TrainableEncoder<Real>::add_sums(const EncoderTape<Real>& tape, std::size_t layer) {
  const std::size_t h = shape_.hidden;
  const LayerOffsets& o = layers_[layer];
  const SumPlaces at(shape_);
  struct Place {
    std::size_t offset, from, count;
  };
  const std::array<Place, 8> places = {Place{o.outer_gamma, at.outer_gamma, h},
                                       Place{o.outer_beta, at.outer_beta, h},
                                       Place{o.outer_bias, at.outer_bias, h},
                                       Place{o.attention_gamma, at.attention_gamma, h},
                                       Place{o.attention_beta, at.attention_beta, h},
                                       Place{o.attention_bias, at.attention_bias, h},
                                       Place{o.qkv_bias, at.qkv_bias, 3 * h},
                                       Place{o.inner_bias, at.inner_bias, shape_.intermediate}};
  for (std::size_t tile = 0; tile * kTile < tape.ids.size(); ++tile)
    for (const auto& p : places) {
      const Real* sums = work_->sums.data() + tile * at.size + p.from;
      Real* gradient = parameters_.gradient(p.offset);
      for (std::size_t i = 0; i < p.count; ++i) gradient[i] += sums[i];
    }
}

template <class Real>
void TrainableEncoder<Real>::backward_embeddings(const EncoderTape<Real>& tape, Real* d_hidden) {
  const std::size_t h = shape_.hidden, tokens = tape.ids.size();
  AlignedBuffer<Real>& sums = work_->sums;  // rows of 2 h here
  for_tiles(pool_, tokens, kTile, [&](std::size_t row, std::size_t rows) {
    typename Work::Lease scratch(*work_);
    scratch->a.resize(kTile * h);
    Real *d = d_hidden + row * h, *own = sums.data() + row / kTile * 2 * h;
    std::fill_n(own, 2 * h, Real(0));
    drop_rows(rows, h,
              work_->row_dropout(*scratch, tape.dropout, site_of(shape_.layers, kEmbedding),
                                 tape.text_numbers, tape.offsets, row, rows),
              d);
    add_norm_backward<Real>({rows,
                             h,
                             tape.embedding_normalised.get(row, rows, scratch->a.data()),
                             tape.embedding_scale.data() + row,
                             parameters_.value(embedding_.gamma),
                             {},
                             d,
                             nullptr,
                             own,
                             own + h,
                             nullptr});
  });
  Real *gamma = parameters_.gradient(embedding_.gamma),
       *beta = parameters_.gradient(embedding_.beta);
  for (std::size_t tile = 0; tile * kTile < tokens; ++tile)
    for (std::size_t c = 0; c < h; ++c) {
      gamma[c] += sums[tile * 2 * h + c];
      beta[c] += sums[tile * 2 * h + h + c];
    }
  const auto add = [h](const Real* from, Real* to) {
    for (std::size_t c = 0; c < h; ++c) to[c] += from[c];
  };
  for (std::size_t t = 0; t < tokens; ++t) {
    const Real* d = d_hidden + t * h;
    add(d, parameters_.word_gradients.touch(static_cast<std::uint32_t>(tape.ids[t])));
    add(d, parameters_.gradient(embedding_.position) +
               static_cast<std::size_t>(tape.positions[t]) * h);
    if (shape_.types > 0)
      add(d, parameters_.gradient(embedding_.type) +
                 (tape.types.empty() ? 0 : static_cast<std::size_t>(tape.types[t])) * h);
  }
}

template <class Real>
void TrainableEncoder<Real>::backward(const EncoderTape<Real>& tape, Real* d_hidden,
                                      const std::function<void(std::size_t layer)>& add) {
  if (tape.ids.empty()) return;
  prepare_backward(tape.ids.size());
  work_->find_texts(tape.offsets);
  // Below the lowest layer that learns, nothing needs a gradient.
  const std::size_t lowest = frozen_.embeddings ? std::min(frozen_.layers, shape_.layers) : 0;
  for (std::size_t l = shape_.layers; l-- > lowest;) {
    if (add) add(l + 1);
    backward_tiles(tape, l, d_hidden);
    backward_attention(tape, l);
    backward_inputs(tape, l, l > lowest || !frozen_.embeddings ? d_hidden : nullptr);
    if (l < frozen_.layers) continue;
    backward_weights(tape, l);
    add_sums(tape, l);
  }
  if (!frozen_.embeddings) backward_embeddings(tape, d_hidden);
}

template class TrainableEncoder<float>;
template class TrainableEncoder<double>;

}  // namespace crosstail::nn
