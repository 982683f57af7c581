/// `crosstail tune`: chooses how attached questions enter, and stores the choice in the index.

#include <algorithm>
#include <cstdio>

#include "base/hash.h"
#include "base/log.h"
#include "base/progress.h"
#include "cli/search_options.h"
#include "cli/verbs.h"
#include "retrieve/grid_state.h"
#include "retrieve/index_lock.h"
#include "retrieve/tune.h"

namespace crosstail::cli {
namespace {

struct TuneOptions {
  std::vector<std::string> arguments;
  std::string queries, qrels;
  std::uint64_t max_queries = 5000;
  AskingOptions asking;
  FusionOptions fusion;
  bool dry_run = false;
};

class TuneVerb final : public Verb {
 public:
  [[nodiscard]] VerbInfo info() const override {
    return {"tune", "choose how attached questions enter, for `search --fusion auto`",
            "DIR [--queries FILE --qrels FILE] [options]",
            "Tries fusion modes, α, β and centring on development queries and stores the setting "
            "with the best\n"
            "MRR@10 (macro over languages, variants of a language as one) and the whole curve in "
            "the index.\n"
            "Without queries it asks the attached questions themselves, each with its own language "
            "and group\n"
            "left out. Give --leave-out as the queries are to be searched later, and tune on other "
            "queries than\n"
            "those the result is reported on.",
            "  crosstail tune idx --queries dev.jsonl --qrels dev.tsv --leave-out language\n"
            "  crosstail tune idx\n"
            "  crosstail search idx --fusion auto \"…\""};
  }

  void declare(OptionTable& options) override {
    auto& o = options_;
    options.positionals(o.arguments, "DIR", "an index, built with --keep-parts", 1)
        .text(o.queries, "queries", "FILE", "development queries (_id, text, lang, group)")
        .text(o.qrels, "qrels", "FILE", "their judgments")
        .count(o.max_queries, "max-queries", "N",
               "at most about so many queries, chosen by a hash of their ids")
        .custom("centroid-shrink", "S", "pulls centroids of small languages to the global one",
                "100",
                [&o](std::string_view text) -> Status {
                  CT_TRY(const auto value, parse_count(text));
                  o.fusion.shrink = static_cast<double>(value);
                  return Status{};
                })
        .flag(o.dry_run, "dry-run", "prints, and stores nothing");
    declare_fusion(options, o.fusion);
    declare_asking(options, o.asking);
  }

  Result<int> run() override {
    const auto& o = options_;
    if (o.arguments.size() > 1) return Error{ErrorCode::InvalidArgument, "one index at a time"};
    if (o.queries.empty() != o.qrels.empty())
      return Error{ErrorCode::InvalidArgument, "--queries and --qrels go together"};
    retrieve::IndexLock lock;
    if (!o.dry_run) {
      CT_TRY(lock, retrieve::IndexLock::take_index(o.arguments.front()));
    }
    Pool pool((o.asking.threads == 0 ? available_threads() : o.asking.threads) - 1);
    CT_TRY(auto session, retrieve::QuerySession::open(o.arguments.front(), pool));
    retrieve::SearchSetting base;
    CT_CHECK(read_question_filter(o.fusion, base));
    base.fusion.shrink = o.fusion.shrink;
    Asking asking(o.asking, session);
    CT_CHECK(asking.use_centroids());
    return o.queries.empty() ? by_questions(session, base, asking)
                             : by_queries(session, base, asking);
  }

 private:
  Result<int> by_questions(retrieve::QuerySession& session, retrieve::SearchSetting base,
                           const Asking& asking) {
    CT_TRY(auto asked, retrieve::questions_as_queries(session.index(), options_.max_queries));
    base.leave_out = asked.leave_out;
    log(LogLevel::Info, "questions",
        "no development queries: the attached questions are asked, " +
            std::to_string(asked.queries.size()) +
            " of them, each with its own language and group "
            "left out. They are answered by other wordings only; queries that people type may "
            "differ");
    return tune(session, asked.queries, asked.vectors, std::move(asked.relevant), base,
                "attached questions, own language and group left out", asking);
  }

