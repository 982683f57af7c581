#pragma once
/// The leakage guard (design.md §4): which queries met themselves among the questions attached to
/// their relevant passages, by grade.

#include <array>
#include <string>
#include <vector>

#include "base/result.h"
#include "data/qrels.h"
#include "data/queries.h"
#include "data/run_meta.h"
#include "eval/clusters.h"

namespace crosstail::eval {

/// One grade for one system or question set: which queries (of the qrels) leak.
struct LeakCount {
  bool checked = false;
  std::size_t queries = 0;
  std::vector<char> leaks;  ///< by query of the qrels; empty when not checked
};
using Leaks = std::array<LeakCount, data::kLeakGrades>;

/// What `search` recorded, held against the qrels.
Leaks leaks_from_meta(const data::RunMeta& meta, const data::Qrels& qrels, std::int32_t level);

/// An attached question, as index and curate write it: {passage_id, lang, text, group, …}.
struct AttachedQuestion {
  std::string passage, language, text, group, site;
};
/// JSON lines; errors name file and line.
Result<std::vector<AttachedQuestion>> read_attached(const std::filesystem::path& path);

/// Cosine from which a question is a near copy of a query.
inline constexpr double kNearCopy = 0.95;

/// Vectors of all queries and of all questions, in the order of their files, each row of length 1.
struct LeakVectors {
  std::vector<float> queries, questions;
  std::size_t dim = 0;  ///< 0: there are none, near copies stay unchecked
};

/// The same from the question file, for runs without a record. What the system left out is taken
/// from `leave_out` ("language", "group", "site", "text").
Leaks leaks_from_questions(const std::vector<AttachedQuestion>& questions,
                           const data::Queries& queries, const data::Qrels& qrels,
                           std::int32_t level, const std::vector<std::string>& leave_out,
                           const LeakVectors& vectors = {});

}  // namespace crosstail::eval
