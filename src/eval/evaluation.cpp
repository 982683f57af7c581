#include "eval/evaluation.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "base/hash.h"
#include "eval/evaluation_parts.h"
#include "text/language_tag.h"

namespace crosstail::eval {
namespace {

Result<std::size_t> find_run(const EvaluationOptions& options, const std::string& name,
                             const char* option) {
  for (std::size_t i = 0; i < options.runs.size(); ++i)
    if (options.runs[i].first == name) return i;
  std::string names;
  for (const auto& run : options.runs) names += (names.empty() ? "" : ", ") + run.first;
  return Error{ErrorCode::InvalidArgument,
               std::string(option) + " " + name + ": no run has this name; there are " + names};
}

/// Reads and scores one run and whatever lies beside it.
Status add_run(Evaluation& out, const data::Qrels& qrels, const std::vector<Measure>& measures,
               std::vector<char>& answered, std::vector<std::vector<double>>& reciprocal,
               std::size_t i, Pool* pool) {
  const auto& [name, path] = out.options.runs[i];
  CT_TRY(auto text, data::WholeText::open(path));
  SystemReport& system = out.systems[i];
  system.name = name;
  system.path = path;
  system.hash = hash_text(text.text());
  CT_TRY(const auto run, data::read_run_text(std::move(text), path, pool));
  auto scored = score_run(run, qrels, measures, out.options.ranking, pool);
  if (!scored) return std::move(scored).error().at(path);
  system.missing = scored->missing;
  system.unknown = scored->unknown;
  system.unknown_example = scored->unknown_example;
  system.counts = scored->counts;
  out.without_relevant = scored->without_relevant;
  for (std::size_t q = 0; q < qrels.size(); ++q)
    if (scored->answered[q] == 0) answered[q] = 0;
  const std::size_t width = measures.size();
  auto& values = out.study.values[i];
  for (std::size_t q = 0; q < qrels.size(); ++q) {
    for (std::size_t m = 0; m + 1 < width; ++m) values.push_back(scored->value(q, m));
    reciprocal[i].push_back(scored->value(q, width - 1));
  }
  return {};
}

Status add_claims(Evaluation& out) {
  for (const auto& name : out.options.with_other_languages) {
    CT_TRY(const std::size_t s, find_run(out.options, name, "--with-other-languages"));
    out.systems[s].other_languages = true;
  }
  for (const auto& name : out.options.without_other_languages) {
    CT_TRY(const std::size_t s, find_run(out.options, name, "--without-other-languages"));
    out.systems[s].other_languages = false;
  }
  return {};
}

/// Languages as strata, by query of the study.
Status add_languages(Evaluation& out, const std::vector<const data::Query*>& rows) {
  Study& study = out.study;
  const bool known =
      !rows.empty() && std::all_of(rows.begin(), rows.end(), [](const data::Query* row) {
        return row != nullptr && !row->language.empty();
      });
  if (out.options.average == "macro" && !known)
    return Error{ErrorCode::InvalidArgument,
                 "--average macro needs the language of every query: give --queries with `lang`"};
  if (!known || out.options.average == "micro") {
    study.languages = {""};
    study.language.assign(study.queries.size(), 0);
    return {};
  }
  std::map<std::string, std::uint32_t> numbers;
  std::vector<std::string> names;
  for (const data::Query* row : rows) {
    std::string name = text::short_language_code(row->language);
    if (name.empty()) name = row->language;
    numbers.emplace(name, 0);
    names.push_back(std::move(name));
  }
  for (auto& [name, number] : numbers) {
    number = static_cast<std::uint32_t>(study.languages.size());
    study.languages.push_back(name);
  }
  for (const std::string& name : names) study.language.push_back(numbers[name]);
  return {};
}

/// `qrels`: null where there are none (then only groups join queries).
Status add_clusters(Evaluation& out, std::size_t count, const data::Qrels* qrels,
                    const std::vector<const data::Query*>& rows) {
  const std::string& by = out.options.cluster;
  std::vector<std::string_view> keys(count);
  if (by == "none") {
    out.study.clusters = single_clusters(count);
    return {};
  }
  const bool automatic = by == "auto";
  bool any = false;
  for (std::size_t q = 0; q < rows.size(); ++q) {
    if (rows[q] == nullptr) continue;
    keys[q] = rows[q]->field(automatic ? "group" : by).value_or("");
    any = any || !keys[q].empty();
  }
  if (!automatic && !any)
    return Error{ErrorCode::InvalidArgument,
                 "--cluster " + by + ": no query has such a field (`none` for no clusters)"};
  out.study.clusters = automatic && qrels != nullptr
                           ? connected_clusters(*qrels, keys, out.options.ranking.relevance_level)
                           : clusters_by_key(keys);
  return {};
}

/// The rows of the query file, by query of the qrels; empty without a query file.
Result<std::vector<const data::Query*>> match_queries(const EvaluationOptions& options,
                                                      const data::Qrels& qrels,
                                                      const data::Queries& queries) {
  std::vector<const data::Query*> rows;
  if (options.queries.empty()) return rows;
  std::size_t absent = 0;
  std::string example;
  for (std::size_t q = 0; q < qrels.size(); ++q) {
    const auto place = queries.find(qrels.query(q));
    rows.push_back(place ? &queries[*place] : nullptr);
    if (!place && absent++ == 0) example = qrels.query(q);
  }
  if (absent > 0)
    return Error{ErrorCode::InvalidArgument, options.queries + ": " + std::to_string(absent) +
                                                 " of " + std::to_string(qrels.size()) +
                                                 " queries of the qrels are not in it, such as " +
                                                 data::quoted_excerpt(example)};
  return rows;
}

void choose_focus(Evaluation& out) {
  if (out.headline) {
    out.focus_system = out.headline->system;
    out.focus_baseline = out.headline->baseline;
    return;
  }
  out.focus_baseline = out.focus_system = out.options.study.baseline;
  double best = -std::numeric_limits<double>::infinity();
  for (std::size_t s = 0; s < out.systems.size(); ++s) {
    const double value = out.study.direction(0) * out.result.means[s][0].value;
    if (s == out.focus_baseline || value <= best) continue;
    best = value;
    out.focus_system = s;
  }
}

Status check_names(const EvaluationOptions& options) {
  std::map<std::string_view, int> seen;
  for (const auto& [name, path] : options.runs)
    if (seen[name]++ > 0)
      return Error{ErrorCode::InvalidArgument,
                   "two runs are called " + name + ": name them with --run NAME=FILE"};
  if (options.runs.empty()) return Error{ErrorCode::InvalidArgument, "no run is given"};
  return {};
}

/// Only queries that every run answers.
std::vector<std::size_t> kept_queries(const std::vector<char>& answered) {
  std::vector<std::size_t> out;
  for (std::size_t q = 0; q < answered.size(); ++q)
    if (answered[q] != 0) out.push_back(q);
  return out;
}

/// The headline's candidates are of one kind only: those with other wordings where there are any,
/// else those that were not checked, else those with the same question.
Status add_headline(Evaluation& out, Pool* pool) {
  std::optional<std::size_t> chosen;
  if (!out.options.system.empty()) {
    CT_TRY(chosen, find_run(out.options, out.options.system, "--system"));
  }
  Wording kind = Wording::SameQuestion;
  for (const auto& system : out.systems)
    if (system.other_languages.value_or(false)) kind = std::min(kind, wording_of(system));
  if (chosen) kind = wording_of(out.systems[*chosen]);
  std::vector<std::optional<bool>> other;
  for (const auto& system : out.systems) {
    const bool another_kind = system.other_languages.value_or(false) && wording_of(system) != kind;
    other.push_back(another_kind ? std::nullopt : system.other_languages);
  }
  out.headline = find_headline(out.study, other, chosen, out.options.study, pool);
  choose_focus(out);
  if (chosen && !out.headline) out.focus_system = *chosen;
  out.leakage_statement = wording_statement(wording_of(out.systems[out.focus_system]));
  return {};
}

Status add_findings(Evaluation& out, Context& context, Pool* pool) {
  CT_CHECK(add_claims(out));
  CT_CHECK(add_leakage(out, context));
  std::vector<std::size_t> kept(context.qrels.size());
  for (std::size_t q = 0; q < kept.size(); ++q) kept[q] = q;
  if (out.options.missing == Missing::Skip) {
    kept = kept_queries(context.answered);
    out.study = out.study.part(kept);
    context.keep(kept);
  }
  CT_TRY(out.result, run_study(out.study, out.options.study, pool));
  out.warnings.insert(out.warnings.end(), out.result.warnings.begin(), out.result.warnings.end());
  CT_CHECK(add_headline(out, pool));
  add_sweep(out);
  CT_CHECK(add_slices(out, context, pool));
  CT_CHECK(add_tails(out, context, pool));
  add_leak_effects(out, context, pool);
  return add_extremes(out, context, pool);
}

}  // namespace

void Context::keep(const std::vector<std::size_t>& queries_of_qrels) {
  kept = queries_of_qrels;
  for (auto& values : reciprocal) {
    std::vector<double> part;
    part.reserve(queries_of_qrels.size());
    for (const std::size_t q : queries_of_qrels) part.push_back(values[q]);
    values = std::move(part);
  }
}

std::string hash_text(std::string_view bytes) {
  const std::uint64_t value = xxh3(bytes);
  constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (int shift = 60; shift >= 0; shift -= 4) out += kDigits[(value >> shift) & 15];
  return out;
}

Result<std::string> content_hash(const std::string& path) {
  if (path.empty() || path == "-") return std::string();
  CT_TRY(const auto text, data::WholeText::open(path));
  return hash_text(text.text());
}

Status add_identity(SystemReport& system) {
  auto meta = data::read_run_meta(data::run_meta_path(system.path));
  if (meta) {
    system.meta = *std::move(meta);
    system.other_languages = system.meta->other_languages;
  } else if (meta.error().code != ErrorCode::NotFound) {
    return std::move(meta).error();
  }
  return {};
}

Result<Evaluation> evaluate(const EvaluationOptions& options, Pool* pool) {
  CT_CHECK(check_names(options));
  Evaluation out;
  out.options = options;
  Context context;
  if (!options.queries.empty()) {
    CT_TRY(context.queries, data::read_queries(options.queries));
    CT_TRY(out.queries_hash, content_hash(options.queries));
  }
  if (!options.baseline.empty()) {
    CT_TRY(out.options.study.baseline, find_run(options, options.baseline, "--baseline"));
  }
  CT_TRY(out.slices_hash, content_hash(options.slices));
  CT_TRY(out.questions_hash, content_hash(options.questions));
  for (const auto& run : options.runs) out.study.systems.push_back(run.first);
  out.systems.resize(options.runs.size());
  out.study.values.resize(options.runs.size());
  if (options.vectors) {
    CT_CHECK(score_vectors(out, context, pool));
    CT_CHECK(add_languages(out, context.rows));
    CT_CHECK(add_clusters(out, context.kept.size(), nullptr, context.rows));
    CT_CHECK(add_findings(out, context, pool));
    return out;
  }
  if (options.xor_predictions) {
    CT_CHECK(score_xor(out, context, pool));
    CT_CHECK(add_findings(out, context, pool));
    return out;
  }
  {
    CT_TRY(auto text, data::WholeText::open(options.qrels));
    out.qrels_hash = hash_text(text.text());
    CT_TRY(context.qrels,
           data::read_qrels_text(std::move(text), options.qrels, options.ranking.duplicates));
  }
  const data::Qrels& qrels = context.qrels;
  out.judged = qrels.total();
  CT_TRY(context.rows, match_queries(options, qrels, context.queries));
  for (const Measure& measure : options.measures)
    out.study.measures.push_back(measure_name(measure));
  std::vector<Measure> measures = options.measures;
  measures.push_back(
      {Measure::Kind::Mrr, 0});  // for the strata of the tail effect; taken off again
  context.answered.assign(qrels.size(), 1);
  context.reciprocal.resize(options.runs.size());
  for (std::size_t i = 0; i < options.runs.size(); ++i) {
    CT_CHECK(add_run(out, qrels, measures, context.answered, context.reciprocal, i, pool));
    CT_CHECK(add_identity(out.systems[i]));
  }
  for (std::size_t q = 0; q < qrels.size(); ++q) {
    out.study.queries.emplace_back(qrels.query(q));
    context.kept.push_back(q);
  }
  CT_CHECK(add_languages(out, context.rows));
  CT_CHECK(add_clusters(out, qrels.size(), &qrels, context.rows));
  CT_CHECK(add_findings(out, context, pool));
  return out;
}

}  // namespace crosstail::eval
