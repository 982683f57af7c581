#include "index/exact_search.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "index/exact_scan.h"

namespace crosstail::index {

namespace {

/// Without codes, so many queries score every row.
constexpr std::size_t kMostByScore = 2;

Error invalid(std::string message) {
  return {ErrorCode::InvalidArgument, std::move(message)};
}

/// Queries searched together: their candidates take at most some 128 MB a thread.
std::size_t group_size(std::size_t k) {
  const std::size_t room = (std::size_t{1} << 23) / (8 * k + 1024);
  return std::clamp<std::size_t>(room / kPanelQueries * kPanelQueries, kPanelQueries, 1024);
}

/// Rows handed to a thread at a time: 8 MB of f32, a multiple of 64.
std::size_t chunk_rows(std::size_t dim) {
  const std::size_t rows = (std::size_t{8} << 20) / (dim * sizeof(float));
  return std::clamp<std::size_t>(rows / 64 * 64, 64, 4096);
}

void for_each(Pool* pool, std::size_t count, const std::function<void(std::size_t)>& body) {
  if (pool != nullptr && count > 1) return pool->parallel_for(count, body);
  for (std::size_t i = 0; i < count; ++i) body(i);
}

std::vector<Hit> hits_of(const ScanPlan& plan, const std::deque<ScanWorker>& workers,
                         std::size_t query, std::atomic<std::uint64_t>& scored) {
  CandidateList list = workers[0].list(query);
  for (std::size_t w = 1; w < workers.size(); ++w) list.merge(workers[w].list(query));
  list.settle([&](std::uint32_t row) { return score_of(plan, query, row); });
  scored += list.scored();
  return list.hits();
}

}  // namespace

Status ExactSearch::check(const SearchRequest& request) const {
  const std::size_t dim = rows_.dim();
  if (request.k == 0) return invalid("search: k is 0; ask for at least one hit");
  if (dim == 0 || dim > kMaxDim)
    return invalid("search: vectors of dimension " + std::to_string(dim) + "; 1 to " +
                   std::to_string(kMaxDim) + " can be searched");
  if (request.queries.size() % dim != 0)
    return invalid("search: " + std::to_string(request.queries.size()) +
                   " numbers are no whole number of queries of dimension " + std::to_string(dim));
  if (!request.counts.empty() && request.counts.size() < (rows_.rows() + 63) / 64)
    return invalid("search: the filter has fewer bits than there are rows");
  if (!request.owner_of.empty() && request.owner_of.size() < rows_.rows())
    return invalid("search: there are fewer owners' entries than rows");
  if (codes_ != nullptr && (codes_->rows() != rows_.rows() || codes_->dim() != dim))
    return invalid("search: codes of " + std::to_string(codes_->rows()) + " × " +
                   std::to_string(codes_->dim()) + " for vectors of " +
                   std::to_string(rows_.rows()) + " × " + std::to_string(dim) +
                   "; build the codes again");
  for (std::size_t i = 0; i < request.queries.size(); ++i)
    if (!std::isfinite(request.queries[i]))
      return invalid("search: query " + std::to_string(i / dim) + " holds a NaN or an infinity");
  return {};
}

void ExactSearch::search_group(const SearchRequest& group, Hits& hits, SearchStats& stats) const {
  const std::size_t dim = rows_.dim(), queries = group.queries.size() / dim;
  ScanPlan plan{rows_,   rows_.view(), group.queries,  dim,
                group.k, group.counts, group.owner_of, isa_};
  plan.thresholds = std::vector<std::atomic<float>>(queries);
  for (auto& threshold : plan.thresholds) threshold = -kInfinity;
  if (codes_ != nullptr && queries <= kMostByCodes) {
    plan.codes = codes_;
    for (std::size_t q = 0; q < queries; ++q)
      plan.code_queries.emplace_back(*codes_, std::span(plan.query(q), dim));
    stats.filter = "int8 codes";
  } else if (queries > kMostByScore) {
    plan.kernel = &panel_kernel(isa_);
    plan.panels.emplace(group.queries, dim, *plan.kernel);
    stats.filter = plan.kernel->name;
  }
  const std::size_t chunk = chunk_rows(dim), chunks = (rows_.rows() + chunk - 1) / chunk;
  std::deque<ScanWorker> workers;
  // The calling thread works too.
  const std::size_t threads = pool_ == nullptr ? 1 : pool_->threads() + 1;
  for (std::size_t i = 0; i < std::clamp<std::size_t>(chunks, 1, threads); ++i)
    workers.emplace_back(plan);
  std::atomic<std::size_t> next{0};
  for_each(pool_, workers.size(), [&](std::size_t w) {
    for (std::size_t c = next++; c < chunks; c = next++)
      workers[w].scan(c * chunk, std::min((c + 1) * chunk, rows_.rows()));
  });
  std::vector<std::vector<Hit>> found(queries);
  std::atomic<std::uint64_t> scored{0};
  for_each(pool_, queries, [&](std::size_t q) { found[q] = hits_of(plan, workers, q, scored); });
  for (const auto& list : found) hits.append(list);
  stats.rows_scored += scored;
  for (const ScanWorker& worker : workers) {
    stats.rows_seen += worker.seen();
    stats.rows_scored += worker.scored_at_once();
    stats.largest_bound =
        std::max(stats.largest_bound, static_cast<double>(worker.largest_bound()));
  }
}

Result<Hits> ExactSearch::search(const SearchRequest& request, SearchStats* stats) const {
  CT_CHECK(check(request));
  SearchRequest group = request;
  group.k = std::clamp<std::size_t>(request.k, 1, std::max<std::size_t>(rows_.rows(), 1));
  const std::size_t step = group_size(group.k) * rows_.dim();
  Hits hits;
  SearchStats all;
  for (std::size_t begin = 0; begin < request.queries.size(); begin += step) {
    group.queries = request.queries.subspan(begin, std::min(step, request.queries.size() - begin));
    search_group(group, hits, all);
  }
  if (stats != nullptr) *stats = all;
  return hits;
}

}  // namespace crosstail::index
