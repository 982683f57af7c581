#include "model/unpack.h"

#include <algorithm>
#include <cstring>

#include "nn/packed_transformer.h"

namespace crosstail::model {
namespace {

using nn::PackedMatrix;
using nn::Precision;

float from_bf16(std::uint16_t bits) {
  const std::uint32_t wide = std::uint32_t{bits} << 16;
  float value = 0;
  std::memcpy(&value, &wide, 4);
  return value;
}

template <class T>
T load(const std::byte* at) {
  T value;
  std::memcpy(&value, at, sizeof(T));
  return value;
}

/// Number `index` of 4-byte steps that begin at `step` and are `stride` bytes apart.
float number(const std::byte* step, std::size_t stride, std::size_t index, Precision precision) {
  if (precision == Precision::F32) return load<float>(step + index * stride);
  if (precision == Precision::BF16)
    return from_bf16(load<std::uint16_t>(step + index / 2 * stride + index % 2 * 2));
  return static_cast<float>(load<std::int8_t>(step + index / 4 * stride + index % 4));
}

class Unpacked {
 public:
  std::span<const float> keep(std::vector<float> numbers) {
    arrays_.emplace_back(std::move(numbers));
    return arrays_.back().view();
  }
  /// Outputs [first, first + count) of a matrix: panels of 16 outputs, 64 bytes a step
  /// (nn/packed_matrix.h).
  nn::LinearWeights linear(const PackedMatrix& m, std::size_t first, std::size_t count) {
    std::vector<float> weight(count * m.in);
    for (std::size_t o = 0; o < count; ++o) {
      const std::size_t at = first + o;
      const std::byte* step = m.panels + at / nn::kLanes * m.steps() * 64 + at % nn::kLanes * 4;
      const float scale = m.precision == Precision::INT8 ? m.scale[at] : 1.0F;
      for (std::size_t i = 0; i < m.in; ++i)
        weight[o * m.in + i] = number(step, 64, i, m.precision) * scale;
    }
    return {keep(std::move(weight)), keep({m.bias + first, m.bias + first + count})};
  }
  nn::LinearWeights linear(const nn::FourBitMatrix& m, std::size_t first, std::size_t count) {
    std::vector<float> weight(count * m.in + nn::kFourBitGroup);
    for (std::size_t o = 0; o < count; ++o) m.row(first + o, weight.data() + o * m.in);
    weight.resize(count * m.in);
    return {keep(std::move(weight)), keep({m.bias + first, m.bias + first + count})};
  }
  nn::NormWeights norm(const nn::PackedNorm& n, std::size_t size) {
    return {keep({n.gamma, n.gamma + size}), keep({n.beta, n.beta + size})};
  }
  std::span<const float> rows(const float* from, std::size_t count, std::size_t stride,
                              std::size_t columns) {
    std::vector<float> out;
    for (std::size_t r = 0; r < count; ++r)
      out.insert(out.end(), from + r * stride, from + r * stride + columns);
    return keep(std::move(out));
  }
  std::span<const float> words(const nn::PackedTransformer& p) {
    const std::size_t hidden = p.shape.hidden, row = p.row_numbers();
    std::vector<float> out(p.shape.vocabulary * hidden);
    std::vector<float> whole(p.word_groups() * nn::kFourBitGroup);
    for (std::size_t w = 0; w < p.shape.vocabulary; ++w) {
      float* to = out.data() + w * hidden;
      if (p.words.format == nn::TableFormat::INT4 || p.words.format == nn::TableFormat::Product) {
        std::fill(whole.begin(), whole.end(), 0.0F);
        p.add_compressed_word(w, whole.data());
        std::copy_n(whole.data(), hidden, to);
        continue;
      }
      const auto precision = p.words.format == nn::TableFormat::F32    ? Precision::F32
                             : p.words.format == nn::TableFormat::BF16 ? Precision::BF16
                                                                       : Precision::INT8;
      const float scale = precision == Precision::INT8 ? p.word_scale[w] : 1.0F;
      const std::byte* from = p.word + w * row * nn::input_bytes(precision);
      for (std::size_t c = 0; c < hidden; ++c) to[c] = number(from, 4, c, precision) * scale;
    }
    return keep(std::move(out));
  }
  std::vector<FloatArray> take() { return std::move(arrays_); }

 private:
  std::vector<FloatArray> arrays_;
};

/// Of either form of layer.
template <class Layer>
nn::LayerWeights unpack_layer(Unpacked& unpacked, const Layer& layer,
                              const nn::TransformerShape& shape) {
  const std::size_t h = shape.hidden;
  nn::LayerWeights l;
  l.query = unpacked.linear(layer.qkv, 0, h);
  l.key = unpacked.linear(layer.qkv, h, h);
  l.value = unpacked.linear(layer.qkv, 2 * h, h);
  l.attention_output = unpacked.linear(layer.attention_output, 0, h);
  l.attention_norm = unpacked.norm(layer.attention_norm, h);
  l.intermediate = unpacked.linear(layer.intermediate, 0, shape.intermediate);
  l.output = unpacked.linear(layer.output, 0, h);
  l.output_norm = unpacked.norm(layer.output_norm, h);
  return l;
}

}  // namespace

Result<TransformerFloats> unpack_weights(const nn::Transformer& transformer) {
  CT_TRY(const nn::PackedTransformer packed, nn::read_packed_transformer(transformer.packed()));
  const auto& shape = packed.shape;
  const std::size_t h = shape.hidden, row = packed.row_numbers();
  Unpacked unpacked;
  TransformerFloats out;
  auto& w = out.weights;
  w.embeddings.word = unpacked.words(packed);
  w.embeddings.position = unpacked.rows(packed.position, shape.positions, row, h);
  if (shape.types > 0) w.embeddings.type = unpacked.rows(packed.type, shape.types, row, h);
  w.embedding_norm = unpacked.norm(packed.embedding_norm, h);
  for (const nn::PackedLayer& layer : packed.layers)
    w.layers.push_back(unpack_layer(unpacked, layer, shape));
  for (const nn::FourBitLayer& layer : packed.four_bit_layers)
    w.layers.push_back(unpack_layer(unpacked, layer, shape));
  out.arrays = unpacked.take();
  return out;
}

}  // namespace crosstail::model
