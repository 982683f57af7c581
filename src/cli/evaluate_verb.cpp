#include "cli/verbs.h"

#include <cstdio>
#include <filesystem>

#include "base/file.h"
#include "base/log.h"
#include "eval/evaluation.h"
#include "eval/report_json.h"
#include "eval/report_tables.h"

namespace crosstail::cli {
namespace {

/// Text as the user gave it; run() checks and turns it into eval::EvaluationOptions.
struct EvaluateOptions {
  std::string qrels;              ///< judgments: TREC, BEIR or JSON
  std::string queries;            ///< query file: languages, groups, fields, texts
  std::vector<std::string> runs;  ///< NAME=FILE or FILE
  std::string measures;           ///< empty: kMeasures, or all that vectors have
  std::string baseline, system;
  std::vector<std::string> with_other_languages, without_other_languages;
  std::vector<std::string> slices_by;  ///< fields of the query file
  std::string slices_file, corpus, questions, leave_out;
  std::string query_vectors, question_vectors;
  std::string average = "auto", cluster = "auto", languages = "fixed";
  std::string duplicates = "error", self_ids = "error", missing = "zero", unjudged = "nonrelevant";
  std::uint64_t level = 1, depth = 0;
  std::uint64_t permutations = 10000, resamples = 10000, seed = 1, extremes = 10;
  std::string format = "ranked";  ///< ranked runs, or XOR-TyDi predictions
  bool xor_official = false, allow_leakage = false;
  std::string punkt, passages;
  std::string output;         ///< folder for report.json, tables and per-query values
  std::uint64_t threads = 0;  ///< 0: all processors
};

constexpr std::string_view kMeasures = "mrr@10,ndcg@10,recall@100";

/// "a,b" to its parts, without empty ones.
std::vector<std::string> split_commas(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const auto comma = text.find(',');
    if (comma != 0) out.emplace_back(text.substr(0, comma));
    if (comma == std::string_view::npos) break;
    text.remove_prefix(comma + 1);
  }
  return out;
}

/// NAME=FILE, or FILE under its own name without folder and last extension.
std::pair<std::string, std::string> named_run(const std::string& text) {
  const auto equals = text.find('=');
  if (equals != std::string::npos && equals > 0)
    return {text.substr(0, equals), text.substr(equals + 1)};
  return {std::filesystem::path(text).stem().string(), text};
}

Result<eval::EvaluationOptions> checked(const EvaluateOptions& o) {
  eval::EvaluationOptions out;
  out.xor_predictions = o.format == "xor";
  out.vectors = o.format == "vectors";
  out.passages = o.passages;
  if (o.qrels.empty() && o.format == "ranked")
    return Error{ErrorCode::InvalidArgument,
                 "--qrels is needed (but for --format xor and vectors)"};
  if (o.runs.empty())
    return Error{ErrorCode::InvalidArgument, "at least one --run NAME=FILE is needed"};
  out.qrels = o.qrels;
  out.queries = o.queries;
  for (const auto& run : o.runs) out.runs.push_back(named_run(run));
  if (out.vectors) {
    out.vector_measures = split_commas(o.measures);
  } else {
    CT_TRY(out.measures, eval::parse_measures(o.measures.empty() ? kMeasures : o.measures));
  }
  out.baseline = o.baseline;
  out.system = o.system;
  for (const auto& names : o.with_other_languages)
    for (auto& name : split_commas(names)) out.with_other_languages.push_back(std::move(name));
  for (const auto& names : o.without_other_languages)
    for (auto& name : split_commas(names)) out.without_other_languages.push_back(std::move(name));
  for (const auto& fields : o.slices_by)
    for (auto& field : split_commas(fields)) out.slice_fields.push_back(std::move(field));
  out.slices = o.slices_file;
  out.corpus = o.corpus;
  out.questions = o.questions;
  out.query_vectors = o.query_vectors;
  out.question_vectors = o.question_vectors;
  if (o.query_vectors.empty() != o.question_vectors.empty() ||
      (!o.query_vectors.empty() && (o.questions.empty() || o.queries.empty())))
    return Error{ErrorCode::InvalidArgument,
                 "--query-vectors and --question-vectors go together, and with --queries and "
                 "--questions: a vector a row"};
  out.leave_out = split_commas(o.leave_out);
  out.average = o.average;
  out.cluster = o.cluster;
  out.ranking.duplicates =
      o.duplicates == "best" ? data::Duplicates::Best : data::Duplicates::Error;
  out.ranking.self_ids = o.self_ids == "keep"   ? eval::SelfIds::Keep
                         : o.self_ids == "drop" ? eval::SelfIds::Drop
                                                : eval::SelfIds::Error;
  out.ranking.unjudged = o.unjudged == "drop" ? eval::Unjudged::Drop : eval::Unjudged::Nonrelevant;
  out.ranking.relevance_level =
      static_cast<std::int32_t>(std::min<std::uint64_t>(o.level, 1000000));
  out.ranking.depth = o.depth;
  out.missing = o.missing == "skip" ? eval::Missing::Skip : eval::Missing::Zero;
  if (o.permutations < 100 || o.resamples < 100)
    return Error{ErrorCode::InvalidArgument, "--permutations and --resamples must be at least 100"};
  out.study.permutations = o.permutations;
  out.study.resamples = o.resamples;
  out.study.seed = o.seed;
  out.study.random_languages = o.languages == "random";
  out.allow_leakage = o.allow_leakage;
  out.xor_official = o.xor_official;
  out.punkt = o.punkt;
  out.extremes = o.extremes;
  return out;
}

/// What a reader of numbers must know, on stderr; the report has it too.
void tell(const eval::Evaluation& evaluation) {
  for (const auto& warning : evaluation.warnings) log(LogLevel::Warning, "evaluation", warning);
  for (const auto& system : evaluation.systems) {
    if (system.missing > 0)
      log(LogLevel::Warning, "missing-queries",
          system.name + ": " + std::to_string(system.missing) + " queries are not answered" +
              (evaluation.options.xor_official ? " and, as in the official script, not counted"
               : evaluation.options.missing == eval::Missing::Zero ? " and count as 0"
                                                                   : " and are left out"));
    if (system.unknown > 0)
      log(LogLevel::Warning, "unknown-queries",
          system.name + ": " + std::to_string(system.unknown) +
              " queries of the run are not judged and were passed over" +
              (system.unknown_example.empty() ? ""
                                              : ", such as \"" + system.unknown_example + "\""));
  }
}

Status write_all(const eval::Evaluation& evaluation, const std::string& json,
                 const eval::ReportTables& tables, const std::filesystem::path& folder) {
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  if (failed) return Error{ErrorCode::Io, folder.string() + ": cannot create: " + failed.message()};
  CT_CHECK(write_file_atomic(folder / "per-query.tsv", eval::per_query_tsv(evaluation)));
  CT_CHECK(write_file_atomic(folder / "tables.md", eval::as_markdown(tables)));
  CT_CHECK(write_file_atomic(folder / "tables.tex", eval::as_latex(tables)));
  return write_file_atomic(folder / "report.json", json);
}

class EvaluateVerb final : public Verb {
 public:
  [[nodiscard]] VerbInfo info() const override {
    return {"evaluate", "how good, how sure, for whom: runs against judgments",
            "--qrels QRELS --run NAME=FILE… [--queries FILE] [-o DIR] [options]",
            "Scores runs as trec_eval does, compares them on clusters of queries that share a "
            "relevant\n"
            "passage or a group (intervals, randomisation tests, corrections), macro over "
            "languages where\n"
            "the queries state them, and prints tables. With -o, writes report.json, tables.md, "
            "tables.tex\n"
            "and per-query.tsv; `crosstail report` makes a page of them. RUN.meta.json beside a "
            "run (from\n"
            "`crosstail search`) tells which systems use questions in another language and what "
            "leaked.\n\n"
            "Measures: ndcg[@K], ndcg-exp[@K], mrr[@K], map[@K], recall@K, p@K, success@K, rprec, "
            "bpref,\n"
            "judged@K; trec_eval's names too. The first one decides. With --format vectors: "
            "nn-accuracy, "
            "margin,\nalignment, uniformity-term; on a pool (--passages) lareqa-map, peer-p, "
            "own-language-excess@10.",
            "  crosstail evaluate --qrels qrels/test.tsv --queries queries.jsonl \\\n"
            "    --run text=none.trec --run xqg=mean.trec --slice topic -o evaluation"};
  }

