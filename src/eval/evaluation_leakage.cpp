/// The leakage guard's part of evaluate().

#include <algorithm>

#include "data/npy.h"
#include "eval/evaluation_parts.h"
#include "eval/nearest_cosines.h"
#include "eval/passage_texts.h"

namespace crosstail::eval {
namespace {

const LeakCount& count_of(const SystemReport& system, data::LeakGrade grade) {
  return system.leaks[static_cast<std::size_t>(grade)];
}

/// A set that gives attached questions to relevant passages and hardly to others measures which
/// passages carry questions and nothing else.
Status warn_of_lopsided(Evaluation& out, const Context& context,
                        const std::vector<AttachedQuestion>& questions) {
  std::vector<std::string_view> with, relevant;
  for (const auto& question : questions) with.push_back(question.passage);
  for (std::size_t q = 0; q < context.qrels.size(); ++q)
    for (const auto& judgment : context.qrels.judgments(q))
      if (judgment.relevance >= out.options.ranking.relevance_level)
        relevant.push_back(judgment.doc);
  const auto unique = [](std::vector<std::string_view>& ids) {
    std::sort(ids.begin(), ids.end());
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  };
  unique(with);
  unique(relevant);
  const auto share = [&](std::size_t some, std::size_t of) {
    return of == 0 ? 0.0 : static_cast<double>(some) / static_cast<double>(of);
  };
  const auto covered = static_cast<std::size_t>(std::count_if(
      relevant.begin(), relevant.end(),
      [&](std::string_view id) { return std::binary_search(with.begin(), with.end(), id); }));
  const auto warn = [&](const std::string& whose, std::size_t passages, std::size_t carry) {
    if (passages <= relevant.size()) return false;
    const std::size_t others = passages - relevant.size();
    const std::size_t others_with = carry - std::min(covered, carry);
    if (share(others_with, others) >= 0.5 * share(covered, relevant.size())) return false;
    out.warnings.push_back(
        whose + ": attached questions are much rarer on passages that are relevant to no query (" +
        std::to_string(others_with) + " of " + std::to_string(others) +
        ") than on relevant ones (" + std::to_string(covered) + " of " +
        std::to_string(relevant.size()) + "): this set measures which passages carry questions");
    return true;
  };
  for (const SystemReport& system : out.systems)
    if (system.meta &&
        warn(system.name, system.meta->passages, system.meta->passages_with_questions))
      return {};
  if (out.options.corpus.empty()) return {};
  CT_TRY(const auto corpus, read_passage_texts(out.options.corpus, {}, 0));
  warn(out.options.questions, corpus.passages, with.size());
  return {};
}

/// The vectors of the options, rows of length 1; none where none are given.
Result<LeakVectors> read_leak_vectors(const EvaluationOptions& options, std::size_t queries,
                                      std::size_t questions) {
  LeakVectors out;
  if (options.query_vectors.empty()) return out;
  const auto read = [&](const std::string& path, std::size_t expected,
                        std::vector<float>& target) -> Status {
    CT_TRY(const auto array, data::NpyArray::open(path));
    if (array.rows() != expected || (out.dim != 0 && array.columns() != out.dim))
      return Error{
          ErrorCode::InvalidArgument,
          path + ": " + std::to_string(array.rows()) + " × " + std::to_string(array.columns()) +
              ", but its file has " + std::to_string(expected) + " rows" +
              (out.dim == 0 ? ""
                            : " and the queries' vectors " + std::to_string(out.dim) + " columns")};
    out.dim = array.columns();
    const auto values = array.to_floats();
    target = normalised_rows({values, array.rows(), array.columns()});
    return {};
  };
  CT_CHECK(read(options.query_vectors, queries, out.queries));
  CT_CHECK(read(options.question_vectors, questions, out.questions));
  return out;
}

}  // namespace

Status add_leakage(Evaluation& out, const Context& context) {
  std::vector<AttachedQuestion> questions;
  if (!out.options.questions.empty()) {
    CT_TRY(questions, read_attached(out.options.questions));
  }
  CT_TRY(const auto vectors,
         read_leak_vectors(out.options, context.queries.size(), questions.size()));
  const auto level = out.options.ranking.relevance_level;
  for (SystemReport& system : out.systems) {
    system.leakage = "unchecked";
    // Without judgments nobody knows whose questions a query must not meet.
    if (context.qrels.size() == 0) continue;
    if (system.meta && !system.meta->checked.empty()) {
      system.leaks = leaks_from_meta(*system.meta, context.qrels, level);
      system.leakage = "recorded";
    } else if (!questions.empty() && !(system.other_languages && !*system.other_languages)) {
      const auto& leave_out = system.meta ? system.meta->leave_out : out.options.leave_out;
      system.leaks = leaks_from_questions(questions, context.queries, context.qrels, level,
                                          leave_out, vectors);
      system.leakage = "from questions";
    }
    const LeakCount& same = count_of(system, data::LeakGrade::SameText);
    if (same.queries > 0 && !out.options.allow_leakage)
      return Error{
          ErrorCode::InvalidArgument,
          system.path + ": " + std::to_string(same.queries) +
              " queries find their own text among the questions of their relevant passage: "
              "search with --leave-out text (or language, group), or ask for --allow-leakage"};
  }
  return questions.empty() ? Status() : warn_of_lopsided(out, context, questions);
}

Wording wording_of(const SystemReport& system) {
  if (count_of(system, data::LeakGrade::SameGroup).queries > 0) return Wording::SameQuestion;
  const bool checked = count_of(system, data::LeakGrade::SameText).checked &&
                       count_of(system, data::LeakGrade::SameGroup).checked;
  return checked ? Wording::OtherOnly : Wording::Unchecked;
}

std::string_view wording_statement(Wording wording) {
  switch (wording) {
    case Wording::OtherOnly:
      return "only other wordings are attached";
    case Wording::SameQuestion:
      return "the same question in other languages is attached (an upper bound)";
    case Wording::Unchecked:
      break;
  }
  return "leakage unchecked";
}

void add_leak_effects(Evaluation& out, const Context& context, Pool* pool) {
  const SystemReport& system = out.systems[out.focus_system];
  for (std::size_t g = 0; g < data::kLeakGrades; ++g) {
    const LeakCount& count = system.leaks[g];
    if (!count.checked) continue;
    LeakEffect effect{static_cast<data::LeakGrade>(g), 0, {}, {}};
    std::vector<std::size_t> with, without;
    for (std::size_t q = 0; q < out.study.queries.size(); ++q)
      (count.leaks[context.kept[q]] != 0 ? with : without).push_back(q);
    effect.queries = with.size();
    if (!with.empty())
      effect.with =
          run_slice(out.study.part(with), focus_options(out), pool).gains[out.focus_system];
    if (!without.empty())
      effect.without =
          run_slice(out.study.part(without), focus_options(out), pool).gains[out.focus_system];
    out.leak_effects.push_back(effect);
  }
}

}  // namespace crosstail::eval
