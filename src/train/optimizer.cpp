#include "train/optimizer.h"

#include <algorithm>
#include <cmath>

#include "train/orthogonal.h"

namespace crosstail::train {
namespace {

/// Numbers that one thread sums or updates at once: fixed, so that sums do not depend on threads.
constexpr std::size_t kBlock = std::size_t{1} << 16;
constexpr std::size_t kWordsAtOnce = 1024;

template <class Real>
double sum_of_squares(const Real* x, std::size_t n) {
  double lanes[8] = {};
  for (std::size_t i = 0; i < n; ++i) {
    const auto v = static_cast<double>(x[i]);
    lanes[i % 8] += v * v;
  }
  return ((lanes[0] + lanes[1]) + (lanes[2] + lanes[3])) +
         ((lanes[4] + lanes[5]) + (lanes[6] + lanes[7]));
}

/// What one step does to every number of a tensor.
template <class Real>
struct Update {
  Real decay, beta1, beta2, rest1, rest2, factor, size, root, epsilon;
  void apply(Real* p, const Real* g, Real* m, Real* v, std::size_t n) const {
    for (std::size_t i = 0; i < n; ++i) {
      const Real gradient = g == nullptr ? Real(0) : g[i] * factor;
      m[i] = beta1 * m[i] + rest1 * gradient;
      v[i] = beta2 * v[i] + rest2 * gradient * gradient;
      p[i] = p[i] * decay - size * m[i] / (std::sqrt(v[i]) * root + epsilon);
    }
  }
};

template <class Real>
Update<Real> update_for(const AdamOptions& o, double rate, bool decays, Real factor,
                        double correction1, double correction2) {
  return {static_cast<Real>(1 - (decays ? rate * o.weight_decay : 0)),
          static_cast<Real>(o.beta1),
          static_cast<Real>(o.beta2),
          static_cast<Real>(1 - o.beta1),
          static_cast<Real>(1 - o.beta2),
          factor,
          static_cast<Real>(rate / correction1),
          static_cast<Real>(1 / std::sqrt(correction2)),
          static_cast<Real>(o.epsilon)};
}

bool by_muon(const AdamOptions& options, const nn::Parameter& p) {
  return options.muon > 0 && p.depth > 0 && p.columns > 1 && p.rows > 1 &&
         p.name.find("layer.") != std::string::npos;
}

}  // namespace

template <class Real>
AdamW<Real>::AdamW(nn::Parameters<Real>& parameters, Pool& pool)
    : parameters_(parameters), pool_(pool) {
  const std::size_t dense = parameters.gradients.size();
  state_.first.resize(dense);
  state_.second.resize(dense);
  std::fill_n(state_.first.data(), dense, Real(0));
  std::fill_n(state_.second.data(), dense, Real(0));
  state_.word_first.resize(parameters.first_dense);
  state_.word_second.resize(parameters.first_dense);
  if (parameters.first_dense > 0) state_.touched.assign(parameters.list.front().rows, 0);
}

template <class Real>
double AdamW<Real>::gradient_norm(double scale) {
  const auto dense = parameters_.gradients.span();
  const auto& words = parameters_.word_gradients.values();
  const std::size_t dense_blocks = (dense.size() + kBlock - 1) / kBlock;
  const std::size_t word_blocks = (words.size() + kBlock - 1) / kBlock;
  std::vector<double> sums(dense_blocks + word_blocks);
  pool_.parallel_for(sums.size(), [&](std::size_t b) {
    const bool is_dense = b < dense_blocks;
    const std::size_t at = (is_dense ? b : b - dense_blocks) * kBlock;
    const Real* from = is_dense ? dense.data() : words.data();
    sums[b] =
        sum_of_squares(from + at, std::min(kBlock, (is_dense ? dense.size() : words.size()) - at));
  });
  double total = 0;
  for (const double s : sums) total += s;
  return std::sqrt(total) * scale;
}

template <class Real>
void AdamW<Real>::step_words(const AdamOptions& options, double rate, Real factor,
                             double correction1, double correction2) {
  const auto& table = parameters_.list.front();
  const std::size_t columns = table.columns;
  for (const auto row : parameters_.word_gradients.rows()) {
    if (state_.touched[row] != 0) continue;
    state_.touched[row] = 1;
    std::fill_n(state_.word_first.data() + row * columns, columns, Real(0));
    std::fill_n(state_.word_second.data() + row * columns, columns, Real(0));
  }
  const auto update = update_for(options, rate, true, factor, correction1, correction2);
  pool_.parallel_for((table.rows + kWordsAtOnce - 1) / kWordsAtOnce, [&](std::size_t block) {
    const std::size_t end = std::min(table.rows, (block + 1) * kWordsAtOnce);
    for (std::size_t r = block * kWordsAtOnce; r < end; ++r) {
      Real* p = parameters_.value(r * columns);
      if (state_.touched[r] != 0) {
        update.apply(p, parameters_.word_gradients.find(r), state_.word_first.data() + r * columns,
                     state_.word_second.data() + r * columns, columns);
      } else if (update.decay != Real(1)) {
        for (std::size_t c = 0; c < columns; ++c) p[c] *= update.decay;
      }
    }
  });
}

/// One matrix is one thread's. Its momentum stands where AdamW's first moment would.
template <class Real>
void AdamW<Real>::step_matrices(const AdamOptions& options, const std::vector<double>& rates,
                                Real factor) {
  std::vector<const nn::Parameter*> matrices;
  for (const auto& p : parameters_.list)
    if (rates[p.depth] >= 0 && by_muon(options, p)) matrices.push_back(&p);
  pool_.parallel_for(matrices.size(), [&](std::size_t i) {
    thread_local OrthogonalScratch<Real> scratch;
    thread_local nn::AlignedBuffer<Real> direction;
    const auto& p = *matrices[i];
    const std::size_t at = p.offset - parameters_.first_dense, n = p.size();
    Real *value = parameters_.value(p.offset), *momentum = state_.first.data() + at;
    const Real *gradient = parameters_.gradients.data() + at,
               share = static_cast<Real>(options.muon);
    direction.resize(n);
    for (std::size_t k = 0; k < n; ++k) {
      const Real g = gradient[k] * factor;
      momentum[k] = share * momentum[k] + (Real(1) - share) * g;
      direction.data()[k] = share * momentum[k] + (Real(1) - share) * g;  // Nesterov's
    }
    orthogonalise(options.mode, p.rows, p.columns, direction.data(), scratch);
    const double rate = rates[p.depth];
    const auto size =
        static_cast<Real>(rate * 0.2 * std::sqrt(static_cast<double>(std::max(p.rows, p.columns))));
    const auto decay = static_cast<Real>(1 - rate * options.weight_decay);
    for (std::size_t k = 0; k < n; ++k) value[k] = value[k] * decay - size * direction.data()[k];
  });
}

template <class Real>
StepReport AdamW<Real>::step(const AdamOptions& options, const std::vector<double>& rates,
                             double gradient_scale) {
  StepReport report;
  report.gradient_norm = gradient_norm(gradient_scale);
  report.finite = std::isfinite(report.gradient_norm);
  if (!report.finite) return report;
  double clip = gradient_scale;
  if (options.clip_norm > 0)
    clip *= std::min(1.0, options.clip_norm / (report.gradient_norm + 1e-6));
  const auto factor = static_cast<Real>(clip);
  ++state_.steps;
  const auto t = static_cast<double>(state_.steps);
  const double correction1 = 1 - std::pow(options.beta1, t),
               correction2 = 1 - std::pow(options.beta2, t);
  struct Piece {
    const nn::Parameter* parameter;
    std::size_t at, count;
  };
  std::vector<Piece> pieces;
  for (const auto& p : parameters_.list) {
    if (rates[p.depth] < 0 || by_muon(options, p)) continue;
    if (parameters_.is_word_table(p)) {
      step_words(options, rates[p.depth], factor, correction1, correction2);
      continue;
    }
    for (std::size_t at = 0; at < p.size(); at += kBlock)
      pieces.push_back({&p, at, std::min(kBlock, p.size() - at)});
  }
  pool_.parallel_for(pieces.size(), [&](std::size_t i) {
    const auto& [p, at, count] = pieces[i];
    const std::size_t dense = p->offset + at - parameters_.first_dense;
    update_for(options, rates[p->depth], p->decays, factor, correction1, correction2)
        .apply(parameters_.value(p->offset + at), parameters_.gradients.data() + dense,
               state_.first.data() + dense, state_.second.data() + dense, count);
  });
  if (options.muon > 0) step_matrices(options, rates, factor);
  parameters_.clear_gradients();
  return report;
}

template class AdamW<float>;
template class AdamW<double>;

}  // namespace crosstail::train
