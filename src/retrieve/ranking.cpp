#include "retrieve/ranking.h"

#include <algorithm>
#include <unordered_set>

namespace crosstail::retrieve {

Ranking with_changed(Ranking hits, const Ranking& changed, std::size_t depth) {
  if (!changed.empty()) {
    std::unordered_set<index::PassageNumber> replaced;
    for (const RankedPassage& hit : changed) replaced.insert(hit.passage);
    std::erase_if(hits, [&](const RankedPassage& hit) { return replaced.count(hit.passage) > 0; });
    hits.insert(hits.end(), changed.begin(), changed.end());
    std::sort(hits.begin(), hits.end(), better);
  }
  if (hits.size() > depth) hits.resize(depth);
  return hits;
}

}  // namespace crosstail::retrieve
