#include "eval/bootstrap.h"

#include <algorithm>
#include <cmath>

#include "eval/counter_random.h"
#include "eval/distributions.h"

namespace crosstail::eval {
namespace {

/// The sums of one cluster in one stratum.
struct Cell {
  std::uint32_t stratum;
  double size;
};

/// All cells, grouped by cluster; sums beside them, a row of columns a cell.
struct Cells {
  std::vector<std::uint32_t> first;  ///< by cluster, and one past the end
  std::vector<Cell> cells;
  std::vector<double> sums;
};

Cells gather(const Sample& sample) {
  const std::size_t width = sample.columns();
  std::vector<std::uint32_t> order(sample.queries());
  for (std::uint32_t q = 0; q < order.size(); ++q) order[q] = q;
  std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    if (sample.cluster(a) != sample.cluster(b)) return sample.cluster(a) < sample.cluster(b);
    return sample.stratum(a) < sample.stratum(b);
  });
  Cells out;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const auto q = order[i];
    while (out.first.size() <= sample.cluster(q))
      out.first.push_back(static_cast<std::uint32_t>(out.cells.size()));
    if (out.first.back() == out.cells.size() || out.cells.back().stratum != sample.stratum(q)) {
      out.cells.push_back({sample.stratum(q), 0});
      out.sums.resize(out.sums.size() + width, 0);
    }
    ++out.cells.back().size;
    for (std::size_t c = 0; c < width; ++c)
      out.sums[out.sums.size() - width + c] += sample.column(c)[q];
  }
  out.first.push_back(static_cast<std::uint32_t>(out.cells.size()));
  return out;
}

/// How often each of `counts.size()` things is drawn in as many draws with replacement.
template <class Count>
void draw(const CounterRandom& random, std::size_t resample, std::vector<Count>& counts) {
  std::fill(counts.begin(), counts.end(), Count{0});
  CounterRandom::Row row(random, resample);
  const auto n = static_cast<std::uint32_t>(counts.size());
  for (std::uint32_t i = 0; i < n; i += 2) {
    const std::uint64_t bits = row.next();
    counts[below(static_cast<std::uint32_t>(bits), n)] += 1;
    if (i + 1 < n) counts[below(static_cast<std::uint32_t>(bits >> 32), n)] += 1;
  }
}

/// The percentile that covers as Student's t does.
double expanded_tail(double level, std::size_t clusters) {
  const auto n = static_cast<double>(std::max<std::size_t>(clusters, 2));
  return normal_cdf(std::sqrt(n / (n - 1)) * student_quantile((1 - level) / 2, n - 1));
}

double percentile(std::span<const double> sorted, double p) {
  const double place = std::clamp(p * static_cast<double>(sorted.size() + 1) - 1, 0.0,
                                  static_cast<double>(sorted.size() - 1));
  const auto below_place = static_cast<std::size_t>(place);
  const std::size_t above = std::min(below_place + 1, sorted.size() - 1);
  const double share = place - static_cast<double>(below_place);
  return sorted[below_place] + share * (sorted[above] - sorted[below_place]);
}

}  // namespace

Bootstrap::Bootstrap(const Sample& sample, const BootstrapOptions& options, std::size_t figures,
                     const Functional& functional, Pool* pool)
    : clusters_(sample.clusters()),
      resamples_(options.resamples),
      figures_(figures),
      level_(options.level),
      values_(figures * options.resamples) {
  constexpr std::size_t kPiece = 64;
  const Cells cells = gather(sample);
  const CounterRandom cluster_draws(options.seed, 2), stratum_draws(options.seed, 3);
  const std::size_t width = sample.columns();
  const auto work = [&](std::size_t piece) {
    Resample resample(sample.strata(), width);
    std::vector<std::uint32_t> counts(clusters_);
    std::vector<double> row(figures_);
    for (std::size_t r = piece * kPiece; r < std::min((piece + 1) * kPiece, resamples_); ++r) {
      std::fill(resample.sizes_.begin(), resample.sizes_.end(), 0.0);
      std::fill(resample.sums_.begin(), resample.sums_.end(), 0.0);
      draw(cluster_draws, r, counts);
      if (options.resample_strata) draw(stratum_draws, r, resample.draws_);
      for (std::size_t c = 0; c < clusters_; ++c) {
        if (counts[c] == 0) continue;
        const auto times = static_cast<double>(counts[c]);
        for (std::size_t i = cells.first[c]; i < cells.first[c + 1]; ++i) {
          const std::size_t s = cells.cells[i].stratum;
          resample.sizes_[s] += times * cells.cells[i].size;
          const double* from = cells.sums.data() + i * width;
          double* to = resample.sums_.data() + s * width;
          for (std::size_t k = 0; k < width; ++k) to[k] += times * from[k];
        }
      }
      functional(resample, row);
      for (std::size_t f = 0; f < figures_; ++f) values_[f * resamples_ + r] = row[f];
    }
  };
  const std::size_t pieces = (resamples_ + kPiece - 1) / kPiece;
  if (pool == nullptr) {
    for (std::size_t i = 0; i < pieces; ++i) work(i);
  } else {
    pool->parallel_for(pieces, work);
  }
  for (std::size_t f = 0; f < figures_; ++f) {
    const auto begin = values_.begin() + static_cast<std::ptrdiff_t>(f * resamples_);
    std::sort(begin, begin + static_cast<std::ptrdiff_t>(resamples_));
  }
}

Interval Bootstrap::interval(std::size_t figure) const {
  const std::span<const double> sorted(values_.data() + figure * resamples_, resamples_);
  const double tail = expanded_tail(level_, clusters_);
  return {percentile(sorted, tail), percentile(sorted, 1 - tail)};
}

double Bootstrap::standard_error(std::size_t figure) const {
  const std::span<const double> values(values_.data() + figure * resamples_, resamples_);
  double mean = 0, squares = 0;
  for (const double v : values) mean += v;
  mean /= static_cast<double>(resamples_);
  for (const double v : values) squares += (v - mean) * (v - mean);
  return std::sqrt(squares / static_cast<double>(resamples_ - 1));
}

Functional estimates(std::size_t columns) {
  return [columns](const Resample& resample, std::span<double> out) {
    std::fill(out.begin(), out.end(), 0.0);
    double weight = 0;
    for (std::size_t s = 0; s < resample.strata(); ++s) {
      const double draws = resample.has(s) ? resample.draws(s) : 0;
      if (draws == 0) continue;
      weight += draws;
      for (std::size_t c = 0; c < columns; ++c) out[c] += draws * resample.mean(s, c);
    }
    if (weight == 0) return;
    for (double& value : out) value /= weight;
  };
}

std::vector<Interval> bootstrap_intervals(const Sample& sample, const BootstrapOptions& options,
                                          Pool* pool) {
  const Bootstrap bootstrap(sample, options, sample.columns(), estimates(sample.columns()), pool);
  std::vector<Interval> out;
  for (std::size_t c = 0; c < sample.columns(); ++c) out.push_back(bootstrap.interval(c));
  return out;
}

}  // namespace crosstail::eval
