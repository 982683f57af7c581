#pragma once
/// What the processor can do at most: reading memory, and multiply-adds in registers.

#include <cstddef>
#include <thread>
#include <vector>

#include "index/simd.h"

namespace bench {

constexpr std::size_t kFmaRounds = 4000000;
/// Operations that multiply_peak does a thread: 24 sums of 16 lanes.
constexpr double kFmaFlops = 2.0 * 16 * 24 * kFmaRounds;
inline volatile float sink;

__attribute__((target("avx512f"))) inline float read_part(const float* p, std::size_t n) {
  __m512 a = _mm512_setzero_ps(), b = a, c = a, d = a;
  for (std::size_t i = 0; i + 64 <= n; i += 64) {
    a = _mm512_add_ps(a, _mm512_loadu_ps(p + i));
    b = _mm512_add_ps(b, _mm512_loadu_ps(p + i + 16));
    c = _mm512_add_ps(c, _mm512_loadu_ps(p + i + 32));
    d = _mm512_add_ps(d, _mm512_loadu_ps(p + i + 48));
  }
  return _mm512_reduce_add_ps(_mm512_add_ps(_mm512_add_ps(a, b), _mm512_add_ps(c, d)));
}

__attribute__((target("avx512f"))) inline float multiply_part() {
  __m512 sum[24];
#pragma GCC unroll 24
  for (int j = 0; j < 24; ++j) sum[j] = _mm512_set1_ps(static_cast<float>(j));
  const __m512 x = _mm512_set1_ps(1.0001F), y = _mm512_set1_ps(1e-6F);
  for (std::size_t i = 0; i < kFmaRounds; ++i) {
#pragma GCC unroll 24
    for (int j = 0; j < 24; ++j) {
      sum[j] = _mm512_fmadd_ps(sum[j], x, y);
      asm volatile("" : "+v"(sum[j]));
    }
  }
  __m512 all = sum[0];
#pragma GCC unroll 24
  for (int j = 1; j < 24; ++j) all = _mm512_add_ps(all, sum[j]);
  return _mm512_reduce_add_ps(all);
}

template <class Body>
void on_threads(std::size_t threads, const Body& body) {
  std::vector<std::thread> running;
  for (std::size_t t = 1; t < threads; ++t) running.emplace_back([&body, t] { body(t); });
  body(std::size_t{0});
  for (auto& thread : running) thread.join();
}

inline void read_all(const std::vector<float>& numbers, std::size_t threads) {
  const std::size_t part = numbers.size() / threads;
  on_threads(threads, [&](std::size_t t) { sink = read_part(numbers.data() + t * part, part); });
}

inline void multiply_peak(std::size_t threads) {
  on_threads(threads, [&](std::size_t) { sink = multiply_part(); });
}

}  // namespace bench
