/// Exact search over vectors in .npy files. Prints one line a measurement: name, value, unit, and
/// the spread of five runs; bench/search/run puts the peers beside it.
/// Usage: bench_search ROWS.npy QUERIES.npy FOLDER_FOR_CODES [THREADS [NAME_PART]]

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <functional>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "data/npy.h"
#include "index/approximate_index.h"
#include "index/codes.h"
#include "index/exact_search.h"
#include "peaks.h"

namespace {

using crosstail::Pool;
using crosstail::index::Codes;
using crosstail::index::ExactSearch;
using crosstail::index::SearchStats;
using crosstail::index::VectorType;
using crosstail::index::VectorView;
using crosstail::index::ViewRows;

constexpr std::size_t kHits = 100;
std::string wanted;

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

void report(const std::string& name, std::vector<double> rates, const char* unit,
            const SearchStats* stats = nullptr) {
  std::sort(rates.begin(), rates.end());
  std::printf("%-34s %10.1f %-10s [%.1f, %.1f]", name.c_str(), rates[rates.size() / 2], unit,
              rates.front(), rates.back());
  if (stats != nullptr)
    std::printf(
        "  %s, %.3f%% scored, bound %.2g", std::string(stats->filter).c_str(),
        100.0 * static_cast<double>(stats->rows_scored) / static_cast<double>(stats->rows_seen),
        stats->largest_bound);
  std::printf("\n");
  std::fflush(stdout);
}

/// Five runs of `body`, which does `work` units; the rate of each.
void measure(const std::string& name, double work, const char* unit,
             const std::function<void()>& body, const SearchStats* stats = nullptr) {
  if (name.find(wanted) == std::string::npos) return;
  body();
  std::vector<double> rates;
  for (int run = 0; run < 5; ++run) {
    const double begin = now();
    body();
    rates.push_back(work / (now() - begin));
  }
  report(name, rates, unit, stats);
}

void must(const crosstail::Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "%s\n", status.error().message.c_str());
  std::exit(1);
}

std::vector<std::uint16_t> narrowed(const VectorView& view) {
  std::vector<std::uint16_t> out(view.rows * view.dim);
  for (std::size_t i = 0; i < out.size(); ++i)
    out[i] = crosstail::data::float_to_bfloat16(reinterpret_cast<const float*>(view.data)[i]);
  return out;
}

struct Data {
  VectorView f32, bf16;
  std::vector<float> queries;
  const Codes* codes;
};

void batches(const Data& data, Pool* pool, const std::string& suffix) {
  const auto n = static_cast<double>(data.queries.size() / data.f32.dim);
  for (const auto isa : crosstail::nn::kAllIsas) {
    if (isa > crosstail::nn::best_isa() || isa < crosstail::nn::Isa::Avx2) continue;
    for (const auto& view : {data.f32, data.bf16}) {
      const ViewRows rows(view);
      const ExactSearch search(rows, pool, nullptr, isa);
      SearchStats stats;
      measure(
          std::string("batch ") + (view.type == VectorType::F32 ? "f32 " : "bf16 ") +
              std::string(crosstail::nn::name_of(isa)) + suffix,
          n, "queries/s",
          [&] { (void)search.search({.queries = data.queries, .k = kHits}, &stats); }, &stats);
    }
  }
}

void singles(const Data& data, Pool* pool, const std::string& suffix) {
  constexpr std::size_t kQueries = 50;
  const std::size_t dim = data.f32.dim;
  struct Way {
    const char* name;
    VectorView view;
    const Codes* codes;
    double bytes;
  };
  const auto count = static_cast<double>(data.f32.rows * dim);
  for (const Way& way :
       {Way{"single f32", data.f32, nullptr, 4 * count},
        Way{"single bf16", data.bf16, nullptr, 2 * count},
        Way{"single int8", data.f32, data.codes, static_cast<double>(data.codes->bytes())}}) {
    const ViewRows rows(way.view);
    const ExactSearch search(rows, pool, way.codes);
    SearchStats stats;
    const auto all = [&] {
      for (std::size_t q = 0; q < kQueries; ++q)
        (void)search.search({.queries = std::span(data.queries).subspan(q * dim, dim), .k = kHits},
                            &stats);
    };
    measure(std::string(way.name) + suffix, kQueries, "queries/s", all, &stats);
    measure(std::string(way.name) + " bytes" + suffix, kQueries * way.bytes * 1e-9, "GB/s", all);
  }
}

double cpu_seconds() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

/// Rows made tile by tile, as fused vectors are: here they are only copied.
class MadeRows final : public crosstail::index::RowSource {
 public:
  explicit MadeRows(VectorView view) : view_(view) {}
  [[nodiscard]] std::size_t rows() const override { return view_.rows; }
  [[nodiscard]] std::size_t dim() const override { return view_.dim; }
  void read(std::size_t begin, std::size_t end, float* out) const override {
    view_.read(begin, end, out);
  }

 private:
  VectorView view_;
};

void made(const Data& data, Pool* pool, const std::string& suffix) {
  const MadeRows rows(data.f32);
  const ExactSearch search(rows, pool);
  SearchStats stats;
  measure(
      "batch f32 without a view" + suffix, static_cast<double>(data.queries.size() / data.f32.dim),
      "queries/s", [&] { (void)search.search({.queries = data.queries, .k = kHits}, &stats); },
      &stats);
}

