#pragma once
/// Files that make searches of an index's rows fast, for one fusion setting and one choice of
/// questions that count: int8 codes (exact search, one query at a time) and a graph over them
/// (--recall). Made when first asked for and kept in DIR/rows (kept_files.h). Leaving a language
/// out has files of its own, as the fused vectors differ.

#include <map>
#include <memory>
#include <string>

#include "base/pool.h"
#include "base/result.h"
#include "index/approximate_index.h"
#include "index/centroids.h"
#include "index/fusion.h"
#include "index/index_reader.h"
#include "retrieve/kept_files.h"

namespace crosstail::retrieve {

/// Which rows: those of `fusion` and `filter` (its group, site and text are passed over), centred
/// by `centroids`, or by the index's own where that is null.
struct RowsAsked {
  const index::RowSource& rows;
  const index::FusionSetting& fusion;
  const index::QuestionFilter& filter;
  const index::Centroids* centroids = nullptr;
};

class RowFiles {
 public:
  /// A graph with the codes that it walks on, which do not move.
  struct Graph {
    std::shared_ptr<const index::Codes> codes;
    index::ApproximateIndex graph;
  };

  RowFiles(std::shared_ptr<const index::IndexReader> index, Pool& pool);

  /// The codes of the rows, every byte checked; null where there are none and `make` is false.
  /// Corrupt errors name the file and the bytes. Not thread-safe, as the next.
  Result<std::shared_ptr<const index::Codes>> codes(const RowsAsked& asked, bool make);
  /// The graph of the rows; makes it if need be.
  Result<std::shared_ptr<const Graph>> graph(const RowsAsked& asked);

 private:
  struct Entry {
    std::shared_ptr<const index::Codes> codes;
    bool verified = false;
    std::shared_ptr<const Graph> graph;
  };
  Result<Entry*> entry(const RowsAsked& asked, bool make_codes, bool make_graph);
  Status open(const RowsAsked& asked, const std::string& label, Entry& entry) const;
  Status make(const RowsAsked& asked, const std::string& label, bool graph, Entry& entry) const;

  std::shared_ptr<const index::IndexReader> index_;
  Pool& pool_;
  KeptFiles kept_;
  std::map<std::string, Entry> entries_;
};

}  // namespace crosstail::retrieve
