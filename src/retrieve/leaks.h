#pragma once
/// Leaks (design.md §4): passages that carry, among the questions that count for a query, one of
/// the same text, of the same group, or a near copy. What a run's meta file records.

#include <span>
#include <vector>

#include "base/pool.h"
#include "base/result.h"
#include "data/queries.h"
#include "data/run_meta.h"
#include "index/index_reader.h"
#include "retrieve/ranking.h"
#include "retrieve/search_setting.h"

namespace crosstail::retrieve {

/// The cosine from which a question is a near copy.
inline constexpr double kNearCopy = 0.95;

/// Leaks by query, empty where there are none. Same text and same group are looked for in the whole
/// index, near copies among the passages of each ranking and only where vectors are given and the
/// index keeps those of questions. Passages ascend.
Result<std::vector<std::vector<data::Leak>>> find_leaks(const index::IndexReader& index,
                                                        std::span<const data::Query> queries,
                                                        std::span<const float> vectors,
                                                        const std::vector<Ranking>& rankings,
                                                        const SearchSetting& setting, Pool& pool);

/// The grades that find_leaks() looks for.
std::vector<data::LeakGrade> leaks_looked_for(const index::IndexReader& index, bool have_vectors,
                                              const SearchSetting& setting);

/// Whether attached questions enter the scores at all.
bool uses_questions(const SearchSetting& setting);

}  // namespace crosstail::retrieve