  Result<int> by_queries(retrieve::QuerySession& session, const retrieve::SearchSetting& base,
                         Asking& asking) {
    const auto& o = options_;
    CT_TRY(const auto all, data::read_queries(o.queries));
    CT_TRY(const auto qrels, data::read_qrels(o.qrels));
    std::vector<std::size_t> places;
    for (std::size_t q = 0; q < all.size(); ++q)
      if (qrels.find(all[q].id)) places.push_back(q);
    if (places.size() > o.max_queries) {
      std::sort(places.begin(), places.end(), [&](std::size_t a, std::size_t b) {
        const auto left = xxh3(all[a].id), right = xxh3(all[b].id);
        return left != right ? left < right : a < b;
      });
      places.resize(o.max_queries);
      std::sort(places.begin(), places.end());
    }
    std::vector<data::Query> chosen;
    chosen.reserve(places.size());
    for (const std::size_t q : places) chosen.push_back(all[q]);
    CT_TRY(const auto vectors, chosen_vectors(asking, all, places, chosen, session.index().dim()));
    CT_TRY(auto relevant, retrieve::relevant_passages(session.index(), chosen, qrels));
    return tune(session, chosen, vectors, std::move(relevant), base, "development queries", asking);
  }

  Result<std::vector<float>> chosen_vectors(Asking& asking, const data::Queries& all,
                                            const std::vector<std::size_t>& places,
                                            const std::vector<data::Query>& chosen,
                                            std::size_t dim) const {
    if (options_.asking.query_vectors.empty()) return asking.vectors(0, chosen, chosen.size());
    CT_TRY(const auto every, asking.vectors(0, all.all(), all.size()));
    std::vector<float> out;
    for (const std::size_t q : places)
      out.insert(out.end(), every.begin() + static_cast<std::ptrdiff_t>(q * dim),
                 every.begin() + static_cast<std::ptrdiff_t>((q + 1) * dim));
    return out;
  }

  Result<int> tune(retrieve::QuerySession& session, const std::vector<data::Query>& queries,
                   const std::vector<float>& vectors,
                   std::vector<std::vector<index::PassageNumber>> relevant,
                   const retrieve::SearchSetting& base, const std::string& queries_from,
                   const Asking& asking) {
    Progress progress("tune", "queries", queries.size());
    const auto count = static_cast<double>(queries.size());
    retrieve::GridRun run;
    run.done = [&](double share) { progress.update(static_cast<std::uint64_t>(share * count)); };
    if (!options_.dry_run) run.state = session.index().path() / retrieve::kTuneStateFile;
    CT_TRY(const auto result,
           retrieve::tune(session, queries, vectors, std::move(relevant), base, run));
    progress.finish();
    for (const auto& point : result.curve)
      std::printf("%.4f\t%s\n", point.mrr, index::to_text(point.setting.fusion).c_str());
    const auto& best = result.curve[result.best];
    std::printf("best\t%.4f\t%s\n", best.mrr, index::to_text(best.setting.fusion).c_str());
    log(LogLevel::Info, "tuned",
        "MRR@10 over " + std::to_string(result.queries) + " queries in " +
            std::to_string(result.languages) +
            " languages: " + index::to_text(best.setting.fusion));
    if (options_.dry_run) return kDone;
    index::Manifest manifest = session.index().manifest();
    manifest.tuned =
        index::TunedRecord{best.setting.fusion, retrieve::curve_json(result, queries_from)};
    CT_CHECK(asking.keep_tuned_centroids());
    CT_CHECK(index::write_manifest(session.index().path(), manifest));
    return kDone;
  }

  TuneOptions options_;
};

}  // namespace

std::unique_ptr<Verb> tune_verb() {
  return std::make_unique<TuneVerb>();
}

}  // namespace crosstail::cli