/// Of the environment's EFFORTS, numbers with commas, or as bench/search/peers.py.
std::vector<std::size_t> efforts() {
  const char* given = std::getenv("EFFORTS");
  std::stringstream list(
      given != nullptr ? given : "10,20,40,60,80,120,160,240,320,480,640,960,1280,1920,2560");
  std::vector<std::size_t> out;
  for (std::string number; std::getline(list, number, ',');)
    out.push_back(std::strtoul(number.c_str(), nullptr, 10));
  return out;
}

/// Build, and recall@10 against queries/s at rising effort.
void approximate(const Data& data, Pool* pool, const std::string& folder,
                 const std::string& suffix) {
  const ViewRows rows(data.f32);
  crosstail::index::ApproximateOptions options;
  if (const char* degree = std::getenv("DEGREE"))
    options.graph.degree = std::strtoul(degree, nullptr, 10);
  if (const char* beam = std::getenv("BEAM")) options.graph.beam = std::strtoul(beam, nullptr, 10);
  if (const char* alpha = std::getenv("ALPHA")) options.graph.alpha = std::strtof(alpha, nullptr);
  const auto path = std::filesystem::path(folder) / "bench.graph";
  const double begin = now(), used = cpu_seconds();
  // KEEP: asks the graph that an earlier run left.
  if (std::getenv("KEEP") == nullptr || !std::filesystem::exists(path))
    must(crosstail::index::ApproximateIndex::build(rows, *data.codes, path, options, pool));
  auto index = crosstail::index::ApproximateIndex::open(path, *data.codes);
  if (!index.ok()) must(index.error());
  std::printf("approximate: built in %.1f CPU s (%.1f s), graph %.0f + codes %.0f MiB\n",
              cpu_seconds() - used, now() - begin, static_cast<double>(index->bytes()) / 1048576,
              static_cast<double>(data.codes->bytes()) / 1048576);
  for (const auto& point : index->curve())
    std::printf("  self-test: effort %u recall@10 %.4f @100 %.4f\n", point.effort,
                static_cast<double>(point.recall_10), static_cast<double>(point.recall_100));
  if (wanted != "approximate") return;
  const int runs = std::getenv("RUNS") == nullptr ? 5 : std::atoi(std::getenv("RUNS"));
  const auto expected = ExactSearch(rows, pool).search({.queries = data.queries, .k = 10});
  for (const std::size_t effort : efforts()) {
    std::vector<double> rates;
    crosstail::index::Hits found;
    SearchStats stats;
    for (int run = 0; run < runs; ++run) {
      const double start = now();
      found = *index->search(rows, {.queries = data.queries, .k = 10}, effort, pool, &stats);
      rates.push_back(static_cast<double>(found.size()) / (now() - start));
    }
    double right = 0;
    for (std::size_t q = 0; q < found.size(); ++q)
      for (const auto& hit : found[q])
        for (const auto& other : (*expected)[q]) right += hit.row == other.row ? 1 : 0;
    std::sort(rates.begin(), rates.end());
    std::printf(
        "approximate effort %-5zu%s recall@10 %.4f %10.1f queries/s [%.1f, %.1f] %.0f rows seen\n",
        effort, suffix.c_str(), right / 10 / static_cast<double>(found.size()),
        rates[rates.size() / 2], rates[0], rates.back(),
        static_cast<double>(stats.rows_seen) / static_cast<double>(found.size()));
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fprintf(stderr, "usage: bench_search ROWS.npy QUERIES.npy FOLDER [THREADS [NAME]]\n");
    return 2;
  }
  const std::size_t threads = argc > 4 ? std::strtoul(argv[4], nullptr, 10) : 1;
  if (argc > 5) wanted = argv[5];
  auto rows = crosstail::data::NpyArray::open(argv[1]);
  auto queries = crosstail::data::NpyArray::open(argv[2]);
  if (!rows.ok() || !queries.ok()) {
    std::fprintf(stderr, "%s\n", (rows.ok() ? queries : rows).error().message.c_str());
    return 1;
  }
  const std::size_t dim = rows->columns();
  Data data;
  // A copy, so that no measurement waits for the disk.
  std::vector<float> numbers = rows->to_floats();
  data.f32 = crosstail::index::view_of(numbers, dim);
  const auto stored = narrowed(data.f32);
  data.bf16 = {reinterpret_cast<const std::byte*>(stored.data()), data.f32.rows, dim, 2 * dim,
               VectorType::BF16};
  data.queries = queries->to_floats();
  Pool pool(threads);
  const std::string suffix =
      ", " + std::to_string(threads) + (threads == 1 ? " thread" : " threads");
  const auto path = std::filesystem::path(argv[3]) / "bench.codes";
  const double begin = now();
  must(Codes::build(ViewRows(data.f32), path, &pool));
  std::printf("codes built in %.2f s\n", now() - begin);
  auto codes = Codes::open(path);
  if (!codes.ok()) must(codes.error());
  data.codes = &*codes;

  if (wanted.substr(0, 11) == "approximate") {
    approximate(data, threads == 1 ? nullptr : &pool, argv[3], suffix);
    return 0;
  }
  const auto bytes = static_cast<double>(data.f32.rows * dim * 4);
  measure("peak read" + suffix, bytes * 1e-9, "GB/s", [&] { bench::read_all(numbers, threads); });
  measure("peak fma" + suffix, bench::kFmaFlops * static_cast<double>(threads) * 1e-9, "GFLOP/s",
          [&] { bench::multiply_peak(threads); });
  batches(data, threads == 1 ? nullptr : &pool, suffix);
  made(data, threads == 1 ? nullptr : &pool, suffix);
  singles(data, threads == 1 ? nullptr : &pool, suffix);
  return 0;
}
