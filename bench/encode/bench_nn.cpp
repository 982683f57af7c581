/// How fast the encoders' forward pass is, beside what oneDNN's plain matrix products reach on the
/// same cores in the same run. Random weights: speed does not depend on them. Rates are by
/// processor time divided by the threads: what two idle cores give; only the query's latency is by
/// the clock.
///
/// bench_encode [--threads N] [--rounds N] [--precision f32,bf16,int8] [--shape e5-small,xlmr-base]
///              [--lengths FILE] [--only products,p128,mixed,query]
/// CROSSTAIL_ISA chooses a lower instruction set. FILE: one number of tokens a line (or a built-in
/// mix, the quantiles of xquad-r's paragraphs and questions).

#include <omp.h>
#include <time.h>
#include <dnnl.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "nn/transformer.h"

namespace {

using namespace crosstail::nn;

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// Processor time of all threads: what another process on the same cores does not lengthen much.
double processor_time() {
  timespec time{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

struct Settings {
  std::size_t threads = 2, rounds = 5;
  std::string precisions = "f32,bf16,int8", shapes = "e5-small,xlmr-base", lengths;
  std::string only = "products,p128,mixed,query";
  [[nodiscard]] static bool has(const std::string& list, const std::string& name) {
    return ("," + list + ",").find("," + name + ",") != std::string::npos;
  }
};

struct Spread {
  double median = 0, low = 0, high = 0;
};

Spread spread(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return {values[values.size() / 2], values.front(), values.back()};
}

/// GFLOP/s of oneDNN's 2048³ matmul.
Spread onednn_rate(dnnl::memory::data_type in, dnnl::memory::data_type weights,
                   dnnl::memory::data_type out, const Settings& settings) {
  using dnnl::memory;
  omp_set_num_threads(static_cast<int>(settings.threads));
  constexpr memory::dim kSize = 2048;
  const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  dnnl::stream stream(engine);
  const memory::dims dims = {kSize, kSize};
  const memory::desc a(dims, in, memory::format_tag::ab);
  const memory::desc b(dims, weights, memory::format_tag::any);
  const memory::desc c(dims, out, memory::format_tag::ab);
  const dnnl::matmul::primitive_desc description(dnnl::matmul::desc(a, b, c), engine);
  const dnnl::matmul product(description);
  memory x(description.src_desc(), engine), w(description.weights_desc(), engine),
      y(description.dst_desc(), engine);
  for (auto* m : {&x, &w, &y})
    std::fill_n(static_cast<char*>(m->get_data_handle()), m->get_desc().get_size(), char{0});
  std::vector<double> rates;
  for (std::size_t i = 0; i < settings.rounds + 2; ++i) {
    const double start = processor_time();
    product.execute(stream, {{DNNL_ARG_SRC, x}, {DNNL_ARG_WEIGHTS, w}, {DNNL_ARG_DST, y}});
    stream.wait();
    const double seconds = (processor_time() - start) / static_cast<double>(settings.threads);
    if (i >= 2) rates.push_back(2.0 * kSize * kSize * kSize / seconds / 1e9);
  }
  return spread(rates);
}

struct Model {
  std::string name;
  TransformerShape shape;
};

Transformer random_transformer(const TransformerShape& shape, Precision precision) {
  std::mt19937 random(1);
  std::normal_distribution<float> normal(0.0F, 0.03F);
  std::vector<float> pool(1u << 20);
  for (auto& x : pool) x = normal(random);
  std::vector<float> table(std::max(shape.vocabulary, shape.intermediate * 4) * shape.hidden);
  for (std::size_t i = 0; i < table.size(); ++i) table[i] = pool[(i * 7) % pool.size()];
  const std::vector<float> ones(shape.hidden, 1.0F);
  const auto some = [&](std::size_t n) { return std::span<const float>(table).first(n); };
  const std::size_t h = shape.hidden, m = shape.intermediate;
  const NormWeights norm{ones, some(h)};
  TransformerWeights weights;
  weights.embeddings = {some(shape.vocabulary * h), some(shape.positions * h), some(h)};
  weights.embedding_norm = norm;
  const LinearWeights square{some(h * h), some(h)};
  weights.layers.assign(
      shape.layers,
      {square, square, square, square, norm, {some(h * m), some(m)}, {some(h * m), some(h)}, norm});
  auto built = Transformer::build(shape, weights, precision);
  if (!built.ok()) {
    std::fprintf(stderr, "%s\n", built.error().message.c_str());
    std::exit(1);
  }
  return *std::move(built);
}

double flops(const TransformerShape& s, std::size_t tokens) {
  const double n = static_cast<double>(tokens), h = static_cast<double>(s.hidden),
               m = static_cast<double>(s.intermediate);
  return static_cast<double>(s.layers) * (n * (8 * h * h + 4 * h * m) + 4 * n * n * h);
}

struct Batch {
  std::vector<std::int32_t> ids, positions, offsets = {0};
  double work = 0;

  void add(const TransformerShape& shape, std::size_t tokens, std::mt19937& random) {
    for (std::size_t t = 0; t < tokens; ++t) {
      ids.push_back(static_cast<std::int32_t>(random() % shape.vocabulary));
      positions.push_back(static_cast<std::int32_t>(t + 2));
    }
    offsets.push_back(static_cast<std::int32_t>(ids.size()));
    work += flops(shape, tokens);
  }
};

/// Texts of these lengths, sorted, in batches of at most 1,024 tokens (or one text).
std::vector<Batch> batches_of(const TransformerShape& shape, std::vector<std::size_t> lengths) {
  std::mt19937 random(2);
  std::sort(lengths.begin(), lengths.end(), std::greater<>());
  std::vector<Batch> batches(1);
  for (const auto length : lengths) {
    if (!batches.back().ids.empty() && batches.back().ids.size() + length > 1024)
      batches.emplace_back();
    batches.back().add(shape, length, random);
  }
  return batches;
}

/// Processor seconds of all threads for all batches, divided by the threads.
double encode_all(const Transformer& model, const std::vector<Batch>& batches,
                  std::size_t threads) {
  std::atomic<std::size_t> next = 0;
  const auto work = [&] {
    Workspace workspace;
    std::vector<float> hidden;
    for (std::size_t i = next++; i < batches.size(); i = next++) {
      const auto& b = batches[i];
      hidden.resize(b.ids.size() * model.shape().hidden);
      if (!model.forward({b.ids, b.positions, {}, b.offsets}, hidden.data(), workspace).ok())
        std::exit(1);
    }
  };
  const double start = processor_time();
  std::vector<std::thread> others;
  for (std::size_t t = 1; t < threads; ++t) others.emplace_back(work);
  work();
  for (auto& other : others) other.join();
  return (processor_time() - start) / static_cast<double>(threads);
}

void measure(const char* what, const Transformer& model, const std::vector<std::size_t>& lengths,
             const Settings& settings, double product_rate) {
  const auto batches = batches_of(model.shape(), lengths);
  double work = 0;
  for (const auto& batch : batches) work += batch.work;
  std::vector<double> rates;
  encode_all(model, batches, settings.threads);
  for (std::size_t i = 0; i < settings.rounds; ++i)
    rates.push_back(static_cast<double>(lengths.size()) /
                    encode_all(model, batches, settings.threads));
  const Spread r = spread(rates);
  const double gflops = r.median / static_cast<double>(lengths.size()) * work / 1e9;
  std::printf("  %-6s %9.1f texts/s [%.1f, %.1f]  %8.1f GFLOP/s", what, r.median, r.low, r.high,
              gflops);
  if (product_rate > 0) std::printf("  %.2f of oneDNN's product", gflops / product_rate);
  std::printf("\n");
  std::fflush(stdout);
}

void measure_query(const Transformer& model, const Settings& settings) {
  const auto batches = batches_of(model.shape(), {16});
  const auto& b = batches[0];
  std::vector<float> hidden(16 * model.shape().hidden);
  Workspace workspace;
  crosstail::Pool pool(settings.threads - 1);
  for (const bool split : {false, true}) {
    std::vector<double> times;
    for (int i = 0; i < 200; ++i) {
      const PackedBatch batch{b.ids, b.positions, {}, b.offsets};
      const double start = now();
      if (!(split ? model.forward_split(batch, hidden.data(), workspace, pool)
                  : model.forward(batch, hidden.data(), workspace))
               .ok())
        std::exit(1);
      times.push_back((now() - start) * 1e3);
    }
    std::sort(times.begin(), times.end());
    std::printf("  query of 16 tokens, %s: p50 %.2f ms, p95 %.2f ms\n",
                split ? "split over all threads" : "one thread", times[100], times[190]);
    std::fflush(stdout);
  }
}

std::vector<std::size_t> mixed_lengths(const std::string& path) {
  std::vector<std::size_t> lengths;
  std::ifstream file(path);
  for (std::size_t n = 0; file >> n;) lengths.push_back(n);
  if (!lengths.empty()) return lengths;
  // Deciles: 0.83 questions and 0.17 paragraphs, XLM-R tokens.
  const std::vector<std::size_t> questions = {9, 11, 13, 14, 15, 17, 18, 20, 23, 28};
  const std::vector<std::size_t> paragraphs = {110, 140, 155, 165, 178, 190, 210, 240, 290, 420};
  for (int i = 0; i < 4; ++i) {
    for (int j = 0; j < 5; ++j) lengths.insert(lengths.end(), questions.begin(), questions.end());
    lengths.insert(lengths.end(), paragraphs.begin(), paragraphs.end());
  }
  return lengths;
}

Settings read(int argc, char** argv) {
  Settings s;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string option = argv[i], value = argv[i + 1];
    if (option == "--threads") s.threads = std::stoul(value);
    if (option == "--rounds") s.rounds = std::stoul(value);
    if (option == "--precision") s.precisions = value;
    if (option == "--shape") s.shapes = value;
    if (option == "--lengths") s.lengths = value;
    if (option == "--only") s.only = value;
  }
  return s;
}

}  // namespace

int main(int argc, char** argv) {
  const Settings settings = read(argc, argv);
  std::printf("instruction set %s, %zu threads\n", std::string(name_of(default_isa())).c_str(),
              settings.threads);
  std::map<std::string, double> product_rates;
  if (Settings::has(settings.only, "products")) {
    using type = dnnl::memory::data_type;
    for (const auto& [name, in, weights, out] :
         {std::tuple{"f32", type::f32, type::f32, type::f32},
          std::tuple{"bf16", type::bf16, type::bf16, type::f32},
          std::tuple{"int8", type::u8, type::s8, type::s32}}) {
      const Spread rate = onednn_rate(in, weights, out, settings);
      product_rates[name] = rate.median;
      std::printf("oneDNN 2048^3 %-5s %8.1f GFLOP/s [%.1f, %.1f]\n", name, rate.median, rate.low,
                  rate.high);
    }
  }
  const std::vector<Model> models = {
      {"e5-small", {12, 384, 12, 1536, 30000, 514, 1, Activation::Gelu, 1e-5F}},
      {"xlmr-base", {12, 768, 12, 3072, 30000, 514, 1, Activation::Gelu, 1e-5F}}};
  for (const auto& model : models)
    for (const auto precision : {Precision::F32, Precision::BF16, Precision::INT8}) {
      const std::string name(name_of(precision));
      if (!Settings::has(settings.shapes, model.name) || !Settings::has(settings.precisions, name))
        continue;
      const auto transformer = random_transformer(model.shape, precision);
      std::printf("%s %s\n", model.name.c_str(), name.c_str());
      const double rate = product_rates[name];
      const std::size_t texts = precision == Precision::F32 ? 16 : 64;
      if (Settings::has(settings.only, "p128"))
        measure("p128", transformer, std::vector<std::size_t>(texts, 128), settings, rate);
      if (Settings::has(settings.only, "mixed"))
        measure("mixed", transformer, mixed_lengths(settings.lengths), settings, rate);
      if (Settings::has(settings.only, "query")) measure_query(transformer, settings);
    }
  return 0;
}
