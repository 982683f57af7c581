#include "eval/tail_effect.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "eval/counter_random.h"
#include "eval/sample.h"

namespace crosstail::eval {
namespace {

constexpr std::size_t kHead = 0, kTail = 2;

/// The queries of one cluster in one language that are head or tail.
struct Cell {
  std::uint32_t cluster, language;
  double queries = 0, gain = 0, tail = 0;  ///< number, summed gain, share of the tail
};

std::vector<Cell> gather_cells(const Study& study, const TailInput& input,
                               const std::vector<double>& gain) {
  std::vector<std::size_t> order;
  for (std::size_t q = 0; q < study.queries.size(); ++q)
    if (input.part[q] == TailPart::Head || input.part[q] == TailPart::Tail) order.push_back(q);
  const auto unit = [&](std::size_t q) { return input.by_language ? 0 : study.clusters.of[q]; };
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return std::pair(unit(a), study.language[a]) < std::pair(unit(b), study.language[b]);
  });
  std::vector<Cell> cells;
  for (const std::size_t q : order) {
    if (cells.empty() || cells.back().cluster != unit(q) ||
        cells.back().language != study.language[q])
      cells.push_back({unit(q), study.language[q]});
    Cell& cell = cells.back();
    ++cell.queries;
    cell.gain += gain[q];
    if (input.part[q] == TailPart::Tail) ++cell.tail;
  }
  for (Cell& cell : cells) cell.tail /= cell.queries;
  return cells;
}

/// Tail's mean gain less head's; languages weigh the same. `tail[i]` is the label dealt to cell i.
class Statistic {
 public:
  Statistic(const std::vector<Cell>& cells, std::size_t languages)
      : cells_(cells), sums_(languages) {}

  double operator()(const std::vector<double>& tail) {
    std::fill(sums_.begin(), sums_.end(), Sums{});
    for (std::size_t i = 0; i < cells_.size(); ++i) {
      Sums& s = sums_[cells_[i].language];
      s.tail_gain += tail[i] * cells_[i].gain;
      s.tail_queries += tail[i] * cells_[i].queries;
      s.head_gain += (1 - tail[i]) * cells_[i].gain;
      s.head_queries += (1 - tail[i]) * cells_[i].queries;
    }
    double tail_mean = 0, head_mean = 0, tails = 0, heads = 0;
    for (const Sums& s : sums_) {
      if (s.tail_queries > 0) {
        tail_mean += s.tail_gain / s.tail_queries;
        ++tails;
      }
      if (s.head_queries > 0) {
        head_mean += s.head_gain / s.head_queries;
        ++heads;
      }
    }
    return (tails > 0 ? tail_mean / tails : 0) - (heads > 0 ? head_mean / heads : 0);
  }

 private:
  struct Sums {
    double tail_gain = 0, tail_queries = 0, head_gain = 0, head_queries = 0;
  };
  const std::vector<Cell>& cells_;
  std::vector<Sums> sums_;
};

/// Deals the labels out again: cells in cluster order, each language's labels in a row.
class Dealer {
 public:
  Dealer(const std::vector<Cell>& cells, std::size_t clusters, std::size_t languages,
         bool by_language)
      : cells_(cells),
        by_language_(by_language),
        first_(clusters + 1, cells.size()),
        labels_(languages),
        next_(languages),
        order_(by_language ? cells.size() : clusters) {
    for (std::size_t i = cells.size(); i-- > 0;) first_[cells[i].cluster] = i;
    for (std::size_t c = clusters; c-- > 0;) first_[c] = std::min(first_[c], first_[c + 1]);
    for (const Cell& cell : cells) labels_[by_language ? 0 : cell.language].push_back(cell.tail);
  }

  void deal(CounterRandom::Row& random, std::vector<double>& tail) {
    std::iota(order_.begin(), order_.end(), 0U);
    for (auto n = static_cast<std::uint32_t>(order_.size()); n > 1; --n)
      std::swap(order_[n - 1], order_[below(static_cast<std::uint32_t>(random.next() >> 32), n)]);
    if (by_language_) {
      for (std::size_t i = 0; i < order_.size(); ++i) tail[order_[i]] = labels_[0][i];
      return;
    }
    std::fill(next_.begin(), next_.end(), 0);
    for (const std::uint32_t c : order_)
      for (std::size_t i = first_[c]; i < first_[c + 1]; ++i) {
        const std::size_t l = cells_[i].language;
        tail[i] = labels_[l][next_[l]++];
      }
  }

