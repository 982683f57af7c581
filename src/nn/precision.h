#pragma once
/// The number formats in which an encoder's products are computed.

#include <optional>
#include <string_view>

namespace crosstail::nn {

/// Everything outside the products (residuals, LayerNorm, softmax, embeddings' sum) is f32 in all
/// of them.
enum class Precision {
  F32,   ///< weights and inputs of products f32
  BF16,  ///< weights and inputs of products bfloat16, sums f32
  INT8,  ///< weights int8 with a scale per output, inputs 8 bits with scale and zero per token,
         ///< sums exact in 32-bit integers; attention as in BF16 or F32, whichever is fast
};

/// "f32", "bf16", "int8".
constexpr std::string_view name_of(Precision precision) {
  switch (precision) {
    case Precision::F32:
      return "f32";
    case Precision::BF16:
      return "bf16";
    case Precision::INT8:
      return "int8";
  }
  return "";
}

constexpr std::optional<Precision> precision_from(std::string_view name) {
  for (const auto precision : {Precision::F32, Precision::BF16, Precision::INT8})
    if (name_of(precision) == name) return precision;
  return std::nullopt;
}

}  // namespace crosstail::nn
