#include "eval/report_json.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/json_writer.h"

namespace crosstail::eval {
namespace {

/// Points of the plot of gain against density; more than this is a cloud, so a spread-out part.
constexpr std::size_t kPlottedQueries = 3000;

/// Measures that are not of rankings.
constexpr std::pair<std::string_view, std::string_view> kOtherMeasures[] = {
    {"nn-accuracy", "share of queries whose nearest row is their own"},
    {"margin", "cosine over the mean cosine to the 4 nearest of either side"},
    {"alignment", "squared distance of a pair; smaller is better"},
    {"uniformity-term", "mean of exp(-2 squared distance) to other queries; smaller is better"},
    {"lareqa-map", "average precision with all translations relevant"},
    {"peer-p", "Kruskal-Wallis p of ranks by language; 1: no bias"},
    {"own-language-excess@10",
     "share of the own language in the top 10 less its share of the pool"},
};

std::string definition(const std::string& name) {
  if (const auto measure = parse_measure(name)) return measure_definition(*measure);
  for (const auto& [other, text] : kOtherMeasures)
    if (other == name) return std::string(text);
  return "share of questions with an answer in the first tokens of the passages (NLTK's words)";
}

class ReportWriter {
 public:
  ReportWriter(const Evaluation& evaluation, std::string& out) : e_(evaluation), json_(out, 1) {}

  void write(const std::string& version) {
    json_.begin_object().member("format", "crosstail-report").member("version", 1);
    json_.member("crosstail", version);
    data();
    policies();
    statistics();
    measures();
    systems();
    headline();
    comparisons();
    languages();
    slices();
    tails();
    leakage();
    sweep();
    vectors();
    queries();
    extremes("best", e_.best);
    extremes("worst", e_.worst);
    texts("warnings", e_.warnings);
    json_.end_object();
  }

 private:
  void figure(const char* name, const Figure& f) {
    json_.key(name).begin_object().member("value", f.value);
    json_.member("low", f.interval.low).member("high", f.interval.high).end_object();
  }

  void optional(const char* name, const std::optional<double>& value) {
    json_.key(name);
    if (value)
      json_.value(*value);
    else
      json_.null();
  }

  void texts(const char* name, const std::vector<std::string>& values) {
    json_.key(name).begin_array();
    for (const auto& value : values) json_.value(value);
    json_.end_array();
  }

  const std::string& system(std::size_t s) const { return e_.study.systems[s]; }

  bool macro() const { return e_.study.languages.size() > 1 || !e_.study.languages[0].empty(); }

  void data() {
    const auto& o = e_.options;
    json_.key("data").begin_object();
    json_.member("qrels", o.qrels)
        .member("qrels_xxh3", e_.qrels_hash)
        .member("queries_file", o.queries)
        .member("queries_xxh3", e_.queries_hash);
    json_.member("slices_file", o.slices).member("slices_xxh3", e_.slices_hash);
    json_.member("questions_file", o.questions).member("questions_xxh3", e_.questions_hash);
    json_.member("corpus", o.corpus);
    json_.member("queries", std::uint64_t{e_.result.queries});
    json_.member("clusters", std::uint64_t{e_.result.clusters});
    json_.member("judged", std::uint64_t{e_.judged});
    json_.member("queries_without_relevant", std::uint64_t{e_.without_relevant});
    texts("languages", macro() ? e_.study.languages : std::vector<std::string>{});
    json_.end_object();
  }

  void policies() {
    const auto& o = e_.options;
    const auto& r = o.ranking;
    json_.key("policies").begin_object();
    json_.member("ties", "by passage id, descending (trec_eval)");
    json_.member("missing_queries", o.xor_official               ? "not counted (official script)"
                                    : o.missing == Missing::Zero ? "count as 0"
                                                                 : "left out");
    json_.member("unknown_queries", "passed over and counted");
    json_.member("unjudged_hits", r.unjudged == Unjudged::Drop ? "taken out" : "not relevant");
    json_.member("duplicates", r.duplicates == data::Duplicates::Error ? "error" : "best counts");
    json_.member("self_ids", r.self_ids == SelfIds::Error  ? "error"
                             : r.self_ids == SelfIds::Drop ? "taken out"
                                                           : "kept");
    json_.member("relevance_level", static_cast<std::int64_t>(r.relevance_level));
    json_.member("depth", std::uint64_t{r.depth});
    json_.member("same_text_leaks", o.allow_leakage ? "allowed" : "refused");
    json_.end_object();
  }

