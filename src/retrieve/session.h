#pragma once
/// A query session: an open index, asked with queries and their vectors under any setting.

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/pool.h"
#include "base/result.h"
#include "data/queries.h"
#include "index/centroids.h"
#include "index/index_reader.h"
#include "retrieve/bm25_store.h"
#include "retrieve/dense_search.h"
#include "retrieve/ranking.h"
#include "retrieve/row_files.h"
#include "retrieve/search_setting.h"

namespace crosstail::retrieve {

/// Not thread-safe; uses the pool inside. Rankings do not depend on threads or on which queries are
/// asked together.
class QuerySession {
 public:
  static Result<QuerySession> open(const std::filesystem::path& dir, Pool& pool);

  [[nodiscard]] const index::IndexReader& index() const { return *index_; }
  [[nodiscard]] const std::shared_ptr<const index::IndexReader>& shared_index() const {
    return index_;
  }

  /// Centroids in place of the index's own (--centroid-from).
  void use_centroids(index::Centroids centroids);
  [[nodiscard]] const index::Centroids* centroids() const {
    return centroids_ ? centroids_.get() : nullptr;
  }
  [[nodiscard]] Pool& pool() const { return *pool_; }
  /// The tokenizer whose ids are BM25's terms; `identity` names it.
  void use_tokenizer(text::Tokenizer tokenizer, const std::string& identity);

  /// setting.k hits each at most (documents or groups, where hits are grouped). `vectors`: queries
  /// × dim; not looked at by BM25 alone. Errors as in dense_search.h and bm25_search.h.
  Result<std::vector<Ranking>> search(std::span<const data::Query> queries,
                                      std::span<const float> vectors, const SearchSetting& setting,
                                      DenseStats* stats = nullptr);

  /// What `tune` stored. Fails with InvalidArgument where it stored nothing.
  [[nodiscard]] Result<index::FusionSetting> tuned() const;

 private:
  QuerySession(std::shared_ptr<const index::IndexReader> index, Pool& pool);
  Result<std::vector<Ranking>> rank(std::span<const data::Query> queries,
                                    std::span<const float> vectors, const SearchSetting& setting,
                                    std::size_t depth, const PassageMask& mask, DenseStats* stats);

  std::shared_ptr<const index::IndexReader> index_;
  std::unique_ptr<index::Centroids> centroids_;
  std::unique_ptr<Bm25Store> bm25_;
  std::unique_ptr<RowFiles> row_files_;
  Pool* pool_;
};

}  // namespace crosstail::retrieve
