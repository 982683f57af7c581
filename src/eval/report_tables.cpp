#include "eval/report_tables.h"

#include <simdjson.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <optional>

namespace crosstail::eval {
namespace {

namespace dom = simdjson::dom;

/// Members of report.json by name; what is absent or of another type reads as empty.
class Node {
 public:
  Node() = default;
  explicit Node(dom::element element) : element_(element) {}
  Node operator[](const char* name) const {
    dom::element out;
    if (!element_ || (*element_)[name].get(out) != simdjson::SUCCESS) return {};
    return Node(out);
  }
  [[nodiscard]] bool present() const { return element_ && !element_->is_null(); }
  [[nodiscard]] std::string text() const {
    std::string_view out;
    if (!element_ || element_->get(out) != simdjson::SUCCESS) return {};
    return std::string(out);
  }
  [[nodiscard]] bool flag() const {
    bool out = false;
    return element_ && element_->get(out) == simdjson::SUCCESS && out;
  }
  [[nodiscard]] std::optional<double> number() const {
    double out = 0;
    if (!element_ || element_->get(out) != simdjson::SUCCESS) return std::nullopt;
    return out;
  }
  [[nodiscard]] std::vector<Node> items() const {
    std::vector<Node> out;
    dom::array list;
    if (element_ && element_->get(list) == simdjson::SUCCESS)
      for (const dom::element item : list) out.emplace_back(item);
    return out;
  }

