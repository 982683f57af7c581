#include "index/approximate_index.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <numeric>
#include <unordered_set>

#include "index/checked_file.h"
#include "index/graph_file.h"
#include "index/score.h"

namespace crosstail::index {

namespace {

/// Rows whose score is computed, for k hits: the codes' order is right but for near neighbours.
std::size_t scored_for(std::size_t k) {
  return 2 * k + 10;
}

/// The two costs that decide between walking and looking at all rows that count, in rows read one
/// after the other: a row met on a walk costs about three of those.
constexpr double kWalkRowCost = 3;
/// Share of a row's neighbours that a walk has not met before.
constexpr double kFreshShare = 0.5;

std::size_t counted_rows(const SearchRequest& request, std::size_t rows) {
  if (request.counts.empty()) return rows;
  std::size_t counted = 0;
  for (std::size_t r = 0; r < rows; r += 64) {
    std::uint64_t bits = request.counts[r / 64];
    if (rows - r < 64) bits &= (std::uint64_t{1} << (rows - r)) - 1;
    counted += static_cast<std::size_t>(std::popcount(bits));
  }
  return counted;
}

double recall(std::span<const Hit> found, std::span<const Hit> expected, std::size_t k) {
  const std::size_t wanted = std::min(k, expected.size());
  if (wanted == 0) return 1;
  std::vector<std::uint32_t> rows;
  for (const Hit& hit : found.first(std::min(k, found.size()))) rows.push_back(hit.row);
  std::sort(rows.begin(), rows.end());
  std::size_t hits = 0;
  for (const Hit& hit : expected.first(wanted))
    if (std::binary_search(rows.begin(), rows.end(), hit.row)) ++hits;
  return static_cast<double>(hits) / static_cast<double>(wanted);
}

/// What a query walks by.
CodePlane plane_of(const Codes& codes, std::span<const float> query) {
  CodePlane plane{CodeQuery(codes, query).high, 0};
  plane.bias = 128 * std::accumulate(plane.numbers.begin(), plane.numbers.end(), 0);
  return plane;
}

}  // namespace

/// What the queries of one call share.
struct ApproximateIndex::Asked {
  const RowSource& rows;
  std::optional<VectorView> view;
  const SearchRequest& request;
  std::size_t effort;
  nn::Isa isa;
};

Result<ApproximateIndex> ApproximateIndex::open(const std::filesystem::path& path,
                                                const Codes& codes) {
  ApproximateIndex index;
  index.name_ = path.string();
  CT_TRY(index.file_, MappedFile::open(path));
  const auto bytes = index.file_.bytes();
  CT_TRY(const GraphHeader header, read_graph_header(bytes, index.name_));
  if (header.codes_identity != codes.identity() || header.rows != codes.rows())
    return Error{ErrorCode::InvalidArgument,
                 index.name_ + ": built over other codes than these (" +
                     std::to_string(header.rows) + " rows; the codes have " +
                     std::to_string(codes.rows()) + "); build it again"};
  index.codes_ = &codes;
  index.levels_ = levels_of(header, bytes);
  index.curve_.assign(header.curve.begin(),
                      header.curve.begin() + static_cast<std::ptrdiff_t>(header.points));
  return index;
}

Status ApproximateIndex::verify() const {
  CT_TRY(const GraphHeader header, read_graph_header(file_.bytes(), name_));
  return verify_payload(file_.bytes(), header.payload, name_);
}

Status ApproximateIndex::verify_file(const std::filesystem::path& path, Pool* pool) {
  CT_TRY(const MappedFile file, MappedFile::open(path));
  CT_TRY(const GraphHeader header, read_graph_header(file.bytes(), path.string()));
  return verify_payload(file.bytes(), header.payload, path.string(), pool);
}

std::size_t ApproximateIndex::effort_for(double recall, std::size_t k) const {
  const std::size_t least = std::max<std::size_t>(k, 1);
  for (const EffortPoint& point : curve_) {
    const float measured = k <= 10 ? point.recall_10 : point.recall_100;
    if (point.effort >= std::min<std::size_t>(k, 100) && static_cast<double>(measured) >= recall)
      return k <= 100 ? std::max<std::size_t>(point.effort, least)
                      : std::max<std::size_t>(point.effort * k / 100, least);
  }
  const std::size_t most = curve_.empty() ? 640 : curve_.back().effort;
  return std::max(least, k <= 100 ? most : most * k / 100);
}

std::vector<std::uint32_t> ApproximateIndex::counted_of(const Asked& asked,
                                                        std::span<const Near> found) const {
  const auto& counts = asked.request.counts;
  const auto& owner_of = asked.request.owner_of;
  const std::size_t enough = scored_for(asked.request.k);
  std::vector<std::uint32_t> rows;
  std::unordered_set<std::uint32_t> owners;
  for (const Near& near : found) {
    if (!counts.empty() && (counts[near.row / 64] >> (near.row % 64) & 1) == 0) continue;
    if (!owner_of.empty()) owners.insert(owner_of[near.row]);
    rows.push_back(near.row);
    if ((owner_of.empty() ? rows.size() : owners.size()) >= enough) break;
  }
  return rows;
}

std::vector<Hit> ApproximateIndex::score_all(const Asked& asked, const float* query,
                                             std::span<const std::uint32_t> rows) const {
  const std::size_t dim = codes_->dim();
  const auto& owner_of = asked.request.owner_of;
  const ScoreKernel kernel =
      score_kernel(asked.view ? asked.view->type : VectorType::F32, asked.isa);
  std::vector<float> numbers(asked.view ? 0 : dim);
  std::vector<Hit> hits;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::uint32_t row = rows[i];
    const auto* at = reinterpret_cast<const std::byte*>(numbers.data());
    if (asked.view) {
      at = asked.view->row(row);
      if (i + 2 < rows.size())
        for (std::size_t k = 0; k < dim * size_of(asked.view->type); k += 64)
          __builtin_prefetch(asked.view->row(rows[i + 2]) + k);
    } else {
      asked.rows.read(row, std::size_t{row} + 1, numbers.data());
    }
    hits.push_back({row, owner_of.empty() ? row : owner_of[row], kernel(query, at, dim)});
  }
  std::sort(hits.begin(), hits.end(), better);
  if (!owner_of.empty()) {
    std::unordered_set<std::uint32_t> met;
    std::erase_if(hits, [&](const Hit& hit) { return !met.insert(hit.owner).second; });
  }
  hits.resize(std::min(hits.size(), asked.request.k));
  return hits;
}

