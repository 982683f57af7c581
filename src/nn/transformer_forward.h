#pragma once
/// The encoder's forward pass over packed weights.

#include "nn/packed_transformer.h"
#include "nn/team.h"

namespace crosstail::nn {

/// Bytes of workspace that a batch needs.
std::size_t forward_bytes(const PackedTransformer& model, const Kernels& kernels,
                          const PackedBatch& batch, std::size_t workers);

/// The batch has been checked. workspace: forward_bytes(), aligned to 64. hidden: tokens × hidden.
/// `observe` may be empty.
void forward(const PackedTransformer& model, const Kernels& kernels, const PackedBatch& batch,
             float* hidden, std::byte* workspace, Team& team, const LayerObserver& observe);

}  // namespace crosstail::nn
