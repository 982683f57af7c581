#pragma once
/// Greedy walk on a neighbour graph: the step that both building and asking an approximate index
/// are made of (Malkov & Yashunin 2018, algorithm 2; Subramanya et al. 2019, algorithm 1).

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "index/code_dot.h"
#include "index/codes.h"

namespace crosstail::index {

inline constexpr std::uint32_t kNoRow = 0xffffffffU;

/// Lists of neighbours side by side: `stride` places a row, unused ones at the end are kNoRow.
/// Row numbers are those of the codes; a graph over some of them has list place[row] for a row.
struct NeighbourView {
  const std::uint32_t* lists = nullptr;
  std::size_t size = 0;  ///< the number of lists
  std::size_t stride = 0;
  const std::uint32_t* place = nullptr;  ///< a number a row of the codes; null: the row itself

  /// Null where the row has no list, which only a damaged file can bring about.
  [[nodiscard]] const std::uint32_t* of(std::uint32_t row) const {
    const std::size_t at = place == nullptr ? row : place[row];
    return at < size ? lists + at * stride : nullptr;
  }
};

/// A graph over all rows and smaller ones over some, which bring a walk into the right region: the
/// levels of Malkov & Yashunin 2018.
struct LevelsView {
  std::span<const std::uint32_t> entries;  ///< looked at first, all of them
  std::vector<NeighbourView> levels;       ///< the smallest first, all rows last
};

/// What a distance needs of a row beside its codes, together for the sake of the cache.
struct RowTerms {
  float scale = 0, offset = 0;
};

/// What a walk looks for: the smallest factor·scale·(plane · row) + offset + extra_factor·extra of
/// the row, with scale and offset of `terms`; where that is null, the codes' scale and no more, and
/// where `extra` is null without that.
struct WalkTarget {
  const CodePlane& plane;
  float factor = -1;
  const RowTerms* terms = nullptr;
  float extra_factor = 0;
  const float* extra = nullptr;
};

struct Near {
  float distance = 0;
  std::uint32_t row = 0;
  bool expanded = false;
};

/// Memory for walks, used again and again; one a thread.
class BeamSearch {
 public:
  BeamSearch(const Codes& codes, nn::Isa isa);

  /// The `width` nearest rows found from `starts`, nearest first, ties to the smaller row. The
  /// same on every processor. Valid until the next call.
  std::span<const Near> walk(const NeighbourView& graph, const WalkTarget& target,
                             std::span<const std::uint32_t> starts, std::size_t width);
  /// Walks through all levels; `width` holds for the last.
  std::span<const Near> descend(const LevelsView& levels, const WalkTarget& target,
                                std::size_t width);
  /// Distances of `rows` under `target` into `out`.
  void distances(const WalkTarget& target, std::span<const std::uint32_t> rows, float* out);
  /// Products of `plane` and rows, as CodeDots.
  void products(const CodePlane& plane, std::span<const std::uint32_t> rows, std::int32_t* out) {
    dots_(codes_, rows, plane, out);
  }
  /// Rows whose distance was computed in all walks so far.
  [[nodiscard]] std::uint64_t visited() const { return visited_count_; }

 private:
  bool first_visit(std::uint32_t row);
  /// Puts what was met last into the beam.
  void offer_fresh(std::size_t width);
  void expand(const NeighbourView& graph, const WalkTarget& target, std::uint32_t row,
              std::size_t width);
  void forget();

  const Codes& codes_;
  CodeDots dots_;
  std::vector<std::uint64_t> visited_;  ///< a bit a row
  std::vector<std::uint32_t> touched_;  ///< rows whose bit is set
  std::vector<std::uint32_t> fresh_, starts_;
  std::vector<std::int32_t> products_;
  std::vector<float> fresh_distances_;
  std::vector<Near> beam_, incoming_;
  std::size_t next_ = 0;  ///< everything before it in the beam is expanded
  std::uint64_t visited_count_ = 0;
};

}  // namespace crosstail::index
