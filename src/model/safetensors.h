#pragma once
/// The safetensors format: u64 little-endian header length, a JSON object
/// `{name: {dtype, shape, data_offsets}}` (and `__metadata__`), then the data without holes.
/// (https://github.com/huggingface/safetensors, "Format")

#include <map>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/tensor.h"

namespace crosstail::model {

using TensorMap = std::map<std::string, TensorView, std::less<>>;

/// Views into `file`, which must outlive them. Every offset and size is checked before any tensor
/// is handed out. Fails with Corrupt (the message names the field or tensor) or Unsupported
/// (dtype).
Result<TensorMap> read_safetensors(std::span<const std::byte> file);

/// One file: header and data, f32, in the order of the names.
struct NamedFloats {
  std::string name;
  std::vector<std::size_t> shape;
  std::span<const float> values;
};
/// The header (with its length before it) of a file that holds `tensors` one after another; the
/// data follow as they are.
std::string safetensors_header(std::span<const NamedFloats> tensors);

}  // namespace crosstail::model
