#pragma once
/// Which number format is worth choosing where nobody asked for one.

#include "nn/isa.h"
#include "nn/precision.h"

namespace crosstail::nn {

/// bf16 where its products are faster than those of f32, else f32: with AMX, and with AVX512-BF16
/// unless the processor is Intel's, where vdpbf16ps is the slower one (docs/performance.md: 110
/// against 180 GFLOP/s).
constexpr Precision fast_precision(Isa isa, bool intel) {
  const bool fast = isa == Isa::Amx || (isa == Isa::Avx512Bf16 && !intel);
  return fast ? Precision::BF16 : Precision::F32;
}

/// The same for this machine and default_isa().
Precision fast_precision();

}  // namespace crosstail::nn
