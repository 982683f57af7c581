#pragma once
/// The number formats in which weights are stored where they may be coarser than what the products
/// take: the table of word embeddings, whose rows are widened to f32 one by one, and the layers.

#include <string_view>

#include "nn/precision.h"

namespace crosstail::nn {

enum class TableFormat {
  F32,
  BF16,
  INT8,  ///< a scale a row
  INT4,  ///< a scale for each 32 numbers of a row (nn/four_bits.h)
  /// Words only: rows as INT4, then rows in product codes (nn/word_storage.h).
  Product,
};

/// What goes with a precision where nothing else is asked for.
constexpr TableFormat table_format_of(Precision precision) {
  return precision == Precision::F32    ? TableFormat::F32
         : precision == Precision::BF16 ? TableFormat::BF16
                                        : TableFormat::INT8;
}

/// How the layers' matrices are stored.
enum class LayerFormat {
  AsComputed,  ///< in the products' precision, used where they lie
  INT4,        ///< nn/four_bits.h; widened to the products' precision when the model is opened
};

/// "f32", "bf16", "int8", "int4", "product".
constexpr std::string_view name_of(TableFormat format) {
  constexpr std::string_view kNames[] = {"f32", "bf16", "int8", "int4", "product"};
  return kNames[static_cast<std::size_t>(format)];
}

}  // namespace crosstail::nn
