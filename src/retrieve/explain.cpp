#include "retrieve/explain.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <vector>

#include "index/fused_rows.h"
#include "index/score.h"
#include "retrieve/leaks.h"

namespace crosstail::retrieve {

Result<Explanation> explain(const index::IndexReader& index, const data::Query& query,
                            std::span<const float> vector, const SearchSetting& setting,
                            index::PassageNumber passage) {
  Explanation out;
  const std::size_t dim = index.dim();
  std::vector<float> row(dim);
  const auto own = index.rows_of(passage);
  out.passage_score = -std::numeric_limits<float>::infinity();
  for (std::uint64_t r = own.begin; r < own.end; ++r) {
    index.passage_rows().read(r, r + 1, row.data());
    out.passage_score = std::max(out.passage_score, index::score(vector.data(), row.data(), dim));
  }
  if (!uses_questions(setting) || !index.has_question_vectors()) return out;
  CT_TRY(const auto filter, filter_for(query, setting));
  std::vector<index::QuestionNumber> questions;
  index::QuestionChoice(index, filter).of_passage(passage, questions);
  std::optional<index::QuestionNumber> best;
  for (const auto number : questions) {
    index.question_vector(number, row.data());
    const float made = index::score(vector.data(), row.data(), dim);
    if (best && made <= out.question_score) continue;
    best = number;
    out.question_score = made;
  }
  if (!best) return out;
  out.has_question = true;
  out.language = index.question(*best).tag;
  CT_TRY(out.question, index.question_text(*best));
  return out;
}

}  // namespace crosstail::retrieve
