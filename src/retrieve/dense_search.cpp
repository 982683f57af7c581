#include "retrieve/dense_search.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>

#include "index/fused_rows.h"
#include "index/score.h"
#include "retrieve/affected.h"

namespace crosstail::retrieve {
namespace {

/// The rows of a mode, and what is needed to score one passage anew.
struct Rows {
  std::unique_ptr<index::FusedRows> fused;
  std::unique_ptr<index::MaxRows> max;

  [[nodiscard]] const index::RowSource& source() const {
    return max ? static_cast<const index::RowSource&>(*max) : *fused;
  }
};

Result<Rows> make_rows(const std::shared_ptr<const index::IndexReader>& index,
                       const index::FusionSetting& fusion, const index::QuestionFilter& filter,
                       const index::Centroids* centroids) {
  Rows rows;
  if (fusion.mode == index::FusionMode::Max) {
    CT_TRY(rows.max, index::MaxRows::make(index, fusion, centroids));
  } else {
    CT_TRY(rows.fused, index::FusedRows::make(index, fusion, filter, centroids));
  }
  return rows;
}

/// The rows that count, by the passages that do; empty: all.
std::vector<std::uint64_t> row_mask(const index::IndexReader& index, const PassageMask& mask) {
  if (mask.empty()) return index.live_rows();
  std::vector<std::uint64_t> rows((index.rows() + 63) / 64, 0);
  for (index::PassageNumber p = 0; p < index.passages(); ++p) {
    if (!counts(mask, p) || index.deleted(p)) continue;
    const auto range = index.rows_of(p);
    for (std::uint64_t r = range.begin; r < range.end; ++r)
      rows[r / 64] |= std::uint64_t{1} << (r % 64);
  }
  return rows;
}

std::vector<std::uint64_t> max_mask(const index::MaxRows& rows, const index::QuestionFilter& filter,
                                    const PassageMask& mask) {
  auto out = rows.counts(filter);
  if (mask.empty()) return out;
  const auto owners = rows.owners();
  for (std::size_t r = 0; r < owners.size(); ++r)
    if (!counts(mask, owners[r])) out[r / 64] &= ~(std::uint64_t{1} << (r % 64));
  return out;
}

/// A scan of so many bytes of vectors is worth making codes for: some milliseconds.
constexpr std::uint64_t kLongScan = std::uint64_t{16} << 20;

/// What a scan of all rows reads.
std::uint64_t bytes_read(const index::IndexReader& index, const index::RowSource& rows) {
  const std::uint64_t vectors = rows.view() ? rows.rows() : rows.rows() + index.questions();
  return vectors * rows.dim() * index::size_of(index.manifest().type);
}

/// Rows that are read, with their checks, wherever they lie.
class ReadRows final : public index::RowSource {
 public:
  explicit ReadRows(const index::RowSource& rows) : rows_(rows) {}
  [[nodiscard]] std::size_t rows() const override { return rows_.rows(); }
  [[nodiscard]] std::size_t dim() const override { return rows_.dim(); }
  void read(std::size_t begin, std::size_t end, float* out) const override {
    rows_.read(begin, end, out);
  }

