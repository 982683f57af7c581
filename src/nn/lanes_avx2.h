// Sixteen lanes as two AVX2 registers. Included inside an instruction set's namespace; see
// kernels.inl.

inline constexpr std::size_t kMostRows = 6, kMostPanels = 1;  // 12 sums, 2 weights, 1 input

struct Floats {
  __m256 a, b;
};
struct Ints {
  __m256i a, b;
};

CT_LANES __m256i load_half(const void* p) {
  return _mm256_loadu_si256(static_cast<const __m256i*>(p));
}
CT_LANES __m256i ints(__m256 x) {
  return _mm256_castps_si256(x);
}
CT_LANES __m256 floats(__m256i x) {
  return _mm256_castsi256_ps(x);
}

CT_LANES Floats zero_floats() {
  return {_mm256_setzero_ps(), _mm256_setzero_ps()};
}
CT_LANES Ints zero_ints() {
  return {_mm256_setzero_si256(), _mm256_setzero_si256()};
}
CT_LANES Floats all(float x) {
  return {_mm256_set1_ps(x), _mm256_set1_ps(x)};
}
CT_LANES Ints all_ints(std::int32_t x) {
  return {_mm256_set1_epi32(x), _mm256_set1_epi32(x)};
}
CT_LANES Floats load(const float* p) {
  return {_mm256_loadu_ps(p), _mm256_loadu_ps(p + 8)};
}
CT_LANES Ints load(const std::int32_t* p) {
  return {load_half(p), load_half(p + 8)};
}
CT_LANES void store(float* p, Floats x) {
  _mm256_storeu_ps(p, x.a);
  _mm256_storeu_ps(p + 8, x.b);
}
CT_LANES void store(std::int32_t* p, Ints x) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), x.a);
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p + 8), x.b);
}
CT_LANES Floats operator+(Floats x, Floats y) {
  return {_mm256_add_ps(x.a, y.a), _mm256_add_ps(x.b, y.b)};
}
CT_LANES Floats operator-(Floats x, Floats y) {
  return {_mm256_sub_ps(x.a, y.a), _mm256_sub_ps(x.b, y.b)};
}
CT_LANES Floats operator*(Floats x, Floats y) {
  return {_mm256_mul_ps(x.a, y.a), _mm256_mul_ps(x.b, y.b)};
}
CT_LANES Floats operator/(Floats x, Floats y) {
  return {_mm256_div_ps(x.a, y.a), _mm256_div_ps(x.b, y.b)};
}
CT_LANES Ints operator-(Ints x, Ints y) {
  return {_mm256_sub_epi32(x.a, y.a), _mm256_sub_epi32(x.b, y.b)};
}
CT_LANES Ints operator*(Ints x, Ints y) {
  return {_mm256_mullo_epi32(x.a, y.a), _mm256_mullo_epi32(x.b, y.b)};
}
/// x y + z, rounded once.
CT_LANES Floats fma(Floats x, Floats y, Floats z) {
  return {_mm256_fmadd_ps(x.a, y.a, z.a), _mm256_fmadd_ps(x.b, y.b, z.b)};
}
CT_LANES Floats larger(Floats x, Floats y) {
  return {_mm256_max_ps(x.a, y.a), _mm256_max_ps(x.b, y.b)};
}
CT_LANES Floats smaller(Floats x, Floats y) {
  return {_mm256_min_ps(x.a, y.a), _mm256_min_ps(x.b, y.b)};
}
CT_LANES Floats absolute(Floats x) {
  const __m256 sign = _mm256_set1_ps(-0.0F);
  return {_mm256_andnot_ps(sign, x.a), _mm256_andnot_ps(sign, x.b)};
}
CT_LANES Floats to_floats(Ints x) {
  return {_mm256_cvtepi32_ps(x.a), _mm256_cvtepi32_ps(x.b)};
}
/// Nearest, ties to even.
CT_LANES Floats rounded(Floats x) {
  return {_mm256_round_ps(x.a, 8), _mm256_round_ps(x.b, 8)};
}
CT_LANES Ints to_ints(Floats x) {
  return {_mm256_cvtps_epi32(x.a), _mm256_cvtps_epi32(x.b)};
}
/// x · 2^n; n whole, taken as -126 if it is below that.
CT_LANES __m256 scale2_half(__m256 x, __m256 n) {
  const __m256i biased = _mm256_cvtps_epi32(
      _mm256_add_ps(_mm256_max_ps(n, _mm256_set1_ps(-126.0F)), _mm256_set1_ps(127.0F)));
  return _mm256_mul_ps(x, floats(_mm256_slli_epi32(biased, 23)));
}
CT_LANES Floats scale2(Floats x, Floats n) {
  return {scale2_half(x.a, n.a), scale2_half(x.b, n.b)};
}

