// Sixteen lanes in AVX-512. Included inside an instruction set's namespace, after CT_TARGET is
// defined; see kernels.inl.

inline constexpr std::size_t kMostRows = 14, kMostPanels = 2;  // 28 sums, 2 weights, 1 input

struct Floats {
  __m512 v;
};
struct Ints {
  __m512i v;
};

CT_LANES Floats zero_floats() {
  return {_mm512_setzero_ps()};
}
CT_LANES Ints zero_ints() {
  return {_mm512_setzero_si512()};
}
CT_LANES Floats all(float x) {
  return {_mm512_set1_ps(x)};
}
CT_LANES Ints all_ints(std::int32_t x) {
  return {_mm512_set1_epi32(x)};
}
CT_LANES Floats load(const float* p) {
  return {_mm512_loadu_ps(p)};
}
CT_LANES Ints load(const std::int32_t* p) {
  return {_mm512_loadu_si512(p)};
}
CT_LANES void store(float* p, Floats x) {
  _mm512_storeu_ps(p, x.v);
}
CT_LANES void store(std::int32_t* p, Ints x) {
  _mm512_storeu_si512(p, x.v);
}
CT_LANES Floats operator+(Floats a, Floats b) {
  return {_mm512_add_ps(a.v, b.v)};
}
CT_LANES Floats operator-(Floats a, Floats b) {
  return {_mm512_sub_ps(a.v, b.v)};
}
CT_LANES Floats operator*(Floats a, Floats b) {
  return {_mm512_mul_ps(a.v, b.v)};
}
CT_LANES Floats operator/(Floats a, Floats b) {
  return {_mm512_div_ps(a.v, b.v)};
}
CT_LANES Ints operator-(Ints a, Ints b) {
  return {_mm512_sub_epi32(a.v, b.v)};
}
CT_LANES Ints operator*(Ints a, Ints b) {
  return {_mm512_mullo_epi32(a.v, b.v)};
}
/// a b + c, rounded once.
CT_LANES Floats fma(Floats a, Floats b, Floats c) {
  return {_mm512_fmadd_ps(a.v, b.v, c.v)};
}
CT_LANES Floats larger(Floats a, Floats b) {
  return {_mm512_max_ps(a.v, b.v)};
}
CT_LANES Floats smaller(Floats a, Floats b) {
  return {_mm512_min_ps(a.v, b.v)};
}
CT_LANES Floats absolute(Floats a) {
  return {_mm512_abs_ps(a.v)};
}
CT_LANES Floats to_floats(Ints a) {
  return {_mm512_cvtepi32_ps(a.v)};
}
/// Nearest, ties to even.
CT_LANES Floats rounded(Floats a) {
  return {_mm512_roundscale_ps(a.v, 8)};
}
CT_LANES Ints to_ints(Floats a) {
  return {_mm512_cvtps_epi32(a.v)};
}
/// a · 2^n; n whole.
CT_LANES Floats scale2(Floats a, Floats n) {
  return {_mm512_scalef_ps(a.v, n.v)};
}

/// The first n lanes, the others 0.
CT_LANES Floats first(Floats a, std::size_t n) {
  return {_mm512_maskz_mov_ps(static_cast<__mmask16>((1u << n) - 1u), a.v)};
}
CT_LANES float sum(Floats a) {
  const __m256 half = _mm256_add_ps(_mm512_castps512_ps256(a.v), _mm512_extractf32x8_ps(a.v, 1));
  const __m128 quarter = _mm_add_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps(half, 1));
  const __m128 pair = _mm_add_ps(quarter, _mm_movehl_ps(quarter, quarter));
  return _mm_cvtss_f32(_mm_add_ss(pair, _mm_movehdup_ps(pair)));
}
CT_LANES float largest(Floats a) {
  const __m256 half = _mm256_max_ps(_mm512_castps512_ps256(a.v), _mm512_extractf32x8_ps(a.v, 1));
  const __m128 quarter = _mm_max_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps(half, 1));
  const __m128 pair = _mm_max_ps(quarter, _mm_movehl_ps(quarter, quarter));
  return _mm_cvtss_f32(_mm_max_ss(pair, _mm_movehdup_ps(pair)));
}