 private:
  const index::RowSource& rows_;
};

}  // namespace

void DenseStats::add(const index::SearchStats& stats) {
  filter = stats.filter;
  rows_seen += stats.rows_seen;
  rows_scored += stats.rows_scored;
  largest_bound = std::max(largest_bound, stats.largest_bound);
}

/// Queries that are searched together.
struct DenseSearch::Batch {
  const SearchSetting& setting;
  std::size_t depth;
  const PassageMask& mask;
  index::QuestionFilter filter;                ///< without group, site and text
  std::vector<std::size_t> queries;            ///< their places
  std::vector<index::QuestionFilter> filters;  ///< of each, complete
  std::vector<float> vectors;                  ///< centred
};

std::vector<float> DenseSearch::centred(std::span<const data::Query> queries,
                                        std::span<const float> vectors,
                                        const SearchSetting& setting) const {
  std::vector<float> out(vectors.begin(), vectors.end());
  if (setting.fusion.center == index::Centering::None) return out;
  const std::size_t dim = index_->dim();
  std::map<std::string, std::vector<float>, std::less<>> known;
  for (std::size_t q = 0; q < queries.size(); ++q) {
    auto found = known.find(queries[q].language);
    if (found == known.end())
      found = known
                  .emplace(queries[q].language,
                           index::query_centroid(*index_, setting.fusion, queries[q].language,
                                                 setting.leave_out.language, centroids_))
                  .first;
    for (std::size_t i = 0; i < dim; ++i) out[q * dim + i] -= found->second[i];
  }
  return out;
}

Result<std::vector<Ranking>> DenseSearch::search(std::span<const data::Query> queries,
                                                 std::span<const float> vectors,
                                                 const SearchSetting& setting, std::size_t depth,
                                                 const PassageMask& mask, DenseStats* stats) const {
  const std::size_t dim = index_->dim();
  if (vectors.size() != queries.size() * dim)
    return Error{ErrorCode::InvalidArgument,
                 "query vectors have " +
                     std::to_string(queries.empty() ? 0 : vectors.size() / queries.size()) +
                     " dimensions, the index has " + std::to_string(dim)};
  const std::vector<float> asked = centred(queries, vectors, setting);
  // By the language left out; the questions of the others are the same.
  std::map<std::string, Batch> batches;
  for (std::size_t q = 0; q < queries.size(); ++q) {
    CT_TRY(auto filter, filter_for(queries[q], setting));
    if (setting.fusion.mode == index::FusionMode::None) filter = {};
    const std::string key = filter.without_language.empty()
                                ? std::string()
                                : index::canonical_language(filter.without_language);
    index::QuestionFilter shared = filter;
    shared.without_group = shared.without_site = shared.without_text = 0;
    Batch& batch =
        batches.try_emplace(key, Batch{setting, depth, mask, shared, {}, {}, {}}).first->second;
    batch.queries.push_back(q);
    batch.filters.push_back(filter);
    batch.vectors.insert(batch.vectors.end(), asked.begin() + static_cast<std::ptrdiff_t>(q * dim),
                         asked.begin() + static_cast<std::ptrdiff_t>((q + 1) * dim));
  }
  std::vector<Ranking> out(queries.size());
  for (const auto& [language, batch] : batches) CT_CHECK(search_batch(batch, out, stats));
  CT_CHECK(index_->health());
  return out;
}

Result<index::Hits> DenseSearch::hits_of(const Batch& batch, const index::RowSource& rows,
                                         const index::SearchRequest& request,
                                         index::SearchStats* stats) const {
  const SearchSetting& setting = batch.setting;
  const RowsAsked asked{rows, setting.fusion, batch.filter, centroids_};
  if (setting.recall > 0) {
    CT_TRY(const auto graph, files_.graph(asked));
    return graph->graph.search(rows, request, graph->graph.effort_for(setting.recall, request.k),
                               &pool_, stats);
  }
  if (batch.queries.size() <= index::ExactSearch::kMostByCodes && setting.codes != CodeUse::Never) {
    const bool make = setting.codes == CodeUse::Always || (setting.codes == CodeUse::WhenWorth &&
                                                           bytes_read(*index_, rows) >= kLongScan);
    CT_TRY(const auto codes, files_.codes(asked, make));
    // Rows that the codes do not exclude are read one by one, and checked as they are.
    const ReadRows read(rows);
    if (codes) return index::ExactSearch(read, &pool_, codes.get()).search(request, stats);
  }
  if (rows.view()) CT_CHECK(index_->check_passage_vectors(&pool_));
  return index::ExactSearch(rows, &pool_).search(request, stats);
}

Status DenseSearch::search_batch(const Batch& batch, std::vector<Ranking>& out,
                                 DenseStats* stats) const {
  const auto& fusion = batch.setting.fusion;
  const std::size_t dim = index_->dim();
  const bool per_query =
      batch.setting.leave_out.per_query() && fusion.mode != index::FusionMode::None;
  if (per_query) CT_CHECK(check_parts(*index_, fusion, batch.filters.front()));
  CT_TRY(const Rows rows, make_rows(index_, fusion, batch.filter, centroids_));

  std::vector<std::vector<index::PassageNumber>> affected(batch.queries.size());
  std::size_t most = 0;
  if (per_query)
    for (std::size_t i = 0; i < affected.size(); ++i) {
      CT_TRY(affected[i], affected_passages(*index_, batch.filters[i]));
      most = std::max(most, affected[i].size());
    }

  index::SearchRequest request;
  request.queries = batch.vectors;
  request.k = std::min<std::size_t>(batch.depth + most, index_->passages());
  const auto mask =
      rows.max ? max_mask(*rows.max, batch.filter, batch.mask) : row_mask(*index_, batch.mask);
  request.counts = mask;
  if (rows.max) {
    request.owner_of = rows.max->owners();
  } else if (index_->has_windows()) {
    request.owner_of = index_->row_owners();
  }
  if (request.k == 0) return {};
  index::SearchStats seen;
  CT_TRY(const auto hits, hits_of(batch, rows.source(), request, stats ? &seen : nullptr));
  if (stats) {
    stats->add(seen);
    for (const auto& passages : affected) stats->passages_rescored += passages.size();
  }

  const auto score_again = [&](std::size_t i, index::PassageNumber passage,
                               std::vector<float>& row) {
    const float* query = batch.vectors.data() + i * dim;
    std::optional<float> best;
    const auto take = [&] {
      const float made = index::score(query, row.data(), dim);
      if (!best || made > *best) best = made;
    };
    const auto own = index_->rows_of(passage);
    for (std::uint64_t r = own.begin; r < own.end; ++r) {
      if (rows.max) {
        rows.max->read(r, r + 1, row.data());
      } else {
        rows.fused->read_row(r, batch.filters[i], row.data());
      }
      take();
    }
    if (rows.max) {
      std::vector<index::QuestionNumber> questions;
      index::QuestionChoice(*index_, batch.filters[i]).of_passage(passage, questions);
      for (const auto question : questions) {
        const std::size_t r = rows.max->row_of(question);
        rows.max->read(r, r + 1, row.data());
        take();
      }
    }
    return *best;
  };
  pool_.parallel_for(batch.queries.size(), [&](std::size_t i) {
    Ranking found;
    for (const index::Hit& hit : hits[i])
      found.push_back({request.owner_of.empty() ? hit.row : hit.owner, hit.score});
    Ranking changed;
    std::vector<float> row(dim);
    for (const auto passage : affected[i])
      if (counts(batch.mask, passage)) changed.push_back({passage, score_again(i, passage, row)});
    out[batch.queries[i]] = with_changed(std::move(found), changed, batch.depth);
  });
  return {};
}

}  // namespace crosstail::retrieve
