// Sixteen lanes as four of the compiler's own 16-byte vectors, on any processor. Included inside an
// instruction set's namespace; see kernels.inl.

inline constexpr std::size_t kMostRows = 2, kMostPanels = 1;

using Quad = float __attribute__((vector_size(16)));
using QuadBits = std::uint32_t __attribute__((vector_size(16)));
using QuadInts = std::int32_t __attribute__((vector_size(16)));

struct Floats {
  Quad v[4];
};
struct Ints {
  QuadBits v[4];  // unsigned: sums wrap
};

#define CT_EACH _Pragma("GCC unroll 4") for (std::size_t i = 0; i < 4; ++i)

CT_LANES Floats all(float x) {
  const Quad q = {x, x, x, x};
  return {{q, q, q, q}};
}
CT_LANES Ints all_ints(std::int32_t x) {
  const auto u = static_cast<std::uint32_t>(x);
  const QuadBits q = {u, u, u, u};
  return {{q, q, q, q}};
}
CT_LANES Floats zero_floats() {
  return all(0.0F);
}
CT_LANES Ints zero_ints() {
  return all_ints(0);
}
CT_LANES Floats load(const float* p) {
  Floats x;
  std::memcpy(&x, p, 64);
  return x;
}
CT_LANES Ints load(const std::int32_t* p) {
  Ints x;
  std::memcpy(&x, p, 64);
  return x;
}
CT_LANES void store(float* p, const Floats& x) {
  std::memcpy(p, &x, 64);
}
CT_LANES void store(std::int32_t* p, const Ints& x) {
  std::memcpy(p, &x, 64);
}

CT_LANES Floats operator+(const Floats& x, const Floats& y) {
  Floats z;
  CT_EACH z.v[i] = x.v[i] + y.v[i];
  return z;
}
CT_LANES Floats operator-(const Floats& x, const Floats& y) {
  Floats z;
  CT_EACH z.v[i] = x.v[i] - y.v[i];
  return z;
}
CT_LANES Floats operator*(const Floats& x, const Floats& y) {
  Floats z;
  CT_EACH z.v[i] = x.v[i] * y.v[i];
  return z;
}
CT_LANES Floats operator/(const Floats& x, const Floats& y) {
  Floats z;
  CT_EACH z.v[i] = x.v[i] / y.v[i];
  return z;
}
CT_LANES Ints operator-(const Ints& x, const Ints& y) {
  Ints z;
  CT_EACH z.v[i] = x.v[i] - y.v[i];
  return z;
}
CT_LANES Ints operator*(const Ints& x, const Ints& y) {
  Ints z;
  CT_EACH z.v[i] = x.v[i] * y.v[i];
  return z;
}
CT_LANES Floats fma(const Floats& x, const Floats& y, const Floats& z) {
  return x * y + z;
}
CT_LANES Floats larger(const Floats& x, const Floats& y) {
  Floats z;
  CT_EACH z.v[i] = x.v[i] > y.v[i] ? x.v[i] : y.v[i];
  return z;
}
CT_LANES Floats smaller(const Floats& x, const Floats& y) {
  Floats z;
  CT_EACH z.v[i] = x.v[i] < y.v[i] ? x.v[i] : y.v[i];
  return z;
}
CT_LANES Floats absolute(const Floats& x) {
  return larger(x, zero_floats() - x);
}
CT_LANES Floats to_floats(const Ints& x) {
  Floats z;
  CT_EACH z.v[i] = __builtin_convertvector(reinterpret_cast<const QuadInts&>(x.v[i]), Quad);
  return z;
}
/// Nearest, ties to even, where |x| < 2^22: adding 1.5 · 2^23 leaves no place for a fraction.
CT_LANES Floats rounded(const Floats& x) {
  const Floats magic = all(12582912.0F);
  return (x + magic) - magic;
}
CT_LANES Ints to_ints(const Floats& x) {
  const Floats whole = smaller(larger(rounded(x), all(-4194304.0F)), all(4194304.0F));
  Ints z;
  CT_EACH {
    const QuadInts q = __builtin_convertvector(whole.v[i], QuadInts);
    std::memcpy(&z.v[i], &q, 16);
  }
  return z;
}
/// x · 2^n; n whole, taken as -126 if it is below that.
CT_LANES Floats scale2(const Floats& x, const Floats& n) {
  Ints power = to_ints(larger(n, all(-126.0F)) + all(127.0F));
  CT_EACH power.v[i] <<= 23;
  Floats scale;
  std::memcpy(&scale, &power, 64);
  return x * scale;
}

