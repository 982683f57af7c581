// Kernels for AVX2 and FMA.

#include "nn/kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#include "nn/kernel_includes.h"
#define CT_TARGET __attribute__((target("avx2,fma")))
#define CT_LANES CT_TARGET __attribute__((always_inline)) inline
#define CT_NATIVE_BF16 0

namespace crosstail::nn::avx2 {

#include "nn/lanes_avx2.h"
// After the lanes.
#include "nn/kernels.inl"

}  // namespace crosstail::nn::avx2

namespace crosstail::nn {

const Kernels& avx2_kernels() {
  static const Kernels kernels = avx2::kernels(48);
  return kernels;
}

}  // namespace crosstail::nn
#else
namespace crosstail::nn {
const Kernels& avx2_kernels() {
  return portable_kernels();
}
}  // namespace crosstail::nn
#endif
