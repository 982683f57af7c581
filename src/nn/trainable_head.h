#pragma once
/// Dense layers after pooling whose weights learn: sentence-transformers' Dense module, BERT's
/// pooler, classification heads. A row is a text; rows are few, so products are plain f32 (or f64).

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "nn/activation.h"
#include "nn/dropout.h"
#include "nn/parameters.h"
#include "nn/row_kernels.h"

namespace crosstail::nn {

struct DenseShape {
  std::string weight, bias;  ///< names of the tensors; no bias if empty
  std::size_t in = 0, out = 0;
  Activation activation = Activation::Identity;
  bool dropout = false;  ///< of its input, at the hidden rate
};

/// What forward() kept.
template <class Real>
struct HeadTape {
  std::vector<std::vector<Real>> inputs, sums;  ///< of each layer: after dropout; before activation
  std::vector<std::uint64_t> text_numbers;
  DropoutKey dropout;
};

template <class Real>
class TrainableHead {
 public:
  /// Adds its tensors to `parameters` (borrowed) at `depth`. `first_site`: for dropout.
  TrainableHead(std::vector<DenseShape> layers, std::size_t depth, std::uint64_t first_site,
                Parameters<Real>& parameters);

  /// 0 if there are no layers: then the head does nothing.
  [[nodiscard]] std::size_t out() const { return layers_.empty() ? 0 : layers_.back().out; }

  /// x: rows × in, row-major. Returns rows × out (x itself without layers).
  std::vector<Real> forward(std::vector<Real> x, std::span<const std::uint64_t> text_numbers,
                            const DropoutKey& dropout, HeadTape<Real>* tape) const;
  /// Adds to the parameters' gradients; returns the gradient of x.
  std::vector<Real> backward(const HeadTape<Real>& tape, std::vector<Real> gradient) const;

 private:
  [[nodiscard]] RowDropout dropout_of(std::size_t layer, const DropoutKey& dropout,
                                      std::span<const std::uint64_t> text_numbers,
                                      std::vector<std::uint64_t>& keys) const;
  struct Offsets {
    std::size_t weight, bias;
  };
  std::vector<DenseShape> layers_;
  std::vector<Offsets> offsets_;
  std::uint64_t first_site_;
  Parameters<Real>& parameters_;
};

}  // namespace crosstail::nn