 private:
  std::optional<dom::element> element_;
};

std::string formatted(const char* format, double value) {
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, format, value);
  return buffer;
}

std::string fixed(const Node& node) {
  const auto value = node.number();
  return value ? formatted("%.4f", *value) : "–";
}

std::string signed_fixed(const Node& node) {
  const auto value = node.number();
  return value ? formatted("%+.4f", *value) : "–";
}

std::string whole(const Node& node) {
  const auto value = node.number();
  return value ? formatted("%.0f", *value) : "–";
}

std::string interval(const Node& figure) {
  return "[" + fixed(figure["low"]) + ", " + fixed(figure["high"]) + "]";
}

std::string probability(const Node& node) {
  const auto value = node.number();
  if (!value) return "–";
  return *value < 0.0001 ? "<0.0001" : formatted("%.4f", *value);
}

/// "p = 0.0123", "p < 0.0001", or that there is none.
std::string equation(const char* name, const Node& node) {
  if (!node.number()) return std::string("no ") + name;
  const std::string text = probability(node);
  return std::string(name) + (text.front() == '<' ? " < " + text.substr(1) : " = " + text);
}

/// *, ** or *** for .05, .01 and .001.
std::string stars(const Node& p) {
  const auto value = p.number();
  if (!value || *value > 0.05) return "";
  return *value <= 0.001 ? "***" : *value <= 0.01 ? "**" : "*";
}

std::string percent(const Node& node) {
  const auto value = node.number();
  return value ? formatted("%+.1f%%", 100 * *value) : "–";
}

std::string counts(const Node& node) {
  return whole(node["queries"]) + " queries in " + whole(node["clusters"]) + " clusters";
}

std::string best_of_baselines(const Node& count) {
  if (count.number().value_or(0) == 1)
    return "the only system without questions in another language";
  return "the best of " + whole(count) + " systems without questions in another language";
}

void add_headline(const Node& report, ReportTables& out) {
  const Node h = report["headline"];
  if (!h.present()) {
    out.headline.push_back(
        "No headline: it needs runs with and without questions in another language "
        "(RUN.meta.json says which is which, or --with-other-languages and "
        "--without-other-languages).");
    return;
  }
  const auto measures = report["measures"].items();
  const bool smaller = !measures.empty() && measures[0]["smaller_is_better"].flag();
  out.headline.push_back(
      h["system"].text() + " gains " + signed_fixed(h["gain"]["value"]) + " " +
      interval(h["gain"]) + stars(h["p"]) + " " + h["measure"].text() +
      (smaller ? " (of which the smaller is the better)" : "") + " over " + h["baseline"].text() +
      ", " + best_of_baselines(h["baselines"]) + " (" + fixed(h["baseline_mean"]["value"]) + " → " +
      fixed(h["system_mean"]["value"]) + "; " + equation("p", h["p"]) + "; " + counts(h) + ").");
  out.headline.push_back("On leakage: " + h["leakage"].text() + ".");
  const bool several = h["candidates"].number().value_or(1) > 1;
  if (h["p"].number() && (several || h["baselines"].number().value_or(1) > 1))
    out.headline.push_back("p is for being better than every one of the " + whole(h["baselines"]) +
                           " systems without" +
                           (several ? ", corrected for choosing the best of " +
                                          whole(h["candidates"]) + " on these same queries"
                                    : "") +
                           "; gain and interval are against " + h["baseline"].text() +
                           (several ? " and not corrected." : "."));
}

/// What a system is, from its run's meta file: "vectors of text, mean of questions, α 0.9,
/// centred".
std::string system_in_words(const Node& configuration) {
  const std::string system = configuration["system"].text();
  if (system.empty()) return {};
  if (system == "bm25") return "BM25";
  std::string out = system == "hybrid" ? "BM25 and vectors of " : "vectors of ";
  out += configuration["passage_from"].text();
  const std::string fusion = configuration["fusion"].text(),
                    center = configuration["center"].text();
  if (fusion == "questions-only")
    out = (system == "hybrid" ? "BM25 and " : "") + std::string("vectors of questions alone");
  else if (fusion != "none")
    out += ", " + fusion + " of questions";
  for (const auto& [member, sign] : {std::pair("alpha", "α"), std::pair("beta", "β")})
    if (const auto value = configuration[member].number(); value)
      out += std::string(", ") + sign + " " + formatted("%g", *value);
  if (!center.empty() && center != "none") out += ", centred by " + center;
  return out;
}

void add_systems(const Node& report, ReportTables& out) {
  Table table{"systems", "Systems", "", {"system", "what it is", "other languages"}, {}, 3};
  table.note = "Mean with its 95% interval; " + report["statistics"]["average"].text() + "; " +
               counts(report["data"]) + ".";
  for (const Node& m : report["measures"].items()) {
    table.header.push_back(m["name"].text());
    table.header.emplace_back("interval");
    if (m["smaller_is_better"].flag())
      table.note += " Of " + m["name"].text() + " the smaller is the better.";
  }
  for (const Node& system : report["systems"].items()) {
    const bool known = system["other_languages"].present();
    std::vector<std::string> row{system["name"].text() +
                                 (system["role"].text().empty() ? "" : " (baseline)")};
    row.push_back(system_in_words(system["configuration"]));
    row.emplace_back(!known ? "?" : system["other_languages"].flag() ? "yes" : "no");
    out.title += (out.title.empty() ? "" : ", ") + system["name"].text();
    for (const Node& v : system["values"].items()) {
      row.push_back(fixed(v["mean"]["value"]));
      row.push_back(interval(v["mean"]));
    }
    table.rows.push_back(std::move(row));
  }
  out.tables.push_back(std::move(table));
}

void add_comparisons(const Node& report, ReportTables& out) {
  Table table{"comparisons",
              "Differences from the baseline",
              "",
              {"system", "measure", "difference", "interval", "relative", "p", "p (Holm)", "p (BH)",
               "p (t)", "effect", "detectable", "wins", "losses", "ties"},
              {},
              2};
  for (const Node& c : report["comparisons"].items()) {
    table.note = "Against " + c["baseline"].text() + "; " + report["statistics"]["test"].text() +
                 "; " + counts(c) +
                 ". Stars: Holm-corrected p at .05, .01, .001. Detectable: the smallest true " +
                 "difference found with 80% power.";
    table.rows.push_back(
        {c["system"].text(), c["measure"].text(),
         signed_fixed(c["difference"]["value"]) + stars(c["p_holm"]), interval(c["difference"]),
         percent(c["relative"]), probability(c["p"]), probability(c["p_holm"]),
         probability(c["p_bh"]), probability(c["p_t"]),
         c["effect_size"].number() ? formatted("%+.2f", *c["effect_size"].number()) : "–",
         fixed(c["minimum_detectable"]), whole(c["wins"]), whole(c["losses"]), whole(c["ties"])});
  }
  if (!table.rows.empty()) out.tables.push_back(std::move(table));
}

/// What gains in the tables are, and what their stars mean.
std::string focus_note(const Node& report) {
  const Node focus = report["focus"];
  if (focus["system"].text() == focus["baseline"].text()) return {};
  return "Gain of " + focus["system"].text() + " over " + focus["baseline"].text() + " in " +
         focus["measure"].text() +
         ". Stars: p at .05, .01, .001, Holm-corrected over the rows of this table.";
}

/// Rows with a mean a system: languages, and the values of a slice.
void add_means(const std::vector<Node>& rows, const char* name, Table table, ReportTables& out) {
  table.header = {name, "queries", "clusters"};
  bool gains = false;
  for (const Node& row : rows) {
    if (table.rows.empty()) {
      gains = row["gain"].present();
      if (gains) table.header.insert(table.header.end(), {"gain", "interval", "p", "p (Holm)"});
      for (const Node& system : row["systems"].items()) {
        table.header.push_back(system["name"].text());
        table.header.emplace_back("interval");
      }
    }
    std::vector<std::string> cells{row[name].text(), whole(row["queries"]), whole(row["clusters"])};
    if (gains) {
      cells.push_back(signed_fixed(row["gain"]["value"]) + stars(row["p_holm"]));
      cells.push_back(interval(row["gain"]));
      cells.push_back(probability(row["p"]));
      cells.push_back(probability(row["p_holm"]));
    }
    for (const Node& system : row["systems"].items()) {
      cells.push_back(fixed(system["mean"]["value"]));
      cells.push_back(interval(system["mean"]));
    }
    table.rows.push_back(std::move(cells));
  }
  if (!table.rows.empty()) out.tables.push_back(std::move(table));
}

void add_tails(const Node& report, ReportTables& out) {
  for (const Node& view : report["long_tail"].items()) {
    Table table{"tail-" + view["view"].text(),
                "Long tail by " + view["view"].text(),
                "",
                {"part", "queries", "clusters", "baseline", "interval", "system", "interval",
                 "gain", "interval"},
                {},
                1};
    const Node did = view["difference_in_differences"];
    table.note = report["focus"]["system"].text() + " against " +
                 report["focus"]["baseline"].text() + ", " + report["focus"]["measure"].text() +
                 ". Gain on the tail less gain on the head: " + signed_fixed(did["value"]) + " " +
                 interval(did) + stars(view["p_holm"]) + ", " + equation("p", view["p"]) +
                 ", Holm over the views " + probability(view["p_holm"]) +
                 "; within strata of the baseline's reciprocal rank " +
                 signed_fixed(view["within_strata"]) + ". The view: " + view["description"].text() +
                 ".";
    for (const Node& row : view["rows"].items())
      table.rows.push_back({row["part"].text(), whole(row["queries"]), whole(row["clusters"]),
                            fixed(row["baseline"]["value"]), interval(row["baseline"]),
                            fixed(row["system"]["value"]), interval(row["system"]),
                            signed_fixed(row["gain"]["value"]), interval(row["gain"])});
    out.tables.push_back(std::move(table));
    Table strata{"strata-" + view["view"].text(),
                 "The same within strata of the baseline",
                 "",
                 {"reciprocal rank of the baseline", "tail queries", "tail gain", "head queries",
                  "head gain"},
                 {},
                 1};
    for (const Node& s : view["strata"].items())
      strata.rows.push_back({"(" + formatted("%g", std::max(0.0, s["above"].number().value_or(0))) +
                                 ", " + formatted("%g", s["up_to"].number().value_or(0)) + "]",
                             whole(s["tail_queries"]), signed_fixed(s["tail_gain"]),
                             whole(s["head_queries"]), signed_fixed(s["head_gain"])});
    if (!strata.rows.empty()) {
      strata.rows.front()[0] = "0";
      out.tables.push_back(std::move(strata));
    }
  }
}

void add_leakage(const Node& report, ReportTables& out) {
  Table table{"leakage",
              "Leakage",
              report["focus"]["system"].text() + ": " + report["leakage"]["statement"].text() + ".",
              {"system", "checked", "same text", "same group", "near copy"},
              {},
              2};
  for (const Node& s : report["leakage"]["systems"].items())
    table.rows.push_back({s["name"].text(), s["checked"].text(), whole(s["same-text"]),
                          whole(s["same-group"]), whole(s["near-copy"])});
  out.tables.push_back(std::move(table));
  Table effects{"leak-effects",
                "Gain with and without queries that leak",
                "",
                {"grade", "queries", "gain with", "interval", "gain without", "interval"},
                {},
                1};
  for (const Node& e : report["leakage"]["effects"].items())
    effects.rows.push_back({e["grade"].text(), whole(e["queries"]),
                            signed_fixed(e["gain_with"]["value"]), interval(e["gain_with"]),
                            signed_fixed(e["gain_without"]["value"]), interval(e["gain_without"])});
  if (!effects.rows.empty()) out.tables.push_back(std::move(effects));
}

void add_sweep(const Node& report, ReportTables& out) {
  Table table{"sweep", "α sweep", "", {"curve", "system", "α", "mean", "interval"}, {}, 2};
  table.note = report["focus"]["measure"].text() + " of runs that differ only in α.";
  for (const Node& p : report["sweep"].items())
    table.rows.push_back({p["curve"].text(), p["system"].text(),
                          formatted("%g", p["alpha"].number().value_or(0)),
                          fixed(p["mean"]["value"]), interval(p["mean"])});
  if (!table.rows.empty()) out.tables.push_back(std::move(table));
}

/// What encoders do to languages: uniformity as defined, and who fills the top ten of a pool.
void add_vectors(const Node& report, ReportTables& out) {
  Table uniformity{
      "uniformity",
      "Uniformity",
      "Logarithm of the mean of exp(-2 squared distance) over all queries; the smaller "
      "the more uniform.",
      {"system", "uniformity"},
      {},
      1};
  for (const Node& s : report["vectors"]["uniformity"].items())
    uniformity.rows.push_back({s["name"].text(), fixed(s["value"])});
  if (!uniformity.rows.empty()) out.tables.push_back(std::move(uniformity));
  Table shares{"top-languages",
               "Languages of the top ten",
               "Share of each language in the pool, and among the ten nearest, mean over queries.",
               {"language", "pool"},
               {},
               1};
  for (const Node& row : report["vectors"]["top_languages"].items()) {
    std::vector<std::string> cells{row["language"].text(), fixed(row["pool"])};
    for (const Node& s : row["systems"].items()) {
      if (shares.rows.empty()) shares.header.push_back(s["name"].text());
      cells.push_back(fixed(s["share"]));
    }
    shares.rows.push_back(std::move(cells));
  }
  if (!shares.rows.empty()) out.tables.push_back(std::move(shares));
}

void add_extremes(const Node& report, const char* name, const char* title, ReportTables& out) {
  Table table{
      name,
      title,
      "One query a cluster.",
      {"query", "language", "relevant", "hits of the baseline", "hits of the system", "gain"},
      {},
      5};
  const auto name_of = [](const Node& hit) {
    return hit["passage"].text() + (hit["relevance"].number().value_or(0) > 0 ? " ✓" : "");
  };
  const auto one = [&](const Node& hit) {
    const std::string text = hit["text"].text();
    return name_of(hit) + (text.empty() ? "" : ": " + text);
  };
  const auto shown = [&](const Node& list) {
    std::string text;
    const auto hits = list.items();
    if (!hits.empty()) text = one(hits[0]);
    const bool with_text = hits.size() > 1 && hits[0]["text"].present();
    for (std::size_t i = 1; i < hits.size(); ++i)
      text += (i == 1 && with_text ? "\n" : ", ") + name_of(hits[i]);
    return text;
  };
  for (const Node& e : report[name].items()) {
    std::string query = e["text"].text();
    if (query.empty()) query = e["id"].text();
    table.rows.push_back({std::move(query), e["language"].text(), one(e["relevant"]),
                          shown(e["baseline_hits"]), shown(e["system_hits"]),
                          signed_fixed(e["gain"])});
  }
  if (!table.rows.empty()) out.tables.push_back(std::move(table));
}

/// A member's name as words.
std::string words_of(std::string name) {
  std::replace(name.begin(), name.end(), '_', ' ');
  return name;
}

void add_configuration(const Node& report, ReportTables& out) {
  Table table{"configuration", "Configuration", "", {"what", "value"}, {}, 2};
  const auto add = [&](std::string what, std::string value) {
    if (!value.empty()) table.rows.push_back({std::move(what), std::move(value)});
  };
  add("crosstail", report["crosstail"].text());
  const Node data = report["data"];
  const auto with_hash = [&](const char* file, const char* hash) {
    const std::string sum = data[hash].text();
    return data[file].text() + (sum.empty() ? "" : ", XXH3 " + sum);
  };
  add("qrels", with_hash("qrels", "qrels_xxh3"));
  add("queries", with_hash("queries_file", "queries_xxh3"));
  add("slices", with_hash("slices_file", "slices_xxh3"));
  add("attached questions", with_hash("questions_file", "questions_xxh3"));
  add("corpus", data["corpus"].text());
  add("judgments", whole(data["judged"]) + "; " + whole(data["queries_without_relevant"]) +
                       " queries without a relevant passage");
  for (const Node& m : report["measures"].items())
    add("measure " + m["name"].text(), m["definition"].text());
  for (const char* name : {"ties", "missing_queries", "unknown_queries", "unjudged_hits",
                           "duplicates", "self_ids", "same_text_leaks"})
    add("policy: " + words_of(name), report["policies"][name].text());
  add("policy: relevance level, depth",
      whole(report["policies"]["relevance_level"]) + ", " + whole(report["policies"]["depth"]));
  const Node s = report["statistics"];
  for (const char* name : {"clusters", "languages", "interval", "test", "correction"})
    add(std::string("statistics: ") + name, s[name].text());
  add("statistics: resamples, permutations, seed",
      whole(s["resamples"]) + ", " + whole(s["permutations"]) + ", " + whole(s["seed"]));
  for (const Node& system : report["systems"].items()) {
    const Node c = system["configuration"];
    std::string value = system["run"].text() + ", XXH3 " + system["run_xxh3"].text() +
                        "; missing queries " + whole(system["missing_queries"]) + ", unknown " +
                        whole(system["unknown_queries"]) + ", hits " + whole(system["hits"]) +
                        ", unjudged " + whole(system["unjudged_hits"]);
    if (c.present()) {
      for (const char* name :
           {"system", "fusion", "center", "passage_from", "model", "model_identity", "index"})
        if (!c[name].text().empty()) value += std::string("; ") + name + " " + c[name].text();
      if (c["alpha"].number()) value += "; alpha " + formatted("%g", *c["alpha"].number());
      std::string left;
      for (const Node& what : c["leave_out"].items())
        left += (left.empty() ? "" : ", ") + what.text();
      if (!left.empty()) value += "; left out: " + left;
    }
    add("run " + system["name"].text(), std::move(value));
  }
  out.tables.push_back(std::move(table));
}

}  // namespace

