#pragma once
/// The steps of evaluate(). Private to eval.

#include <vector>

#include "data/qrels.h"
#include "data/queries.h"
#include "eval/evaluation.h"

namespace crosstail::eval {

/// What the steps share besides the findings.
struct Context {
  data::Qrels qrels;
  data::Queries queries;
  std::vector<const data::Query*> rows;         ///< by query of the qrels; empty without a file
  std::vector<char> answered;                   ///< by query of the qrels: by every run
  std::vector<std::vector<double>> reciprocal;  ///< by run, by query of the study
  std::vector<std::size_t> kept;                ///< by query of the study: its place in the qrels

  /// Goes on with these queries of the qrels only.
  void keep(const std::vector<std::size_t>& queries_of_qrels);
  [[nodiscard]] const data::Query* row(std::size_t study_query) const {
    return rows.empty() ? nullptr : rows[kept[study_query]];
  }
};

/// XXH3 of bytes, as reports state it; of a file's content (empty for no file and for "-").
std::string hash_text(std::string_view bytes);
Result<std::string> content_hash(const std::string& path);

/// What RUN.meta.json beside the run says; nothing where there is none.
Status add_identity(SystemReport& system);

/// R@kt instead of ranked measures: fills study, systems and context.
Status score_xor(Evaluation& out, Context& context, Pool* pool);

/// Measures of vectors instead of runs.
Status score_vectors(Evaluation& out, Context& context, Pool* pool);

/// What the questions attached for a system are to the queries. An upper bound and an honest figure
/// are never mixed.
enum class Wording { OtherOnly, Unchecked, SameQuestion };
Wording wording_of(const SystemReport& system);
std::string_view wording_statement(Wording wording);

/// The study's options with the focus' baseline.
StudyOptions focus_options(const Evaluation& out);

/// Leaks of every system, and the refusal of same-text leaks.
Status add_leakage(Evaluation& out, const Context& context);
/// Runs that differ only in α.
void add_sweep(Evaluation& out);
void add_leak_effects(Evaluation& out, const Context& context, Pool* pool);
Status add_slices(Evaluation& out, const Context& context, Pool* pool);
Status add_tails(Evaluation& out, const Context& context, Pool* pool);
/// The queries with the largest gains and losses, with the hits of both systems.
Status add_extremes(Evaluation& out, const Context& context, Pool* pool);

}  // namespace crosstail::eval
