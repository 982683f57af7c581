#include "nn/transformer_forward.h"

#include <algorithm>
#include <cstring>

namespace crosstail::nn {

namespace {

/// What one chunk of the inner layer may take: half of a second-level cache of 1 to 2 MB.
constexpr std::size_t kChunkBytes = 768u << 10;

std::size_t longest_text(const PackedBatch& batch) {
  std::int32_t longest = 0;
  for (std::size_t i = 0; i + 1 < batch.offsets.size(); ++i)
    longest = std::max(longest, batch.offsets[i + 1] - batch.offsets[i]);
  return static_cast<std::size_t>(longest);
}

/// Activations of one batch. Rows are padded so that tiles may read past the last token.
struct Buffers {
  float* x = nullptr;          ///< the residual stream
  std::byte* input = nullptr;  ///< x as the products want it; for f32 x itself
  std::byte* qkv = nullptr;
  std::byte* context = nullptr;  ///< what attention gives
  std::byte* context8 = nullptr;
  std::byte* inner = nullptr;  ///< one chunk
  std::byte* inner8 = nullptr;
  float *row_scale = nullptr, *inner_scale = nullptr;  ///< int8: of input or context8, of inner8
  std::int32_t *row_zero = nullptr, *inner_zero = nullptr;
  std::byte* attention = nullptr;
  std::size_t attention_bytes = 0;  ///< per worker
  std::size_t bytes = 0;
};

/// How numbers are kept between products.
struct Formats {
  bool int8, bf16_input, bf16_attention;
  std::size_t input, qkv, context, inner;  ///< bytes of a number

  Formats(Precision precision, const Kernels& kernels)
      : int8(precision == Precision::INT8),
        bf16_input(precision == Precision::BF16),
        bf16_attention(bf16_input || (int8 && kernels.native_bf16)),
        input(input_bytes(precision)),
        qkv(bf16_attention ? 2 : 4),
        context(bf16_input ? 2 : 4),
        inner(bf16_input ? 2 : 4) {}
};

/// Rows of the inner layer at a time.
std::size_t chunk_rows(const PackedTransformer& model, const Kernels& kernels,
                       const Formats& formats) {
  const std::size_t row = row_stride(model.shape.intermediate, formats.inner) * formats.inner +
                          (formats.int8 ? row_stride(model.shape.intermediate, 1) : 0);
  const std::size_t block = kernels.block_rows(model.precision);
  return block * std::clamp<std::size_t>(kChunkBytes / (row * block), 1, 8);
}

Buffers lay_out(const PackedTransformer& model, const Kernels& kernels, const PackedBatch& batch,
                std::size_t workers, std::byte* memory) {
  const auto& shape = model.shape;
  const Formats formats(model.precision, kernels);
  const std::size_t rows = up_to_multiple(batch.ids.size(), kMostBlockRows) + kRowTile;
  const std::size_t chunk = std::min(rows, chunk_rows(model, kernels, formats) + kMostBlockRows);
  Buffers b;
  const auto take = [&](std::size_t bytes) {
    std::byte* at = memory == nullptr ? nullptr : memory + b.bytes;
    b.bytes += up_to_multiple(bytes, 64);
    return at;
  };
  const auto take_rows = [&](std::size_t count, std::size_t columns, std::size_t number) {
    return take(count * row_stride(columns, number) * number);
  };
  b.x = reinterpret_cast<float*>(take_rows(rows, shape.hidden, 4));
  b.input = model.precision == Precision::F32 ? reinterpret_cast<std::byte*>(b.x)
                                              : take_rows(rows, shape.hidden, formats.input);
  b.qkv = take_rows(rows, 3 * shape.hidden, formats.qkv);
  b.context = take_rows(rows, shape.hidden, formats.context);
  b.inner = take_rows(chunk, shape.intermediate, formats.inner);
  if (formats.int8) {
    b.context8 = take_rows(rows, shape.hidden, 1);
    b.inner8 = take_rows(chunk, shape.intermediate, 1);
    b.row_scale = reinterpret_cast<float*>(take(rows * 4));
    b.row_zero = reinterpret_cast<std::int32_t*>(take(rows * 4));
    b.inner_scale = reinterpret_cast<float*>(take(chunk * 4));
    b.inner_zero = reinterpret_cast<std::int32_t*>(take(chunk * 4));
  }
  b.attention_bytes = attend_layout(longest_text(batch), shape.hidden / shape.heads,
                                    formats.bf16_attention, nullptr)
                          .bytes;
  b.attention = take(workers * b.attention_bytes);
  return b;
}

class Pass {
 public:
  Pass(const PackedTransformer& model, const Kernels& kernels, const PackedBatch& batch,
       std::byte* workspace, Team& team)
      : model_(model),
        kernels_(kernels),
        batch_(batch),
        team_(team),
        formats_(model.precision, kernels),
        buffers_(lay_out(model, kernels, batch, team.workers(), workspace)),
        tokens_(batch.ids.size()),
        hidden_(model.shape.hidden),
        chunk_(chunk_rows(model, kernels, formats_)) {}

