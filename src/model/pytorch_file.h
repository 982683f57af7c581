#pragma once
/// `pytorch_model.bin` as PyTorch 1.6 and later write it: a zip archive with a pickle and one
/// member a storage. Nothing of the pickle is executed (model/pickle.h).

#include <span>

#include "base/result.h"
#include "model/safetensors.h"

namespace crosstail::model {

/// Views into `file`, which must outlive them. Fails with Corrupt (member or tensor named) or
/// Unsupported (format before 1.6, big-endian, tensors that are not contiguous, foreign globals).
Result<TensorMap> read_pytorch_file(std::span<const std::byte> file);

}  // namespace crosstail::model
