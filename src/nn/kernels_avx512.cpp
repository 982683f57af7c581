// Kernels for AVX-512 without its bf16 and int8 products.

#include "nn/kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#include "nn/kernel_includes.h"
#define CT_TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")))
#define CT_LANES CT_TARGET __attribute__((always_inline)) inline
#define CT_NATIVE_BF16 0

namespace crosstail::nn::avx512 {

#include "nn/lanes_avx512.h"
// After the lanes.
#include "nn/kernels.inl"

}  // namespace crosstail::nn::avx512

namespace crosstail::nn {

const Kernels& avx512_kernels() {
  static const Kernels kernels = avx512::kernels(56);
  return kernels;
}

}  // namespace crosstail::nn
#else
namespace crosstail::nn {
const Kernels& avx512_kernels() {
  return portable_kernels();
}
}  // namespace crosstail::nn
#endif
