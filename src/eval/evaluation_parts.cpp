#include "eval/evaluation_parts.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

#include "eval/multiplicity.h"
#include "eval/slices_file.h"
#include "eval/xor_recall.h"

namespace crosstail::eval {
namespace {

constexpr std::size_t kShownHits = 5;

const LeakCount& count_of(const SystemReport& system, data::LeakGrade grade) {
  return system.leaks[static_cast<std::size_t>(grade)];
}

/// A set that gives attached questions to relevant passages and hardly to others measures which
/// passages carry questions and nothing else.
void warn_of_lopsided(Evaluation& out, const Context& context,
                      const std::vector<AttachedQuestion>& questions) {
  std::vector<std::string_view> with, relevant, all;
  for (const auto& question : questions) with.push_back(question.passage);
  for (std::size_t q = 0; q < context.qrels.size(); ++q)
    for (const auto& judgment : context.qrels.judgments(q)) {
      all.push_back(judgment.doc);
      if (judgment.relevance >= out.options.ranking.relevance_level)
        relevant.push_back(judgment.doc);
    }
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
  for (const SystemReport& system : out.systems) {
    if (!system.meta || system.meta->passages <= relevant.size()) continue;
    const std::size_t others = system.meta->passages - relevant.size();
    const std::size_t others_with =
        system.meta->passages_with_questions -
        std::min<std::size_t>(covered, system.meta->passages_with_questions);
    if (share(others_with, others) >= 0.5 * share(covered, relevant.size())) continue;
    out.warnings.push_back(
        system.name +
        ": attached questions are much rarer on passages that are relevant to no query (" +
        std::to_string(others_with) + " of " + std::to_string(others) +
        ") than on relevant ones (" + std::to_string(covered) + " of " +
        std::to_string(relevant.size()) + "): this set measures which passages carry questions");
    return;
  }
}

std::vector<std::size_t> every(std::size_t count) {
  std::vector<std::size_t> out(count);
  std::iota(out.begin(), out.end(), std::size_t{0});
  return out;
}

StudyOptions focus_options(const Evaluation& out) {
  StudyOptions options = out.options.study;
  options.baseline = out.focus_baseline;
  return options;
}

}  // namespace

Status add_leakage(Evaluation& out, const Context& context) {
  std::vector<AttachedQuestion> questions;
  if (!out.options.questions.empty()) {
    CT_TRY(questions, read_attached(out.options.questions));
  }
  const auto level = out.options.ranking.relevance_level;
  for (SystemReport& system : out.systems) {
    system.leakage = "unchecked";
    if (system.meta && !system.meta->checked.empty()) {
      system.leaks = leaks_from_meta(*system.meta, context.qrels, level);
      system.leakage = "recorded";
    } else if (!questions.empty() && !(system.other_languages && !*system.other_languages)) {
      const auto& leave_out = system.meta ? system.meta->leave_out : out.options.leave_out;
      system.leaks =
          leaks_from_questions(questions, context.queries, context.qrels, level, leave_out);
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
  if (!questions.empty()) warn_of_lopsided(out, context, questions);
  return {};
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

Status add_slices(Evaluation& out, const Context& context, Pool* pool) {
  for (std::size_t q = 0; q < out.study.queries.size(); ++q) {
    const data::Query* row = context.row(q);
    out.texts.push_back(row == nullptr ? "" : row->text);
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
    SliceTable table{field, {}};
    for (const auto& [value, queries] : values)
      table.rows.emplace_back(value, run_slice(out.study.part(queries), focus_options(out), pool));
    std::stable_sort(table.rows.begin(), table.rows.end(), [](const auto& a, const auto& b) {
      return a.second.queries > b.second.queries;
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

Status add_extremes(Evaluation& out, const Context& context, Pool* pool) {
  if (out.options.extremes == 0 || out.focus_system == out.focus_baseline ||
      out.options.xor_predictions || out.options.vectors)
    return {};
  std::vector<double> gain;
  for (std::size_t q = 0; q < out.study.queries.size(); ++q)
    gain.push_back(out.study.value(out.focus_system, q, 0) -
                   out.study.value(out.focus_baseline, q, 0));
  auto order = every(gain.size());
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return gain[a] > gain[b]; });
  for (std::size_t i = 0; i < std::min(out.options.extremes, order.size()); ++i) {
    if (gain[order[i]] > 0) out.best.push_back({order[i], gain[order[i]], {}, {}});
    const std::size_t low = order[order.size() - 1 - i];
    if (gain[low] < 0) out.worst.push_back({low, gain[low], {}, {}});
  }
  for (const bool is_system : {false, true}) {
    const auto& path = out.systems[is_system ? out.focus_system : out.focus_baseline].path;
    if (path == "-") return {};
    CT_TRY(const auto run, data::read_run(path, pool));
    for (auto* list : {&out.best, &out.worst})
      for (ExtremeQuery& extreme : *list) {
        const auto place = run.find(out.study.queries[extreme.query]);
        if (!place) continue;
        std::vector<data::Hit> hits(run.hits(*place).begin(), run.hits(*place).end());
        std::sort(hits.begin(), hits.end(), [&](const data::Hit& a, const data::Hit& b) {
          return a.score != b.score ? a.score > b.score : run.doc(a) > run.doc(b);
        });
        auto& shown = is_system ? extreme.system_hits : extreme.baseline_hits;
        for (std::size_t h = 0; h < std::min(kShownHits, hits.size()); ++h)
          shown.push_back({std::string(run.doc(hits[h])),
                           context.qrels.relevance(context.kept[extreme.query], run.doc(hits[h]))});
      }
  }
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
