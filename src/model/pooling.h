#pragma once
/// A text's token states to one vector (Reimers and Gurevych, 2019, and the modes that
/// sentence-transformers added).

#include <cstddef>
#include <span>

#include "model/description.h"

namespace crosstail::model {

/// states: tokens × hidden. The first `skip` tokens (a prompt that does not count) are left out,
/// but always one token remains. out: modes.size() × hidden, the modes side by side.
/// Sums run in the order of the tokens.
void pool(std::span<const PoolingMode> modes, const float* states, std::size_t tokens,
          std::size_t hidden, std::size_t skip, float* out);

/// Divides by the Euclidean length, but not by less than 1e-12 (torch.nn.functional.normalize).
void normalise(float* vector, std::size_t size);

/// In place: logits to scores.
void activate(LabelActivation activation, float* logits, std::size_t size);

}  // namespace crosstail::model
