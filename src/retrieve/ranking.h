#pragma once
/// What comes back for a query inside this folder: passages, best first.

#include <cstdint>
#include <vector>

#include "index/index_reader.h"

namespace crosstail::retrieve {

struct RankedPassage {
  index::PassageNumber passage = 0;
  float score = 0;
  bool operator==(const RankedPassage&) const = default;
};

/// Higher score first, then the smaller number.
[[nodiscard]] inline bool better(const RankedPassage& a, const RankedPassage& b) {
  return a.score != b.score ? a.score > b.score : a.passage < b.passage;
}

using Ranking = std::vector<RankedPassage>;

/// Passage p counts: bit p % 64 of word p / 64. Empty: all do.
using PassageMask = std::vector<std::uint64_t>;

[[nodiscard]] inline bool counts(const PassageMask& mask, index::PassageNumber passage) {
  return mask.empty() || (mask[passage / 64] >> (passage % 64) & 1) != 0;
}

/// The hits of a search among passages whose questions all count, and the passages whose score
/// leave-out changes, joined: `changed` replaces those passages' hits. Keeps `depth`.
Ranking with_changed(Ranking hits, const Ranking& changed, std::size_t depth);

}  // namespace crosstail::retrieve
