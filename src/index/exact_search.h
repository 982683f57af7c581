#pragma once
/// Exact top-k by inner product over a row source: the k best by score() (score.h), ties to the
/// smaller owner and row, whatever the precision of codes, the batch, the processor and the number
/// of threads. Fast scans only exclude rows, by proven bounds (docs/search-bounds.md).

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/pool.h"
#include "base/result.h"
#include "index/codes.h"
#include "index/hits.h"
#include "index/row_source.h"
#include "nn/isa.h"

namespace crosstail::index {

struct SearchRequest {
  std::span<const float> queries;  ///< n × dim, row-major; finite
  std::size_t k = 10;              ///< fewer hits come back where fewer rows (owners) count
  /// Bit r % 64 of word r / 64: whether row r counts. Empty: all do.
  std::span<const std::uint64_t> counts = {};
  /// owner_of[r]: the owner of row r (a passage, a document). Then a hit is an owner, with its best
  /// row. Empty: every row for itself.
  std::span<const std::uint32_t> owner_of = {};
};

/// How a search went; for --explain and benchmarks. Depends on threads, unlike the hits.
struct SearchStats {
  std::string_view filter = "none";  ///< the fast scan that excluded rows
  std::uint64_t rows_seen = 0;       ///< query–row pairs looked at
  std::uint64_t rows_scored = 0;     ///< of these, pairs that no bound excluded: score() was asked
  double largest_bound = 0;          ///< of all bounds |fast value − score| used
};

/// Rows, pool and codes are borrowed. Thread-safe.
///
/// Large batches are multiplied tile by tile, on bf16 copies where the processor multiplies those;
/// one or a few queries read the codes if there are any, and else score every row. Memory:
/// O(queries × k) a thread, in groups of at most 1,024 queries, and one chunk of rows (8 MB) where
/// the source has no view.
class ExactSearch {
 public:
  /// Up to so many queries codes are read, though panels would multiply faster.
  static constexpr std::size_t kMostByCodes = 12;

  /// Without a pool the calling thread does everything. `codes` must be of the same rows.
  explicit ExactSearch(const RowSource& rows, Pool* pool = nullptr, const Codes* codes = nullptr,
                       nn::Isa isa = nn::default_isa())
      : rows_(rows), pool_(pool), codes_(codes), isa_(isa) {}

  /// Fails with InvalidArgument: k is 0, the queries' size is no multiple of dim, a query holds a
  /// NaN or an infinity, `counts` or `owner_of` are too short, the codes are of other rows.
  Result<Hits> search(const SearchRequest& request, SearchStats* stats = nullptr) const;
  /// Only says whether search() would fail.
  [[nodiscard]] Status check(const SearchRequest& request) const;

 private:
  void search_group(const SearchRequest& group, Hits& hits, SearchStats& stats) const;

  const RowSource& rows_;
  Pool* pool_;
  const Codes* codes_;
  nn::Isa isa_;
};

}  // namespace crosstail::index
