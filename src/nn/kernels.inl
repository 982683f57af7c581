// All kernels for one instruction set. A kernels_NAME.cpp defines CT_TARGET (the function
// attribute), CT_NATIVE_BF16, and includes, inside a namespace of its own, the lanes and then this
// file. So the sixteen-lane code is written once, and functions of different instruction sets never
// share a name.

#include "nn/product_kernels.inl"
#include "nn/row_kernels.inl"
// Uses the row kernels, so it comes after them.
#include "nn/attention_kernels.inl"

/// `block_rows`: a multiple of kMostRows.
inline Kernels kernels(std::size_t block_rows) {
  Kernels k;
  k.product_f32 = product<StepF32>;
  k.product_bf16 = product<StepBf16>;
  k.product_int8 = product<StepInt8>;
  k.finish = finish;
  k.norm = norm;
  k.quantise = quantise;
  k.attend_f32 = attend<false>;
  k.attend_bf16 = attend<true>;
  k.add_f32 = add_f32;
  k.add_bf16 = add_bf16;
  k.add_int8 = add_int8;
  k.native_bf16 = CT_NATIVE_BF16 != 0;
  k.f32_block_rows = k.narrow_block_rows = block_rows;
  return k;
}
