#include "index/row_source.h"

#include <bit>
#include <cstring>

namespace crosstail::index {

namespace {

void widen(const std::byte* from, std::size_t count, float* out) {
  for (std::size_t i = 0; i < count; ++i) {
    std::uint16_t bits = 0;
    std::memcpy(&bits, from + 2 * i, sizeof bits);
    out[i] = std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
  }
}

}  // namespace

void VectorView::read(std::size_t begin, std::size_t end, float* out) const {
  for (std::size_t r = begin; r < end; ++r, out += dim) {
    if (type == VectorType::F32)
      std::memcpy(out, row(r), dim * sizeof(float));
    else
      widen(row(r), dim, out);
  }
}

VectorView view_of(std::span<const float> numbers, std::size_t dim) {
  return {reinterpret_cast<const std::byte*>(numbers.data()), dim == 0 ? 0 : numbers.size() / dim,
          dim, dim * sizeof(float), VectorType::F32};
}

}  // namespace crosstail::index
