#include "retrieve/leaks.h"

#include <algorithm>
#include <cmath>
#include <mutex>
#include <optional>

#include "index/fused_rows.h"
#include "index/score.h"

namespace crosstail::retrieve {
namespace {

/// Of one query.
class LeakFinder {
 public:
  LeakFinder(const index::IndexReader& index, const data::Query& query,
             const index::QuestionFilter& filter)
      : index_(index), query_(query), choice_(index, filter) {}

  Status same_text(std::vector<data::Leak>& out) {
    const auto key = index::text_key(query_.text);
    if (key == 0) return {};
    CT_TRY(const auto passages, index_.passages_with_text(key));
    return take(
        data::LeakGrade::SameText, passages,
        [key](const index::AttachedQuestion& q) { return q.text == key; }, out);
  }

  Status same_group(std::vector<data::Leak>& out) {
    const auto key = index::group_key(query_.group);
    if (key == 0) return {};
    CT_TRY(const auto passages, index_.passages_with_group(key));
    return take(
        data::LeakGrade::SameGroup, passages,
        [key](const index::AttachedQuestion& q) { return q.group == key; }, out);
  }

  Status near_copies(const float* vector, const Ranking& ranking, std::vector<data::Leak>& out) {
    const std::size_t dim = index_.dim();
    std::vector<index::PassageNumber> passages;
    for (const RankedPassage& hit : ranking) passages.push_back(hit.passage);
    std::sort(passages.begin(), passages.end());
    std::vector<float> question(dim);
    const double own = std::sqrt(static_cast<double>(index::score(vector, vector, dim)));
    return take(
        data::LeakGrade::NearCopy, passages,
        [&](const index::AttachedQuestion& q) {
          index_.question_vector(q.number, question.data());
          const double product = index::score(vector, question.data(), dim);
          const double length =
              std::sqrt(static_cast<double>(index::score(question.data(), question.data(), dim)));
          return product >= kNearCopy * own * length && own > 0 && length > 0;
        },
        out);
  }

 private:
  template <class Is>
  Status take(data::LeakGrade grade, const std::vector<index::PassageNumber>& passages,
              const Is& is, std::vector<data::Leak>& out) {
    data::Leak leak{grade, {}};
    for (const auto passage : passages) {
      if (index_.deleted(passage)) continue;
      choice_.of_passage(passage, questions_);
      const bool leaks =
          std::any_of(questions_.begin(), questions_.end(),
                      [&](index::QuestionNumber number) { return is(index_.question(number)); });
      if (!leaks) continue;
      CT_TRY(const auto fields, index_.fields(passage));
      leak.passages.emplace_back(fields.id);
    }
    if (!leak.passages.empty()) out.push_back(std::move(leak));
    return {};
  }

  const index::IndexReader& index_;
  const data::Query& query_;
  index::QuestionChoice choice_;
  std::vector<index::QuestionNumber> questions_;
};

}  // namespace

bool uses_questions(const SearchSetting& setting) {
  const bool dense =
      setting.system != System::Bm25 && setting.fusion.mode != index::FusionMode::None;
  const bool words = setting.system != System::Dense && setting.fields != Bm25Fields::Passages;
  return dense || words;
}

std::vector<data::LeakGrade> leaks_looked_for(const index::IndexReader& index, bool have_vectors,
                                              const SearchSetting& setting) {
  std::vector<data::LeakGrade> out{data::LeakGrade::SameText, data::LeakGrade::SameGroup};
  if (!uses_questions(setting) || (have_vectors && index.has_question_vectors()))
    out.push_back(data::LeakGrade::NearCopy);
  return out;
}

Result<std::vector<std::vector<data::Leak>>> find_leaks(const index::IndexReader& index,
                                                        std::span<const data::Query> queries,
                                                        std::span<const float> vectors,
                                                        const std::vector<Ranking>& rankings,
                                                        const SearchSetting& setting, Pool& pool) {
  std::vector<std::vector<data::Leak>> out(queries.size());
  if (!uses_questions(setting)) return out;
  const bool near = !vectors.empty() && index.has_question_vectors();
  std::mutex mutex;
  std::optional<Error> failed;
  pool.parallel_for(queries.size(), [&](std::size_t q) {
    const auto find = [&]() -> Status {
      CT_TRY(const auto filter, filter_for(queries[q], setting));
      LeakFinder finder(index, queries[q], filter);
      CT_CHECK(finder.same_text(out[q]));
      CT_CHECK(finder.same_group(out[q]));
      if (near) CT_CHECK(finder.near_copies(vectors.data() + q * index.dim(), rankings[q], out[q]));
      return {};
    };
    if (auto done = find(); !done.ok()) {
      const std::lock_guard lock(mutex);
      if (!failed) failed = done.error();
    }
  });
  if (failed) return *failed;
  return out;
}

}  // namespace crosstail::retrieve