Result<ReportTables> report_tables(std::string_view json) {
  dom::parser parser;
  dom::element root;
  const Error wrong{ErrorCode::Corrupt,
                    "expected a report.json (format crosstail-report, version 1): "
                    "`crosstail evaluate … -o DIR` writes one"};
  if (parser.parse(json.data(), json.size()).get(root) != simdjson::SUCCESS) return wrong;
  const Node report(root);
  if (report["format"].text() != "crosstail-report" || report["version"].number() != 1)
    return wrong;
  ReportTables out;
  add_headline(report, out);
  for (const Node& warning : report["warnings"].items()) out.warnings.push_back(warning.text());
  add_systems(report, out);
  add_comparisons(report, out);
  const std::string of_focus = focus_note(report);
  add_means(report["languages"].items(), "language",
            {"languages", "By language", of_focus, {}, {}, 1}, out);
  std::size_t number = 0;
  for (const Node& slice : report["slices"].items()) {
    const std::string field = slice["field"].text();
    add_means(slice["rows"].items(), "value",
              {"slice-" + std::to_string(++number), "By " + field, of_focus, {}, {}, 1}, out);
  }
  add_tails(report, out);
  add_leakage(report, out);
  add_sweep(report, out);
  add_vectors(report, out);
  add_extremes(report, "best", "Largest gains", out);
  add_extremes(report, "worst", "Largest losses", out);
  add_configuration(report, out);
  return out;
}

}  // namespace crosstail::eval
