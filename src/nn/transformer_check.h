#pragma once
/// Whether shapes, weights and batches fit each other.

#include "base/result.h"
#include "nn/transformer.h"

namespace crosstail::nn {

/// InvalidArgument, naming the field, if a size is 0, absurd, or heads do not divide hidden.
Status check_shape(const TransformerShape& shape);

/// InvalidArgument, naming the tensor, if a size does not fit or a number is not finite.
Status check_weights(const TransformerShape& shape, const TransformerWeights& weights);

/// InvalidArgument if an id, position or type is outside its table, or the offsets do not cut the
/// tokens into texts.
Status check_batch(const TransformerShape& shape, const PackedBatch& batch);

}  // namespace crosstail::nn
