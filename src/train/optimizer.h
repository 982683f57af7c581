#pragma once
/// AdamW with decoupled weight decay (Loshchilov and Hutter, 2019), clipping by the norm of all
/// gradients, a rate for each depth of the model.

#include <cstdint>
#include <vector>

#include "base/pool.h"
#include "nn/aligned_buffer.h"
#include "nn/parameters.h"
#include "nn/training_product.h"

namespace crosstail::train {

struct AdamOptions {
  double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weight_decay = 0.01;
  double clip_norm = 1;  ///< 0: no clipping
  /// Over 0: matrices of layers step by Muon (orthogonal.h) with this momentum instead, scaled so
  /// that a step is as large as AdamW's mostly is: 0.2 a number (Liu et al., 2025).
  double muon = 0;
  nn::ProductMode mode = nn::ProductMode::F32;  ///< of Muon's products
};

struct StepReport {
  double gradient_norm = 0;  ///< before clipping
  bool finite = true;        ///< false: nothing was changed
};

/// Moments of all parameters. Those of a word's row exist only once it had a gradient: until then
/// both are 0 and the row only decays, which is what the full computation gives, bit for bit.
template <class Real>
class AdamW {
 public:
  /// Borrows both.
  AdamW(nn::Parameters<Real>& parameters, Pool& pool);

  /// One step with the parameters' gradients, each times `gradient_scale` (1 / accumulated
  /// batches), then clears them. `rates`: the learning rate of each depth; negative: frozen,
  /// nothing of that depth changes.
  StepReport step(const AdamOptions& options, const std::vector<double>& rates,
                  double gradient_scale);

  /// What a checkpoint keeps.
  struct State {
    std::uint64_t steps = 0;
    nn::AlignedBuffer<Real> first, second;  ///< of all but the word table
    std::vector<std::uint8_t> touched;      ///< one a word: it has moments
    nn::AlignedBuffer<Real> word_first,
        word_second;  ///< pages of untouched words are never written
  };
  [[nodiscard]] State& state() { return state_; }

 private:
  double gradient_norm(double scale);
  void step_words(const AdamOptions& options, double rate, Real factor, double correction1,
                  double correction2);
  void step_matrices(const AdamOptions& options, const std::vector<double>& rates, Real factor);
  nn::Parameters<Real>& parameters_;
  Pool& pool_;
  State state_;
};

}  // namespace crosstail::train
