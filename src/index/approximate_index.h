#pragma once
/// Approximate top-k by inner product: a walk on a graph of near rows (graph_builder.h) over int8
/// codes; what it finds is scored by score(), so hits have the same scores as those of an exact
/// search, and only some may be missing. How many are missing at which effort was measured when the
/// index was built, on rows held out of the graph, and is kept in the file (docs/formats/graph.md).

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/pool.h"
#include "base/result.h"
#include "index/codes.h"
#include "index/exact_search.h"
#include "index/graph_builder.h"

namespace crosstail::index {

struct ApproximateOptions {
  GraphOptions graph;
  std::uint64_t seed = 1;
  /// Queries to measure recall with, n × dim, such as questions that are attached; empty: rows held
  /// out of the graph until it is measured.
  std::span<const float> sample = {};
  std::size_t sample_size = 400;  ///< at most; of the rows, and of `sample`
};

/// One point of the self-test.
struct EffortPoint {
  std::uint32_t effort = 0;  ///< rows kept while walking
  float recall_10 = 0, recall_100 = 0;
};

/// Opened from a file and the codes it was built over, which are borrowed. Thread-safe once opened.
class ApproximateIndex {
 public:
  /// `codes` are those of `rows`. Memory: 4 × 1.5 × degree + 24 bytes a row; codes and rows are
  /// read where they lie. The file depends on rows, options and seed only.
  static Status build(const RowSource& rows, const Codes& codes, const std::filesystem::path& path,
                      const ApproximateOptions& options = {}, Pool* pool = nullptr);
  /// Checks the header, the sizes, and that it was built over `codes`; contents: see verify().
  static Result<ApproximateIndex> open(const std::filesystem::path& path, const Codes& codes);
  [[nodiscard]] Status verify() const;
  /// The same of a file by itself, whatever its codes are.
  static Status verify_file(const std::filesystem::path& path, Pool* pool = nullptr);

  [[nodiscard]] std::size_t rows() const {
    return levels_.levels.empty() ? 0 : levels_.levels.back().size;
  }
  [[nodiscard]] std::size_t bytes() const { return file_.size(); }
  [[nodiscard]] const LevelsView& levels() const { return levels_; }
  [[nodiscard]] std::span<const EffortPoint> curve() const { return curve_; }
  /// The least effort whose measured recall of the k best is `recall`; the highest measured, times
  /// what k asks beyond 100, if none is. At least k.
  [[nodiscard]] std::size_t effort_for(double recall, std::size_t k) const;

  /// As ExactSearch::search, with some hits missing. Rows that do not count are walked over, and
  /// the effort grows as they become more; where so few count that looking at all of them is less
  /// work, the search is exact. `rows`: the rows the codes are of.
  Result<Hits> search(const RowSource& rows, const SearchRequest& request, std::size_t effort,
                      Pool* pool = nullptr, SearchStats* stats = nullptr,
                      nn::Isa isa = nn::default_isa()) const;

 private:
  friend class GraphWriter;
  struct Asked;
  /// The point of the self-test for an effort: every query walks once. `expected` has its 100 best.
  [[nodiscard]] EffortPoint measure(const RowSource& rows, std::span<const float> queries,
                                    const Hits& expected, std::uint32_t effort, Pool* pool) const;
  /// search() without its choice; the effort as it is.
  [[nodiscard]] Hits walk_all(const RowSource& rows, const SearchRequest& request,
                              std::size_t effort, Pool* pool, SearchStats& stats,
                              nn::Isa isa) const;
  /// Of what a walk found, the nearest that count: enough of them to score for k hits.
  [[nodiscard]] std::vector<std::uint32_t> counted_of(const Asked& asked,
                                                      std::span<const Near> found) const;
  [[nodiscard]] std::vector<Hit> score_all(const Asked& asked, const float* query,
                                           std::span<const std::uint32_t> rows) const;
  std::vector<Hit> ask(const Asked& asked, std::size_t query, BeamSearch& beam,
                       SearchStats& stats) const;

  MappedFile file_;
  std::string name_;
  const Codes* codes_ = nullptr;
  LevelsView levels_;
  std::vector<EffortPoint> curve_;
};

}  // namespace crosstail::index
