#pragma once
/// y = f(x Wᵀ + b): a dense layer in f32, for heads (pooler, Dense, classification).

#include <cstddef>
#include <memory>
#include <span>
#include <utility>

#include "base/result.h"
#include "nn/activation.h"
#include "nn/isa.h"

namespace crosstail::nn {

/// Row-major out × in, as Hugging Face files have it; `bias` has out numbers or none. Borrowed.
struct LinearWeights {
  std::span<const float> weight, bias;
};

/// The definition, for tests.
template <class Real>
void linear_plain(const Real* x, std::size_t rows, std::size_t in, const Real* weight,
                  const Real* bias, std::size_t out, Activation activation, Real* y) {
  for (std::size_t r = 0; r < rows; ++r)
    for (std::size_t o = 0; o < out; ++o) {
      Real sum = 0;
      for (std::size_t i = 0; i < in; ++i) sum += x[r * in + i] * weight[o * in + i];
      y[r * out + o] = activate_plain(activation, bias == nullptr ? sum : sum + bias[o]);
    }
}

/// Owns its weights. Thread-safe once built. A row's result does not depend on the other rows.
class Linear {
 public:
  /// Fails with InvalidArgument if the sizes do not fit out × in.
  static Result<Linear> build(std::size_t in, std::size_t out, const LinearWeights& weights,
                              Activation activation, Isa isa = default_isa());

  [[nodiscard]] std::size_t in() const;
  [[nodiscard]] std::size_t out() const;
  /// x: rows × in, y: rows × out, row-major; they must not overlap.
  void apply(const float* x, std::size_t rows, float* y) const;

 private:
  struct Parts;
  explicit Linear(std::shared_ptr<const Parts> parts) : parts_(std::move(parts)) {}
  std::shared_ptr<const Parts> parts_;
};

}  // namespace crosstail::nn
