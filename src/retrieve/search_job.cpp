#include "retrieve/search_job.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <unordered_map>

#include "base/file.h"
#include "base/interrupt.h"
#include "data/run_meta.h"
#include "index/fused_rows.h"
#include "retrieve/index_identity.h"
#include "retrieve/leaks.h"
#include "retrieve/macro_mrr.h"

namespace crosstail::retrieve {
namespace {

/// A run file while it is written; gone when it was not committed.
class RunFile {
 public:
  static Result<std::unique_ptr<RunFile>> create(const SearchRun& run,
                                                 const index::IndexReader& index,
                                                 RunFormat format) {
    std::unique_ptr<RunFile> made(new RunFile(run, index, format));
    if (made->to_stdout_) {
      made->out_ = OutputFile::standard_output();
    } else {
      CT_TRY(made->out_, OutputFile::create(made->part()));
    }
    return made;
  }
  RunFile(const RunFile&) = delete;
  RunFile& operator=(const RunFile&) = delete;
  ~RunFile() {
    std::error_code ignored;
    if (!done_ && !to_stdout_) std::filesystem::remove(part(), ignored);
  }

  Status append(const data::Query& query, const Ranking& ranking,
                const std::vector<Explanation>& explanations) {
    CT_CHECK(formatter_.append(query, ranking, explanations, buffer_));
    return buffer_.size() < (std::size_t{1} << 20) ? Status{} : flush();
  }
  Status flush() {
    CT_CHECK(out_.write(buffer_));
    buffer_.clear();
    return {};
  }
  Status commit(const data::RunMeta& meta) {
    formatter_.finish(buffer_);
    CT_CHECK(flush());
    CT_CHECK(out_.close());
    done_ = true;
    if (to_stdout_) return {};
    CT_CHECK(write_file_atomic(data::run_meta_path(path_), data::run_meta_json(meta)));
    return commit_rename(part(), path_);
  }

 private:
  RunFile(const SearchRun& run, const index::IndexReader& index, RunFormat format)
      : path_(run.path), to_stdout_(run.path == "-"), formatter_(index, format, run.tag) {}
  [[nodiscard]] std::string part() const { return path_ + ".part"; }

  std::string path_;
  bool to_stdout_;
  RunFormatter formatter_;
  OutputFile out_;
  std::string buffer_;
  bool done_ = false;
};

/// Questions that count in another language than their passage's; stops at the first.
Result<bool> other_languages(const index::IndexReader& index, const SearchSetting& setting) {
  if (!uses_questions(setting)) return false;
  const index::QuestionChoice choice(index, setting.questions);
  std::unordered_map<std::string_view, std::optional<std::uint32_t>> numbers;
  for (std::uint64_t q = 0; q < index.questions(); ++q) {
    const auto question = index.question(q);
    if (!choice.counts(question)) continue;
    CT_TRY(const auto fields, index.fields(question.passage));
    // A passage without a language is in another than any question's.
    const auto [found, fresh] = numbers.emplace(fields.language, std::nullopt);
    if (fresh && !fields.language.empty()) found->second = index.language_number(fields.language);
    if (found->second != question.language) return true;
  }
  return false;
}

Result<data::RunMeta> meta_of(const index::IndexReader& index, const SearchSetting& setting,
                              const SearchJobOptions& options) {
  data::RunMeta meta;
  meta.crosstail_version = options.version;
  meta.system = name_of(setting.system);
  meta.index_identity = contents_identity(index.manifest());
  meta.passage_from = index.manifest().passage_from;
  meta.leave_out = setting.leave_out.names();
  meta.passages = index.passages() - index.deleted_passages();
  for (index::PassageNumber p = 0; p < index.passages(); ++p)
    if (!index.deleted(p) && index.questions_of(p).size() > 0) ++meta.passages_with_questions;
  meta.checked = leaks_looked_for(index, setting.system != System::Bm25, setting);
  CT_TRY(meta.other_languages, other_languages(index, setting));
  if (setting.system == System::Bm25) return meta;
  meta.model_name = options.model_name;
  meta.model_identity = options.model_identity;
  meta.fusion = name_of(setting.fusion.mode);
  const auto mode = setting.fusion.mode;
  if (mode == index::FusionMode::Max) {
    meta.beta = setting.fusion.beta;
  } else if (mode != index::FusionMode::None && mode != index::FusionMode::QuestionsOnly &&
             !setting.fusion.source_alpha) {
    meta.alpha = setting.fusion.alpha;
  }
  meta.center = name_of(setting.fusion.center);
  return meta;
}

/// All runs over all queries.
class Job {
 public:
  Job(QuerySession& session, const data::Queries& queries, const std::vector<SearchRun>& runs,
      Pool& pool, const SearchJobOptions& options)
      : session_(session), queries_(queries), runs_(runs), pool_(pool), options_(options) {}