  void declare(OptionTable& options) override {
    auto& o = options_;
    options
        .text(o.qrels, "qrels", "FILE", "judgments: TREC, BEIR's TSV or JSON; plain, gzip or zstd")
        .texts(o.runs, "run", "NAME=FILE", "a run: TREC or JSON (with --format xor: predictions)")
        .text(o.queries, "queries", "FILE", "query file: languages, groups, fields and texts")
        .text(o.output, "output", "DIR", "write report.json, tables.md, tables.tex, per-query.tsv",
              'o')
        .text(o.measures, "measures", "LIST",
              "comma separated; the first decides (mrr@10,ndcg@10,recall@100; vectors: all)")
        .choice(o.format, "format", {"ranked", "xor", "vectors"},
                "ranked runs; XOR-TyDi predictions scored by R@kt; or encoders' vectors")
        .count(o.threads, "threads", "N", "threads; 0: all processors")
        .section("What is compared")
        .text(o.baseline, "baseline", "NAME",
              "the run that others are compared with; else the first")
        .text(o.system, "system", "NAME",
              "the run of the headline; else the best with other languages")
        .texts(o.with_other_languages, "with-other-languages", "NAME,…",
               "runs that use questions in another language, where RUN.meta.json does not say")
        .texts(o.without_other_languages, "without-other-languages", "NAME,…", "runs that do not")
        .texts(o.slices_by, "slice", "FIELD,…", "also by this field of the query file")
        .text(o.corpus, "corpus", "FILE",
              "passages' texts, to show with the best and worst queries")
        .text(o.slices_file, "slices", "FILE", "long-tail views, from `crosstail slice`")
        .section("Statistics")
        .text(o.cluster, "cluster", "FIELD",
              "auto: shared relevant passage or group; none; or a field")
        .choice(o.average, "average", {"auto", "macro", "micro"}, "over languages, or over queries")
        .choice(o.languages, "languages", {"fixed", "random"},
                "random: languages are resampled too, for claims about others")
        .count(o.permutations, "permutations", "N", "permutations of the randomisation test")
        .count(o.resamples, "resamples", "N", "resamples of the bootstrap")
        .count(o.seed, "seed", "N", "seed; the same gives the same numbers with any threads")
        .section("Policies")
        .choice(o.missing, "missing", {"zero", "skip"}, "queries that a run does not answer")
        .choice(o.duplicates, "duplicates", {"error", "best"}, "a passage judged or returned twice")
        .choice(o.self_ids, "self-ids", {"error", "keep", "drop"}, "hits with the query's own id")
        .choice(o.unjudged, "unjudged", {"nonrelevant", "drop"}, "hits without a judgment")
        .count(o.level, "relevance-level", "N", "smallest relevance that counts as relevant")
        .count(o.depth, "depth", "N", "hits of a query that count; 0: all")
        .count(o.extremes, "extremes", "N", "best and worst queries to show")
        .section("Leakage guard")
        .text(o.questions, "questions", "FILE",
              "attached questions, for runs without RUN.meta.json")
        .text(o.leave_out, "leave-out", "LIST", "what such runs left out: language,group,site,text")
        .text(o.query_vectors, "query-vectors", "FILE.npy", "a row a query: finds near copies")
        .text(o.question_vectors, "question-vectors", "FILE.npy", "a row an attached question")
        .flag(o.allow_leakage, "allow-leakage", "go on where queries find their own text")
        .section("Vectors (--format vectors, --run NAME=QUERIES.npy,PASSAGES.npy)")
        .text(o.passages, "passages", "FILE",
              "the pool's rows (_id, lang, group); else rows pair up")
        .section("R@kt (--format xor)")
        .text(o.punkt, "punkt", "DIR", "NLTK's punkt_tab/english; else where NLTK keeps it")
        .flag(o.xor_official, "xor-official",
              "as the official script: missing questions are not counted");
  }

  Result<int> run() override {
    CT_TRY(const auto checked_options, checked(options_));
    const std::size_t threads = options_.threads == 0 ? available_threads() : options_.threads;
    Pool pool(threads - 1);
    CT_TRY(const auto evaluation, eval::evaluate(checked_options, &pool));
    tell(evaluation);
    const std::string json = eval::report_json(evaluation, CROSSTAIL_VERSION);
    CT_TRY(auto tables, eval::report_tables(json));
    if (!options_.output.empty()) CT_CHECK(write_all(evaluation, json, tables, options_.output));
    // The terminal shows the findings; how they came about is in the report.
    std::erase_if(tables.tables, [](const eval::Table& table) {
      return table.id == "configuration" || table.id == "best" || table.id == "worst";
    });
    const std::string text = eval::as_text(tables);
    std::fwrite(text.data(), 1, text.size(), stdout);
    return kDone;
  }

 private:
  EvaluateOptions options_;
};

}  // namespace

std::unique_ptr<Verb> evaluate_verb() {
  return std::make_unique<EvaluateVerb>();
}

}  // namespace crosstail::cli
