#pragma once
/// Attention of one head of one text, forward and backward, in Real; the weights (softmax) are
/// computed again on the way back instead of kept. softmax(scale q kᵀ) v, Vaswani et al. 2017.

#include <cstddef>
#include <cstdint>

#include "nn/aligned_buffer.h"
#include "nn/dropout.h"

namespace crosstail::nn {

/// Working memory; one a thread.
template <class Real>
struct AttentionScratch {
  AlignedBuffer<Real> keys_across, values_across, weights, slopes, padded[3];
  AlignedBuffer<Real> head[5];  ///< for callers: q, k, v, output or its gradient, and a spare
};

/// q, k, v: tokens × width, rows `stride` apart. Row t of the weights is dropped out by the key
/// mix(key, t).
template <class Real>
struct AttentionHead {
  std::size_t tokens, width, stride;
  const Real *q, *k, *v;
  Real scale;
  std::uint64_t key = 0;
  float dropout_rate = 0;
};

/// out: tokens × width, rows `out_stride` apart.
template <class Real>
void attention_forward(const AttentionHead<Real>& head, Real* out, std::size_t out_stride,
                       AttentionScratch<Real>& scratch);

/// d_out: as out. dq, dk, dv: rows `d_stride` apart, overwritten.
template <class Real>
void attention_backward(const AttentionHead<Real>& head, const Real* d_out, std::size_t out_stride,
                        Real* dq, Real* dk, Real* dv, std::size_t d_stride,
                        AttentionScratch<Real>& scratch);

}  // namespace crosstail::nn
