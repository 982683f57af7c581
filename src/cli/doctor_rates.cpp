/// The self-test of `crosstail doctor`: rates measured with the very code that the verbs run.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <random>

#include "base/pool.h"
#include "cli/doctor.h"
#include "index/exact_search.h"
#include "nn/transformer.h"

namespace crosstail::cli {
namespace {

using Clock = std::chrono::steady_clock;

double since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Calls `work` from every thread of the machine until `seconds` are over; calls a second.
template <class Work>
double rate(double seconds, std::size_t threads, const Work& work) {
  Pool pool(threads - 1);
  std::atomic<std::size_t> calls{0};
  std::atomic<double> last{0};
  const auto start = Clock::now();
  pool.parallel_for(threads, [&](std::size_t t) {
    do {
      work(t);
      calls.fetch_add(1);
    } while (since(start) < seconds);
    double seen = last.load();
    const double now = since(start);
    while (seen < now && !last.compare_exchange_weak(seen, now)) {
    }
  });
  return static_cast<double>(calls.load()) / last.load();
}

std::string shown(const char* format, double value) {
  char text[64];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

std::vector<float> random_numbers(std::size_t count, float scale) {
  std::minstd_rand random(1);
  std::uniform_real_distribution<float> uniform(-scale, scale);
  std::vector<float> out(count);
  for (auto& x : out) x = uniform(random);
  return out;
}

Finding memory_read(double seconds) {
  const std::size_t threads = available_threads(), numbers = std::size_t{16} << 20;
  const std::vector<std::uint64_t> block(numbers / 2 * threads, 1);
  std::atomic<std::uint64_t> total{0};
  const double calls = rate(seconds, threads, [&](std::size_t t) {
    const auto part = std::span(block).subspan(t * numbers / 2, numbers / 2);
    std::uint64_t sums[8] = {};
    for (std::size_t i = 0; i + 8 <= part.size(); i += 8)
      for (std::size_t k = 0; k < 8; ++k) sums[k] += part[i + k];
    for (const auto sum : sums) total.fetch_add(sum);
  });
  return {"rates", "memory read",
          shown("%.1f GB/s", calls * static_cast<double>(numbers) * 4 / 1e9), ""};
}

/// Random weights of a given shape; what is computed does not matter, how long it takes does.
class RandomEncoder {
 public:
  RandomEncoder() {
    shape_ = {12, 384, 12, 1536, 1000, 512, 2, nn::Activation::Gelu, 1e-12F};
    const std::size_t h = shape_.hidden, f = shape_.intermediate;
    numbers_ = random_numbers(f * h, 0.05F);
    const std::vector<float>& n = numbers_;
    const auto some = [&n](std::size_t count) { return std::span(n).first(count); };
    weights_.embeddings = {some(1000 * h), some(512 * h), some(2 * h)};
    weights_.embedding_norm = {some(h), some(h)};
    const nn::LinearWeights square{some(h * h), some(h)};
    const nn::NormWeights norm{some(h), some(h)};
    weights_.layers.assign(shape_.layers, {square,
                                           square,
                                           square,
                                           square,
                                           norm,
                                           {some(f * h), some(f)},
                                           {some(h * f), some(h)},
                                           norm});
  }

  [[nodiscard]] Finding texts_a_second(nn::Precision precision, double seconds) const {
    const std::string name = "encoding, e5-small's shape, " + std::string(nn::name_of(precision));
    const auto model = nn::Transformer::build(shape_, weights_, precision);
    if (!model.ok()) return {"rates", name, "failed", model.error().message};
    constexpr std::int32_t kLength = 128, kTexts = 4;
    std::vector<std::int32_t> ids, positions, offsets{0};
    for (std::int32_t i = 0; i < kTexts * kLength; ++i) {
      ids.push_back(i % 997);
      positions.push_back(i % kLength);
    }
    for (std::int32_t i = 1; i <= kTexts; ++i) offsets.push_back(i * kLength);
    const std::size_t threads = available_threads();
    std::vector<nn::Workspace> spaces(threads);
    std::vector<std::vector<float>> states(threads, std::vector<float>(ids.size() * shape_.hidden));
    std::atomic<bool> failed{false};
    const double calls = rate(seconds, threads, [&](std::size_t t) {
      if (!model->forward({ids, positions, {}, offsets}, states[t].data(), spaces[t]).ok())
        failed = true;
    });
    if (failed) return {"rates", name, "failed", "an encoder of random weights failed"};
    return {"rates", name, shown("%.1f texts/s of 128 tokens", calls * kTexts), ""};
  }

 private:
  nn::TransformerShape shape_;
  nn::TransformerWeights weights_;
  std::vector<float> numbers_;
};

Finding exact_search(double seconds) {
  constexpr std::size_t kRows = 50'000, kDim = 384, kQueries = 100;
  const auto numbers = random_numbers(kRows * kDim, 1);
  const index::VectorView view{reinterpret_cast<const std::byte*>(numbers.data()), kRows, kDim,
                               kDim * sizeof(float), index::VectorType::F32};
  const index::ViewRows rows(view);
  Pool pool(available_threads() - 1);
  const index::ExactSearch search(rows, &pool);
  const auto start = Clock::now();
  double queries = 0;
  do {
    const auto hits = search.search({std::span(numbers).first(kQueries * kDim), 100});
    if (!hits.ok()) return {"rates", "exact search", "failed", hits.error().message};
    queries += kQueries;
  } while (since(start) < seconds);
  return {"rates", "exact search, 50,000 × 384, in batches",
          shown("%.0f queries/s", queries / since(start)), ""};
}

}  // namespace

std::vector<Finding> self_test(double seconds) {
  std::vector<Finding> out{memory_read(seconds / 5)};
  const RandomEncoder encoder;
  for (const auto precision : {nn::Precision::F32, nn::Precision::BF16, nn::Precision::INT8})
    out.push_back(encoder.texts_a_second(precision, seconds / 5));
  out.push_back(exact_search(seconds / 5));
  return out;
}

}  // namespace crosstail::cli