CT_LANES Floats load_bf16(const std::uint16_t* p) {
  const __m512i wide =
      _mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
  return {_mm512_castsi512_ps(_mm512_slli_epi32(wide, 16))};
}
CT_LANES void store_bf16(std::uint16_t* p, Floats x) {
#if CT_NATIVE_BF16
  const auto rounded = _mm512_cvtneps_pbh(x.v);
  std::memcpy(p, &rounded, 32);
#else
  const __m512i bits = _mm512_castps_si512(x.v);
  const __m512i odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
  const __m512i up = _mm512_add_epi32(bits, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7fff)));
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p),
                      _mm512_cvtepi32_epi16(_mm512_srli_epi32(up, 16)));
#endif
}
/// Lanes are 0 … 255.
CT_LANES void store_bytes(std::uint8_t* p, Ints x) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm512_cvtepi32_epi8(x.v));
}
CT_LANES Floats load_signed_bytes(const std::int8_t* p) {
  return {_mm512_cvtepi32_ps(
      _mm512_cvtepi8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))))};
}
/// Lane i becomes a[i] in its low 16 bits and b[i] in its high ones.
CT_LANES void store_interleaved(std::int32_t* p, const std::uint16_t* a, const std::uint16_t* b) {
  const __m512i low =
      _mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(a)));
  const __m512i high =
      _mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(b)));
  _mm512_storeu_si512(p, _mm512_or_si512(low, _mm512_slli_epi32(high, 16)));
}

/// 16 rows of 16 numbers of 32 bits, `stride` bytes apart, become columns: out[c · 16 + r].
CT_LANES void transpose16(const std::byte* rows, std::size_t stride, std::int32_t* out) {
  __m512i r[16], t[16];
#pragma GCC unroll 16
  for (std::size_t i = 0; i < 16; ++i) r[i] = _mm512_loadu_si512(rows + i * stride);
#pragma GCC unroll 8
  for (std::size_t i = 0; i < 16; i += 2) {
    t[i] = _mm512_unpacklo_epi32(r[i], r[i + 1]);
    t[i + 1] = _mm512_unpackhi_epi32(r[i], r[i + 1]);
  }
#pragma GCC unroll 4
  for (std::size_t i = 0; i < 16; i += 4) {
    r[i] = _mm512_unpacklo_epi64(t[i], t[i + 2]);
    r[i + 1] = _mm512_unpackhi_epi64(t[i], t[i + 2]);
    r[i + 2] = _mm512_unpacklo_epi64(t[i + 1], t[i + 3]);
    r[i + 3] = _mm512_unpackhi_epi64(t[i + 1], t[i + 3]);
  }
#pragma GCC unroll 4
  for (std::size_t i = 0; i < 4; ++i) {
    t[i] = _mm512_shuffle_i32x4(r[i], r[i + 4], 0x88);
    t[i + 4] = _mm512_shuffle_i32x4(r[i], r[i + 4], 0xdd);
    t[i + 8] = _mm512_shuffle_i32x4(r[i + 8], r[i + 12], 0x88);
    t[i + 12] = _mm512_shuffle_i32x4(r[i + 8], r[i + 12], 0xdd);
  }
#pragma GCC unroll 4
  for (std::size_t i = 0; i < 4; ++i) {
    _mm512_storeu_si512(out + i * 16, _mm512_shuffle_i32x4(t[i], t[i + 8], 0x88));
    _mm512_storeu_si512(out + (i + 4) * 16, _mm512_shuffle_i32x4(t[i + 4], t[i + 12], 0x88));
    _mm512_storeu_si512(out + (i + 8) * 16, _mm512_shuffle_i32x4(t[i], t[i + 8], 0xdd));
    _mm512_storeu_si512(out + (i + 12) * 16, _mm512_shuffle_i32x4(t[i + 4], t[i + 12], 0xdd));
  }
}

