#include "retrieve/session.h"

#include <algorithm>
#include <numeric>

#include "retrieve/bm25_search.h"
#include "retrieve/grouping.h"
#include "retrieve/hybrid.h"

namespace crosstail::retrieve {

QuerySession::QuerySession(std::shared_ptr<const index::IndexReader> index, Pool& pool)
    : index_(std::move(index)), pool_(&pool) {
  bm25_ = std::make_unique<Bm25Store>(index_, std::nullopt, "", pool);
  row_files_ = std::make_unique<RowFiles>(index_, pool);
}

Result<QuerySession> QuerySession::open(const std::filesystem::path& dir, Pool& pool) {
  CT_TRY(auto index, index::IndexReader::open(dir));
  return QuerySession(std::move(index), pool);
}

void QuerySession::use_centroids(index::Centroids centroids) {
  centroids_ = std::make_unique<index::Centroids>(std::move(centroids));
}

void QuerySession::use_tokenizer(text::Tokenizer tokenizer, const std::string& identity) {
  bm25_ = std::make_unique<Bm25Store>(index_, std::move(tokenizer), identity, *pool_);
}

Result<index::FusionSetting> QuerySession::tuned() const {
  if (!index_->manifest().tuned)
    return Error{ErrorCode::InvalidArgument,
                 index_->path().string() +
                     ": --fusion auto needs a tuned index: run `crosstail tune " +
                     index_->path().string() + "` first"};
  return index_->manifest().tuned->setting;
}

Result<std::vector<Ranking>> QuerySession::rank(std::span<const data::Query> queries,
                                                std::span<const float> vectors,
                                                const SearchSetting& setting, std::size_t depth,
                                                const PassageMask& mask, DenseStats* stats) {
  const DenseSearch dense(index_, centroids(), *row_files_, *pool_);
  if (setting.system == System::Dense)
    return dense.search(queries, vectors, setting, depth, mask, stats);
  if (setting.system == System::Bm25)
    return bm25_search(*index_, *bm25_, queries, setting, depth, mask, *pool_);
  const std::size_t each = std::max(depth, setting.hybrid_depth);
  CT_TRY(auto joined, dense.search(queries, vectors, setting, each, mask, stats));
  CT_TRY(const auto words, bm25_search(*index_, *bm25_, queries, setting, each, mask, *pool_));
  for (std::size_t q = 0; q < joined.size(); ++q)
    joined[q] = setting.reciprocal_rank
                    ? by_reciprocal_rank(joined[q], words[q], depth)
                    : by_weighted_sum(joined[q], words[q], setting.dense_weight, depth);
  return joined;
}

Result<std::vector<Ranking>> QuerySession::search(std::span<const data::Query> queries,
                                                  std::span<const float> vectors,
                                                  const SearchSetting& setting, DenseStats* stats) {
  if (setting.k == 0) return Error{ErrorCode::InvalidArgument, "k must be at least 1"};
  CT_TRY(const PassageMask mask, passage_mask(*index_, setting));
  CT_TRY(const Grouping grouping, Grouping::make(*index_, setting));
  if (!grouping.active()) return rank(queries, vectors, setting, setting.k, mask, stats);

  // Deeper for those queries whose hits fall into fewer than k groups.
  std::vector<Ranking> out(queries.size());
  std::vector<std::size_t> open(queries.size());
  std::iota(open.begin(), open.end(), std::size_t{0});
  const std::size_t dim = setting.system == System::Bm25 ? 0 : index_->dim();
  for (std::size_t depth = setting.k * 4; !open.empty(); depth *= 4) {
    std::vector<data::Query> asked;
    std::vector<float> asked_vectors;
    for (const std::size_t q : open) {
      asked.push_back(queries[q]);
      if (dim > 0)
        asked_vectors.insert(asked_vectors.end(),
                             vectors.begin() + static_cast<std::ptrdiff_t>(q * dim),
                             vectors.begin() + static_cast<std::ptrdiff_t>((q + 1) * dim));
    }
    CT_TRY(const auto hits, rank(asked, asked_vectors, setting, depth, mask, stats));
    std::vector<std::size_t> still;
    for (std::size_t i = 0; i < open.size(); ++i) {
      out[open[i]] = grouping.grouped(hits[i], setting.k, mask);
      if (out[open[i]].size() < setting.k && hits[i].size() == depth) still.push_back(open[i]);
    }
    open = std::move(still);
  }
  return out;
}

}  // namespace crosstail::retrieve