  void run(float* hidden, const LayerObserver& observe) {
    std::size_t done = 0;
    embed();
    normalise(model_.embedding_norm, 0, tokens_);
    for (const auto& layer : model_.layers) {
      for (std::size_t r = 0; r < tokens_; r += chunk_) project(layer, r, rows_from(r));
      attend();
      for (std::size_t r = 0; r < tokens_; r += chunk_) feed_forward(layer, r, rows_from(r));
      ++done;
      if (observe) observe(done, x_row(0), row_stride(hidden_, 4));
    }
    for (std::size_t t = 0; t < tokens_; ++t)
      std::memcpy(hidden + t * hidden_, x_row(t), hidden_ * 4);
  }

 private:
  [[nodiscard]] std::size_t rows_from(std::size_t row) const {
    return std::min(chunk_, tokens_ - row);
  }
  [[nodiscard]] float* x_row(std::size_t row) const {
    return buffers_.x + row * row_stride(hidden_, 4);
  }

  /// Rows `from` … of an activation of `hidden` columns as input of a product.
  [[nodiscard]] ProductInput input_of(const std::byte* activation, std::size_t from) const {
    const std::size_t stride = row_stride(hidden_, formats_.input) * formats_.input;
    return ProductInput{activation, stride, buffers_.row_scale, buffers_.row_zero}.from(from);
  }

  void multiply_all(const PackedMatrix& matrix, const ProductInput& input, std::size_t rows,
                    const ProductOutput& output) {
    team_.run(column_blocks(matrix), [&](std::size_t block, std::size_t) {
      multiply(kernels_, matrix, input, rows, block, output);
    });
  }

  /// work(first row, rows) over a few rows at a time.
  template <class Work>
  void for_rows(std::size_t begin, std::size_t rows, const Work& work) {
    const std::size_t some = team_.workers() == 1 ? std::max<std::size_t>(rows, 1) : 16;
    team_.run((rows + some - 1) / some, [&](std::size_t item, std::size_t) {
      work(begin + item * some, std::min(some, rows - item * some));
    });
  }

  void embed() {
    const std::size_t row = model_.row_numbers(), padded = up_to_multiple(hidden_, kColumnGroup);
    for_rows(0, tokens_, [&](std::size_t begin, std::size_t rows) {
      for (std::size_t t = begin; t < begin + rows; ++t) {
        float* x = x_row(t);
        std::fill(x, x + padded, 0.0F);
        add_word(static_cast<std::size_t>(batch_.ids[t]), row, x);
        kernels_.add_f32(model_.position + static_cast<std::size_t>(batch_.positions[t]) * row, row,
                         x);
        const auto type = batch_.types.empty() ? 0 : static_cast<std::size_t>(batch_.types[t]);
        if (model_.type != nullptr) kernels_.add_f32(model_.type + type * row, row, x);
        const std::size_t bytes = formats_.context;
        std::byte* context = buffers_.context + t * row_stride(hidden_, bytes) * bytes;
        std::memset(context + hidden_ * bytes, 0, (padded - hidden_) * bytes);
      }
    });
  }

  void add_word(std::size_t id, std::size_t row, float* x) const {
    switch (model_.words.format) {
      case TableFormat::F32:
        return kernels_.add_f32(reinterpret_cast<const float*>(model_.word) + id * row, row, x);
      case TableFormat::BF16:
        return kernels_.add_bf16(reinterpret_cast<const std::uint16_t*>(model_.word) + id * row,
                                 row, x);
      case TableFormat::INT8:
        return kernels_.add_int8(reinterpret_cast<const std::int8_t*>(model_.word) + id * row,
                                 model_.word_scale[id], row, x);
      case TableFormat::INT4:
      case TableFormat::Product:
        return model_.add_compressed_word(id, x);
    }
  }

  /// x = LayerNorm(x), and x as the next product's input.
  void normalise(const PackedNorm& weights, std::size_t begin, std::size_t count) {
    const std::size_t stride = row_stride(hidden_, formats_.input);
    for_rows(begin, count, [&](std::size_t from, std::size_t rows) {
      Norm norm;
      norm.x = x_row(from);
      norm.stride = row_stride(hidden_, 4);
      norm.rows = rows;
      norm.columns = hidden_;
      norm.gamma = weights.gamma;
      norm.beta = weights.beta;
      norm.epsilon = model_.shape.epsilon;
      if (formats_.bf16_input) {
        norm.bf16 = reinterpret_cast<std::uint16_t*>(buffers_.input) + from * stride;
        norm.bf16_stride = stride;
      }
      kernels_.norm(norm);
      if (formats_.int8) quantise(x_row(0), hidden_, input_of(buffers_.input, 0), from, rows);
    });
  }

