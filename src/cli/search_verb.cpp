/// `crosstail search`: an index, asked.

#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <iostream>
#include <set>

#include "base/file.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/progress.h"
#include "cli/language_warning.h"
#include "cli/search_options.h"
#include "cli/verbs.h"
#include "model/locate.h"
#include "model/model_card.h"
#include "retrieve/rerank.h"
#include "retrieve/search_job.h"
#include "retrieve/sweep.h"

namespace crosstail::cli {
namespace {

constexpr std::size_t kFewQueries = index::ExactSearch::kMostByCodes;

class SearchVerb final : public Verb {
 public:
  [[nodiscard]] VerbInfo info() const override {
    return {"search", "ask an index", "DIR [QUERY…] [--queries FILE] [options]",
            "Finds the passages that answer a query, in whatever language either is. Attached "
            "questions enter\n"
            "by --fusion; --leave-out keeps those out that share the query's language, group, site "
            "or text,\n"
            "as experiments need it. Beside a run file RUN goes RUN.meta.json: what made it, and "
            "which leaks\n"
            "remain; `crosstail evaluate` reads it. Scores are exact, ties go to the earlier "
            "passage.",
            "  crosstail search idx \"Wie drucke ich auf beiden Seiten?\" --explain\n"
            "  crosstail search idx --queries queries.jsonl --leave-out language --fusion mean "
            "--alpha 0.9 \\\n"
            "    -k 100 --format trec -o run.trec\n"
            "  crosstail search idx --queries queries.jsonl --bm25 --fields both --leave-out "
            "language -k 100 \\\n"
            "    --format trec -o bm25.trec\n"
            "  crosstail search idx --queries queries.jsonl --leave-out language --fusion sum "
            "--format trec \\\n"
            "    --sweep alpha=0:0.2:0.01,max-per-language=1..5 --qrels qrels/test.tsv -o runs"};
  }

  void declare(OptionTable& options) override { declare_search(options, options_); }

  Result<int> run() override {
    const auto& o = options_;
    Pool pool((o.asking.threads == 0 ? available_threads() : o.asking.threads) - 1);
    CT_TRY(auto session, retrieve::QuerySession::open(o.arguments.front(), pool));
    CT_TRY(auto setting, read_setting(o, session));
    Asking asking(o.asking, session);
    CT_CHECK(asking.use_centroids(o.fusion.fusion == "auto"));
    if (setting.system != retrieve::System::Dense && !setting.words)
      CT_CHECK(asking.give_tokenizer());
    CT_TRY(auto job, job_options(asking));
    if (o.queries.empty() && o.arguments.size() == 1) {
      warn_of_languages(session, {o.query_language});
      return prompt(session, setting, job);
    }
    CT_TRY(const auto queries, read_all());
    std::set<std::string> languages;
    for (const auto& query : queries.all()) languages.insert(query.language);
    warn_of_languages(session, {languages.begin(), languages.end()});
    // Codes are for a query now and then; a batch uses those that are there.
    if (setting.codes == retrieve::CodeUse::WhenWorth && queries.size() > kFewQueries)
      setting.codes = retrieve::CodeUse::Kept;
    job.encode = [&](std::size_t begin, std::span<const data::Query> asked) {
      return asking.vectors(begin, asked, queries.size());
    };
    return o.sweep.empty() ? one_run(session, queries, setting, job)
                           : sweep(session, queries, setting, job);
  }

 private:
  Result<data::Queries> read_all() const {
    const auto& o = options_;
    if (!o.queries.empty()) {
      if (o.arguments.size() > 1)
        return Error{ErrorCode::InvalidArgument,
                     "queries come by --queries or as arguments, not "
                     "both"};
      return data::read_queries(o.queries);
    }
    data::Queries queries;
    for (std::size_t i = 1; i < o.arguments.size(); ++i)
      CT_CHECK(queries.add(typed(std::to_string(i), o.arguments[i])));
    return queries;
  }

  /// Names the languages of queries that the model says it is not made for.
  void warn_of_languages(const retrieve::QuerySession& session,
                         const std::vector<std::string>& languages) const {
    const auto& asking = options_.asking;
    if (!asking.query_vectors.empty()) return;
    const std::string& model =
        asking.model.empty() ? session.index().manifest().model.name : asking.model;
    warn_of_unsupported(model::stated_languages(model), languages, "queries");
  }

  [[nodiscard]] data::Query typed(const std::string& id, const std::string& text) const {
    data::Query query;
    query.id = id;
    query.text = text;
    query.language = options_.query_language;
    return query;
  }

  Result<retrieve::SearchJobOptions> job_options(Asking& asking) {
    const auto& o = options_;
    retrieve::SearchJobOptions job;
    job.format = retrieve::parse_run_format(o.format).value_or(retrieve::RunFormat::Text);
    job.explain = o.explain;
    job.batch = o.batch;
    job.version = CROSSTAIL_VERSION;
    job.model_name = asking.model_name();
    job.model_identity = asking.model_identity();
    job.encode = [&asking](std::size_t begin, std::span<const data::Query> asked) {
      return asking.vectors(begin, asked, begin + asked.size());
    };
    if (o.rerank.empty()) return job;
    model::ModelOptions model;
    model.threads = o.asking.threads;
    CT_TRY(const auto path, model::locate_model(o.rerank));
    CT_TRY(auto opened, model::CrossEncoder::open(path, model));
    reranker_ = std::make_unique<model::CrossEncoder>(std::move(opened));
    job.rerank_depth = o.rerank_depth;
    return job;
  }

