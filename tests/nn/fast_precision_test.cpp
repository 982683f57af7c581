#include "nn/fast_precision.h"

#include <gtest/gtest.h>

namespace crosstail::nn {
namespace {

TEST(FastPrecision, IsBf16WithTilesAndOnAmdsAvx512) {
  EXPECT_EQ(fast_precision(Isa::Amx, true), Precision::BF16);
  EXPECT_EQ(fast_precision(Isa::Avx512Bf16, false), Precision::BF16);
  EXPECT_EQ(fast_precision(Isa::Avx512Bf16, true), Precision::F32);
  for (const auto isa : {Isa::Avx512, Isa::Avx2, Isa::Portable})
    EXPECT_EQ(fast_precision(isa, false), Precision::F32);
}

}  // namespace
}  // namespace crosstail::nn
