#pragma once
/// One hit a document, or one hit a group of passages in the reader's language.

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "index/index_reader.h"
#include "retrieve/ranking.h"
#include "retrieve/search_setting.h"

namespace crosstail::retrieve {

/// Made once for an index and a setting; thread-safe then.
class Grouping {
 public:
  static Result<Grouping> make(const index::IndexReader& index, const SearchSetting& setting);

  /// False: hits stay as they are.
  [[nodiscard]] bool active() const { return !key_.empty(); }
  /// The first hit of each document or group, in order; a group's hit becomes its passage in the
  /// preferred language where there is one (that counts, by `mask`), with the score of its best.
  [[nodiscard]] Ranking grouped(const Ranking& hits, std::size_t k, const PassageMask& mask) const;

 private:
  std::vector<std::uint32_t> key_;               ///< by passage; equal: one hit
  std::vector<index::PassageNumber> preferred_;  ///< by key; itself none: 2^32 - 1
};

/// Passages of the given languages and sites that are not deleted; empty: all.
Result<PassageMask> passage_mask(const index::IndexReader& index, const SearchSetting& setting);

}  // namespace crosstail::retrieve