  /// Rows of an f32 activation to 8 bits. `to`: what a product will read, all of it ours.
  void quantise(const float* x, std::size_t columns, const ProductInput& to, std::size_t from,
                std::size_t rows) const {
    Quantise work;
    work.stride = row_stride(columns, 4);
    work.x = x + from * work.stride;
    work.rows = rows;
    work.columns = up_to_multiple(columns, kColumnGroup);
    work.q_stride = to.stride;
    work.q = const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(to.rows)) +
             from * to.stride;
    work.scale = const_cast<float*>(to.scale) + from;
    work.zero = const_cast<std::int32_t*>(to.zero) + from;
    kernels_.quantise(work);
  }

  void project(const PackedLayer& layer, std::size_t begin, std::size_t rows) {
    const std::size_t stride = row_stride(3 * hidden_, formats_.qkv);
    multiply_all(layer.qkv, input_of(buffers_.input, begin), rows,
                 {buffers_.qkv + begin * stride * formats_.qkv, stride,
                  formats_.bf16_attention ? Finish::To::Bf16 : Finish::To::F32});
  }

  void attend() {
    const std::size_t heads = model_.shape.heads;
    team_.run((batch_.offsets.size() - 1) * heads, [&](std::size_t item, std::size_t worker) {
      attend_head(item / heads, item % heads, worker);
    });
  }

  void attend_head(std::size_t text, std::size_t head, std::size_t worker) {
    const auto begin = static_cast<std::size_t>(batch_.offsets[text]);
    Attend at;
    at.tokens = static_cast<std::size_t>(batch_.offsets[text + 1]) - begin;
    if (at.tokens == 0) return;
    at.width = hidden_ / model_.shape.heads;
    at.stride = row_stride(3 * hidden_, formats_.qkv);
    at.q = buffers_.qkv + (begin * at.stride + head * at.width) * formats_.qkv;
    at.k = at.q + hidden_ * formats_.qkv;
    at.v = at.k + hidden_ * formats_.qkv;
    at.out_stride = row_stride(hidden_, formats_.context);
    at.out = buffers_.context + (begin * at.out_stride + head * at.width) * formats_.context;
    at.out_f32 = formats_.context == 4;
    at.scratch = buffers_.attention + worker * buffers_.attention_bytes;
    (formats_.bf16_attention ? kernels_.attend_bf16 : kernels_.attend_f32)(at, kernels_);
  }

  /// Attention's output layer, the inner layer, and both residuals, for some rows.
  void feed_forward(const PackedLayer& layer, std::size_t begin, std::size_t rows) {
    const ProductOutput residual{x_row(begin), row_stride(hidden_, 4), Finish::To::AddF32};
    const std::byte* context = buffers_.context;
    if (formats_.int8) {
      context = buffers_.context8;
      for_rows(begin, rows, [&](std::size_t from, std::size_t some) {
        quantise(reinterpret_cast<const float*>(buffers_.context), hidden_, input_of(context, 0),
                 from, some);
      });
    }
    multiply_all(layer.attention_output, input_of(context, begin), rows, residual);
    normalise(layer.attention_norm, begin, rows);

    const std::size_t width = model_.shape.intermediate;
    multiply_all(
        layer.intermediate, input_of(buffers_.input, begin), rows,
        {buffers_.inner, row_stride(width, formats_.inner),
         formats_.bf16_input ? Finish::To::Bf16 : Finish::To::F32, model_.shape.activation});
    ProductInput inner{buffers_.inner, row_stride(width, formats_.inner) * formats_.inner};
    if (formats_.int8) {
      inner = {buffers_.inner8, row_stride(width, 1), buffers_.inner_scale, buffers_.inner_zero};
      for_rows(0, rows, [&](std::size_t from, std::size_t some) {
        quantise(reinterpret_cast<const float*>(buffers_.inner), width, inner, from, some);
      });
    }
    multiply_all(layer.output, inner, rows, residual);
    normalise(layer.output_norm, begin, rows);
  }

  const PackedTransformer& model_;
  const Kernels& kernels_;
  const PackedBatch& batch_;
  Team& team_;
  Formats formats_;
  Buffers buffers_;
  std::size_t tokens_, hidden_, chunk_;
};

}  // namespace

std::size_t forward_bytes(const PackedTransformer& model, const Kernels& kernels,
                          const PackedBatch& batch, std::size_t workers) {
  return lay_out(model, kernels, batch, workers, nullptr).bytes;
}

void forward(const PackedTransformer& model, const Kernels& kernels, const PackedBatch& batch,
             float* hidden, std::byte* workspace, Team& team, const LayerObserver& observe) {
  if (batch.ids.empty()) return;
  const KernelScope scope(kernels);
  Pass(model, kernels, batch, workspace, team).run(hidden, observe);
}

}  // namespace crosstail::nn
