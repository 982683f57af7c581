#include "eval/evaluation_parts.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "eval/multiplicity.h"
#include "eval/slices_file.h"
#include "eval/xor_recall.h"

namespace crosstail::eval {
namespace {

/// One table: a row for each value and its queries.
SliceTable slice_table(const Evaluation& out, std::string field,
                       const std::map<std::string, std::vector<std::size_t>>& values, Pool* pool) {
  SliceTable table{std::move(field), {}};
  std::vector<double> p;
  for (const auto& [value, queries] : values) {
    auto result = run_slice(out.study.part(queries), focus_options(out), pool);
    p.push_back(result.p[out.focus_system].value_or(std::numeric_limits<double>::quiet_NaN()));
    table.rows.push_back({value, std::move(result), {}});
  }
  const auto corrected = holm(p);
  for (std::size_t i = 0; i < p.size(); ++i)
    if (!std::isnan(p[i])) table.rows[i].p_holm = corrected[i];
  return table;
}

}  // namespace

StudyOptions focus_options(const Evaluation& out) {
  StudyOptions options = out.options.study;
  options.baseline = out.focus_baseline;
  return options;
}

Status add_slices(Evaluation& out, const Context& context, Pool* pool) {
  for (std::size_t q = 0; q < out.study.queries.size(); ++q) {
    const data::Query* row = context.row(q);
    out.texts.push_back(row == nullptr ? "" : row->text);
  }
  if (out.study.languages.size() > 1 || !out.study.languages[0].empty()) {
    std::map<std::string, std::vector<std::size_t>> languages;
    for (std::size_t q = 0; q < out.study.queries.size(); ++q)
      languages[out.study.languages[out.study.language[q]]].push_back(q);
    out.languages = slice_table(out, "language", languages, pool);
  }
  for (const std::string& field : out.options.slice_fields) {
    std::map<std::string, std::vector<std::size_t>> values;
    for (std::size_t q = 0; q < out.study.queries.size(); ++q) {
      const data::Query* row = context.row(q);
      const auto value = row == nullptr ? std::nullopt : row->field(field);
      if (value) values[std::string(*value)].push_back(q);
    }
    if (values.empty())
      return Error{ErrorCode::InvalidArgument, "--slice " + field + ": no query has such a field"};
    SliceTable table = slice_table(out, field, values, pool);
    std::stable_sort(table.rows.begin(), table.rows.end(), [](const auto& a, const auto& b) {
      return a.result.queries > b.result.queries;
    });
    out.slices.push_back(std::move(table));
  }
  return {};
}

Status add_tails(Evaluation& out, const Context& context, Pool* pool) {
  if (out.options.slices.empty()) return {};
  CT_TRY(const auto slices, read_slices(out.options.slices));
  std::vector<double> p;
  for (std::size_t v = 0; v < slices.views.size(); ++v) {
    TailInput input{.system = out.focus_system, .baseline = out.focus_baseline};
    input.by_language = slices.views[v].by_language;
    std::vector<double> values;
    for (const std::string& id : out.study.queries) {
      const auto entry = slices.entries.find(id);
      const bool known = entry != slices.entries.end();
      input.part.push_back(known ? entry->second[v].part : TailPart::None);
      values.push_back(known && entry->second[v].part != TailPart::None
                           ? entry->second[v].value
                           : std::numeric_limits<double>::quiet_NaN());
    }
    if (!context.reciprocal.empty()) input.reciprocal_rank = context.reciprocal[out.focus_baseline];
    if (slices.views[v].name == "density") out.density = values;
    auto effect = tail_effect(out.study, input, out.options.study, pool);
    if (!effect) {
      out.warnings.push_back("the view " + slices.views[v].name +
                             " has no query in the head or none in the tail");
      continue;
    }
    p.push_back(effect->p.value_or(std::numeric_limits<double>::quiet_NaN()));
    std::string description = slices.views[v].description;
    for (const std::string& remark : slices.views[v].remarks) description += "; " + remark;
    out.tails.push_back({slices.views[v].name, std::move(description), *std::move(effect), {}});
  }
  const auto corrected = holm(p);
  for (std::size_t i = 0; i < out.tails.size(); ++i)
    if (out.tails[i].effect.p) out.tails[i].p_holm = corrected[i];
  return {};
}

Status score_xor(Evaluation& out, Context& context, Pool* pool) {
  const EvaluationOptions& options = out.options;
  if (options.queries.empty())
    return Error{ErrorCode::InvalidArgument,
                 "R@kt needs --queries: the XOR-TyDi question file (id, question, lang, answers)"};
  std::filesystem::path folder = options.punkt;
  if (options.punkt.empty()) {
    CT_TRY(folder, PunktParameters::find_folder());
  }
  CT_TRY(auto parameters, PunktParameters::read(folder));
  const Punkt punkt(std::move(parameters));
  for (const std::size_t tokens : options.xor_tokens)
    out.study.measures.push_back("r@" + (tokens % 1000 == 0 ? std::to_string(tokens / 1000) + "kt"
                                                            : std::to_string(tokens) + "t"));
  std::vector<XorRecall> recalls;
  for (std::size_t i = 0; i < options.runs.size(); ++i) {
    out.systems[i].name = options.runs[i].first;
    out.systems[i].path = options.runs[i].second;
    CT_TRY(out.systems[i].hash, content_hash(options.runs[i].second));
    CT_CHECK(add_identity(out.systems[i]));
    CT_TRY(const auto predictions, data::read_xor_predictions(options.runs[i].second));
    auto recall =
        xor_recall(context.queries, predictions, punkt,
                   {.tokens = options.xor_tokens, .official = options.xor_official}, pool);
    if (!recall) return std::move(recall).error().at(options.runs[i].second);
    out.systems[i].missing = recall->missing;
    out.systems[i].unknown = recall->unknown;
    if (i > 0 && recall->question != recalls[0].question)
      return Error{ErrorCode::InvalidArgument,
                   options.runs[i].second +
                       ": --xor-official counts only predicted questions, and these runs predict "
                       "different ones; evaluate them one by one"};
    recalls.push_back(*std::move(recall));
  }
  std::map<std::string, std::uint32_t> numbers;
  for (const auto& language : recalls[0].language) numbers.emplace(language, 0);
  for (auto& [language, number] : numbers) {
    number = static_cast<std::uint32_t>(out.study.languages.size());
    out.study.languages.push_back(language);
  }
  std::vector<std::string_view> groups;
  for (std::size_t i = 0; i < recalls[0].question.size(); ++i) {
    const data::Query& query = context.queries[recalls[0].question[i]];
    out.study.queries.push_back(query.id);
    out.study.language.push_back(numbers[recalls[0].language[i]]);
    groups.emplace_back(query.group);
    context.rows.push_back(&query);
    context.kept.push_back(i);
  }
  context.answered.assign(context.kept.size(), 1);
  out.study.clusters =
      options.cluster == "none" ? single_clusters(groups.size()) : clusters_by_key(groups);
  for (std::size_t i = 0; i < recalls.size(); ++i) out.study.values[i] = std::move(recalls[i].hits);
  return {};
}

}  // namespace crosstail::eval