 private:
  const std::vector<Cell>& cells_;
  bool by_language_;
  std::vector<std::size_t> first_;
  std::vector<std::vector<double>> labels_;
  std::vector<std::size_t> next_;
  std::vector<std::uint32_t> order_;
};

double permutation_p(const std::vector<Cell>& cells, const Study& study, bool by_language,
                     const StudyOptions& options, Pool* pool) {
  constexpr std::size_t kPiece = 128;
  const CounterRandom random(options.seed, by_language ? 5 : 4);
  const std::size_t languages = study.languages.size();
  std::vector<double> labels;
  labels.reserve(cells.size());
  for (const Cell& cell : cells) labels.push_back(cell.tail);
  const double observed = std::fabs(Statistic(cells, languages)(labels));
  const std::size_t pieces = (options.permutations + kPiece - 1) / kPiece;
  std::vector<std::size_t> extreme(pieces, 0);
  const auto work = [&](std::size_t piece) {
    Statistic statistic(cells, languages);
    Dealer dealer(cells, by_language ? 1 : study.clusters.count, languages, by_language);
    std::vector<double> dealt(cells.size());
    const std::size_t end = std::min((piece + 1) * kPiece, options.permutations);
    for (std::size_t i = piece * kPiece; i < end; ++i) {
      CounterRandom::Row row(random, i);
      dealer.deal(row, dealt);
      if (std::fabs(statistic(dealt)) >= observed * (1 - 1e-12) - 1e-15) ++extreme[piece];
    }
  };
  if (pool == nullptr) {
    for (std::size_t i = 0; i < pieces; ++i) work(i);
  } else {
    pool->parallel_for(pieces, work);
  }
  const std::size_t count = std::accumulate(extreme.begin(), extreme.end(), std::size_t{1});
  return static_cast<double>(count) / static_cast<double>(options.permutations + 1);
}

/// Rows and the difference, with intervals: strata of the sample are language × part, figures are
/// baseline, system and gain by part, then the difference.
void add_figures(const Study& study, const TailInput& input, const StudyOptions& options,
                 TailEffect& out, Pool* pool) {
  std::vector<std::uint32_t> cluster, stratum;
  std::vector<double> baseline, system;
  std::vector<std::uint32_t> number(study.clusters.count, 0xffffffff);
  std::uint32_t clusters = 0;
  std::array<std::set<std::uint32_t>, kTailParts> seen;
  std::array<std::size_t, kTailParts> queries{};
  for (std::size_t q = 0; q < study.queries.size(); ++q) {
    if (input.part[q] == TailPart::None) continue;
    const auto part = static_cast<std::uint32_t>(input.part[q]);
    auto& n = number[study.clusters.of[q]];
    if (n == 0xffffffff) n = clusters++;
    cluster.push_back(n);
    stratum.push_back(study.language[q] * std::uint32_t{kTailParts} + part);
    baseline.push_back(study.value(input.baseline, q, 0));
    system.push_back(study.value(input.system, q, 0));
    ++queries[part];
    seen[part].insert(n);
  }
  Sample sample(cluster, stratum);
  sample.add(baseline);
  sample.add(system);
  const std::size_t figures = 3 * kTailParts + 1;
  const auto fill = [](auto strata, const auto& has, const auto& mean, std::span<double> figure) {
    std::fill(figure.begin(), figure.end(), 0.0);
    std::array<double, kTailParts> languages{};
    for (std::size_t s = 0; s < strata; ++s) {
      if (!has(s)) continue;
      ++languages[s % kTailParts];
      for (std::size_t c = 0; c < 2; ++c) figure[3 * (s % kTailParts) + c] += mean(s, c);
    }
    for (std::size_t p = 0; p < kTailParts; ++p) {
      if (languages[p] == 0) continue;
      for (std::size_t c = 0; c < 2; ++c) figure[3 * p + c] /= languages[p];
      figure[3 * p + 2] = figure[3 * p + 1] - figure[3 * p];
    }
    figure[3 * kTailParts] = figure[3 * kTail + 2] - figure[3 * kHead + 2];
  };
  std::vector<double> value(figures);
  fill(
      sample.strata(), [&](std::size_t s) { return sample.stratum_size(s) > 0; },
      [&](std::size_t s, std::size_t c) { return sample.stratum_mean(c, s); }, value);
  const Bootstrap bootstrap(
      sample, {.resamples = options.resamples, .seed = options.seed, .level = options.level},
      figures,
      [&](const Resample& r, std::span<double> figure) {
        fill(
            r.strata(), [&](std::size_t s) { return r.has(s); },
            [&](std::size_t s, std::size_t c) { return r.mean(s, c); }, figure);
      },
      pool);
  const auto figure = [&](std::size_t f) { return Figure{value[f], bootstrap.interval(f)}; };
  for (std::size_t p = 0; p < kTailParts; ++p) {
    if (queries[p] == 0) continue;
    out.rows.push_back({static_cast<TailPart>(p), queries[p], seen[p].size(), figure(3 * p),
                        figure(3 * p + 1), figure(3 * p + 2)});
  }
  out.difference = figure(3 * kTailParts);
}

