/// Layers that are stored in four bits, and the memory of packed weights.

#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "nn/packed_sections.h"

namespace crosstail::nn {

namespace {

/// All outputs of a matrix in the form the products take; `numbers` is scratch.
void widen(const FourBitMatrix& from, const PackedMatrix& to, std::vector<float>& numbers) {
  const std::size_t padded = four_bit_groups(from.in) * kFourBitGroup;
  numbers.resize(from.out * from.in + padded);
  // Rows in order, each a little longer than its place: the next one overwrites the padding.
  for (std::size_t o = 0; o < from.out; ++o) from.row(o, numbers.data() + o * from.in);
  pack({std::span(numbers).first(from.out * from.in), {from.bias, from.out}}, 0, to);
}

void copy_norm(const PackedNorm& from, const PackedNorm& to, std::size_t columns) {
  fill_norm(to, {{from.gamma, columns}, {from.beta, columns}});
}

}  // namespace

void FourBitMatrix::row(std::size_t output, float* row) const {
  const std::size_t groups = four_bit_groups(in);
  std::fill_n(row, groups * kFourBitGroup, 0.0F);
  for (std::size_t g = 0; g < groups; ++g)
    add_four_bits(codes + (output * groups + g) * kFourBitBytes, scale[output * groups + g],
                  row + g * kFourBitGroup);
}

void pack_four_bits(const LinearWeights& weights, std::size_t first_out, const FourBitMatrix& to) {
  const std::size_t groups = four_bit_groups(to.in), outputs = weights.weight.size() / to.in;
  for (std::size_t o = 0; o < outputs; ++o)
    for (std::size_t g = 0; g < groups; ++g) {
      const std::size_t at = (first_out + o) * groups + g, first = g * kFourBitGroup;
      to_four_bits(weights.weight.data() + o * to.in + first,
                   std::min(kFourBitGroup, to.in - first),
                   const_cast<std::uint8_t*>(to.codes) + at * kFourBitBytes,
                   const_cast<std::uint16_t*>(to.scale) + at);
    }
  if (!weights.bias.empty()) fill(to.bias + first_out, weights.bias);
}

Result<OwnedBytes> allocate_weights(std::size_t size) {
  constexpr std::size_t kHugePage = 2u << 20;
  OwnedBytes owned;
  owned.memory.reset(
      static_cast<std::byte*>(std::aligned_alloc(kHugePage, up_to_multiple(size, kHugePage))));
  if (owned.memory == nullptr)
    return Error{ErrorCode::Limit, "no memory for " + std::to_string(size) + " bytes of weights"};
  owned.size = size;
  ::madvise(owned.memory.get(), up_to_multiple(size, kHugePage), MADV_HUGEPAGE);
  std::memset(owned.memory.get(), 0, size);
  return owned;
}

Result<OwnedBytes> widen_layers(PackedTransformer& packed) {
  const auto lay_out = [&packed](Sections& sections) {
    std::vector<PackedLayer> layers;
    for (std::size_t i = 0; i < packed.four_bit_layers.size(); ++i)
      layers.push_back(next_layer(sections, packed.precision, packed.shape));
    return layers;
  };
  Sections counted(nullptr, 0);
  lay_out(counted);
  CT_TRY(OwnedBytes owned, allocate_weights(counted.used()));
  Sections sections(owned.memory.get(), 0);
  packed.layers = lay_out(sections);
  std::vector<float> numbers;
  for (std::size_t i = 0; i < packed.layers.size(); ++i) {
    const FourBitLayer& from = packed.four_bit_layers[i];
    const PackedLayer& to = packed.layers[i];
    widen(from.qkv, to.qkv, numbers);
    widen(from.attention_output, to.attention_output, numbers);
    widen(from.intermediate, to.intermediate, numbers);
    widen(from.output, to.output, numbers);
    copy_norm(from.attention_norm, to.attention_norm, packed.shape.hidden);
    copy_norm(from.output_norm, to.output_norm, packed.shape.hidden);
  }
  return owned;
}

}  // namespace crosstail::nn