/// The first n lanes, the others 0.
CT_LANES Floats first(const Floats& x, std::size_t n) {
  float lanes[16];
  store(lanes, x);
  for (std::size_t i = n; i < 16; ++i) lanes[i] = 0;
  return load(lanes);
}
CT_LANES float sum(const Floats& x) {
  const Quad q = (x.v[0] + x.v[2]) + (x.v[1] + x.v[3]);
  return (q[0] + q[2]) + (q[1] + q[3]);
}
CT_LANES float largest(const Floats& x) {
  float lanes[16];
  store(lanes, x);
  float most = lanes[0];
  for (std::size_t i = 1; i < 16; ++i) most = lanes[i] > most ? lanes[i] : most;
  return most;
}

CT_LANES Floats load_bf16(const std::uint16_t* p) {
  std::uint32_t bits[16];
  for (std::size_t i = 0; i < 16; ++i) bits[i] = static_cast<std::uint32_t>(p[i]) << 16;
  Floats x;
  std::memcpy(&x, bits, 64);
  return x;
}
CT_LANES void store_bf16(std::uint16_t* p, const Floats& x) {
  std::uint32_t bits[16];
  std::memcpy(bits, &x, 64);
  for (std::size_t i = 0; i < 16; ++i)
    p[i] = static_cast<std::uint16_t>((bits[i] + 0x7fffu + ((bits[i] >> 16) & 1u)) >> 16);
}
/// Lanes are 0 … 255.
CT_LANES void store_bytes(std::uint8_t* p, const Ints& x) {
  std::uint32_t lanes[16];
  std::memcpy(lanes, &x, 64);
  for (std::size_t i = 0; i < 16; ++i) p[i] = static_cast<std::uint8_t>(lanes[i]);
}
CT_LANES Floats load_signed_bytes(const std::int8_t* p) {
  float lanes[16];
  for (std::size_t i = 0; i < 16; ++i) lanes[i] = p[i];
  return load(lanes);
}
/// Lane i becomes a[i] in its low 16 bits and b[i] in its high ones.
CT_LANES void store_interleaved(std::int32_t* p, const std::uint16_t* a, const std::uint16_t* b) {
  for (std::size_t i = 0; i < 16; ++i)
    p[i] = static_cast<std::int32_t>(a[i] | (static_cast<std::uint32_t>(b[i]) << 16));
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
    Floats x;
    std::memcpy(&x, b, 64);
    return x;
  }
  CT_LANES static Floats input(const std::byte* a) {
    float x = 0;
    std::memcpy(&x, a, 4);
    return all(x);
  }
  CT_LANES static void add(Sum& acc, const Floats& a, const Weights& b) { acc = a * b + acc; }
};

struct StepBf16 {
  using Sum = Floats;
  struct Weights {
    Floats even, odd;
  };
  CT_LANES static Sum zero() { return zero_floats(); }
  CT_LANES static Weights apart(const Ints& pairs) {
    Ints even, odd;
    CT_EACH even.v[i] = pairs.v[i] << 16;
    CT_EACH odd.v[i] = pairs.v[i] & 0xffff0000u;
    Weights w;
    std::memcpy(&w.even, &even, 64);
    std::memcpy(&w.odd, &odd, 64);
    return w;
  }
  CT_LANES static Weights weights(const std::byte* b) {
    Ints x;
    std::memcpy(&x, b, 64);
    return apart(x);
  }
  CT_LANES static Weights input(const std::byte* a) { return apart(all_ints(bits_at(a))); }
  CT_LANES static void add(Sum& acc, const Weights& a, const Weights& b) {
    acc = a.odd * b.odd + (a.even * b.even + acc);
  }
};

struct StepInt8 {
  using Sum = Ints;
  struct Weights {
    std::int8_t bytes[64];
  };
  struct Input {
    std::int32_t bytes[4];
  };
  CT_LANES static Sum zero() { return zero_ints(); }
  CT_LANES static Weights weights(const std::byte* b) {
    Weights w;
    std::memcpy(&w, b, 64);
    return w;
  }
  CT_LANES static Input input(const std::byte* a) {
    Input x;
    for (std::size_t i = 0; i < 4; ++i) x.bytes[i] = static_cast<std::uint8_t>(a[i]);
    return x;
  }
  CT_LANES static void add(Sum& acc, const Input& a, const Weights& b) {
    std::uint32_t lanes[16];
    std::memcpy(lanes, &acc, 64);
    for (std::size_t c = 0; c < 16; ++c)
      for (std::size_t i = 0; i < 4; ++i)
        lanes[c] += static_cast<std::uint32_t>(a.bytes[i] * b.bytes[c * 4 + i]);
    std::memcpy(&acc, lanes, 64);
  }
};

#undef CT_EACH