std::vector<Hit> ApproximateIndex::ask(const Asked& asked, std::size_t query, BeamSearch& beam,
                                       SearchStats& stats) const {
  const std::size_t dim = codes_->dim();
  const float* numbers = &asked.request.queries[query * dim];
  const CodePlane plane = plane_of(*codes_, {numbers, dim});
  const std::uint64_t before = beam.visited();
  std::vector<Hit> hits;
  for (std::size_t effort = asked.effort;; effort *= 2) {
    const auto rows = counted_of(asked, beam.descend(levels_, {plane}, effort));
    hits = score_all(asked, numbers, rows);
    stats.rows_scored += rows.size();
    // Where too few owners, or rows that count, came up: again, with more.
    if (hits.size() >= asked.request.k || effort >= codes_->rows()) break;
  }
  stats.rows_seen += beam.visited() - before;
  return hits;
}

EffortPoint ApproximateIndex::measure(const RowSource& rows, std::span<const float> queries,
                                      const Hits& expected, std::uint32_t effort,
                                      Pool* pool) const {
  const std::size_t dim = codes_->dim();
  const nn::Isa isa = nn::default_isa();
  const SearchRequest ten{.queries = queries, .k = 10}, hundred{.queries = queries, .k = 100};
  const std::size_t threads = pool == nullptr ? 1 : pool->threads() + 1;
  std::vector<std::array<double, 2>> found(expected.size());
  std::atomic<std::size_t> next{0};
  const auto work = [&](std::size_t) {
    BeamSearch beam(*codes_, isa);
    for (std::size_t q = next++; q < expected.size(); q = next++) {
      const float* query = &queries[q * dim];
      const auto near = beam.descend(levels_, {plane_of(*codes_, {query, dim})}, effort);
      const auto recall_of = [&](const SearchRequest& request) {
        const Asked asked{rows, rows.view(), request, effort, isa};
        return recall(score_all(asked, query, counted_of(asked, near)), expected[q], request.k);
      };
      found[q] = {recall_of(ten), effort < hundred.k ? 0 : recall_of(hundred)};
    }
  };
  if (threads == 1)
    work(0);
  else
    pool->parallel_for(threads, work);
  std::array<double, 2> sum{};
  for (const auto& one : found)
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += one[i];
  const auto count = static_cast<double>(std::max<std::size_t>(found.size(), 1));
  return {effort, static_cast<float>(sum[0] / count), static_cast<float>(sum[1] / count)};
}

Hits ApproximateIndex::walk_all(const RowSource& source, const SearchRequest& request,
                                std::size_t effort, Pool* pool, SearchStats& stats,
                                nn::Isa isa) const {
  const std::size_t queries = request.queries.size() / codes_->dim();
  const Asked asked{source, source.view(), request, effort, isa};
  const std::size_t threads = pool == nullptr || queries == 1 ? 1 : pool->threads() + 1;
  std::vector<std::vector<Hit>> found(queries);
  std::vector<SearchStats> parts(threads);
  std::atomic<std::size_t> next{0};
  const auto work = [&](std::size_t w) {
    if (next >= queries) return;
    BeamSearch beam(*codes_, isa);
    for (std::size_t q = next++; q < queries; q = next++) found[q] = ask(asked, q, beam, parts[w]);
  };
  if (threads == 1)
    work(0);
  else
    pool->parallel_for(threads, work);
  stats = {};
  stats.filter = "graph of near rows";
  for (const SearchStats& part : parts) {
    stats.rows_seen += part.rows_seen;
    stats.rows_scored += part.rows_scored;
  }
  Hits hits;
  for (const auto& list : found) hits.append(list);
  return hits;
}

Result<Hits> ApproximateIndex::search(const RowSource& source, const SearchRequest& request,
                                      std::size_t effort, Pool* pool, SearchStats* stats,
                                      nn::Isa isa) const {
  const ExactSearch exact(source, pool, codes_, isa);
  CT_CHECK(exact.check(request));
  const double counted = static_cast<double>(counted_rows(request, rows()));
  const double all = static_cast<double>(rows());
  const auto least = static_cast<double>(std::max(effort, request.k));
  const double wide = counted == 0 ? all : least * all / counted;
  if (kWalkRowCost * kFreshShare * wide * static_cast<double>(levels_.levels.back().stride) >=
      counted)
    return exact.search(request, stats);
  SearchStats own;
  Hits hits = walk_all(source, request, static_cast<std::size_t>(wide), pool,
                       stats == nullptr ? own : *stats, isa);
  return hits;
}

}  // namespace crosstail::index
