#pragma once
/// One evaluation from files to findings: what `crosstail evaluate` computes and report.json holds.

#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/pool.h"
#include "base/result.h"
#include "data/run_meta.h"
#include "eval/leakage.h"
#include "eval/measure.h"
#include "eval/run_scores.h"
#include "eval/study.h"
#include "eval/tail_effect.h"

namespace crosstail::eval {

struct EvaluationOptions {
  std::string qrels;    ///< file; empty for XOR predictions
  std::string queries;  ///< file; needed for languages, groups, slices, XOR
  std::vector<std::pair<std::string, std::string>> runs;  ///< name, file
  std::vector<Measure> measures = {{Measure::Kind::Mrr, 10}};
  RankingPolicy ranking;
  Missing missing = Missing::Zero;
  /// "auto": over languages where the queries state them; "macro": needs them; "micro": over
  /// queries.
  std::string average = "auto";
  /// "auto": connected by relevant passage or group; "none"; or a field of the query file.
  std::string cluster = "auto";
  std::string baseline;  ///< a run's name; empty: the first
  std::string system;    ///< the headline's system; empty: the best
  /// Names of runs that do, or do not, use questions in another language (over RUN.meta.json).
  std::vector<std::string> with_other_languages, without_other_languages;
  std::vector<std::string> slice_fields;
  std::string slices;     ///< file of `crosstail slice`
  std::string corpus;     ///< passages' texts, to show with the extremes
  std::string questions;  ///< attached questions, for the leakage guard of runs without a record
  /// Vectors of the queries' and of the questions' rows: near copies are looked for with them.
  std::string query_vectors, question_vectors;
  std::vector<std::string> leave_out;  ///< what such runs left out
  bool allow_leakage = false;
  /// Encoders instead of runs: each run is `QUERIES.npy,PASSAGES.npy` (vector_measures.h). Rows
  /// pair up, unless `passages` names the rows of a pool of all languages.
  bool vectors = false;
  std::string passages;
  /// Names of vector_measures to report, the first decides; empty: all.
  std::vector<std::string> vector_measures;
  bool xor_predictions = false, xor_official = false;
  std::string punkt;  ///< folder; empty: where NLTK keeps it
  std::vector<std::size_t> xor_tokens = {2000, 5000};
  StudyOptions study;  ///< its baseline is set from `baseline`
  std::size_t extremes = 10;
};

struct SystemReport {
  std::string name, path, hash;  ///< hash: XXH3 of the file
  std::optional<data::RunMeta> meta;
  std::optional<bool> other_languages;
  std::size_t missing = 0, unknown = 0;
  std::string unknown_example;
  RankingCounts counts;
  std::string leakage;  ///< "recorded", "from questions" or "unchecked"
  Leaks leaks;
};

struct SliceRow {
  std::string value;
  SliceResult result;
  std::optional<double> p_holm;  ///< focus system over focus baseline, over the table's rows
};

struct SliceTable {
  std::string field;
  std::vector<SliceRow> rows;  ///< most queries first (languages: by code)
};

struct TailView {
  std::string name;         ///< density, rarity, resource
  std::string description;  ///< how the slices file says it was made
  TailEffect effect;
  std::optional<double> p_holm;  ///< over the views
};

struct LeakEffect {
  data::LeakGrade grade = data::LeakGrade::SameText;
  std::size_t queries = 0;              ///< that leak for the focus system
  std::optional<Figure> with, without;  ///< focus gain on queries that leak, and that do not
};

struct SweepPoint {
  std::string curve;  ///< what the points of one curve share, as short as it tells curves apart
  std::string fusion, center;
  double alpha = 0;
  std::size_t system = 0;
};

struct QueryHit {
  std::string passage;
  std::optional<std::int32_t> relevance;
  std::string text;  ///< an excerpt, where the corpus is known
};

struct ExtremeQuery {
  std::size_t query = 0;
  double gain = 0;                   ///< raw difference of the first measure
  std::optional<QueryHit> relevant;  ///< a passage that is relevant
  std::vector<QueryHit> baseline_hits, system_hits;
};

/// Encoders with a pool: how much of the top ten each language gets.
struct LanguageShares {
  std::vector<std::string> languages;
  std::vector<double> pool;                  ///< by language: share of the pool
  std::vector<std::vector<double>> systems;  ///< by system, by language: share of the top 10
};

struct Evaluation {
  EvaluationOptions options;
  Study study;
  StudyResult result;
  std::vector<SystemReport> systems;
  std::optional<Headline> headline;
  /// The pair that slices, tails, leaks and extremes speak of: the headline's, or the best other
  /// run and the baseline. Equal where there is only one run.
  std::size_t focus_system = 0, focus_baseline = 0;
  std::vector<std::string> texts;  ///< of the queries, where known
  SliceTable languages;            ///< no rows where there is one nameless language
  std::vector<SliceTable> slices;
  std::vector<TailView> tails;
  std::vector<double> density;  ///< by query, NaN where unknown; may be empty
  std::vector<LeakEffect> leak_effects;
  std::vector<SweepPoint> sweep;
  std::vector<ExtremeQuery> best, worst;
  LanguageShares shares;           ///< empty unless encoders are compared on a pool
  std::vector<double> uniformity;  ///< by system; empty unless encoders are compared by pairs
  std::string leakage_statement;   ///< one sentence for the headline
  std::size_t judged = 0, without_relevant = 0;
  std::vector<std::string> warnings;
  std::string qrels_hash, queries_hash, slices_hash, questions_hash;
};

/// Errors are values that name file and line, or what was asked for and is not there. A same-text
/// leak of a system is an error unless `allow_leakage`.
Result<Evaluation> evaluate(const EvaluationOptions& options, Pool* pool = nullptr);

}  // namespace crosstail::eval
