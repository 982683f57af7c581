#include "nn/kernels.h"

namespace crosstail::nn {

const Kernels& kernels_for(Isa isa) {
  switch (isa) {
    case Isa::Portable:
      return portable_kernels();
    case Isa::Avx2:
      return avx2_kernels();
    case Isa::Avx512:
      return avx512_kernels();
    case Isa::Avx512Bf16:
      return avx512_bf16_kernels();
    case Isa::Amx:
      return amx_kernels();
  }
  return portable_kernels();
}

AttendScratch attend_layout(std::size_t tokens, std::size_t width, bool bf16, std::byte* scratch) {
  constexpr std::size_t kSlack = 64;  // a row of sums may be read in whole lanes
  const std::size_t padded = (tokens + 31) / 32 * 32, bytes = bf16 ? 2 : 4;
  AttendScratch s;
  s.width_steps = bf16 ? (width + 31) / 32 * 16 : width;
  s.width_panels = (width + kLanes - 1) / kLanes;
  s.value_bytes_per_key = s.width_panels * kLanes * bytes;
  const auto take = [&](std::size_t size) {
    std::byte* at = scratch == nullptr ? nullptr : scratch + s.bytes;
    s.bytes += (size + kSlack + 63) / 64 * 64;
    return at;
  };
  s.keys = take(padded * s.width_steps * 4);
  s.values = take(padded * s.value_bytes_per_key);
  s.queries = take(kRowTile * s.width_steps * 4);
  s.weights = take(kRowTile * kScoreStride * bytes);
  s.scores = reinterpret_cast<float*>(take(kRowTile * kScoreStride * 4));
  s.sums = reinterpret_cast<float*>(take(kRowTile * s.width_panels * kLanes * 4));
  s.block_sums = reinterpret_cast<float*>(take(kRowTile * s.width_panels * kLanes * 4));
  return s;
}

}  // namespace crosstail::nn
