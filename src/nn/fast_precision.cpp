#include "nn/fast_precision.h"

namespace crosstail::nn {

Precision fast_precision() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  return fast_precision(default_isa(), __builtin_cpu_is("intel") != 0);
#else
  return fast_precision(default_isa(), false);
#endif
}

}  // namespace crosstail::nn
