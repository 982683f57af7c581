#pragma once
/// A file of queries searched under one setting or many: run files with their meta files, put in
/// place when complete. Memory is the queries of one batch and their hits; the files' bytes depend
/// neither on threads nor on the batch.

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "data/qrels.h"
#include "data/queries.h"
#include "retrieve/run_format.h"
#include "retrieve/session.h"

namespace crosstail::retrieve {

/// One run to make.
struct SearchRun {
  SearchSetting setting;
  std::string path;  ///< "-": standard output, without a meta file
  std::string tag;
};

struct SearchJobOptions {
  RunFormat format = RunFormat::Trec;
  bool explain = false;
  std::size_t batch = 16384;  ///< queries held at once
  std::string version, model_name, model_identity;
  /// Vectors of queries [begin, begin + queries.size()); empty for BM25 alone.
  std::function<Result<std::vector<float>>(std::size_t begin, std::span<const data::Query>)> encode;
  /// Puts rankings in a new order, by a cross-encoder; and how many hits it wants to see.
  std::function<Status(std::span<const data::Query>, std::size_t k, std::vector<Ranking>&)> rerank;
  std::size_t rerank_depth = 100;
  std::function<void(std::size_t done)> progress;
};

struct SearchJobResult {
  std::vector<double> mrr;  ///< by run: macro MRR@10, where judgments were given
  DenseStats stats;
  std::size_t queries_with_leaks = 0;  ///< of the first run
};

/// Fails with Interrupted after Ctrl-C; nothing is put in place then.
Result<SearchJobResult> run_search(QuerySession& session, const data::Queries& queries,
                                   const std::vector<SearchRun>& runs, const data::Qrels* qrels,
                                   const SearchJobOptions& options);

}  // namespace crosstail::retrieve