  void statistics() {
    const auto& s = e_.options.study;
    json_.key("statistics").begin_object();
    json_.member("average", macro() ? "macro over languages (variants of a language are one)"
                                    : "over queries");
    json_.member("languages", s.random_languages ? "random" : "fixed");
    json_.member("clusters", e_.options.cluster == "auto"
                                 ? "queries that share a relevant passage or a group"
                             : e_.options.cluster == "none" ? "none: every query for itself"
                                                            : "field " + e_.options.cluster);
    json_.member("interval", "cluster bootstrap, expanded percentile").member("level", s.level);
    json_.member("test", s.random_languages ? "two-way clustered t"
                                            : "paired randomisation of clusters, two-sided");
    json_.member("resamples", std::uint64_t{s.resamples})
        .member("permutations", std::uint64_t{s.permutations});
    json_.member("seed", s.seed)
        .member("correction", "over " + std::to_string(e_.result.comparisons.size()) +
                                  " comparisons (Holm; Benjamini-Hochberg)");
    json_.end_object();
  }

  void measures() {
    json_.key("measures").begin_array();
    for (const auto& name : e_.study.measures) {
      json_.begin_object().member("name", name).member("definition", definition(name));
      const std::size_t m = static_cast<std::size_t>(&name - e_.study.measures.data());
      json_.member("smaller_is_better", e_.study.direction(m) < 0).end_object();
    }
    json_.end_array();
  }

  void meta(const SystemReport& s) {
    if (!s.meta) return;
    const auto& m = *s.meta;
    json_.key("configuration").begin_object();
    json_.member("system", m.system)
        .member("model", m.model_name)
        .member("model_identity", m.model_identity);
    json_.member("index", m.index_identity).member("fusion", m.fusion);
    optional("alpha", m.alpha);
    optional("beta", m.beta);
    json_.member("center", m.center).member("passage_from", m.passage_from);
    texts("leave_out", m.leave_out);
    json_.member("crosstail", m.crosstail_version).end_object();
  }

  void systems() {
    json_.key("systems").begin_array();
    for (std::size_t i = 0; i < e_.systems.size(); ++i) {
      const SystemReport& s = e_.systems[i];
      json_.begin_object()
          .member("name", system(i))
          .member("run", s.path)
          .member("run_xxh3", s.hash);
      json_.member("role", i == e_.options.study.baseline ? "baseline" : "");
      json_.key("other_languages");
      if (s.other_languages)
        json_.value(*s.other_languages);
      else
        json_.null();
      json_.member("missing_queries", std::uint64_t{s.missing});
      json_.member("unknown_queries", std::uint64_t{s.unknown})
          .member("unknown_example", s.unknown_example);
      json_.member("hits", std::uint64_t{s.counts.hits})
          .member("unjudged_hits", std::uint64_t{s.counts.unjudged});
      json_.member("duplicate_hits", std::uint64_t{s.counts.duplicates});
      json_.member("self_id_hits", std::uint64_t{s.counts.self_ids});
      meta(s);
      json_.key("values").begin_array();
      for (std::size_t m = 0; m < e_.study.measures.size(); ++m) {
        json_.begin_object().member("measure", e_.study.measures[m]);
        figure("mean", e_.result.means[i][m]);
        json_.end_object();
      }
      json_.end_array().end_object();
    }
    json_.end_array();
  }

  void headline() {
    json_.key("headline");
    if (!e_.headline) {
      json_.null();
    } else {
      const Headline& h = *e_.headline;
      json_.begin_object()
          .member("system", system(h.system))
          .member("baseline", system(h.baseline));
      json_.member("measure", e_.study.measures[0]);
      figure("gain", h.gain);
      figure("system_mean", e_.result.means[h.system][0]);
      figure("baseline_mean", e_.result.means[h.baseline][0]);
      optional("p", h.p);
      json_.member("candidates", std::uint64_t{h.candidates})
          .member("baselines", std::uint64_t{h.baselines});
      json_.member("queries", std::uint64_t{h.queries})
          .member("clusters", std::uint64_t{h.clusters});
      json_.member("leakage", e_.leakage_statement).end_object();
    }
    json_.key("focus").begin_object().member("system", system(e_.focus_system));
    json_.member("baseline", system(e_.focus_baseline))
        .member("measure", e_.study.measures[0])
        .end_object();
  }

