#pragma once
/// Sixteen f32 or eight f64 at a time in the compilers' vector types, which become the registers of
/// whatever instructions the calling function may use; and a way to make one kernel for several
/// instruction sets. Private to nn.

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "nn/isa.h"

// Vectors are only ever passed to functions that are inlined, so no calling convention is involved.
#pragma GCC diagnostic ignored "-Wpsabi"

#define CT_INLINE inline __attribute__((always_inline))
#ifdef __clang__
#define CT_UNROLL _Pragma("unroll")
#else
#define CT_UNROLL _Pragma("GCC unroll 16")
#endif

namespace crosstail::nn {

template <class Real>
struct Lanes;

template <>
struct Lanes<float> {
  static constexpr std::size_t kCount = 16;
  typedef float Pack __attribute__((vector_size(64)));
  typedef std::uint32_t Bits __attribute__((vector_size(64)));
};

template <>
struct Lanes<double> {
  static constexpr std::size_t kCount = 8;
  typedef double Pack __attribute__((vector_size(64)));
  typedef std::uint32_t Bits __attribute__((vector_size(32)));
};

template <class Real>
CT_INLINE typename Lanes<Real>::Pack load(const Real* from) {
  typename Lanes<Real>::Pack out;
  std::memcpy(&out, from, sizeof out);
  return out;
}

/// The first `count` numbers; the other lanes are 0.
template <class Real>
CT_INLINE typename Lanes<Real>::Pack load(const Real* from, std::size_t count) {
  if (count >= Lanes<Real>::kCount) return load(from);
  typename Lanes<Real>::Pack out = {};
  std::memcpy(&out, from, count * sizeof(Real));
  return out;
}

template <class Real>
CT_INLINE void store(Real* to, const typename Lanes<Real>::Pack& pack) {
  std::memcpy(to, &pack, sizeof pack);
}

/// The first `count` numbers. Two branches, as a copy of unknown size is a call.
template <class Real>
CT_INLINE void store(Real* to, const typename Lanes<Real>::Pack& pack, std::size_t count) {
  if (count >= Lanes<Real>::kCount) {
    store(to, pack);
  } else {
    std::memcpy(to, &pack, count * sizeof(Real));
  }
}

/// The sum of all lanes, halves first: the same order everywhere.
template <class Real>
CT_INLINE Real sum_of(const typename Lanes<Real>::Pack& pack) {
  Real v[Lanes<Real>::kCount];
  std::memcpy(v, &pack, sizeof v);
  for (std::size_t half = Lanes<Real>::kCount / 2; half > 0; half /= 2)
    for (std::size_t i = 0; i < half; ++i) v[i] += v[i + half];
  return v[0];
}

template <class Real>
CT_INLINE Real largest_of(const typename Lanes<Real>::Pack& pack) {
  Real v[Lanes<Real>::kCount];
  std::memcpy(v, &pack, sizeof v);
  for (std::size_t i = 1; i < Lanes<Real>::kCount; ++i) v[0] = v[i] > v[0] ? v[i] : v[0];
  return v[0];
}

CT_INLINE Lanes<double>::Pack exp_of(const Lanes<double>::Pack& x) {
  Lanes<double>::Pack out = {};
  for (std::size_t i = 0; i < Lanes<double>::kCount; ++i) out[i] = std::exp(x[i]);
  return out;
}

/// 2^n · exp(f), f in ±ln 2 / 2 by Taylor's polynomial of degree 7: off by at most 2 units in the
/// last place. Below -87 the result is exp(-87), about 1e-38.
CT_INLINE Lanes<float>::Pack exp_of(const Lanes<float>::Pack& given) {
  using Pack = Lanes<float>::Pack;
  using Bits = Lanes<float>::Bits;
  const Pack low = Pack{} - 87.0F, high = Pack{} + 88.0F;
  Pack x = given < low ? low : given;
  x = x > high ? high : x;
  const Pack shifted = x * 1.44269504F + 12582912.0F;  // the integer is now in the low bits
  const Pack n = shifted - 12582912.0F;
  const Pack f = (x - n * 0.693359375F) + n * 2.12194440e-4F;
  Pack p = f * (1.0F / 5040) + (1.0F / 720);
  p = p * f + (1.0F / 120);
  p = p * f + (1.0F / 24);
  p = p * f + (1.0F / 6);
  p = p * f + 0.5F;
  p = p * f + 1.0F;
  p = p * f + 1.0F;
  Bits bits, shift;
  std::memcpy(&bits, &p, sizeof bits);
  std::memcpy(&shift, &shifted, sizeof shift);
  bits += shift << 23;
  std::memcpy(&p, &bits, sizeof p);
  return p;
}

/// Φ(x), the normal distribution function, given e = exp(-x²/2).
CT_INLINE Lanes<double>::Pack normal_cdf(const Lanes<double>::Pack& x, const Lanes<double>::Pack&) {
  Lanes<double>::Pack out = {};
  for (std::size_t i = 0; i < Lanes<double>::kCount; ++i)
    out[i] = 0.5 * std::erfc(-x[i] * 0.70710678118654752440);
  return out;
}

/// Abramowitz and Stegun 7.1.26: off by at most 1.5e-7.
CT_INLINE Lanes<float>::Pack normal_cdf(const Lanes<float>::Pack& x, const Lanes<float>::Pack& e) {
  using Pack = Lanes<float>::Pack;
  const Pack z = (x < 0.0F ? -x : x) * 0.70710678F;
  const Pack t = 1.0F / (1.0F + 0.3275911F * z);
  const Pack tail =
      0.5F * e * t *
      (0.254829592F +
       t * (-0.284496736F + t * (1.421413741F + t * (-1.453152027F + t * 1.061405429F))));
  return x < 0.0F ? tail : 1.0F - tail;
}

template <class Real>
CT_INLINE typename Lanes<Real>::Pack tanh_of(const typename Lanes<Real>::Pack& x) {
  // 1 - 2 / (exp(2x) + 1); near 0 it loses up to an absolute 1e-7 in f32, which is its unit there.
  return Real(1) - Real(2) / (exp_of(x + x) + Real(1));
}

/// Runs Kernel::run(arguments…) compiled for the processor at hand. Everything that run() calls
/// must be CT_INLINE.
template <class Kernel, class... A>
__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"))) void run_avx512(
    const A&... a) {
  Kernel::run(a...);
}
template <class Kernel, class... A>
__attribute__((target("avx2,fma"))) void run_avx2(const A&... a) {
  Kernel::run(a...);
}
template <class Kernel, class... A>
void run_kernel(const A&... a) {
  static const Isa isa = default_isa();
  if (isa >= Isa::Avx512) return run_avx512<Kernel>(a...);
  if (isa >= Isa::Avx2) return run_avx2<Kernel>(a...);
  Kernel::run(a...);
}

}  // namespace crosstail::nn
