/// `--format vectors`: encoders compared by their vectors.

#include <algorithm>
#include <cmath>
#include <span>
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

struct VectorMeasure {
  std::string_view name;
  bool smaller_is_better = false;
};
constexpr VectorMeasure kPaired[] = {
    {"nn-accuracy"}, {"margin"}, {"alignment", true}, {"uniformity-term", true}};
constexpr VectorMeasure kPooled[] = {{"lareqa-map"}, {"peer-p"}, {"own-language-excess@10", true}};

/// The places of the measures that were asked for among those there are; all if none was.
Result<std::vector<std::size_t>> chosen_measures(std::span<const VectorMeasure> known,
                                                 const std::vector<std::string>& asked) {
  std::vector<std::size_t> out;
  std::string names;
  for (std::size_t i = 0; i < known.size(); ++i) {
    names += (i == 0 ? "" : ", ") + std::string(known[i].name);
    if (asked.empty()) out.push_back(i);
  }
  for (const std::string& name : asked) {
    const auto found = std::find_if(known.begin(), known.end(),
                                    [&](const VectorMeasure& m) { return m.name == name; });
    const auto place = static_cast<std::size_t>(found - known.begin());
    if (found == known.end() || std::find(out.begin(), out.end(), place) != out.end())
      return Error{
          ErrorCode::InvalidArgument,
          "--measures " + name + ": with these vectors there are " + names + ", each once"};
    out.push_back(place);
  }
  return out;
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

/// The shares of the pool's languages, overall and in this system's top ten.
void add_shares(LanguageShares& out, LanguageBias& bias) {
  out.languages = std::move(bias.languages);
  out.pool = std::move(bias.pool_share);
  out.systems.push_back(std::move(bias.top_share));
}

Result<Columns> pooled(VectorRows queries, VectorRows passages, const Labels& labels,
                       LanguageShares& shares, Pool* pool) {
  Columns out;
  CT_TRY(out.emplace_back(),
         pooled_average_precision(queries, labels.query_groups, passages, labels.groups, pool));
  CT_TRY(auto bias,
         language_bias(queries, labels.query_languages, passages, labels.languages, kTopK, pool));
  for (double& p : bias.p)
    if (std::isnan(p)) p = 1;  // one language: nothing speaks against "no bias"
  out.push_back(std::move(bias.p));
  out.push_back(std::move(bias.own_language_excess));
  add_shares(shares, bias);
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
  const auto known = has_pool ? std::span<const VectorMeasure>(kPooled) : kPaired;
  CT_TRY(const auto chosen, chosen_measures(known, options.vector_measures));
  for (const std::size_t m : chosen) {
    out.study.measures.emplace_back(known[m].name);
    out.study.smaller_is_better.push_back(known[m].smaller_is_better ? 1 : 0);
  }
  for (std::size_t i = 0; i < options.runs.size(); ++i) {
    out.systems[i].name = options.runs[i].first;
    out.systems[i].path = options.runs[i].second;
    CT_TRY(const auto files, two_files(options.runs[i].second));
    CT_TRY(const auto first_hash, content_hash(files.first));
    CT_TRY(const auto second_hash, content_hash(files.second));
    out.systems[i].hash = first_hash + ", " + second_hash;
    CT_TRY(const auto a, read_matrix(files.first, queries.size()));
    CT_TRY(const auto b, read_matrix(files.second, has_pool ? passages.size() : queries.size()));
    auto columns = has_pool ? pooled(a.rows, b.rows, labels, out.shares, pool)
                            : paired(a.rows, b.rows, options.study.seed, pool);
    if (!columns) return std::move(columns).error().at(options.runs[i].first);
    if (!has_pool) out.uniformity.push_back(uniformity(columns->back()));
    for (std::size_t q = 0; q < queries.size(); ++q)
      for (const std::size_t m : chosen) out.study.values[i].push_back((*columns)[m][q]);
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
