#pragma once
/// What the kernels' files need before they open their namespaces.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>

#include "nn/kernels.h"

namespace crosstail::nn {

/// The 4 bytes at `p`.
inline std::int32_t bits_at(const std::byte* p) {
  std::int32_t bits = 0;
  std::memcpy(&bits, p, 4);
  return bits;
}

}  // namespace crosstail::nn
