#pragma once
/// The pickle of a PyTorch state dict, read by an interpreter that executes nothing: it knows the
/// opcodes that torch.save writes (protocol 2, and what protocols 3 and 4 add for the same values)
/// and the few globals that a state dict needs. Any other global or opcode is an error that names
/// it. Memory and time are linear in the bytes.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/tensor.h"

namespace crosstail::model {

/// A tensor as the pickle states it: a piece of a storage, which is a file of its own.
struct PickledTensor {
  std::string name;
  std::string storage;             ///< key of the storage: member "data/KEY" of the archive
  DType dtype = DType::F32;        ///< of the storage's class
  std::uint64_t storage_size = 0;  ///< in elements
  std::uint64_t offset = 0;        ///< in elements
  std::vector<std::size_t> shape, strides;
};

/// The tensors of the dictionary that the pickle holds; entries that are not tensors are passed
/// over. Fails with Corrupt (byte) or Unsupported (global or opcode, with its byte).
Result<std::vector<PickledTensor>> read_state_dict(std::span<const std::byte> pickle);

}  // namespace crosstail::model