/// One step of a product: acc + a · b, where a is 4 bytes of a row and b the 4 bytes of 16 columns.
struct StepF32 {
  using Sum = Floats;
  using Weights = __m512;
  CT_LANES static Sum zero() { return zero_floats(); }
  CT_LANES static Weights weights(const std::byte* b) { return _mm512_loadu_ps(b); }
  CT_LANES static __m512 input(const std::byte* a) {
    return _mm512_castsi512_ps(_mm512_set1_epi32(bits_at(a)));
  }
  CT_LANES static void add(Sum& acc, __m512 a, const Weights& b) {
    acc.v = _mm512_fmadd_ps(a, b, acc.v);
  }
};

#if CT_NATIVE_BF16
struct StepBf16 {
  using Sum = Floats;
  using Weights = __m512bh;
  CT_LANES static Sum zero() { return zero_floats(); }
  CT_LANES static Weights weights(const std::byte* b) {
    return reinterpret_cast<Weights>(_mm512_loadu_si512(b));
  }
  CT_LANES static Weights input(const std::byte* a) {
    return reinterpret_cast<Weights>(_mm512_set1_epi32(bits_at(a)));
  }
  CT_LANES static void add(Sum& acc, const Weights& a, const Weights& b) {
    acc.v = _mm512_dpbf16_ps(acc.v, a, b);
  }
};

struct StepInt8 {
  using Sum = Ints;
  using Weights = __m512i;
  CT_LANES static Sum zero() { return zero_ints(); }
  CT_LANES static Weights weights(const std::byte* b) { return _mm512_loadu_si512(b); }
  CT_LANES static __m512i input(const std::byte* a) { return _mm512_set1_epi32(bits_at(a)); }
  CT_LANES static void add(Sum& acc, __m512i a, const Weights& b) {
    acc.v = _mm512_dpbusd_epi32(acc.v, a, b);
  }
};
#else
struct StepBf16 {
  struct Weights {
    __m512 even, odd;
  };
  using Sum = Floats;
  CT_LANES static Sum zero() { return zero_floats(); }
  CT_LANES static Weights apart(__m512i pairs) {
    return {_mm512_castsi512_ps(_mm512_slli_epi32(pairs, 16)),
            _mm512_castsi512_ps(_mm512_and_si512(pairs, _mm512_set1_epi32(-65536)))};
  }
  CT_LANES static Weights weights(const std::byte* b) { return apart(_mm512_loadu_si512(b)); }
  CT_LANES static Weights input(const std::byte* a) { return apart(_mm512_set1_epi32(bits_at(a))); }
  CT_LANES static void add(Sum& acc, const Weights& a, const Weights& b) {
    acc.v = _mm512_fmadd_ps(a.even, b.even, acc.v);
    acc.v = _mm512_fmadd_ps(a.odd, b.odd, acc.v);
  }
};

struct StepInt8 {
  struct Weights {
    __m512i even, odd;
  };
  using Sum = Ints;
  CT_LANES static Sum zero() { return zero_ints(); }
  CT_LANES static Weights weights(const std::byte* b) {
    const __m512i bytes = _mm512_loadu_si512(b);
    return {_mm512_srai_epi16(_mm512_slli_epi16(bytes, 8), 8), _mm512_srai_epi16(bytes, 8)};
  }
  CT_LANES static Weights input(const std::byte* a) {
    const __m512i bytes = _mm512_set1_epi32(bits_at(a));
    return {_mm512_and_si512(bytes, _mm512_set1_epi16(0xff)), _mm512_srli_epi16(bytes, 8)};
  }
  CT_LANES static void add(Sum& acc, const Weights& a, const Weights& b) {
    acc.v = _mm512_add_epi32(acc.v, _mm512_madd_epi16(a.even, b.even));
    acc.v = _mm512_add_epi32(acc.v, _mm512_madd_epi16(a.odd, b.odd));
  }
};
#endif
