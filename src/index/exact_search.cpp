#include "index/exact_search.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <unordered_map>
#include <vector>

#include "index/score.h"

namespace crosstail::index {

namespace {

Error invalid(std::string message) {
  return {ErrorCode::InvalidArgument, std::move(message)};
}

Status check(const RowSource& rows, const SearchRequest& request) {
  if (request.k == 0) return invalid("search: k is 0; ask for at least one hit");
  if (rows.dim() == 0 || request.queries.size() % rows.dim() != 0)
    return invalid("search: " + std::to_string(request.queries.size()) +
                   " numbers are no whole number of queries of dimension " +
                   std::to_string(rows.dim()));
  if (!request.counts.empty() && request.counts.size() < (rows.rows() + 63) / 64)
    return invalid("search: the filter has fewer bits than there are rows");
  if (!request.owner_of.empty() && request.owner_of.size() < rows.rows())
    return invalid("search: there are fewer owners' entries than rows");
  for (std::size_t i = 0; i < request.queries.size(); ++i)
    if (!std::isfinite(request.queries[i]))
      return invalid("search: query " + std::to_string(i / rows.dim()) +
                     " holds a NaN or an infinity");
  return {};
}

std::vector<Hit> best(std::vector<Hit> hits, const SearchRequest& request) {
  if (!request.owner_of.empty()) {
    std::unordered_map<std::uint32_t, Hit> by_owner;
    for (const Hit& hit : hits) {
      auto [at, added] = by_owner.try_emplace(hit.owner, hit);
      if (!added && better(hit, at->second)) at->second = hit;
    }
    hits.clear();
    for (const auto& [owner, hit] : by_owner) hits.push_back(hit);
  }
  const auto k = static_cast<std::ptrdiff_t>(std::min(request.k, hits.size()));
  std::partial_sort(hits.begin(), hits.begin() + k, hits.end(), better);
  hits.resize(static_cast<std::size_t>(k));
  return hits;
}

}  // namespace

Result<Hits> ExactSearch::search(const SearchRequest& request, SearchStats* stats) const {
  CT_CHECK(check(rows_, request));
  const std::size_t dim = rows_.dim(), count = request.queries.size() / dim;
  std::vector<std::vector<Hit>> found(count);
  const auto one = [&](std::size_t q) {
    std::vector<Hit> hits;
    std::vector<float> row(dim);
    for (std::size_t r = 0; r < rows_.rows(); ++r) {
      if (!request.counts.empty() && (request.counts[r / 64] >> (r % 64) & 1) == 0) continue;
      rows_.read(r, r + 1, row.data());
      const auto id = static_cast<std::uint32_t>(r);
      hits.push_back({id, request.owner_of.empty() ? id : request.owner_of[r],
                      score(&request.queries[q * dim], row.data(), dim)});
    }
    found[q] = best(std::move(hits), request);
  };
  if (pool_ == nullptr)
    for (std::size_t q = 0; q < count; ++q) one(q);
  else
    pool_->parallel_for(count, one);
  Hits hits;
  for (const auto& list : found) hits.append(list);
  if (stats != nullptr) stats->rows_seen = stats->rows_scored = count * rows_.rows();
  return hits;
}

}  // namespace crosstail::index
