/// `crosstail slice`: the three views of the long tail, written down before any system is scored.

#include <filesystem>
#include <optional>

#include "base/file.h"
#include "base/log.h"
#include "cli/verbs.h"
#include "data/npy.h"
#include "eval/long_tail.h"

namespace crosstail::cli {
namespace {

struct SliceOptions {
  std::string queries, qrels, questions;
  std::string query_vectors, question_vectors;
  std::string encoder;    ///< name of the reference encoder, for the report
  std::string tokenizer;  ///< model directory whose subwords stand for words in unspaced scripts
  std::string resource;   ///< table of training pairs by language
  std::string output;
  std::uint64_t level = 1, threads = 0;
};

struct Matrix {
  std::vector<float> values;
  eval::VectorRows rows;
};

Result<Matrix> read_matrix(const std::string& path) {
  CT_TRY(const auto array, data::NpyArray::open(path));
  Matrix out;
  out.values = array.to_floats();
  out.rows = {out.values, array.rows(), array.columns()};
  return out;
}

class SliceVerb final : public Verb {
 public:
  [[nodiscard]] VerbInfo info() const override {
    return {"slice", "which queries are head, torso and tail",
            "--queries FILE --qrels FILE --questions FILE -o slices.jsonl [options]",
            "Writes three views of the long tail, each cut into thirds, for `crosstail evaluate "
            "--slices`:\n"
            "density (mean cosine to the 10 nearest questions of other passages, own group, "
            "language and\n"
            "site left out; needs vectors from one reference encoder), rarity (mean of the three "
            "largest\n"
            "inverse document frequencies among the query's words, or subwords with --tokenizer) "
            "and resource (training pairs of "
            "the\n"
            "language, from a table). Density and rarity are cut within each language.",
            "  crosstail slice --queries queries.jsonl --qrels qrels/test.tsv --questions "
            "annotations.jsonl \\\n"
            "    --query-vectors queries.npy --question-vectors annotations.npy --encoder e5-small "
            "-o slices.jsonl"};
  }

  void declare(OptionTable& options) override {
    auto& o = options_;
    options.text(o.queries, "queries", "FILE", "query file (_id, text, lang, group, site)")
        .text(o.qrels, "qrels", "FILE", "judgments: passages of a query are not its neighbours")
        .text(o.questions, "questions", "FILE",
              "the fixed question set: passage_id, lang, text, group, site")
        .text(o.output, "output", "FILE", "where the slices go; - is standard output", 'o')
        .text(o.query_vectors, "query-vectors", "FILE.npy", "a row a query, in file order")
        .text(o.question_vectors, "question-vectors", "FILE.npy", "a row a question, in file order")
        .text(o.encoder, "encoder", "NAME", "the reference encoder of the vectors, for the report")
        .text(o.tokenizer, "tokenizer", "DIR",
              "a model directory: rarity counts its subwords where scripts have no spaces")
        .text(o.resource, "resource", "FILE", "`language TAB training pairs` a line")
        .count(o.level, "relevance-level", "N", "smallest relevance that counts as relevant")
        .count(o.threads, "threads", "N", "threads; 0: all processors");
  }

  Result<int> run() override {
    const auto& o = options_;
    if (o.queries.empty() || o.output.empty())
      return Error{ErrorCode::InvalidArgument, "--queries and -o are needed"};
    if (o.query_vectors.empty() != o.question_vectors.empty())
      return Error{ErrorCode::InvalidArgument,
                   "--query-vectors and --question-vectors go together"};
    if (o.questions.empty() && o.resource.empty())
      return Error{ErrorCode::InvalidArgument,
                   "--questions (density, rarity) or --resource is needed"};
    Pool pool((o.threads == 0 ? available_threads() : o.threads) - 1);
    CT_TRY(const auto queries, data::read_queries(o.queries));
    eval::SlicesFile slices;
    if (!o.questions.empty()) CT_CHECK(add_question_views(queries, slices, pool));
    if (!o.resource.empty()) {
      CT_TRY(const auto table, eval::read_resource_table(o.resource));
      eval::add_resource_view(slices, queries, table,
                              std::filesystem::path(o.resource).filename().string());
    }
    std::vector<std::string> ids;
    for (const auto& query : queries.all()) ids.push_back(query.id);
    const std::string text = eval::slices_text(slices, ids);
    if (o.output == "-") {
      std::fwrite(text.data(), 1, text.size(), stdout);
      return kDone;
    }
    CT_CHECK(write_file_atomic(o.output, text));
    for (const auto& view : slices.views)
      log(LogLevel::Info, "view", view.name + ": " + view.description);
    return kDone;
  }

 private:
  Status add_question_views(const data::Queries& queries, eval::SlicesFile& slices, Pool& pool) {
    const auto& o = options_;
    CT_TRY(const auto questions, eval::read_attached(o.questions));
    const std::string set = std::to_string(questions.size()) + " questions of " +
                            std::filesystem::path(o.questions).filename().string();
    if (!o.query_vectors.empty()) {
      if (o.qrels.empty())
        return Error{ErrorCode::InvalidArgument,
                     "density needs --qrels: whose passages are not neighbours"};
      CT_TRY(const auto qrels, data::read_qrels(o.qrels));
      CT_TRY(const auto query_vectors, read_matrix(o.query_vectors));
      CT_TRY(const auto question_vectors, read_matrix(o.question_vectors));
      CT_TRY(const auto values,
             eval::density(queries, query_vectors.rows, questions, question_vectors.rows, qrels,
                           static_cast<std::int32_t>(o.level), &pool));
      eval::add_view(slices, queries,
                     {"density",
                      "mean cosine to the 10 nearest of " + set + " by " +
                          (o.encoder.empty() ? "an encoder not named" : o.encoder) +
                          ", other passages, groups, languages and sites",
                      true,
                      false,
                      {},
                      {}},
                     values);
    }
    std::optional<text::Tokenizer> subwords;
    if (!o.tokenizer.empty()) {
      CT_TRY(subwords, text::load_tokenizer(o.tokenizer));
    }
    std::vector<std::string> by_subwords;
    const auto values =
        eval::rarity(queries, questions, subwords ? &*subwords : nullptr, &by_subwords, &pool);
    std::string terms = "ICU words";
    for (std::size_t i = 0; i < by_subwords.size(); ++i)
      terms += (i == 0 ? ", for " : ", ") + by_subwords[i];
    if (!by_subwords.empty())
      terms += " subwords of " + std::filesystem::weakly_canonical(o.tokenizer).filename().string();
    eval::add_view(
        slices, queries,
        {"rarity",
         "mean of the three largest inverse document frequencies of " + terms + ", over " + set,
         false,
         false,
         {},
         {}},
        values);
    return {};
  }

  SliceOptions options_;
};

}  // namespace

std::unique_ptr<Verb> slice_verb() {
  return std::make_unique<SliceVerb>();
}

}  // namespace crosstail::cli
