#include "nn/attention_training.h"

#include <algorithm>

#include "nn/lanes.h"

namespace crosstail::nn {
namespace {

template <class Real>
using PackOf = typename Lanes<Real>::Pack;

/// C (m × n, rows c_stride apart) = A B, with A[i][k] at a[i · a_row + k · a_column] and B k × n in
/// rows of b_stride numbers. n counts whole packs; B's and C's rows are padded to them.
template <class Real>
struct SmallProduct {
  std::size_t m, packs, k;
  const Real* a;
  std::size_t a_row, a_column;
  const Real* b;
  std::size_t b_stride;
  Real* c;
  std::size_t c_stride;
};

/// R rows by V packs at once, the sums in registers.
template <class Real, std::size_t R, std::size_t V>
CT_INLINE void block(const SmallProduct<Real>& p, std::size_t i, std::size_t column) {
  constexpr std::size_t w = Lanes<Real>::kCount;
  PackOf<Real> sums[R][V];
  CT_UNROLL for (std::size_t r = 0; r < R; ++r) {
    CT_UNROLL for (std::size_t v = 0; v < V; ++v) sums[r][v] = PackOf<Real>{};
  }
  const Real* a = p.a + i * p.a_row;
  const Real* b = p.b + column;
  for (std::size_t k = 0; k < p.k; ++k, a += p.a_column, b += p.b_stride) {
    PackOf<Real> row[V];
    CT_UNROLL for (std::size_t v = 0; v < V; ++v) row[v] = load(b + v * w);
    CT_UNROLL for (std::size_t r = 0; r < R; ++r) {
      const Real factor = a[r * p.a_row];
      CT_UNROLL for (std::size_t v = 0; v < V; ++v) sums[r][v] += row[v] * factor;
    }
  }
  CT_UNROLL for (std::size_t r = 0; r < R; ++r) {
    CT_UNROLL for (std::size_t v = 0; v < V; ++v)
        store(p.c + (i + r) * p.c_stride + column + v * w, sums[r][v]);
  }
}

template <class Real, std::size_t V>
CT_INLINE void column_of_blocks(const SmallProduct<Real>& p, std::size_t column) {
  std::size_t i = 0;
  for (; i + 8 <= p.m; i += 8) block<Real, 8, V>(p, i, column);
  for (; i + 2 <= p.m; i += 2) block<Real, 2, V>(p, i, column);
  for (; i < p.m; ++i) block<Real, 1, V>(p, i, column);
}

template <class Real>
CT_INLINE void small_product(const SmallProduct<Real>& p) {
  constexpr std::size_t w = Lanes<Real>::kCount;
  std::size_t pack = 0;
  for (; pack + 2 <= p.packs; pack += 2) column_of_blocks<Real, 2>(p, pack * w);
  for (; pack < p.packs; ++pack) column_of_blocks<Real, 1>(p, pack * w);
}

template <class Real>
constexpr std::size_t packs_for(std::size_t n) {
  return (n + Lanes<Real>::kCount - 1) / Lanes<Real>::kCount;
}

/// columns × padded rows, the padding 0.
template <class Real>
CT_INLINE void transpose(const Real* from, std::size_t rows, std::size_t columns,
                         std::size_t stride, std::size_t padded, Real* to) {
  for (std::size_t c = 0; c < columns; ++c) {
    for (std::size_t r = 0; r < rows; ++r) to[c * padded + r] = from[r * stride + c];
    std::fill(to + c * padded + rows, to + (c + 1) * padded, Real(0));
  }
}

template <class Real>
CT_INLINE void pad(const Real* from, std::size_t rows, std::size_t columns, std::size_t stride,
                   std::size_t padded, Real* to) {
  for (std::size_t r = 0; r < rows; ++r) {
    std::copy_n(from + r * stride, columns, to + r * padded);
    std::fill(to + r * padded + columns, to + (r + 1) * padded, Real(0));
  }
}

/// Scores to weights, row by row in place; the padding becomes 0.
template <class Real>
CT_INLINE void softmax_rows(std::size_t rows, std::size_t columns, std::size_t padded, Real scale,
                            Real* x) {
  constexpr std::size_t w = Lanes<Real>::kCount;
  for (std::size_t r = 0; r < rows; ++r, x += padded) {
    for (std::size_t c = columns; c < padded; ++c) x[c] = x[0];
    PackOf<Real> top = load(x);
    for (std::size_t c = w; c < padded; c += w) {
      const PackOf<Real> v = load(x + c);
      top = v > top ? v : top;
    }
    const Real largest = largest_of<Real>(top);
    PackOf<Real> sum = {};
    for (std::size_t c = 0; c < padded; c += w) {
      PackOf<Real> e = exp_of((load(x + c) - largest) * scale);
      for (std::size_t i = columns - c; i < w; ++i) e[i] = 0;  // only in the last pack
      store(x + c, e);
      sum += e;
    }
    const Real share = Real(1) / sum_of<Real>(sum);
    for (std::size_t c = 0; c < padded; c += w) store(x + c, load(x + c) * share);
  }
}

template <class Real>
CT_INLINE void drop_weights(const AttentionHead<Real>& head, std::size_t padded, const Real* from,
                            Real* to) {
  for (std::size_t r = 0; r < head.tokens; ++r) {
    const std::uint64_t key = mix(head.key, r);
    for (std::size_t c = 0; c < padded; c += Lanes<Real>::kCount)
      store(to + r * padded + c,
            load(from + r * padded + c) *
                dropout_pack<Real>(key, static_cast<std::uint32_t>(c), head.dropout_rate));
  }
}

/// Sizes of one head's padded matrices.
template <class Real>
struct Padded {
  std::size_t tokens, width;
  explicit CT_INLINE Padded(const AttentionHead<Real>& h)
      : tokens(packs_for<Real>(h.tokens) * Lanes<Real>::kCount),
        width(packs_for<Real>(h.width) * Lanes<Real>::kCount) {}
};

template <class Real>
CT_INLINE void weights_of(const AttentionHead<Real>& h, const Padded<Real>& size,
                          AttentionScratch<Real>& s) {
  transpose(h.k, h.tokens, h.width, h.stride, size.tokens, s.keys_across.data());
  small_product<Real>({h.tokens, packs_for<Real>(h.tokens), h.width, h.q, h.stride, 1,
                       s.keys_across.data(), size.tokens, s.weights.data(), size.tokens});
  softmax_rows(h.tokens, h.tokens, size.tokens, h.scale, s.weights.data());
}

template <class Real>
CT_INLINE void copy_rows(const Real* from, std::size_t rows, std::size_t columns,
                         std::size_t padded, Real* to, std::size_t stride) {
  for (std::size_t r = 0; r < rows; ++r) std::copy_n(from + r * padded, columns, to + r * stride);
}

template <class Real>
struct ForwardKernel {
  CT_INLINE static void run(const AttentionHead<Real>& h, Real* out, std::size_t out_stride,
                            AttentionScratch<Real>* s) {
    const Padded<Real> size(h);
    weights_of(h, size, *s);
    if (h.dropout_rate > 0) drop_weights(h, size.tokens, s->weights.data(), s->weights.data());
    pad(h.v, h.tokens, h.width, h.stride, size.width, s->padded[0].data());
    small_product<Real>({h.tokens, packs_for<Real>(h.width), h.tokens, s->weights.data(),
                         size.tokens, 1, s->padded[0].data(), size.width, s->padded[1].data(),
                         size.width});
    copy_rows(s->padded[1].data(), h.tokens, h.width, size.width, out, out_stride);
  }
};

/// slopes = weights · (slopes - Σ weights · slopes) · scale: through the softmax.
template <class Real>
CT_INLINE void softmax_backward(std::size_t rows, std::size_t padded, Real scale,
                                const Real* weights, Real* slopes) {
  constexpr std::size_t w = Lanes<Real>::kCount;
  for (std::size_t r = 0; r < rows; ++r, weights += padded, slopes += padded) {
    PackOf<Real> sum = {};
    for (std::size_t c = 0; c < padded; c += w) sum += load(weights + c) * load(slopes + c);
    const Real along = sum_of<Real>(sum);
    for (std::size_t c = 0; c < padded; c += w)
      store(slopes + c, load(weights + c) * (load(slopes + c) - along) * scale);
  }
}

template <class Real>
struct BackwardKernel {
  struct Outputs {
    Real *dq, *dk, *dv;
    std::size_t stride;
  };
  CT_INLINE static void run(const AttentionHead<Real>& h, const Real* d_out, std::size_t out_stride,
                            const Outputs& to, AttentionScratch<Real>* s) {
    const Padded<Real> size(h);
    const std::size_t wide = packs_for<Real>(h.width), n = h.tokens;
    weights_of(h, size, *s);
    // What meets v: the weights after dropout. slopes is free until it holds their gradient.
    Real* dropped = s->weights.data();
    if (h.dropout_rate > 0) {
      dropped = s->slopes.data();
      drop_weights(h, size.tokens, s->weights.data(), dropped);
    }
    Real *d = s->padded[0].data(), *result = s->padded[1].data(), *other = s->padded[2].data();
    pad(d_out, n, h.width, out_stride, size.width, d);
    small_product<Real>({n, wide, n, dropped, 1, size.tokens, d, size.width, result, size.width});
    copy_rows(result, n, h.width, size.width, to.dv, to.stride);
    transpose(h.v, n, h.width, h.stride, size.tokens, s->values_across.data());
    small_product<Real>({n, packs_for<Real>(n), h.width, d, size.width, 1, s->values_across.data(),
                         size.tokens, s->slopes.data(), size.tokens});
    if (h.dropout_rate > 0) drop_weights(h, size.tokens, s->slopes.data(), s->slopes.data());
    softmax_backward(n, size.tokens, h.scale, s->weights.data(), s->slopes.data());
    pad(h.k, n, h.width, h.stride, size.width, other);
    small_product<Real>(
        {n, wide, n, s->slopes.data(), size.tokens, 1, other, size.width, result, size.width});
    copy_rows(result, n, h.width, size.width, to.dq, to.stride);
    pad(h.q, n, h.width, h.stride, size.width, other);
    small_product<Real>(
        {n, wide, n, s->slopes.data(), 1, size.tokens, other, size.width, result, size.width});
    copy_rows(result, n, h.width, size.width, to.dk, to.stride);
  }
};

template <class Real>
void make_room(const AttentionHead<Real>& h, AttentionScratch<Real>& s) {
  const Padded<Real> size(h);
  s.keys_across.resize(h.width * size.tokens);
  s.values_across.resize(h.width * size.tokens);
  s.weights.resize(h.tokens * size.tokens);
  s.slopes.resize(h.tokens * size.tokens);
  for (auto& p : s.padded) p.resize(h.tokens * size.width);
}

}  // namespace

template <class Real>
void attention_forward(const AttentionHead<Real>& head, Real* out, std::size_t out_stride,
                       AttentionScratch<Real>& scratch) {
  if (head.tokens == 0) return;
  make_room(head, scratch);
  run_kernel<ForwardKernel<Real>>(head, out, out_stride, &scratch);
}

template <class Real>
void attention_backward(const AttentionHead<Real>& head, const Real* d_out, std::size_t out_stride,
                        Real* dq, Real* dk, Real* dv, std::size_t d_stride,
                        AttentionScratch<Real>& scratch) {
  if (head.tokens == 0) return;
  make_room(head, scratch);
  const typename BackwardKernel<Real>::Outputs to = {dq, dk, dv, d_stride};
  run_kernel<BackwardKernel<Real>>(head, d_out, out_stride, to, &scratch);
}

template void attention_forward(const AttentionHead<float>&, float*, std::size_t,
                                AttentionScratch<float>&);
template void attention_forward(const AttentionHead<double>&, double*, std::size_t,
                                AttentionScratch<double>&);
template void attention_backward(const AttentionHead<float>&, const float*, std::size_t, float*,
                                 float*, float*, std::size_t, AttentionScratch<float>&);
template void attention_backward(const AttentionHead<double>&, const double*, std::size_t, double*,
                                 double*, double*, std::size_t, AttentionScratch<double>&);

}  // namespace crosstail::nn
