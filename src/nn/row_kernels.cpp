#include "nn/row_kernels.h"

#include <algorithm>

#include "nn/bfloat16.h"

namespace crosstail::nn {
namespace {

template <class Real>
using PackOf = typename Lanes<Real>::Pack;

template <class Real>
struct AddNormKernel {
  CT_INLINE static void run(const AddNorm<Real>& t) {
    constexpr std::size_t w = Lanes<Real>::kCount;
    const Real count = static_cast<Real>(t.columns);
    for (std::size_t r = 0; r < t.rows; ++r) {
      Real* state = t.state + r * t.columns;
      PackOf<Real> sum = {};
      for (std::size_t c = 0; c < t.columns; c += w) {
        const std::size_t n = t.columns - c;
        PackOf<Real> x = load(state + c, n);
        if (t.y != nullptr) {
          PackOf<Real> y = load(t.y + r * t.columns + c, n) + load(t.bias + c, n);
          if (t.dropout.rate > 0)
            y *= dropout_pack<Real>(t.dropout.keys[r], static_cast<std::uint32_t>(c),
                                    t.dropout.rate);
          x += y;
          store(state + c, x, n);
        }
        sum += x;
      }
      const Real mean = sum_of<Real>(sum) / count;
      PackOf<Real> squares = {};
      for (std::size_t c = 0; c < t.columns; c += w) {
        const std::size_t n = t.columns - c;
        PackOf<Real> x = load(state + c, n) - mean;
        if (n < w)
          for (std::size_t i = n; i < w; ++i) x[i] = 0;
        squares += x * x;
      }
      const Real scale = Real(1) / std::sqrt(sum_of<Real>(squares) / count + t.epsilon);
      for (std::size_t c = 0; c < t.columns; c += w) {
        const std::size_t n = t.columns - c;
        const PackOf<Real> x = (load(state + c, n) - mean) * scale;
        if (t.normalised != nullptr) store(t.normalised + r * t.columns + c, x, n);
        store(state + c, x * load(t.gamma + c, n) + load(t.beta + c, n), n);
      }
      if (t.scale != nullptr) t.scale[r] = scale;
    }
  }
};

template <class Real>
struct AddNormBackwardKernel {
  CT_INLINE static void run(const AddNormBackward<Real>& t) {
    constexpr std::size_t w = Lanes<Real>::kCount;
    const Real count = static_cast<Real>(t.columns);
    for (std::size_t r = 0; r < t.rows; ++r) {
      Real* d = t.d_state + r * t.columns;
      const Real* x = t.normalised + r * t.columns;
      PackOf<Real> sum = {}, along = {};
      for (std::size_t c = 0; c < t.columns; c += w) {
        const std::size_t n = t.columns - c;
        const PackOf<Real> g = load(d + c, n), xn = load(x + c, n), gx = g * xn;
        store(t.d_beta + c, load(t.d_beta + c, n) + g, n);
        store(t.d_gamma + c, load(t.d_gamma + c, n) + gx, n);
        const PackOf<Real> gamma = load(t.gamma + c, n);
        sum += g * gamma;
        along += gx * gamma;
      }
      const Real mean = sum_of<Real>(sum) / count, mean_along = sum_of<Real>(along) / count;
      for (std::size_t c = 0; c < t.columns; c += w) {
        const std::size_t n = t.columns - c;
        const PackOf<Real> z =
            (load(d + c, n) * load(t.gamma + c, n) - mean - load(x + c, n) * mean_along) *
            t.scale[r];
        store(d + c, z, n);
        if (t.d_y == nullptr) continue;
        PackOf<Real> y = z;
        if (t.dropout.rate > 0)
          y *= dropout_pack<Real>(t.dropout.keys[r], static_cast<std::uint32_t>(c), t.dropout.rate);
        store(t.d_y + r * t.columns + c, y, n);
        store(t.d_bias + c, load(t.d_bias + c, n) + y, n);
      }
    }
  }
};

/// Value and slope of the activation at once.
template <class Real>
CT_INLINE void value_and_slope(Activation activation, const PackOf<Real>& x, PackOf<Real>& value,
                               PackOf<Real>& slope) {
  value = slope = PackOf<Real>{};
  switch (activation) {
    case Activation::Identity:
      value = x;
      slope = PackOf<Real>{} + Real(1);
      return;
    case Activation::Relu: {
      const PackOf<Real> zero = {}, one = zero + Real(1);
      value = x > zero ? x : zero;
      slope = x > zero ? one : zero;
      return;
    }
    case Activation::Gelu: {
      const PackOf<Real> e = exp_of(x * x * Real(-0.5)), cdf = normal_cdf(x, e);
      value = x * cdf;
      slope = cdf + x * e * Real(0.39894228040143267794);
      return;
    }
    case Activation::GeluTanh: {
      constexpr auto kRoot = static_cast<Real>(0.79788456080286535588),
                     kCube = static_cast<Real>(0.044715);
      const PackOf<Real> square = x * x, inner = kRoot * (x + kCube * x * square);
      const PackOf<Real> t = tanh_of<Real>(inner);
      value = Real(0.5) * x * (Real(1) + t);
      slope = Real(0.5) * (Real(1) + t) +
              Real(0.5) * x * (Real(1) - t * t) * kRoot * (Real(1) + Real(3) * kCube * square);
      return;
    }
    case Activation::Tanh:
      value = tanh_of<Real>(x);
      slope = Real(1) - value * value;
      return;
    case Activation::Silu: {
      const PackOf<Real> s = Real(1) / (Real(1) + exp_of(-x));
      value = x * s;
      slope = s * (Real(1) + x * (Real(1) - s));
      return;
    }
  }
}

template <class Real>
struct BiasActivationKernel {
  CT_INLINE static void run(Activation activation, std::size_t rows, std::size_t columns,
                            const Real* bias, Real* x, Real* out) {
    PackOf<Real> value, slope;
    for (std::size_t r = 0; r < rows; ++r, x += columns, out += columns)
      for (std::size_t c = 0; c < columns; c += Lanes<Real>::kCount) {
        const std::size_t n = columns - c;
        const PackOf<Real> sum = load(x + c, n) + load(bias + c, n);
        store(x + c, sum, n);
        value_and_slope<Real>(activation, sum, value, slope);
        store(out + c, value, n);
      }
  }
};

template <class Real>
struct ActivationBackwardKernel {
  CT_INLINE static void run(Activation activation, std::size_t rows, std::size_t columns,
                            const Real* x, Real* gradient, Real* out, Real* d_bias) {
    PackOf<Real> value, slope;
    for (std::size_t r = 0; r < rows; ++r)
      for (std::size_t c = 0; c < columns; c += Lanes<Real>::kCount) {
        const std::size_t n = columns - c, i = r * columns + c;
        value_and_slope<Real>(activation, load(x + i, n), value, slope);
        const PackOf<Real> d = load(gradient + i, n) * slope;
        store(gradient + i, d, n);
        if (out != nullptr) store(out + i, value, n);
        if (d_bias != nullptr) store(d_bias + c, load(d_bias + c, n) + d, n);
      }
  }
};

template <class Real>
struct AddBiasKernel {
  CT_INLINE static void run(std::size_t rows, std::size_t columns, const Real* bias, Real* x) {
    for (std::size_t r = 0; r < rows; ++r, x += columns)
      for (std::size_t c = 0; c < columns; c += Lanes<Real>::kCount) {
        const std::size_t n = columns - c;
        store(x + c, load(x + c, n) + load(bias + c, n), n);
      }
  }
};

template <class Real>
struct ColumnSumsKernel {
  CT_INLINE static void run(std::size_t rows, std::size_t columns, const Real* x, Real* sums) {
    for (std::size_t r = 0; r < rows; ++r, x += columns)
      for (std::size_t c = 0; c < columns; c += Lanes<Real>::kCount) {
        const std::size_t n = columns - c;
        store(sums + c, load(sums + c, n) + load(x + c, n), n);
      }
  }
};

template <class Real>
struct DropKernel {
  CT_INLINE static void run(std::size_t rows, std::size_t columns, const RowDropout& dropout,
                            Real* x) {
    for (std::size_t r = 0; r < rows; ++r, x += columns)
      for (std::size_t c = 0; c < columns; c += Lanes<Real>::kCount) {
        const std::size_t n = columns - c;
        store(x + c,
              load(x + c, n) *
                  dropout_pack<Real>(dropout.keys[r], static_cast<std::uint32_t>(c), dropout.rate),
              n);
      }
  }
};

template <class Real>
struct RescaleKernel {
  CT_INLINE static void run(std::size_t rows, std::size_t columns, const Real* normalised,
                            const Real* gamma, const Real* beta, Real* out) {
    for (std::size_t r = 0; r < rows; ++r, normalised += columns, out += columns)
      for (std::size_t c = 0; c < columns; c += Lanes<Real>::kCount) {
        const std::size_t n = columns - c;
        store(out + c, load(normalised + c, n) * load(gamma + c, n) + load(beta + c, n), n);
      }
  }
};

CT_INLINE Lanes<float>::Pack widened(const std::uint16_t* from) {
  typedef std::uint16_t Half __attribute__((vector_size(32)));
  Half half;
  std::memcpy(&half, from, sizeof half);
  const auto bits = __builtin_convertvector(half, Lanes<float>::Bits) << 16;
  Lanes<float>::Pack out;
  std::memcpy(&out, &bits, sizeof out);
  return out;
}

/// Rounds to nearest, ties to even; infinities and NaN survive (a NaN stays quiet).
CT_INLINE void narrow(const Lanes<float>::Pack& x, std::uint16_t* to) {
  typedef std::uint16_t Half __attribute__((vector_size(32)));
  Lanes<float>::Bits bits;
  std::memcpy(&bits, &x, sizeof bits);
  const Lanes<float>::Bits rounded = bits + 0x7FFFU + ((bits >> 16) & 1U);
  const Lanes<float>::Bits quiet = bits | 0x00400000U;
  bits = (bits & 0x7FFFFFFFU) > 0x7F800000U ? quiet : rounded;
  const Half half = __builtin_convertvector(bits >> 16, Half);
  std::memcpy(to, &half, sizeof half);
}

struct ToBfloat16Kernel {
  CT_INLINE static void run(std::span<const float> x, std::uint16_t* high, std::uint16_t* low) {
    constexpr std::size_t w = Lanes<float>::kCount;
    std::size_t i = 0;
    for (; i + w <= x.size(); i += w) {
      const auto v = load(x.data() + i);
      narrow(v, high + i);
      if (low != nullptr) narrow(v - widened(high + i), low + i);
    }
    for (; i < x.size(); ++i) {
      high[i] = nn::to_bfloat16(x[i]);
      if (low != nullptr) low[i] = nn::to_bfloat16(x[i] - nn::from_bfloat16(high[i]));
    }
  }
};

struct FromBfloat16Kernel {
  CT_INLINE static void run(std::size_t count, const std::uint16_t* high, const std::uint16_t* low,
                            float* x) {
    constexpr std::size_t w = Lanes<float>::kCount;
    std::size_t i = 0;
    for (; i + w <= count; i += w)
      store(x + i, low != nullptr ? widened(high + i) + widened(low + i) : widened(high + i));
    for (; i < count; ++i)
      x[i] = nn::from_bfloat16(high[i]) + (low != nullptr ? nn::from_bfloat16(low[i]) : 0.0F);
  }
};

struct ColumnsToBfloat16Kernel {
  CT_INLINE static void run(const NarrowColumns& c) {
    for (std::size_t r = 0; r < c.rows; ++r)
      ToBfloat16Kernel::run({c.wide + r * c.width, c.width}, c.high + r * c.stride,
                            c.low != nullptr ? c.low + r * c.stride : nullptr);
  }
};

struct ColumnsFromBfloat16Kernel {
  CT_INLINE static void run(const WideColumns& c) {
    for (std::size_t r = 0; r < c.rows; ++r)
      FromBfloat16Kernel::run(c.width, c.high + r * c.stride,
                              c.low != nullptr ? c.low + r * c.stride : nullptr,
                              c.wide + r * c.width);
  }
};

}  // namespace

template <class Real>
void add_norm(const AddNorm<Real>& tile) {
  run_kernel<AddNormKernel<Real>>(tile);
}
template <class Real>
void add_norm_backward(const AddNormBackward<Real>& tile) {
  run_kernel<AddNormBackwardKernel<Real>>(tile);
}
template <class Real>
void bias_activation(Activation activation, std::size_t rows, std::size_t columns, const Real* bias,
                     Real* x, Real* out) {
  run_kernel<BiasActivationKernel<Real>>(activation, rows, columns, bias, x, out);
}
template <class Real>
void activation_backward(Activation activation, std::size_t rows, std::size_t columns,
                         const Real* x, Real* gradient, Real* out, Real* d_bias) {
  run_kernel<ActivationBackwardKernel<Real>>(activation, rows, columns, x, gradient, out, d_bias);
}
template <class Real>
void add_bias(std::size_t rows, std::size_t columns, const Real* bias, Real* x) {
  run_kernel<AddBiasKernel<Real>>(rows, columns, bias, x);
}
template <class Real>
void add_column_sums(std::size_t rows, std::size_t columns, const Real* x, Real* sums) {
  run_kernel<ColumnSumsKernel<Real>>(rows, columns, x, sums);
}
template <class Real>
void drop_rows(std::size_t rows, std::size_t columns, const RowDropout& dropout, Real* x) {
  if (dropout.rate > 0) run_kernel<DropKernel<Real>>(rows, columns, dropout, x);
}
template <class Real>
void rescale(std::size_t rows, std::size_t columns, const Real* normalised, const Real* gamma,
             const Real* beta, Real* out) {
  run_kernel<RescaleKernel<Real>>(rows, columns, normalised, gamma, beta, out);
}

void to_bfloat16(std::span<const float> x, std::uint16_t* high, std::uint16_t* low) {
  run_kernel<ToBfloat16Kernel>(x, high, low);
}
void from_bfloat16(std::size_t count, const std::uint16_t* high, const std::uint16_t* low,
                   float* x) {
  run_kernel<FromBfloat16Kernel>(count, high, low, x);
}
void to_bfloat16(const NarrowColumns& columns) {
  run_kernel<ColumnsToBfloat16Kernel>(columns);
}
void from_bfloat16(const WideColumns& columns) {
  run_kernel<ColumnsFromBfloat16Kernel>(columns);
}

// NOLINTBEGIN(bugprone-macro-parentheses): a type cannot stand in parentheses
#define CT_ROW_KERNELS(Real)                                                                      \
  template void add_norm(const AddNorm<Real>&);                                                   \
  template void add_norm_backward(const AddNormBackward<Real>&);                                  \
  template void bias_activation(Activation, std::size_t, std::size_t, const Real*, Real*, Real*); \
  template void activation_backward(Activation, std::size_t, std::size_t, const Real*, Real*,     \
                                    Real*, Real*);                                                \
  template void add_bias(std::size_t, std::size_t, const Real*, Real*);                           \
  template void add_column_sums(std::size_t, std::size_t, const Real*, Real*);                    \
  template void drop_rows(std::size_t, std::size_t, const RowDropout&, Real*);                    \
  template void rescale(std::size_t, std::size_t, const Real*, const Real*, const Real*, Real*);
CT_ROW_KERNELS(float)
CT_ROW_KERNELS(double)
// NOLINTEND(bugprone-macro-parentheses)

}  // namespace crosstail::nn
