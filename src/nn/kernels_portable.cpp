// Kernels for any processor.

#include "nn/kernels.h"

#include "nn/kernel_includes.h"
#define CT_TARGET
#define CT_LANES CT_TARGET __attribute__((always_inline)) inline
#define CT_NATIVE_BF16 0

namespace crosstail::nn::portable {

#include "nn/lanes_portable.h"
// After the lanes.
#include "nn/kernels.inl"

}  // namespace crosstail::nn::portable

namespace crosstail::nn {

const Kernels& portable_kernels() {
  static const Kernels kernels = portable::kernels(16);
  return kernels;
}

}  // namespace crosstail::nn
