/// The queries with the largest gains and losses, with their hits.

#include <algorithm>
#include <numeric>
#include <unordered_set>

#include "eval/evaluation_parts.h"
#include "eval/passage_texts.h"

namespace crosstail::eval {
namespace {

constexpr std::size_t kShownHits = 5;
constexpr std::size_t kShownCharacters = 160;

/// The `count` queries with the largest `gain` above 0, one a cluster, since questions about one
/// passage would fill the list. Among equal gains, languages take turns.
std::vector<std::size_t> largest(const Study& study, const std::vector<double>& gain,
                                 std::size_t count) {
  std::vector<std::size_t> order(gain.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return gain[a] > gain[b]; });
  std::vector<std::size_t> out, shown(study.languages.size(), 0);
  std::vector<char> used(study.clusters.count, 0);
  for (std::size_t begin = 0, end = 0; begin < order.size(); begin = end) {
    if (gain[order[begin]] <= 0) break;
    while (end < order.size() && gain[order[end]] == gain[order[begin]]) ++end;
    while (out.size() < count) {
      std::size_t best = gain.size();
      for (std::size_t i = begin; i < end; ++i) {
        const std::size_t q = order[i];
        if (used[study.clusters.of[q]] != 0) continue;
        if (best == gain.size() || shown[study.language[q]] < shown[study.language[best]]) best = q;
      }
      if (best == gain.size()) break;
      used[study.clusters.of[best]] = 1;
      ++shown[study.language[best]];
      out.push_back(best);
    }
  }
  return out;
}

void choose(Evaluation& out) {
  std::vector<double> gain, loss, raw;
  for (std::size_t q = 0; q < out.study.queries.size(); ++q) {
    raw.push_back(out.study.value(out.focus_system, q, 0) -
                  out.study.value(out.focus_baseline, q, 0));
    gain.push_back(out.study.direction(0) * raw.back());
    loss.push_back(-gain.back());
  }
  for (const std::size_t q : largest(out.study, gain, out.options.extremes))
    out.best.push_back({q, raw[q], {}, {}, {}});
  for (const std::size_t q : largest(out.study, loss, out.options.extremes))
    out.worst.push_back({q, raw[q], {}, {}, {}});
}

/// A relevant passage (the most relevant, the first of equals), where there is one.
std::optional<QueryHit> relevant_passage(const Evaluation& out, const Context& context,
                                         std::size_t query) {
  std::optional<QueryHit> best;
  for (const auto& judgment : context.qrels.judgments(context.kept[query])) {
    if (judgment.relevance < out.options.ranking.relevance_level) continue;
    if (!best || judgment.relevance > *best->relevance)
      best = QueryHit{std::string(judgment.doc), judgment.relevance, {}};
  }
  return best;
}

Status add_texts(Evaluation& out) {
  std::unordered_set<std::string> wanted;
  const auto every_hit = [&](const auto& act) {
    for (auto* list : {&out.best, &out.worst})
      for (ExtremeQuery& extreme : *list) {
        if (extreme.relevant) act(*extreme.relevant);
        for (auto* hits : {&extreme.baseline_hits, &extreme.system_hits})
          for (QueryHit& hit : *hits) act(hit);
      }
  };
  every_hit([&](const QueryHit& hit) { wanted.insert(hit.passage); });
  CT_TRY(const auto texts, read_passage_texts(out.options.corpus, wanted, kShownCharacters));
  every_hit([&](QueryHit& hit) {
    const auto found = texts.excerpts.find(hit.passage);
    if (found != texts.excerpts.end()) hit.text = found->second;
  });
  return {};
}

}  // namespace

Status add_extremes(Evaluation& out, const Context& context, Pool* pool) {
  if (out.options.extremes == 0 || out.focus_system == out.focus_baseline ||
      out.options.xor_predictions || out.options.vectors)
    return {};
  choose(out);
  for (auto* list : {&out.best, &out.worst})
    for (ExtremeQuery& extreme : *list)
      extreme.relevant = relevant_passage(out, context, extreme.query);
  for (const bool is_system : {false, true}) {
    const auto& path = out.systems[is_system ? out.focus_system : out.focus_baseline].path;
    if (path == "-") continue;
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
                           context.qrels.relevance(context.kept[extreme.query], run.doc(hits[h])),
                           {}});
      }
  }
  return out.options.corpus.empty() ? Status() : add_texts(out);
}

}  // namespace crosstail::eval
