#pragma once
/// The element-wise work of training, forward and backward, on tiles of rows: residuals, dropout,
/// LayerNorm, activations. Each checked against PyTorch through the trainable encoder and alone.

#include <cstddef>
#include <cstdint>
#include <span>

#include "nn/activation.h"
#include "nn/dropout.h"

namespace crosstail::nn {

/// Rows of a tile and the dropout of each: a key a row, and the rate.
struct RowDropout {
  const std::uint64_t* keys = nullptr;
  float rate = 0;
};

/// state = LayerNorm(state + dropout(y + bias)), row by row (Ba, Kiros and Hinton, 2016).
template <class Real>
struct AddNorm {
  std::size_t rows, columns;
  const Real* y;  ///< null: LayerNorm(state) alone
  const Real* bias;
  RowDropout dropout;
  const Real *gamma, *beta;
  Real epsilon;
  Real* state;       ///< rows × columns, in and out
  Real* normalised;  ///< out: before gamma and beta; may be null
  Real* scale;       ///< out: 1 / standard deviation a row; with normalised
};
template <class Real>
void add_norm(const AddNorm<Real>& tile);

/// The way back: d_state (of the result) becomes the gradient of the sum before LayerNorm; d_y that
/// of y. d_gamma, d_beta, d_bias are added to.
template <class Real>
struct AddNormBackward {
  std::size_t rows, columns;
  const Real *normalised, *scale, *gamma;
  RowDropout dropout;
  Real* d_state;
  Real* d_y;  ///< may be null
  Real *d_gamma, *d_beta;
  Real* d_bias;  ///< with d_y
};
template <class Real>
void add_norm_backward(const AddNormBackward<Real>& tile);

/// x += bias; out = activation(x).
template <class Real>
void bias_activation(Activation activation, std::size_t rows, std::size_t columns, const Real* bias,
                     Real* x, Real* out);

/// x: what the activation was applied to, bias included. gradient: of the activation's result, then
/// of x. out: the activation's result once more, for the weights' gradient; may be null. d_bias is
/// added to.
template <class Real>
void activation_backward(Activation activation, std::size_t rows, std::size_t columns,
                         const Real* x, Real* gradient, Real* out, Real* d_bias);

/// x += bias, row by row.
template <class Real>
void add_bias(std::size_t rows, std::size_t columns, const Real* bias, Real* x);

/// sums += the sum of the rows.
template <class Real>
void add_column_sums(std::size_t rows, std::size_t columns, const Real* x, Real* sums);

/// x = dropout(x).
template <class Real>
void drop_rows(std::size_t rows, std::size_t columns, const RowDropout& dropout, Real* x);

/// out = normalised · gamma + beta.
template <class Real>
void rescale(std::size_t rows, std::size_t columns, const Real* normalised, const Real* gamma,
             const Real* beta, Real* out);

/// To bfloat16, and with `low` the rest as a second bfloat16.
void to_bfloat16(std::span<const float> x, std::uint16_t* high, std::uint16_t* low);
void from_bfloat16(std::size_t count, const std::uint16_t* high, const std::uint16_t* low,
                   float* x);

/// The same for `width` columns of matrices whose rows are `stride` numbers; those of f32 are
/// `width`. `low` may be null.
struct NarrowColumns {
  std::size_t rows, width, stride;
  const float* wide;
  std::uint16_t *high, *low;
};
struct WideColumns {
  std::size_t rows, width, stride;
  const std::uint16_t *high, *low;
  float* wide;
};
void to_bfloat16(const NarrowColumns& columns);
void from_bfloat16(const WideColumns& columns);

}  // namespace crosstail::nn