/// The first n lanes, the others 0.
CT_LANES Floats first(Floats x, std::size_t n) {
  const __m256i count = _mm256_set1_epi32(static_cast<int>(n));
  const __m256i low = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  const __m256i high = _mm256_setr_epi32(8, 9, 10, 11, 12, 13, 14, 15);
  return {_mm256_and_ps(x.a, floats(_mm256_cmpgt_epi32(count, low))),
          _mm256_and_ps(x.b, floats(_mm256_cmpgt_epi32(count, high)))};
}
CT_LANES float sum(Floats x) {
  const __m256 half = _mm256_add_ps(x.a, x.b);
  const __m128 quarter = _mm_add_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps(half, 1));
  const __m128 pair = _mm_add_ps(quarter, _mm_movehl_ps(quarter, quarter));
  return _mm_cvtss_f32(_mm_add_ss(pair, _mm_movehdup_ps(pair)));
}
CT_LANES float largest(Floats x) {
  const __m256 half = _mm256_max_ps(x.a, x.b);
  const __m128 quarter = _mm_max_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps(half, 1));
  const __m128 pair = _mm_max_ps(quarter, _mm_movehl_ps(quarter, quarter));
  return _mm_cvtss_f32(_mm_max_ss(pair, _mm_movehdup_ps(pair)));
}

CT_LANES __m256i widen(const std::uint16_t* p) {
  return _mm256_cvtepu16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
}
CT_LANES Floats load_bf16(const std::uint16_t* p) {
  return {floats(_mm256_slli_epi32(widen(p), 16)), floats(_mm256_slli_epi32(widen(p + 8), 16))};
}
CT_LANES __m256i bf16_half(__m256 x) {
  const __m256i odd = _mm256_and_si256(_mm256_srli_epi32(ints(x), 16), _mm256_set1_epi32(1));
  const __m256i up = _mm256_add_epi32(odd, _mm256_set1_epi32(0x7fff));
  return _mm256_srli_epi32(_mm256_add_epi32(ints(x), up), 16);
}
CT_LANES void store_bf16(std::uint16_t* p, Floats x) {
  const __m256i packed = _mm256_packus_epi32(bf16_half(x.a), bf16_half(x.b));
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), _mm256_permute4x64_epi64(packed, 0xd8));
}
/// Lanes are 0 … 255.
CT_LANES void store_bytes(std::uint8_t* p, Ints x) {
  const __m256i words = _mm256_permute4x64_epi64(_mm256_packus_epi32(x.a, x.b), 0xd8);
  _mm_storeu_si128(
      reinterpret_cast<__m128i*>(p),
      _mm_packus_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1)));
}
CT_LANES Floats load_signed_bytes(const std::int8_t* p) {
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
  return to_floats({_mm256_cvtepi8_epi32(bytes), _mm256_cvtepi8_epi32(_mm_srli_si128(bytes, 8))});
}
/// Lane i becomes a[i] in its low 16 bits and b[i] in its high ones.
CT_LANES void store_interleaved(std::int32_t* p, const std::uint16_t* a, const std::uint16_t* b) {
  store(p, Ints{_mm256_or_si256(widen(a), _mm256_slli_epi32(widen(b), 16)),
                _mm256_or_si256(widen(a + 8), _mm256_slli_epi32(widen(b + 8), 16))});
}

