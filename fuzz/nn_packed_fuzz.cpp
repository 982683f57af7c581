/// Packed encoders: any bytes are refused or computed with, never a bad access.

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include "nn/transformer.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace crosstail::nn;
  struct Free {
    void operator()(std::byte* p) const { std::free(p); }
  };
  const std::size_t padded = (size + 63) / 64 * 64 + 64;
  const std::unique_ptr<std::byte, Free> bytes(
      static_cast<std::byte*>(std::aligned_alloc(64, padded)));
  if (size != 0) std::memcpy(bytes.get(), data, size);
  const auto model = Transformer::from_packed({bytes.get(), size});
  if (!model.ok()) return 0;
  const auto& shape = model->shape();
  // Offsets 0, 1, 4: two texts; the last row of every table is used.
  const auto last = [](std::size_t n) { return static_cast<std::int32_t>(n == 0 ? 0 : n - 1); };
  const std::vector<std::int32_t> ids = {0, last(shape.vocabulary), 0, last(shape.vocabulary)};
  const std::vector<std::int32_t> positions = {0, 0, last(shape.positions), 0};
  const std::vector<std::int32_t> types = {0, last(shape.types), 0, 0}, offsets = {0, 1, 4};
  std::vector<float> states(ids.size() * shape.hidden);
  Workspace workspace;
  if (!model->forward({ids, positions, types, offsets}, states.data(), workspace).ok())
    std::abort();
  return 0;
}