  void set_rerank(retrieve::QuerySession& session, retrieve::SearchJobOptions& job) const {
    if (!reranker_) return;
    job.rerank = [this, &session](std::span<const data::Query> asked, std::size_t k,
                                  std::vector<retrieve::Ranking>& rankings) {
      return retrieve::rerank(session.index(), *reranker_, asked, k, rankings);
    };
  }

  Result<int> one_run(retrieve::QuerySession& session, const data::Queries& queries,
                      const retrieve::SearchSetting& setting, retrieve::SearchJobOptions& job) {
    const auto& o = options_;
    set_rerank(session, job);
    Progress progress("search", "queries", queries.size());
    job.progress = [&](std::size_t done) { progress.update(done); };
    const retrieve::SearchRun run{setting, o.output,
                                  o.tag.empty() ? retrieve::setting_name(setting) : o.tag};
    CT_TRY(const auto result, retrieve::run_search(session, queries, {run}, nullptr, job));
    progress.finish();
    if (o.output != "-" && result.queries_with_leaks > 0)
      log(LogLevel::Warning, "leaks",
          std::to_string(result.queries_with_leaks) + " of " + std::to_string(queries.size()) +
              " queries meet a question of their own text or group, or a near copy; the meta file "
              "names them, --leave-out takes them away");
    if (o.explain) explain_search(result.stats);
    return kDone;
  }

  static void explain_search(const retrieve::DenseStats& stats) {
    if (stats.rows_seen == 0) return;
    char share[64];
    std::snprintf(
        share, sizeof share, "%.3f%%",
        100 * static_cast<double>(stats.rows_scored) / static_cast<double>(stats.rows_seen));
    char bound[64];
    std::snprintf(bound, sizeof bound, "%.2e", stats.largest_bound);
    log(LogLevel::Info, "scan",
        "scan: " + stats.filter + ", largest bound " + bound + ", " + share + " of " +
            std::to_string(stats.rows_seen) + " rows re-scored; " +
            std::to_string(stats.passages_rescored) +
            " passages scored again by leave-out of group, site or text");
  }

  Result<int> sweep(retrieve::QuerySession& session, const data::Queries& queries,
                    const retrieve::SearchSetting& base, retrieve::SearchJobOptions& job) {
    const auto& o = options_;
    if (o.output == "-")
      return Error{ErrorCode::InvalidArgument, "--sweep writes many runs: name a folder with -o"};
    auto settings = retrieve::parse_sweep(o.sweep, base);
    if (!settings.ok()) return std::move(settings).error().at("--sweep");
    std::error_code failure;
    std::filesystem::create_directories(o.output, failure);
    if (failure) return system_error(o.output, "create", failure.value());
    std::vector<retrieve::SearchRun> runs;
    for (const auto& setting : *settings) {
      const std::string name = retrieve::setting_name(setting);
      const std::string extension = o.format == "text" ? "txt" : o.format;
      runs.push_back({setting,
                      (std::filesystem::path(o.output) / (name + "." + extension)).string(),
                      o.tag.empty() ? name : o.tag});
    }
    std::optional<data::Qrels> qrels;
    if (!o.qrels.empty()) {
      CT_TRY(qrels, data::read_qrels(o.qrels));
    }
    set_rerank(session, job);
    CT_TRY(const auto result,
           retrieve::run_search(session, queries, runs, qrels ? &*qrels : nullptr, job));
    return write_table(runs, result);
  }

  [[nodiscard]] Result<int> write_table(const std::vector<retrieve::SearchRun>& runs,
                                        const retrieve::SearchJobResult& result) const {
    std::string table = "run\tmrr@10\n";
    for (std::size_t r = 0; r < runs.size(); ++r) {
      char mrr[32] = "";
      if (!result.mrr.empty()) std::snprintf(mrr, sizeof mrr, "%.4f", result.mrr[r]);
      table += std::filesystem::path(runs[r].path).filename().string() + "\t" + mrr + "\n";
    }
    CT_CHECK(write_file_atomic(std::filesystem::path(options_.output) / "sweep.tsv", table));
    std::fwrite(table.data(), 1, table.size(), stdout);
    return kDone;
  }

  /// Lines from a terminal or a pipe, each a query.
  Result<int> prompt(retrieve::QuerySession& session, const retrieve::SearchSetting& setting,
                     retrieve::SearchJobOptions& job) {
    const bool terminal = ::isatty(STDIN_FILENO) != 0 && ::isatty(STDERR_FILENO) != 0;
    set_rerank(session, job);
    std::string line;
    for (std::size_t n = 1;; ++n) {
      if (terminal) std::fputs("query> ", stderr);
      if (!std::getline(std::cin, line) || interrupt_requested()) break;
      if (line.empty()) continue;
      data::Queries queries;
      CT_CHECK(queries.add(typed(std::to_string(n), line)));
      auto done = one_run(session, queries, setting, job);
      if (!done.ok()) return done;
    }
    if (terminal) std::fputs("\n", stderr);
    return kDone;
  }

  SearchOptions options_;
  std::unique_ptr<model::CrossEncoder> reranker_;
};

}  // namespace

std::unique_ptr<Verb> search_verb() {
  return std::make_unique<SearchVerb>();
}

}  // namespace crosstail::cli
