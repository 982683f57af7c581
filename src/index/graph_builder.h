#pragma once
/// Builds the neighbour graph of an approximate index: rows are inserted in batches, every row of a
/// batch looks for its neighbours in the graph as it was before the batch, and then all new edges
/// are put in, sorted. So the graph depends on the seed and not on threads (the scheme of
/// Manohar et al. 2024, "ParlayANN"). Neighbours are chosen by the rule of Subramanya et al. 2019
/// ("DiskANN", algorithm 2): a candidate is dropped if a nearer neighbour that was already chosen
/// is `alpha` times closer to it than the row is.
///
/// Distances are squared Euclidean ones between the codes, with one more coordinate that gives all
/// rows the same length, sqrt(M² − ‖x‖²): then the nearest row is the one of largest inner product
/// (Bachrach et al. 2014). Vectors of unit length are not changed by that.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/pool.h"
#include "index/beam_search.h"
#include "index/codes.h"

namespace crosstail::index {

struct GraphOptions {
  std::size_t degree = 32;    ///< most neighbours a row keeps
  std::size_t beam = 80;      ///< rows kept while looking for neighbours
  float alpha = 1.0F;         ///< of distances, not of their squares
  std::size_t max_batch = 0;  ///< 0: a fiftieth of the rows
};

/// Sizes of the levels above the last, the largest first: every sixteenth row, and so on.
[[nodiscard]] std::vector<std::size_t> level_sizes(std::size_t rows);
/// How many rows a walk starts from.
[[nodiscard]] std::size_t entry_count(std::size_t rows);

/// Holds 4 × 1.5 × degree + 24 bytes a row. Not thread-safe; uses the pool itself.
class GraphBuilder {
 public:
  GraphBuilder(const Codes& codes, const GraphOptions& options, Pool* pool, nn::Isa isa);

  /// Inserts `rows`, each once in the builder's life. The first rows ever inserted become the
  /// entries, and what is in the graph when it has the size of a level becomes that level, so
  /// `rows` should be in random order. Stops early after Ctrl-C: look at interrupt_requested().
  void insert(std::span<const std::uint32_t> rows);
  /// Cuts every list to `degree`.
  void finish();

  [[nodiscard]] LevelsView view() const;
  /// The rows in the order in which they were inserted.
  [[nodiscard]] std::span<const std::uint32_t> order() const { return order_; }
  /// Where each row stands in the order.
  [[nodiscard]] std::span<const std::uint32_t> place() const { return place_; }
  /// The lists of the levels above the last, `degree` numbers each, the largest first.
  [[nodiscard]] const std::vector<std::vector<std::uint32_t>>& upper() const { return upper_; }

 private:
  struct Edge {
    std::uint32_t to, from;
    friend bool operator<(const Edge& a, const Edge& b) {
      return a.to != b.to ? a.to < b.to : a.from < b.from;
    }
  };
  struct Worker;

  void measure_rows();
  void insert_batch(std::span<const std::uint32_t> rows);
  void find_neighbours(Worker& worker, const LevelsView& levels, std::uint32_t row);
  void cut(Worker& worker, std::uint32_t row);
  void keep_level();
  void add_edges(Worker& worker, std::span<const Edge> edges);
  /// Chooses up to degree of worker.candidates (nearest first) and makes them row's list.
  void choose(Worker& worker, std::uint32_t row);
  /// The rows of worker.ids by their distance to `row`, into worker.candidates.
  void rank(Worker& worker, std::uint32_t row);
  [[nodiscard]] float distance(std::uint32_t a, std::uint32_t b, std::int32_t product) const;
  [[nodiscard]] std::span<std::uint32_t> list(std::uint32_t row) {
    return {lists_.data() + std::size_t{row} * capacity_, capacity_};
  }
  /// body(worker, begin, end) over parts of [0, count) whose bounds do not depend on threads.
  template <class Body>
  void in_parts(std::size_t count, std::size_t part, const Body& body);

  const Codes& codes_;
  GraphOptions options_;
  Pool* pool_;
  std::size_t capacity_;
  std::vector<std::uint32_t> order_, place_;
  std::vector<std::size_t> level_sizes_;  ///< that are still to come, the smallest last
  std::vector<std::vector<std::uint32_t>> upper_;
  std::vector<std::uint32_t> lists_;
  std::vector<RowTerms> terms_;  ///< offset: ‖scale · code‖² + extra²
  std::vector<float> extra_;     ///< the additional coordinate; empty where it is 0 for all rows
  std::vector<Worker> workers_;

 public:
  ~GraphBuilder();
  GraphBuilder(const GraphBuilder&) = delete;
  GraphBuilder& operator=(const GraphBuilder&) = delete;
};

}  // namespace crosstail::index
