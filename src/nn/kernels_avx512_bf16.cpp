// Kernels for AVX-512 with BF16 and VNNI.

#include "nn/kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#include "nn/kernel_includes.h"
#define CT_TARGET \
  __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,avx512vnni,avx2,fma")))
#define CT_LANES CT_TARGET __attribute__((always_inline)) inline
#define CT_NATIVE_BF16 1

namespace crosstail::nn::avx512_bf16 {

#include "nn/lanes_avx512.h"
// After the lanes.
#include "nn/kernels.inl"

}  // namespace crosstail::nn::avx512_bf16

namespace crosstail::nn {

const Kernels& avx512_bf16_kernels() {
  static const Kernels kernels = avx512_bf16::kernels(56);
  return kernels;
}

}  // namespace crosstail::nn
#else
namespace crosstail::nn {
const Kernels& avx512_bf16_kernels() {
  return portable_kernels();
}
}  // namespace crosstail::nn
#endif
