#include "retrieve/macro_mrr.h"

#include <algorithm>

namespace crosstail::retrieve {
namespace {

constexpr index::PassageNumber kAbsent = 0xffffffffU;

}  // namespace

MacroMrr::MacroMrr(std::span<const data::Query> queries,
                   std::vector<std::vector<index::PassageNumber>> relevant)
    : relevant_(std::move(relevant)), language_(queries.size(), 0) {
  std::map<std::string, std::size_t> numbers;
  for (std::size_t q = 0; q < queries.size(); ++q) {
    if (relevant_[q].empty()) continue;
    const auto [found, fresh] =
        numbers.emplace(index::canonical_language(queries[q].language), count_.size());
    if (fresh) count_.push_back(0);
    language_[q] = found->second;
    ++count_[found->second];
    ++judged_;
  }
}

double MacroMrr::value(const std::vector<Ranking>& rankings) const {
  std::vector<double> sums(count_.size(), 0);
  for (std::size_t q = 0; q < rankings.size() && q < relevant_.size(); ++q) {
    if (relevant_[q].empty()) continue;
    for (std::size_t i = 0; i < std::min(kMrrDepth, rankings[q].size()); ++i) {
      if (!std::binary_search(relevant_[q].begin(), relevant_[q].end(), rankings[q][i].passage))
        continue;
      sums[language_[q]] += 1 / static_cast<double>(i + 1);
      break;
    }
  }
  return macro(sums);
}

double MacroMrr::value(std::span<const float> reciprocal) const {
  std::vector<double> sums(count_.size(), 0);
  for (std::size_t q = 0; q < reciprocal.size() && q < relevant_.size(); ++q)
    if (!relevant_[q].empty()) sums[language_[q]] += static_cast<double>(reciprocal[q]);
  return macro(sums);
}

double MacroMrr::macro(const std::vector<double>& sums) const {
  double total = 0;
  for (std::size_t l = 0; l < sums.size(); ++l) total += sums[l] / static_cast<double>(count_[l]);
  return count_.empty() ? 0 : total / static_cast<double>(count_.size());
}

Result<std::vector<std::vector<index::PassageNumber>>> relevant_passages(
    const index::IndexReader& index, std::span<const data::Query> queries,
    const data::Qrels& qrels) {
  std::vector<std::vector<index::PassageNumber>> out(queries.size());
  for (std::size_t q = 0; q < queries.size(); ++q) {
    const auto judged = qrels.find(queries[q].id);
    if (!judged) continue;
    for (const auto& judgment : qrels.judgments(*judged)) {
      if (judgment.relevance < 1) continue;
      CT_TRY(const auto passage, index.find(judgment.doc));
      out[q].push_back(passage.value_or(kAbsent));
    }
    std::sort(out[q].begin(), out[q].end());
  }
  return out;
}

}  // namespace crosstail::retrieve
