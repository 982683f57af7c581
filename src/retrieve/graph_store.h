#pragma once
/// Graphs for approximate search (--recall): codes and a graph of the rows of one fusion setting
/// and one choice of questions that count, built when first asked for and kept in DIR/graphs (or,
/// where that cannot be written, in the temporary folder). Leaving a language out is a graph of its
/// own, as the fused vectors differ.

#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "base/pool.h"
#include "base/result.h"
#include "index/approximate_index.h"
#include "index/fusion.h"
#include "index/index_reader.h"

namespace crosstail::retrieve {

class GraphStore {
 public:
  /// A graph with the codes that it walks on, which do not move.
  struct Graph {
    explicit Graph(index::Codes opened) : codes(std::move(opened)) {}
    index::Codes codes;
    index::ApproximateIndex graph;
  };

  GraphStore(std::shared_ptr<const index::IndexReader> index, Pool& pool)
      : index_(std::move(index)), pool_(pool) {}

  /// The graph of `rows`, which are those of `fusion` and `filter` (its group, site and text are
  /// passed over) with the index's own centroids. Builds it if need be. Not thread-safe.
  Result<std::shared_ptr<const Graph>> get(const index::RowSource& rows,
                                           const index::FusionSetting& fusion,
                                           const index::QuestionFilter& filter);

 private:
  Result<std::shared_ptr<const Graph>> open(const index::RowSource& rows,
                                            const std::filesystem::path& stem) const;

  std::shared_ptr<const index::IndexReader> index_;
  Pool& pool_;
  std::map<std::string, std::shared_ptr<const Graph>> open_;
};

}  // namespace crosstail::retrieve
