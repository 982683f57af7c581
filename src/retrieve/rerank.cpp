#include "retrieve/rerank.h"

#include <algorithm>
#include <string>

#include "retrieve/bm25_store.h"

namespace crosstail::retrieve {

Status rerank(const index::IndexReader& index, const model::CrossEncoder& model,
              std::span<const data::Query> queries, std::size_t k, std::vector<Ranking>& rankings) {
  // Some hundred pairs at once: enough for the model's batches, little memory.
  constexpr std::size_t kPairsAtOnce = 1024;
  for (std::size_t begin = 0; begin < rankings.size();) {
    std::vector<std::string> texts;
    std::size_t end = begin;
    while (end < rankings.size() && (end == begin || texts.size() < kPairsAtOnce)) {
      for (const RankedPassage& hit : rankings[end]) {
        CT_TRY(auto text, passage_text(index, hit.passage));
        texts.push_back(std::move(text));
      }
      ++end;
    }
    std::vector<model::TextPair> pairs;
    for (std::size_t q = begin; q < end; ++q)
      for (std::size_t i = 0; i < rankings[q].size(); ++i)
        pairs.push_back({queries[q].text, texts[pairs.size()]});
    std::vector<float> scores(pairs.size());
    CT_TRY([[maybe_unused]] const auto stats, model.score(pairs, true, scores.data()));
    std::size_t at = 0;
    for (; begin < end; ++begin) {
      for (RankedPassage& hit : rankings[begin]) hit.score = scores[at++];
      std::sort(rankings[begin].begin(), rankings[begin].end(), better);
      if (rankings[begin].size() > k) rankings[begin].resize(k);
    }
  }
  return {};
}

}  // namespace crosstail::retrieve
