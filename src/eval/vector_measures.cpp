#include "eval/vector_measures.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

#include "eval/counter_random.h"
#include "eval/distributions.h"
#include "eval/exact_sum.h"

namespace crosstail::eval {
namespace {

double dot(const float* x, const float* y, std::size_t dim) {
  double sum = 0;
  for (std::size_t d = 0; d < dim; ++d) sum += static_cast<double>(x[d]) * y[d];
  return sum;
}

Status check_pairs(VectorRows a, VectorRows b) {
  if (a.rows == b.rows && a.dim == b.dim && a.rows > 0) return {};
  return Error{ErrorCode::InvalidArgument,
               "vectors in pairs need the same shape: " + std::to_string(a.rows) + " × " +
                   std::to_string(a.dim) + " and " + std::to_string(b.rows) + " × " +
                   std::to_string(b.dim)};
}

Status check_labels(VectorRows a, std::size_t labels, VectorRows b, std::size_t other) {
  if (a.rows == labels && b.rows == other && a.dim == b.dim && a.rows > 0 && b.rows > 0) return {};
  return Error{ErrorCode::InvalidArgument,
               "vectors and their labels differ in number: " + std::to_string(a.rows) + " and " +
                   std::to_string(labels) + ", " + std::to_string(b.rows) + " and " +
                   std::to_string(other) + "; dimensions " + std::to_string(a.dim) + " and " +
                   std::to_string(b.dim)};
}

bool any(std::size_t, std::size_t) {
  return true;
}

template <class Work>
void for_each(Pool* pool, std::size_t count, const Work& work) {
  if (pool == nullptr) {
    for (std::size_t i = 0; i < count; ++i) work(i);
  } else {
    pool->parallel_for(count, work);
  }
}

/// Candidates of the pool by cosine to a query, best first, ties to the smaller row.
class PoolRanking {
 public:
  PoolRanking(VectorRows queries, VectorRows candidates)
      : dim_(queries.dim),
        count_(candidates.rows),
        queries_(normalised_rows(queries)),
        candidates_(normalised_rows(candidates)) {}

  [[nodiscard]] std::vector<std::uint32_t> of(std::size_t query) const {
    std::vector<std::pair<double, std::uint32_t>> scored(count_);
    for (std::uint32_t c = 0; c < count_; ++c)
      scored[c] = {-dot(&queries_[query * dim_], &candidates_[c * dim_], dim_), c};
    std::sort(scored.begin(), scored.end());
    std::vector<std::uint32_t> out;
    out.reserve(count_);
    for (const auto& [cosine, row] : scored) out.push_back(row);
    return out;
  }