  void comparisons() {
    json_.key("comparisons").begin_array();
    for (const Comparison& c : e_.result.comparisons) {
      json_.begin_object()
          .member("system", system(c.system))
          .member("baseline", system(c.baseline));
      json_.member("measure", e_.study.measures[c.measure]);
      figure("difference", c.difference);
      json_.member("relative", c.relative);
      optional("p", c.p);
      optional("p_holm", c.p_holm);
      optional("p_bh", c.p_bh);
      optional("p_t", c.p_t);
      json_.member("effect_size", c.effect_size).member("minimum_detectable", c.minimum_detectable);
      json_.member("wins", std::uint64_t{c.wins}).member("losses", std::uint64_t{c.losses});
      json_.member("ties", std::uint64_t{c.ties})
          .member("queries", std::uint64_t{e_.result.queries});
      json_.member("clusters", std::uint64_t{e_.result.clusters}).end_object();
    }
    json_.end_array();
  }

  void languages() {
    json_.key("languages").begin_array();
    for (const SliceRow& row : e_.languages.rows) slice_row("language", row);
    json_.end_array();
  }

  void slice_row(const char* name, const SliceRow& row) {
    const SliceResult& slice = row.result;
    json_.begin_object().member(name, row.value).member("queries", std::uint64_t{slice.queries});
    json_.member("clusters", std::uint64_t{slice.clusters});
    if (e_.focus_system != e_.focus_baseline) {
      figure("gain", slice.gains[e_.focus_system]);
      optional("p", slice.p[e_.focus_system]);
      optional("p_holm", row.p_holm);
    }
    by_system(slice.means);
    json_.end_object();
  }

  void by_system(const std::vector<Figure>& figures) {
    json_.key("systems").begin_array();
    for (std::size_t s = 0; s < figures.size(); ++s) {
      json_.begin_object().member("name", system(s));
      figure("mean", figures[s]);
      json_.end_object();
    }
    json_.end_array();
  }

  void slices() {
    json_.key("slices").begin_array();
    for (const SliceTable& table : e_.slices) {
      json_.begin_object().member("field", table.field).key("rows").begin_array();
      for (const SliceRow& row : table.rows) slice_row("value", row);
      json_.end_array().end_object();
    }
    json_.end_array();
  }

  void tails() {
    json_.key("long_tail").begin_array();
    for (const TailView& view : e_.tails) {
      const TailEffect& t = view.effect;
      json_.begin_object().member("view", view.name).member("description", view.description);
      json_.key("rows").begin_array();
      for (const TailRow& row : t.rows) {
        json_.begin_object().member("part", tail_part_name(row.part));
        json_.member("queries", std::uint64_t{row.queries})
            .member("clusters", std::uint64_t{row.clusters});
        figure("baseline", row.baseline);
        figure("system", row.system);
        figure("gain", row.gain);
        json_.end_object();
      }
      json_.end_array();
      figure("difference_in_differences", t.difference);
      optional("p", t.p);
      optional("p_holm", view.p_holm);
      optional("within_strata", t.within_strata);
      json_.key("strata").begin_array();
      for (const TailStratum& s : t.strata) {
        json_.begin_object().member("above", s.above).member("up_to", s.up_to);
        json_.member("tail_queries", std::uint64_t{s.tail_queries})
            .member("tail_gain", s.tail_gain);
        json_.member("head_queries", std::uint64_t{s.head_queries})
            .member("head_gain", s.head_gain)
            .end_object();
      }
      json_.end_array().end_object();
    }
    json_.end_array();
  }

  void leakage() {
    json_.key("leakage").begin_object().member("statement", e_.leakage_statement);
    json_.key("systems").begin_array();
    for (std::size_t i = 0; i < e_.systems.size(); ++i) {
      json_.begin_object().member("name", system(i)).member("checked", e_.systems[i].leakage);
      for (std::size_t g = 0; g < data::kLeakGrades; ++g) {
        json_.key(data::leak_grade_name(static_cast<data::LeakGrade>(g)));
        const LeakCount& count = e_.systems[i].leaks[g];
        if (count.checked)
          json_.value(std::uint64_t{count.queries});
        else
          json_.null();
      }
      json_.end_object();
    }
    json_.end_array().key("effects").begin_array();
    for (const LeakEffect& effect : e_.leak_effects) {
      json_.begin_object().member("grade", data::leak_grade_name(effect.grade));
      json_.member("queries", std::uint64_t{effect.queries});
      if (effect.with) figure("gain_with", *effect.with);
      if (effect.without) figure("gain_without", *effect.without);
      json_.end_object();
    }
    json_.end_array().end_object();
  }

  void sweep() {
    json_.key("sweep").begin_array();
    for (const SweepPoint& point : e_.sweep) {
      json_.begin_object().member("curve", point.curve);
      json_.member("fusion", point.fusion).member("center", point.center);
      json_.member("alpha", point.alpha).member("system", system(point.system));
      figure("mean", e_.result.means[point.system][0]);
      json_.end_object();
    }
    json_.end_array();
  }

