// What happens to a row between products. Included inside an instruction set's namespace; see
// kernels.inl.

/// 2^x to 2e-9 (minimax polynomial on [-1/2, 1/2]); 0 or the least normal number below -126.
CT_LANES Floats exp2_of(Floats x) {
  const Floats whole = rounded(x);
  const Floats f = x - whole;
  Floats p = fma(f, all(0.000153458075F), all(0.00133999312F));
  p = fma(f, p, all(0.00961848897F));
  p = fma(f, p, all(0.0555032878F));
  p = fma(f, p, all(0.240226469F));
  p = fma(f, p, all(0.693147206F));
  return scale2(fma(f, p, all(1.0F)), whole);
}

/// The same to 3e-6, for probabilities that are rounded to bf16.
CT_LANES Floats rough_exp2_of(Floats x) {
  const Floats whole = rounded(x);
  const Floats f = x - whole;
  Floats p = fma(f, all(0.00957009667F), all(0.0559178599F));
  p = fma(f, p, all(0.24024745F));
  p = fma(f, p, all(0.693121815F));
  return scale2(fma(f, p, all(0.999999261F)), whole);
}

CT_LANES Floats exp_of(Floats x) {
  constexpr float kLog2E = 1.44269504F;
  return exp2_of(smaller(larger(x, all(-87.0F)), all(88.0F)) * all(kLog2E));
}

/// x Φ(x) = max(x, 0) - |x| erfc(|x| / √2) / 2; erfc(s) = exp(-s²) R(1 / (1 + 0.47 s)), R a
/// minimax polynomial good to 3e-8.
CT_LANES Floats gelu(Floats x) {
  const Floats size = absolute(x);
  const Floats s = smaller(size * all(0.707106781F), all(9.0F));
  const Floats u = all(1.0F) / fma(s, all(0.47F), all(1.0F));
  Floats p = fma(u, all(0.0970104532F), all(-0.461614335F));
  p = fma(u, p, all(0.690078447F));
  p = fma(u, p, all(-0.215133075F));
  p = fma(u, p, all(0.391687102F));
  p = fma(u, p, all(0.228271808F));
  p = fma(u, p, all(0.269960414F));
  p = fma(u, p, all(-0.000260787058F));
  const Floats tail = p * exp2_of(s * s * all(-1.44269504F));
  return fma(size * all(-0.5F), tail, larger(x, zero_floats()));
}

/// The same to 4e-5 (1.6e-4 beyond |x| = 4, where the result is 0 or x): |x| erfc(|x| / √2) / 2 is
/// a bump that a polynomial on [0, 4] follows.
CT_LANES Floats rough_gelu(Floats x) {
  const Floats t = smaller(absolute(x), all(4.0F));
  Floats p = fma(t, all(4.94492304e-05F), all(-0.000816178664F));
  p = fma(t, p, all(0.00483228475F));
  p = fma(t, p, all(-0.00912414147F));
  p = fma(t, p, all(-0.0215144346F));
  p = fma(t, p, all(0.105277605F));
  p = fma(t, p, all(-0.0310563847F));
  p = fma(t, p, all(-0.387478719F));
  p = fma(t, p, all(0.498426219F));
  p = fma(t, p, all(3.52083239e-05F));
  return larger(x, zero_floats()) - p;
}

CT_LANES Floats tanh_of(Floats x) {
  const Floats e = exp_of(smaller(x + x, all(40.0F)));
  return all(1.0F) - all(2.0F) / (e + all(1.0F));
}

enum class Shape { Identity, Relu, Gelu, RoughGelu, GeluTanh, Tanh, Silu };

template <Shape kShape>
CT_LANES Floats shaped(Floats x) {
  if constexpr (kShape == Shape::Relu) return larger(x, zero_floats());
  if constexpr (kShape == Shape::Gelu) return gelu(x);
  if constexpr (kShape == Shape::RoughGelu) return rough_gelu(x);
  if constexpr (kShape == Shape::GeluTanh) {
    const Floats cube = x * x * x;
    const Floats inner = all(0.797884561F) * fma(cube, all(0.044715F), x);
    return all(0.5F) * x * (all(1.0F) + tanh_of(inner));
  }
  if constexpr (kShape == Shape::Tanh) return tanh_of(x);
  if constexpr (kShape == Shape::Silu) return x / (all(1.0F) + exp_of(zero_floats() - x));
  return x;
}

/// One row's sums, made whole: for int8 scaled and freed of the row's zero point.
template <bool kInt8>
CT_LANES Floats scaled_sum(const Finish& f, std::size_t row, std::size_t column) {
  const std::size_t at = row * f.sums_stride + column;
  if constexpr (!kInt8) return load(static_cast<const float*>(f.sums) + at);
  const Ints sums = load(static_cast<const std::int32_t*>(f.sums) + at);
  const Ints centred = sums - load(f.column_sums + column) * all_ints(f.row_zero[row]);
  return to_floats(centred) * (load(f.scale + column) * all(f.row_scale[row]));
}

