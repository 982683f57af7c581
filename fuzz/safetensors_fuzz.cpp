/// The safetensors reader and the conversion of what it hands out.

#include <cstdint>
#include <cstdlib>

#include "model/safetensors.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace crosstail::model;  // NOLINT: a fuzz target
  const auto tensors = read_safetensors({reinterpret_cast<const std::byte*>(data), size});
  if (!tensors.ok()) return 0;
  for (const auto& [name, tensor] : *tensors) {
    const auto* end = reinterpret_cast<const std::byte*>(data) + size;
    if (tensor.bytes.data() + tensor.bytes.size() > end) std::abort();
    const auto values = to_floats(tensor);
    if (values.ok() && values->view().size() != *element_count(tensor.shape)) std::abort();
  }
  return 0;
}