void add_strata(const Study& study, const TailInput& input, TailEffect& out) {
  constexpr double kEdges[] = {-1, 0, 0.1, 0.25, 0.5, 0.999, 1};
  double weighted = 0, weight = 0;
  for (std::size_t e = 0; e + 1 < std::size(kEdges); ++e) {
    TailStratum s{kEdges[e], kEdges[e + 1], 0, 0, 0, 0};
    for (std::size_t q = 0; q < study.queries.size(); ++q) {
      const double rr = input.reciprocal_rank[q];
      if (rr <= s.above || rr > s.up_to) continue;
      const double gain = study.value(input.system, q, 0) - study.value(input.baseline, q, 0);
      if (input.part[q] == TailPart::Tail) {
        ++s.tail_queries;
        s.tail_gain += gain;
      } else if (input.part[q] == TailPart::Head) {
        ++s.head_queries;
        s.head_gain += gain;
      }
    }
    if (s.tail_queries > 0) s.tail_gain /= static_cast<double>(s.tail_queries);
    if (s.head_queries > 0) s.head_gain /= static_cast<double>(s.head_queries);
    if (s.tail_queries > 0 && s.head_queries > 0) {
      const auto n = static_cast<double>(s.tail_queries + s.head_queries);
      weighted += n * (s.tail_gain - s.head_gain);
      weight += n;
    }
    out.strata.push_back(s);
  }
  if (weight > 0) out.within_strata = weighted / weight;
}

}  // namespace

std::string_view tail_part_name(TailPart part) {
  constexpr std::string_view kNames[] = {"head", "torso", "tail", ""};
  return kNames[static_cast<std::size_t>(part)];
}

std::optional<TailEffect> tail_effect(const Study& study, const TailInput& input,
                                      const StudyOptions& options, Pool* pool) {
  const auto has = [&](TailPart part) {
    return std::find(input.part.begin(), input.part.end(), part) != input.part.end();
  };
  if (!has(TailPart::Head) || !has(TailPart::Tail)) return std::nullopt;
  TailEffect out;
  add_figures(study, input, options, out, pool);
  std::vector<double> gain(study.queries.size());
  for (std::size_t q = 0; q < gain.size(); ++q)
    gain[q] = study.value(input.system, q, 0) - study.value(input.baseline, q, 0);
  const auto cells = gather_cells(study, input, gain);
  const bool enough = input.by_language ? cells.size() >= 10 : study.clusters.count >= kMinClusters;
  if (enough) out.p = permutation_p(cells, study, input.by_language, options, pool);
  if (!input.reciprocal_rank.empty()) add_strata(study, input, out);
  return out;
}

}  // namespace crosstail::eval