  Status open() {
    for (const SearchRun& run : runs_) {
      CT_TRY(auto meta, meta_of(session_.index(), run.setting, options_));
      metas_.push_back(std::move(meta));
      CT_TRY(auto file, RunFile::create(run, session_.index(), options_.format));
      files_.push_back(std::move(file));
    }
    return {};
  }

  /// Of one batch: searches under every setting.
  Status batch(std::size_t begin, std::size_t count, SearchJobResult& result,
               std::vector<std::vector<Ranking>>* first_ranks) {
    const std::span<const data::Query> asked(queries_.all().data() + begin, count);
    std::vector<float> vectors;
    const bool dense = std::any_of(runs_.begin(), runs_.end(), [](const SearchRun& run) {
      return run.setting.system != System::Bm25;
    });
    if (dense || options_.explain) {
      CT_TRY(vectors, options_.encode(begin, asked));
    }
    for (std::size_t r = 0; r < runs_.size(); ++r) {
      if (interrupt_requested()) return Error{ErrorCode::Interrupted, "interrupted"};
      CT_TRY(auto rankings, rank(runs_[r].setting, asked, vectors, result));
      CT_CHECK(record(r, asked, vectors, rankings, result));
      if (first_ranks == nullptr) continue;
      for (auto& ranking : rankings) {
        if (ranking.size() > kMrrDepth) ranking.resize(kMrrDepth);
        (*first_ranks)[r].push_back(std::move(ranking));
      }
    }
    return {};
  }

  Status commit() {
    for (std::size_t r = 0; r < runs_.size(); ++r) CT_CHECK(files_[r]->commit(metas_[r]));
    return {};
  }

 private:
  Result<std::vector<Ranking>> rank(const SearchSetting& setting,
                                    std::span<const data::Query> asked,
                                    std::span<const float> vectors, SearchJobResult& result) {
    SearchSetting wide = setting;
    if (options_.rerank) wide.k = std::max(setting.k, options_.rerank_depth);
    CT_TRY(auto rankings, session_.search(asked, vectors, wide, &result.stats));
    if (options_.rerank) CT_CHECK(options_.rerank(asked, setting.k, rankings));
    return rankings;
  }

  Status record(std::size_t r, std::span<const data::Query> asked, std::span<const float> vectors,
                const std::vector<Ranking>& rankings, SearchJobResult& result) {
    const SearchSetting& setting = runs_[r].setting;
    const bool dense = setting.system != System::Bm25;
    CT_TRY(auto leaks,
           find_leaks(session_.index(), asked, dense ? vectors : std::span<const float>{}, rankings,
                      setting, pool_));
    std::vector<Explanation> explanations;
    for (std::size_t q = 0; q < asked.size(); ++q) {
      explanations.clear();
      if (options_.explain)
        for (const RankedPassage& hit : rankings[q]) {
          const std::size_t dim = session_.index().dim();
          CT_TRY(auto why, explain(session_.index(), asked[q], vectors.subspan(q * dim, dim),
                                   setting, hit.passage));
          explanations.push_back(std::move(why));
        }
      CT_CHECK(files_[r]->append(asked[q], rankings[q], explanations));
      if (leaks[q].empty()) continue;
      if (r == 0) ++result.queries_with_leaks;
      metas_[r].leaks.emplace(asked[q].id, std::move(leaks[q]));
    }
    return {};
  }

  QuerySession& session_;
  const data::Queries& queries_;
  const std::vector<SearchRun>& runs_;
  Pool& pool_;
  const SearchJobOptions& options_;
  std::vector<std::unique_ptr<RunFile>> files_;
  std::vector<data::RunMeta> metas_;
};

}  // namespace

Result<SearchJobResult> run_search(QuerySession& session, const data::Queries& queries,
                                   const std::vector<SearchRun>& runs, const data::Qrels* qrels,
                                   const SearchJobOptions& options) {
  SearchJobResult result;
  Job job(session, queries, runs, session.pool(), options);
  // A query that lacks what leave-out needs is known before anything is encoded.
  for (const SearchRun& run : runs)
    for (const auto& query : queries.all()) {
      CT_TRY([[maybe_unused]] const auto filter, filter_for(query, run.setting));
    }
  CT_CHECK(job.open());
  std::vector<std::vector<Ranking>> best(runs.size());
  const std::size_t batch = std::max<std::size_t>(1, options.batch);
  for (std::size_t begin = 0; begin < queries.size(); begin += batch) {
    const std::size_t count = std::min(batch, queries.size() - begin);
    CT_CHECK(job.batch(begin, count, result, qrels ? &best : nullptr));
    if (options.progress) options.progress(begin + count);
  }
  if (qrels) {
    CT_TRY(auto relevant, relevant_passages(session.index(), queries.all(), *qrels));
    const MacroMrr mrr(queries.all(), std::move(relevant));
    for (const auto& rankings : best) result.mrr.push_back(mrr.value(rankings));
  }
  CT_CHECK(job.commit());
  return result;
}

}  // namespace crosstail::retrieve
