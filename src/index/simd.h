#pragma once
/// Intrinsics, and the names of the instruction sets that functions of this folder are compiled for
/// one by one. Included by .cpp files only.

#if defined(__x86_64__)

#if defined(__GNUC__) && !defined(__clang__)
// GCC bug 105593: gcc 12's own headers initialise "undefined" vectors with themselves.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#include <immintrin.h>
#pragma GCC diagnostic pop
#else
#include <immintrin.h>
#endif

#define CT_AVX2 __attribute__((target("avx2,fma")))
#define CT_AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,fma")))
#define CT_BF16 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,fma")))
#define CT_VNNI __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,fma")))
#define CT_AMX __attribute__((target("amx-tile,amx-bf16")))

#endif
