#pragma once
/// Element-wise functions after a dense layer.

#include <cmath>
#include <optional>
#include <string_view>

namespace crosstail::nn {

enum class Activation {
  Identity,
  Relu,      ///< max(x, 0)
  Gelu,      ///< x Φ(x), Φ by erf (Hendrycks and Gimpel, 2016); Hugging Face's "gelu"
  GeluTanh,  ///< its tanh form; "gelu_new", "gelu_pytorch_tanh"
  Tanh,
  Silu,  ///< x / (1 + exp(-x)); "silu", "swish"
};

/// The names that Hugging Face's `hidden_act` uses; nothing for those we do not have.
constexpr std::optional<Activation> activation_from(std::string_view name) {
  if (name == "gelu") return Activation::Gelu;
  if (name == "gelu_new" || name == "gelu_pytorch_tanh" || name == "gelu_fast")
    return Activation::GeluTanh;
  if (name == "relu") return Activation::Relu;
  if (name == "tanh") return Activation::Tanh;
  if (name == "silu" || name == "swish") return Activation::Silu;
  if (name == "linear" || name == "identity") return Activation::Identity;
  return std::nullopt;
}

/// The definition, for tests.
template <class Real>
Real activate_plain(Activation activation, Real x) {
  constexpr Real kHalf(0.5), kOne(1);
  switch (activation) {
    case Activation::Identity:
      return x;
    case Activation::Relu:
      return x > Real(0) ? x : Real(0);
    case Activation::Gelu:
      return kHalf * x * (kOne + std::erf(x * Real(0.70710678118654752440)));
    case Activation::GeluTanh:
      return kHalf * x *
             (kOne + std::tanh(Real(0.79788456080286535588) * (x + Real(0.044715) * x * x * x)));
    case Activation::Tanh:
      return std::tanh(x);
    case Activation::Silu:
      return x / (kOne + std::exp(-x));
  }
  return x;
}

}  // namespace crosstail::nn
