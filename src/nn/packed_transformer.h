#pragma once
/// An encoder's weights as one piece of memory: what Transformer computes with and what the
/// converted model format stores (docs/formats/nn-packed.md).

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/result.h"
#include "nn/four_bits.h"
#include "nn/packed_matrix.h"
#include "nn/transformer.h"
#include "nn/word_storage.h"

namespace crosstail::nn {

inline constexpr std::size_t kPackedAlignment = 64;

/// Borrowed; padded with zeros to a multiple of kColumnGroup.
struct PackedNorm {
  const float* gamma = nullptr;
  const float* beta = nullptr;
};

struct PackedLayer {
  PackedMatrix qkv;  ///< queries, keys, values: 3 · hidden outputs
  PackedMatrix attention_output, intermediate, output;
  PackedNorm attention_norm, output_norm;
};

/// A matrix in four bits, row-major out × in: of each output four_bit_groups(in) groups. Borrowed.
struct FourBitMatrix {
  std::size_t in = 0, out = 0;
  const std::uint8_t* codes = nullptr;
  const std::uint16_t* scale = nullptr;  ///< f16, of each group
  const float* bias = nullptr;           ///< padded with zeros to a multiple of kColumnGroup

  /// Row `output` as numbers; `row` has space for `in` rounded up to whole groups.
  void row(std::size_t output, float* row) const;
};

struct FourBitLayer {
  FourBitMatrix qkv, attention_output, intermediate, output;
  PackedNorm attention_norm, output_norm;
};

/// Views into one piece of memory. Rows of the tables have row_numbers() numbers.
struct PackedTransformer {
  TransformerShape shape;
  Precision precision = Precision::F32;
  WordStorage words;
  const std::byte* word = nullptr;             ///< as `words` says; product: the fine rows
  const float* word_scale = nullptr;           ///< int8: of each row
  const std::uint16_t* group_scale = nullptr;  ///< int4, product: f16, of each group of each row
  ProductTable middle, coded;                  ///< product: the rows after the fine ones
  const float* position = nullptr;
  const float* type = nullptr;  ///< null if shape.types is 0
  PackedNorm embedding_norm;
  std::vector<PackedLayer> layers;  ///< none as read if the layers are stored in four bits
  std::vector<FourBitLayer> four_bit_layers;

  [[nodiscard]] std::size_t row_numbers() const { return up_to_multiple(shape.hidden, kLanes); }
  [[nodiscard]] std::size_t word_groups() const { return four_bit_groups(shape.hidden); }
  /// Adds a word stored as INT4 or Product; `row` has space for whole groups of four bits.
  void add_compressed_word(std::size_t id, float* row) const;
};

/// Memory from aligned_alloc.
struct FreeMemory {
  void operator()(std::byte* memory) const { std::free(memory); }
};
struct OwnedBytes {
  std::unique_ptr<std::byte, FreeMemory> memory;
  std::size_t size = 0;
};

/// The weights in packed form. `shape`, `weights` and `words` have been checked.
Result<OwnedBytes> pack_transformer(const TransformerShape& shape,
                                    const TransformerWeights& weights, Precision precision,
                                    const WordStorage& words, LayerFormat layers);

/// Views into `bytes` (borrowed), without reading the weights themselves. Fails with Corrupt if the
/// bytes are not in this format, cut short, not aligned, or of absurd sizes.
Result<PackedTransformer> read_packed_transformer(std::span<const std::byte> bytes);

/// Fills packed.layers from packed.four_bit_layers, in memory that is returned and must live as
/// long as the views. Fails with Limit: no memory.
Result<OwnedBytes> widen_layers(PackedTransformer& packed);

}  // namespace crosstail::nn