 private:
  std::size_t dim_, count_;
  std::vector<float> queries_, candidates_;
};

}  // namespace

Result<std::vector<double>> alignment(VectorRows a, VectorRows b) {
  CT_CHECK(check_pairs(a, b));
  const auto x = normalised_rows(a), y = normalised_rows(b);
  std::vector<double> out(a.rows);
  for (std::size_t i = 0; i < a.rows; ++i) {
    double squares = 0;
    for (std::size_t d = 0; d < a.dim; ++d) {
      const double difference = static_cast<double>(x[i * a.dim + d]) - y[i * a.dim + d];
      squares += difference * difference;
    }
    out[i] = squares;
  }
  return out;
}

std::vector<double> uniformity_terms(VectorRows x, std::size_t sample, std::uint64_t seed,
                                     Pool* pool) {
  const auto rows = normalised_rows(x);
  const CounterRandom random(seed, 6);
  std::vector<double> out(x.rows, 0);
  if (x.rows < 2) return out;
  const bool all = sample == 0 || sample >= x.rows - 1;
  for_each(pool, x.rows, [&](std::size_t i) {
    double sum = 0;
    const auto add = [&](std::size_t j) {
      double squares = 0;
      for (std::size_t d = 0; d < x.dim; ++d) {
        const double difference = static_cast<double>(rows[i * x.dim + d]) - rows[j * x.dim + d];
        squares += difference * difference;
      }
      sum += std::exp(-2 * squares);
    };
    if (all) {
      for (std::size_t j = 0; j < x.rows; ++j)
        if (j != i) add(j);
      out[i] = sum / static_cast<double>(x.rows - 1);
      return;
    }
    CounterRandom::Row row(random, i);
    for (std::size_t s = 0; s < sample; ++s) {
      const auto j = below(static_cast<std::uint32_t>(row.next() >> 32),
                           static_cast<std::uint32_t>(x.rows - 1));
      add(j < i ? j : j + 1);
    }
    out[i] = sum / static_cast<double>(sample);
  });
  return out;
}

double uniformity(const std::vector<double>& terms) {
  ExactSum sum;
  for (const double term : terms) sum.add(term);
  return std::log(sum.total() / static_cast<double>(terms.size()));
}

Result<std::vector<double>> margin_scores(VectorRows a, VectorRows b, std::size_t k, Pool* pool) {
  CT_CHECK(check_pairs(a, b));
  const auto from_a = nearest_cosines(a, b, k, any, pool),
             from_b = nearest_cosines(b, a, k, any, pool);
  const auto x = normalised_rows(a), y = normalised_rows(b);
  const auto mean = [](const std::vector<Neighbour>& neighbours) {
    double sum = 0;
    for (const Neighbour& n : neighbours) sum += static_cast<double>(n.cosine);
    return sum / static_cast<double>(neighbours.size());
  };
  std::vector<double> out(a.rows);
  for (std::size_t i = 0; i < a.rows; ++i)
    out[i] = dot(&x[i * a.dim], &y[i * a.dim], a.dim) / ((mean(from_a[i]) + mean(from_b[i])) / 2);
  return out;
}

Result<std::vector<double>> neighbour_accuracy(VectorRows a, VectorRows b, Pool* pool) {
  CT_CHECK(check_pairs(a, b));
  const auto nearest = nearest_cosines(a, b, 1, any, pool);
  std::vector<double> out;
  for (std::size_t i = 0; i < nearest.size(); ++i) out.push_back(nearest[i][0].row == i ? 1 : 0);
  return out;
}

Result<std::vector<double>> pooled_average_precision(VectorRows queries,
                                                     const std::vector<std::string>& query_groups,
                                                     VectorRows candidates,
                                                     const std::vector<std::string>& groups,
                                                     Pool* pool) {
  CT_CHECK(check_labels(queries, query_groups.size(), candidates, groups.size()));
  const PoolRanking ranking(queries, candidates);
  std::vector<double> out(queries.rows, 0);
  for_each(pool, queries.rows, [&](std::size_t q) {
    double sum = 0, found = 0, rank = 0;
    for (const std::uint32_t c : ranking.of(q)) {
      ++rank;
      if (groups[c] == query_groups[q]) sum += ++found / rank;
    }
    out[q] = found > 0 ? sum / found : 0;
  });
  return out;
}

double kruskal_wallis_p(const std::vector<std::uint32_t>& groups, std::size_t group_count) {
  std::vector<double> ranks(group_count, 0), sizes(group_count, 0);
  for (std::size_t i = 0; i < groups.size(); ++i) {
    ranks[groups[i]] += static_cast<double>(i + 1);
    ++sizes[groups[i]];
  }
  const auto n = static_cast<double>(groups.size());
  double sum = 0, filled = 0;
  for (std::size_t g = 0; g < group_count; ++g) {
    if (sizes[g] == 0) continue;
    sum += ranks[g] * ranks[g] / sizes[g];
    ++filled;
  }
  if (filled < 2) return std::numeric_limits<double>::quiet_NaN();
  const double h = 12 / (n * (n + 1)) * sum - 3 * (n + 1);
  return chi_square_tail(h, filled - 1);
}

Result<LanguageBias> language_bias(VectorRows queries,
                                   const std::vector<std::string>& query_languages,
                                   VectorRows candidates, const std::vector<std::string>& languages,
                                   std::size_t k, Pool* pool) {
  CT_CHECK(check_labels(queries, query_languages.size(), candidates, languages.size()));
  k = std::min(k, candidates.rows);
  if (k == 0) return Error{ErrorCode::InvalidArgument, "the top k of the pool needs k above 0"};
  LanguageBias out;
  std::map<std::string, std::uint32_t> numbers;
  for (const auto& language : languages) numbers.emplace(language, 0);
  for (auto& [language, number] : numbers) {
    number = static_cast<std::uint32_t>(out.languages.size());
    out.languages.push_back(language);
  }
  std::vector<std::uint32_t> of;
  out.pool_share.assign(out.languages.size(), 0);
  for (const auto& language : languages) {
    of.push_back(numbers[language]);
    out.pool_share[of.back()] += 1 / static_cast<double>(languages.size());
  }
  const PoolRanking ranking(queries, candidates);
  out.p.resize(queries.rows);
  out.own_language_excess.assign(queries.rows, 0);
  std::vector<std::vector<double>> shares(queries.rows);
  for_each(pool, queries.rows, [&](std::size_t q) {
    std::vector<std::uint32_t> order;
    for (const std::uint32_t c : ranking.of(q)) order.push_back(of[c]);
    out.p[q] = kruskal_wallis_p(order, out.languages.size());
    shares[q].assign(out.languages.size(), 0);
    for (std::size_t i = 0; i < k; ++i) shares[q][order[i]] += 1 / static_cast<double>(k);
    const auto own = numbers.find(query_languages[q]);
    if (own != numbers.end())
      out.own_language_excess[q] = shares[q][own->second] - out.pool_share[own->second];
  });
  out.top_share.assign(out.languages.size(), 0);
  for (const auto& share : shares)
    for (std::size_t l = 0; l < share.size(); ++l)
      out.top_share[l] += share[l] / static_cast<double>(queries.rows);
  return out;
}

}  // namespace crosstail::eval