template <Shape kShape, bool kInt8, Finish::To kTo>
CT_TARGET void finish_rows(const Finish& f) {
  const std::size_t columns = f.panels * kLanes;
  for (std::size_t r = 0; r < f.rows; ++r)
    for (std::size_t c = 0; c < columns; c += kLanes) {
      const Floats y = shaped<kShape>(scaled_sum<kInt8>(f, r, c) + load(f.bias + c));
      const std::size_t at = r * f.out_stride + c;
      if constexpr (kTo == Finish::To::Bf16) {
        store_bf16(static_cast<std::uint16_t*>(f.out) + at, y);
      } else {
        float* out = static_cast<float*>(f.out) + at;
        store(out, kTo == Finish::To::AddF32 ? y + load(out) : y);
      }
    }
}

template <Shape kShape, bool kInt8>
CT_TARGET void finish_to(const Finish& f) {
  if (f.to == Finish::To::Bf16) return finish_rows<kShape, kInt8, Finish::To::Bf16>(f);
  if (f.to == Finish::To::AddF32) return finish_rows<kShape, kInt8, Finish::To::AddF32>(f);
  return finish_rows<kShape, kInt8, Finish::To::F32>(f);
}

template <Shape kShape>
CT_TARGET void finish_as(const Finish& f) {
  return f.scale == nullptr ? finish_to<kShape, false>(f) : finish_to<kShape, true>(f);
}

CT_TARGET inline void finish(const Finish& f) {
  switch (f.activation) {
    case Activation::Identity:
      return finish_as<Shape::Identity>(f);
    case Activation::Relu:
      return finish_as<Shape::Relu>(f);
    case Activation::Gelu:
      return f.rough ? finish_as<Shape::RoughGelu>(f) : finish_as<Shape::Gelu>(f);
    case Activation::GeluTanh:
      return finish_as<Shape::GeluTanh>(f);
    case Activation::Tanh:
      return finish_as<Shape::Tanh>(f);
    case Activation::Silu:
      return finish_as<Shape::Silu>(f);
  }
}

/// Sum over a row of f(x), where lanes after `columns` count as 0; four chains of additions.
template <bool kSquares>
CT_LANES float row_sum(const float* x, std::size_t columns, Floats mean) {
  Floats chains[4] = {zero_floats(), zero_floats(), zero_floats(), zero_floats()};
  for (std::size_t c = 0; c < columns; c += 4 * kLanes)
#pragma GCC unroll 4
    for (std::size_t i = 0; i < 4; ++i) {
      const std::size_t at = c + i * kLanes;
      Floats v = load(x + at) - mean;
      if (at + kLanes > columns) v = first(v, columns > at ? columns - at : 0);
      chains[i] = kSquares ? fma(v, v, chains[i]) : chains[i] + v;
    }
  return sum((chains[0] + chains[2]) + (chains[1] + chains[3]));
}

CT_TARGET inline void norm(const Norm& n) {
  const auto count = static_cast<float>(n.columns);
  for (std::size_t r = 0; r < n.rows; ++r) {
    float* x = n.x + r * n.stride;
    const Floats mean = all(row_sum<false>(x, n.columns, zero_floats()) / count);
    const float variance = row_sum<true>(x, n.columns, mean) / count;
    const Floats scale = all(1.0F / std::sqrt(variance + n.epsilon));
    for (std::size_t c = 0; c < n.columns; c += 4 * kLanes)
#pragma GCC unroll 4
      for (std::size_t i = 0; i < 4; ++i) {
        const std::size_t at = c + i * kLanes;
        const Floats y = fma((load(x + at) - mean) * scale, load(n.gamma + at), load(n.beta + at));
        store(x + at, y);
        if (n.bf16 != nullptr) store_bf16(n.bf16 + r * n.bf16_stride + at, y);
      }
  }
}

CT_TARGET inline void quantise(const Quantise& q) {
  for (std::size_t r = 0; r < q.rows; ++r) {
    const float* x = q.x + r * q.stride;
    Floats low = zero_floats(), high = zero_floats();
    for (std::size_t c = 0; c < q.columns; c += kLanes) {
      low = larger(low, zero_floats() - load(x + c));
      high = larger(high, load(x + c));
    }
    const float least = largest(low), range = largest(high) + least;
    const float scale = range > 1e-30F && range < 1e30F ? range / 255.0F : 1.0F;
    const float zero = std::nearbyint(std::min(255.0F, std::max(0.0F, least / scale)));
    q.scale[r] = scale;
    q.zero[r] = static_cast<std::int32_t>(zero);
    const Floats inverse = all(1.0F / scale);
    for (std::size_t c = 0; c < q.columns; c += kLanes) {
      const Floats y = fma(load(x + c), inverse, all(zero));
      store_bytes(q.q + r * q.q_stride + c,
                  to_ints(smaller(larger(y, zero_floats()), all(255.0F))));
    }
  }
}

CT_TARGET inline void add_f32(const float* table, std::size_t columns, float* row) {
  for (std::size_t c = 0; c < columns; c += kLanes) store(row + c, load(row + c) + load(table + c));
}
CT_TARGET inline void add_bf16(const std::uint16_t* table, std::size_t columns, float* row) {
  for (std::size_t c = 0; c < columns; c += kLanes)
    store(row + c, load(row + c) + load_bf16(table + c));
}
CT_TARGET inline void add_int8(const std::int8_t* table, float scale, std::size_t columns,
                               float* row) {
  for (std::size_t c = 0; c < columns; c += kLanes)
    store(row + c, load(row + c) + load_signed_bytes(table + c) * all(scale));
}
