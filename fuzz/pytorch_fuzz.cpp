/// pytorch_model.bin. The first byte says which part: p the pickle alone, anything else a whole
/// archive.

#include <cstdint>
#include <cstdlib>

#include "model/pickle.h"
#include "model/pytorch_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace crosstail::model;  // NOLINT: a fuzz target
  if (size == 0) return 0;
  const std::span<const std::byte> rest{reinterpret_cast<const std::byte*>(data) + 1, size - 1};
  if (data[0] == 'p') {
    [[maybe_unused]] const auto tensors = read_state_dict(rest);
    return 0;
  }
  const auto tensors = read_pytorch_file(rest);
  if (!tensors.ok()) return 0;
  for (const auto& [name, tensor] : *tensors) {
    if (tensor.bytes.data() + tensor.bytes.size() > rest.data() + rest.size()) std::abort();
    [[maybe_unused]] const auto values = to_floats(tensor);
  }
  return 0;
}