/// 16 rows of 16 numbers of 32 bits, `stride` bytes apart, become columns: out[c · 16 + r].
CT_LANES void transpose16(const std::byte* rows, std::size_t stride, std::int32_t* out) {
  for (std::size_t r = 0; r < 16; ++r, rows += stride)
    for (std::size_t c = 0; c < 16; ++c) out[c * 16 + r] = bits_at(rows + c * 4);
}

/// One step of a product: acc + a · b, where a is 4 bytes of a row and b the 4 bytes of 16 columns.
struct StepF32 {
  using Sum = Floats;
  using Weights = Floats;
  CT_LANES static Sum zero() { return zero_floats(); }
  CT_LANES static Weights weights(const std::byte* b) {
    return {floats(load_half(b)), floats(load_half(b + 32))};
  }
  CT_LANES static __m256 input(const std::byte* a) { return floats(_mm256_set1_epi32(bits_at(a))); }
  CT_LANES static void add(Sum& acc, __m256 a, const Weights& b) {
    acc.a = _mm256_fmadd_ps(a, b.a, acc.a);
    acc.b = _mm256_fmadd_ps(a, b.b, acc.b);
  }
};

struct StepBf16 {
  using Sum = Floats;
  struct Weights {
    Floats even, odd;
  };
  struct Input {
    __m256 even, odd;
  };
  CT_LANES static Sum zero() { return zero_floats(); }
  CT_LANES static Input apart(__m256i pairs) {
    return {floats(_mm256_slli_epi32(pairs, 16)),
            floats(_mm256_and_si256(pairs, _mm256_set1_epi32(-65536)))};
  }
  CT_LANES static Weights weights(const std::byte* b) {
    const Input low = apart(load_half(b)), high = apart(load_half(b + 32));
    return {{low.even, high.even}, {low.odd, high.odd}};
  }
  CT_LANES static Input input(const std::byte* a) { return apart(_mm256_set1_epi32(bits_at(a))); }
  CT_LANES static void add(Sum& acc, const Input& a, const Weights& b) {
    acc.a = _mm256_fmadd_ps(a.even, b.even.a, acc.a);
    acc.b = _mm256_fmadd_ps(a.even, b.even.b, acc.b);
    acc.a = _mm256_fmadd_ps(a.odd, b.odd.a, acc.a);
    acc.b = _mm256_fmadd_ps(a.odd, b.odd.b, acc.b);
  }
};

struct StepInt8 {
  using Sum = Ints;
  struct Weights {
    Ints even, odd;
  };
  struct Input {
    __m256i even, odd;
  };
  CT_LANES static Sum zero() { return zero_ints(); }
  CT_LANES static __m256i even_of(__m256i x) {
    return _mm256_srai_epi16(_mm256_slli_epi16(x, 8), 8);
  }
  CT_LANES static Weights weights(const std::byte* b) {
    const __m256i low = load_half(b), high = load_half(b + 32);
    return {{even_of(low), even_of(high)}, {_mm256_srai_epi16(low, 8), _mm256_srai_epi16(high, 8)}};
  }
  CT_LANES static Input input(const std::byte* a) {
    const __m256i bytes = _mm256_set1_epi32(bits_at(a));
    return {_mm256_and_si256(bytes, _mm256_set1_epi16(0xff)), _mm256_srli_epi16(bytes, 8)};
  }
  CT_LANES static void add(Sum& acc, const Input& a, const Weights& b) {
    acc.a = _mm256_add_epi32(acc.a, _mm256_madd_epi16(a.even, b.even.a));
    acc.b = _mm256_add_epi32(acc.b, _mm256_madd_epi16(a.even, b.even.b));
    acc.a = _mm256_add_epi32(acc.a, _mm256_madd_epi16(a.odd, b.odd.a));
    acc.b = _mm256_add_epi32(acc.b, _mm256_madd_epi16(a.odd, b.odd.b));
  }
};
