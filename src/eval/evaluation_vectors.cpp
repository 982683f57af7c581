/// `--format vectors`: encoders compared by their vectors.

#include <cmath>
#include <string>

#include "data/npy.h"
#include "eval/evaluation_parts.h"
#include "eval/vector_measures.h"
#include "text/language_tag.h"

namespace crosstail::eval {
namespace {

constexpr std::size_t kUniformitySample = 1000;
constexpr std::size_t kTopK = 10;

struct Matrix {
  std::vector<float> values;
  VectorRows rows;
};

Result<Matrix> read_matrix(const std::string& path, std::size_t expected) {
  CT_TRY(const auto array, data::NpyArray::open(path));
  Matrix out;
  out.values = array.to_floats();
  out.rows = {out.values, array.rows(), array.columns()};
  if (out.rows.rows != expected)
    return Error{ErrorCode::InvalidArgument, path + ": " + std::to_string(out.rows.rows) +
                                                 " rows, but the file they belong to has " +
                                                 std::to_string(expected)};
  for (std::size_t i = 0; i < out.values.size(); ++i)
    if (!std::isfinite(out.values[i]))
      return Error{ErrorCode::Corrupt,
                   path + ": NaN or infinity in row " + std::to_string(i / out.rows.dim)};
  return out;
}

/// A run is `QUERIES.npy,PASSAGES.npy`.
Result<std::pair<std::string, std::string>> two_files(const std::string& run) {
  const auto comma = run.find(',');
  if (comma == std::string::npos)
    return Error{ErrorCode::InvalidArgument,
                 run + ": with --format vectors a run is NAME=QUERIES.npy,PASSAGES.npy"};
  return std::pair{run.substr(0, comma), run.substr(comma + 1)};
}

using Columns = std::vector<std::vector<double>>;

Result<Columns> paired(VectorRows queries, VectorRows passages, std::uint64_t seed, Pool* pool) {
  Columns out;
  CT_TRY(out.emplace_back(), neighbour_accuracy(queries, passages, pool));
  CT_TRY(out.emplace_back(), margin_scores(queries, passages, 4, pool));
  CT_TRY(out.emplace_back(), alignment(queries, passages));
  out.push_back(uniformity_terms(queries, kUniformitySample, seed, pool));
  return out;
}

struct Labels {
  std::vector<std::string> query_groups, query_languages, groups, languages;
};

std::string code_of(const std::string& tag) {
  std::string code = text::short_language_code(tag);
  return code.empty() ? tag : code;
}

Result<Columns> pooled(VectorRows queries, VectorRows passages, const Labels& labels, Pool* pool) {
  Columns out;
  CT_TRY(out.emplace_back(),
         pooled_average_precision(queries, labels.query_groups, passages, labels.groups, pool));
  CT_TRY(auto bias,
         language_bias(queries, labels.query_languages, passages, labels.languages, kTopK, pool));
  for (double& p : bias.p)
    if (std::isnan(p)) p = 1;  // one language: nothing speaks against "no bias"
  out.push_back(std::move(bias.p));
  out.push_back(std::move(bias.own_language_excess));
  return out;
}

}  // namespace

Status score_vectors(Evaluation& out, Context& context, Pool* pool) {
  const EvaluationOptions& options = out.options;
  if (options.queries.empty())
    return Error{ErrorCode::InvalidArgument, "--format vectors needs --queries: a row a vector"};
  const data::Queries& queries = context.queries;
  data::Queries passages;
  Labels labels;
  const bool has_pool = !options.passages.empty();
  if (has_pool) {
    CT_TRY(passages, data::read_queries(options.passages));
    for (const auto& row : passages.all()) {
      labels.groups.push_back(row.group);
      labels.languages.push_back(code_of(row.language));
    }
    for (const auto& row : queries.all()) {
      labels.query_groups.push_back(row.group);
      labels.query_languages.push_back(code_of(row.language));
    }
  }
  out.study.measures =
      has_pool ? std::vector<std::string>{"lareqa-map", "peer-p", "own-language-excess@10"}
               : std::vector<std::string>{"nn-accuracy", "margin", "alignment", "uniformity-term"};
  for (std::size_t i = 0; i < options.runs.size(); ++i) {
    out.systems[i].name = options.runs[i].first;
    out.systems[i].path = options.runs[i].second;
    CT_TRY(const auto files, two_files(options.runs[i].second));
    CT_TRY(const auto a, read_matrix(files.first, queries.size()));
    CT_TRY(const auto b, read_matrix(files.second, has_pool ? passages.size() : queries.size()));
    auto columns = has_pool ? pooled(a.rows, b.rows, labels, pool)
                            : paired(a.rows, b.rows, options.study.seed, pool);
    if (!columns) return std::move(columns).error().at(options.runs[i].first);
    for (std::size_t q = 0; q < queries.size(); ++q)
      for (const auto& column : *columns) out.study.values[i].push_back(column[q]);
  }
  for (std::size_t q = 0; q < queries.size(); ++q) {
    out.study.queries.push_back(queries[q].id);
    context.rows.push_back(&queries[q]);
    context.kept.push_back(q);
  }
  context.answered.assign(queries.size(), 1);
  return {};
}

}  // namespace crosstail::eval
