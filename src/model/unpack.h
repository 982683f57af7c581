#pragma once
/// The weights of a converted model back as f32 numbers in Hugging Face's order. bf16 and int8
/// weights come back rounded as they are computed with.

#include "base/result.h"
#include "model/transformer_weights.h"
#include "nn/transformer.h"

namespace crosstail::model {

/// Owns the numbers. Fails with Corrupt.
Result<TransformerFloats> unpack_weights(const nn::Transformer& transformer);

}  // namespace crosstail::model
