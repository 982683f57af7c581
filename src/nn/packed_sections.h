#pragma once
/// Where the sections of a packed encoder lie (docs/formats/nn-packed.md): one description for
/// counting, writing and reading. Private to packed_transformer.cpp and packed_layers.cpp.

#include <algorithm>

#include "nn/packed_transformer.h"

namespace crosstail::nn {

/// Hands out one section after another. Without memory it only counts.
class Sections {
 public:
  /// `begin`: bytes before the first section.
  explicit Sections(const std::byte* memory, std::size_t begin) : memory_(memory), used_(begin) {}

  template <class Number>
  const Number* next(std::size_t count) {
    const std::byte* at = memory_ == nullptr ? nullptr : memory_ + used_;
    used_ += up_to_multiple(count * sizeof(Number), kPackedAlignment);
    return reinterpret_cast<const Number*>(at);
  }
  [[nodiscard]] std::size_t used() const { return used_; }

 private:
  const std::byte* memory_;
  std::size_t used_;
};

inline PackedNorm next_norm(Sections& sections, std::size_t columns) {
  const std::size_t padded = up_to_multiple(columns, kColumnGroup);
  PackedNorm norm;
  norm.gamma = sections.next<float>(padded);
  norm.beta = sections.next<float>(padded);
  return norm;
}

inline PackedMatrix next_matrix(Sections& sections, Precision precision, std::size_t in,
                                std::size_t out) {
  PackedMatrix matrix;
  matrix.in = in;
  matrix.out = out;
  matrix.precision = precision;
  matrix.panels = sections.next<std::byte>(matrix.panel_bytes());
  matrix.bias = sections.next<float>(matrix.padded_out());
  if (precision == Precision::INT8) {
    matrix.scale = sections.next<float>(matrix.padded_out());
    matrix.sums = sections.next<std::int32_t>(matrix.padded_out());
  }
  return matrix;
}

inline PackedLayer next_layer(Sections& sections, Precision precision,
                              const TransformerShape& shape) {
  const std::size_t hidden = shape.hidden;
  PackedLayer layer;
  layer.qkv = next_matrix(sections, precision, hidden, 3 * hidden);
  layer.attention_output = next_matrix(sections, precision, hidden, hidden);
  layer.attention_norm = next_norm(sections, hidden);
  layer.intermediate = next_matrix(sections, precision, hidden, shape.intermediate);
  layer.output = next_matrix(sections, precision, shape.intermediate, hidden);
  layer.output_norm = next_norm(sections, hidden);
  return layer;
}

inline FourBitMatrix next_four_bit_matrix(Sections& sections, std::size_t in, std::size_t out) {
  const std::size_t groups = out * four_bit_groups(in);
  FourBitMatrix matrix{.in = in, .out = out};
  matrix.codes = sections.next<std::uint8_t>(groups * kFourBitBytes);
  matrix.scale = sections.next<std::uint16_t>(groups);
  matrix.bias = sections.next<float>(up_to_multiple(out, kColumnGroup));
  return matrix;
}

inline FourBitLayer next_four_bit_layer(Sections& sections, const TransformerShape& shape) {
  const std::size_t hidden = shape.hidden;
  FourBitLayer layer;
  layer.qkv = next_four_bit_matrix(sections, hidden, 3 * hidden);
  layer.attention_output = next_four_bit_matrix(sections, hidden, hidden);
  layer.attention_norm = next_norm(sections, hidden);
  layer.intermediate = next_four_bit_matrix(sections, hidden, shape.intermediate);
  layer.output = next_four_bit_matrix(sections, shape.intermediate, hidden);
  layer.output_norm = next_norm(sections, hidden);
  return layer;
}

/// Zeroed memory on whole huge pages: products read panels in long runs, and pages of 4 KB cost
/// them lookups. Fails with Limit.
Result<OwnedBytes> allocate_weights(std::size_t size);

/// What `to` points to, written while it is being made.
inline void fill(const float* to, std::span<const float> from) {
  std::copy(from.begin(), from.end(), const_cast<float*>(to));
}

inline void fill_norm(const PackedNorm& to, const NormWeights& from) {
  fill(to.gamma, from.gamma);
  fill(to.beta, from.beta);
}

/// Writes outputs `first_out` … of a matrix, as pack() does for packed ones.
void pack_four_bits(const LinearWeights& weights, std::size_t first_out, const FourBitMatrix& to);

}  // namespace crosstail::nn