  void vectors() {
    if (e_.uniformity.empty() && e_.shares.languages.empty()) return;
    json_.key("vectors").begin_object();
    if (!e_.uniformity.empty()) {
      json_.key("uniformity").begin_array();
      for (std::size_t s = 0; s < e_.uniformity.size(); ++s)
        json_.begin_object()
            .member("name", system(s))
            .member("value", e_.uniformity[s])
            .end_object();
      json_.end_array();
    }
    json_.key("top_languages").begin_array();
    for (std::size_t l = 0; l < e_.shares.languages.size(); ++l) {
      json_.begin_object().member("language", e_.shares.languages[l]);
      json_.member("pool", e_.shares.pool[l]).key("systems").begin_array();
      for (std::size_t s = 0; s < e_.shares.systems.size(); ++s)
        json_.begin_object()
            .member("name", system(s))
            .member("share", e_.shares.systems[s][l])
            .end_object();
      json_.end_array().end_object();
    }
    json_.end_array().end_object();
  }

  double gain(std::size_t q) const {
    return e_.study.value(e_.focus_system, q, 0) - e_.study.value(e_.focus_baseline, q, 0);
  }

  void queries() {
    const std::size_t count = e_.study.queries.size();
    const std::size_t step = (count + kPlottedQueries - 1) / kPlottedQueries;
    json_.key("per_query").begin_array();
    for (std::size_t q = 0; q < count && e_.focus_system != e_.focus_baseline; q += step) {
      if (!e_.density.empty() && std::isnan(e_.density[q])) continue;
      json_.begin_object().member("id", e_.study.queries[q]);
      json_.member("language", e_.study.languages[e_.study.language[q]]);
      if (!e_.density.empty()) json_.member("density", e_.density[q]);
      json_.member("baseline", e_.study.value(e_.focus_baseline, q, 0));
      json_.member("gain", gain(q)).end_object();
    }
    json_.end_array();
  }

  void hit(const QueryHit& hit) {
    json_.begin_object().member("passage", hit.passage).key("relevance");
    if (hit.relevance)
      json_.value(static_cast<std::int64_t>(*hit.relevance));
    else
      json_.null();
    if (!hit.text.empty()) json_.member("text", hit.text);
    json_.end_object();
  }

  void hits(const char* name, const std::vector<QueryHit>& list) {
    json_.key(name).begin_array();
    for (const QueryHit& one : list) hit(one);
    json_.end_array();
  }

  void extremes(const char* name, const std::vector<ExtremeQuery>& list) {
    json_.key(name).begin_array();
    for (const ExtremeQuery& extreme : list) {
      json_.begin_object().member("id", e_.study.queries[extreme.query]);
      json_.member("language", e_.study.languages[e_.study.language[extreme.query]]);
      json_.member("text", e_.texts[extreme.query]).member("gain", extreme.gain);
      json_.member("baseline", e_.study.value(e_.focus_baseline, extreme.query, 0));
      json_.member("system", e_.study.value(e_.focus_system, extreme.query, 0));
      json_.key("relevant");
      if (extreme.relevant)
        hit(*extreme.relevant);
      else
        json_.null();
      hits("baseline_hits", extreme.baseline_hits);
      hits("system_hits", extreme.system_hits);
      json_.end_object();
    }
    json_.end_array();
  }

  const Evaluation& e_;
  JsonWriter json_;
};

}  // namespace

std::string report_json(const Evaluation& evaluation, const std::string& version) {
  std::string out;
  ReportWriter(evaluation, out).write(version);
  return out + "\n";
}

std::string per_query_tsv(const Evaluation& e) {
  std::string out = "query\tlanguage\tcluster";
  for (const auto& system : e.study.systems)
    for (const auto& measure : e.study.measures) out += "\t" + system + ":" + measure;
  out += '\n';
  char buffer[32];
  for (std::size_t q = 0; q < e.study.queries.size(); ++q) {
    out += e.study.queries[q] + "\t" + e.study.languages[e.study.language[q]] + "\t" +
           std::to_string(e.study.clusters.of[q]);
    for (std::size_t s = 0; s < e.study.systems.size(); ++s)
      for (std::size_t m = 0; m < e.study.measures.size(); ++m) {
        const auto end = std::to_chars(buffer, buffer + sizeof buffer, e.study.value(s, q, m)).ptr;
        out += '\t';
        out.append(buffer, end);
      }
    out += '\n';
  }
  return out;
}

}  // namespace crosstail::eval
