#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <random>

#include "base/interrupt.h"
#include "index/approximate_index.h"
#include "index/graph_file.h"

namespace crosstail::index {

namespace {

constexpr std::array<std::uint32_t, kMostCurvePoints> kEfforts = {
    10, 14, 20, 28, 40, 56, 80, 112, 160, 224, 320, 448, 640, 896, 1280, 1792};

/// All rows in an order that depends on the seed only.
std::vector<std::uint32_t> shuffled(std::size_t count, std::uint64_t seed) {
  std::vector<std::uint32_t> order(count);
  std::iota(order.begin(), order.end(), 0U);
  std::mt19937_64 random(seed);
  for (std::size_t i = count; i > 1; --i)
    std::swap(order[i - 1], order[static_cast<std::size_t>(random() % i)]);
  return order;
}

}  // namespace

/// Puts a builder's graph to the test as if it were a file.
class GraphWriter {
 public:
  GraphWriter(const RowSource& rows, const Codes& codes, const ApproximateOptions& options,
              Pool* pool)
      : rows_(rows), codes_(codes), options_(options), pool_(pool) {
    order_ = shuffled(codes.rows(), options.seed);
    const std::size_t fit = options.sample.size() / codes.dim();
    held_out_ = fit > 0 ? 0 : std::min(options.sample_size, codes.rows() / 50);
  }

  Status build(const std::filesystem::path& path) {
    const nn::Isa isa = nn::default_isa();
    GraphBuilder builder(codes_, options_.graph, pool_, isa);
    const std::span<const std::uint32_t> order(order_);
    builder.insert(order.first(order.size() - held_out_));
    if (interrupt_requested()) return Error{ErrorCode::Interrupted, "interrupted"};
    builder.finish();
    GraphHeader header;
    CT_CHECK(measure(builder, header));
    builder.insert(order.last(held_out_));
    if (interrupt_requested()) return Error{ErrorCode::Interrupted, "interrupted"};
    builder.finish();
    header.degree = static_cast<std::uint32_t>(options_.graph.degree);
    header.rows = codes_.rows();
    header.codes_identity = codes_.identity();
    header.seed = options_.seed;
    return write_graph(path, completed(header), builder);
  }

 private:
  [[nodiscard]] std::vector<float> sample() const {
    const std::size_t dim = codes_.dim();
    if (held_out_ == 0)
      return {options_.sample.begin(),
              options_.sample.begin() +
                  static_cast<std::ptrdiff_t>(
                      std::min(options_.sample.size() / dim, options_.sample_size) * dim)};
    std::vector<float> queries(held_out_ * dim);
    for (std::size_t i = 0; i < held_out_; ++i) {
      const std::size_t row = order_[order_.size() - held_out_ + i];
      rows_.read(row, row + 1, &queries[i * dim]);
    }
    return queries;
  }

  /// Recall at rising efforts against an exact search over the rows that are in the graph.
  Status measure(const GraphBuilder& builder, GraphHeader& header) const {
    const std::vector<float> queries = sample();
    if (queries.empty()) return {};
    std::vector<std::uint64_t> inserted((codes_.rows() + 63) / 64, ~std::uint64_t{0});
    for (std::size_t i = order_.size() - held_out_; i < order_.size(); ++i)
      inserted[order_[i] / 64] &= ~(std::uint64_t{1} << (order_[i] % 64));
    const ExactSearch exact(rows_, pool_);
    CT_TRY(const Hits expected, exact.search({.queries = queries, .k = 100, .counts = inserted}));
    ApproximateIndex index;
    index.codes_ = &codes_;
    index.levels_ = builder.view();
    for (const std::uint32_t effort : kEfforts) {
      const EffortPoint point = index.measure(rows_, queries, expected, effort, pool_);
      header.curve[header.points++] = point;
      if (std::min(point.recall_10, point.recall_100) >= 0.999F) break;
    }
    return {};
  }

  const RowSource& rows_;
  const Codes& codes_;
  const ApproximateOptions& options_;
  Pool* pool_;
  std::vector<std::uint32_t> order_;
  std::size_t held_out_ = 0;
};

Status ApproximateIndex::build(const RowSource& rows, const Codes& codes,
                               const std::filesystem::path& path, const ApproximateOptions& options,
                               Pool* pool) {
  if (codes.rows() != rows.rows() || codes.dim() != rows.dim())
    return Error{ErrorCode::InvalidArgument,
                 path.string() + ": the codes are of other rows; build the codes again"};
  if (options.graph.degree < 4 || options.graph.degree > 512 || options.graph.beam < 4)
    return Error{ErrorCode::InvalidArgument,
                 path.string() + ": a graph has 4 to 512 neighbours a row and a beam of 4 or more"};
  return GraphWriter(rows, codes, options, pool).build(path);
}

}  // namespace crosstail::index
