#include "retrieve/tune.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "base/hash.h"
#include "base/interrupt.h"
#include "base/json_writer.h"
#include "index/fused_rows.h"

namespace crosstail::retrieve {
namespace {

using index::Centering;
using index::FusionMode;

constexpr std::array<double, 9> kMeanGrid{0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9};
constexpr std::array<double, 4> kSumGrid{0.003, 0.01, 0.03, 0.1};
constexpr std::array<double, 4> kMaxGrid{0.9, 0.95, 1.0, 1.05};

/// Where the index's parts cannot give a setting, it is passed over.
class Tuner {
 public:
  Tuner(QuerySession& session, std::span<const data::Query> queries, std::span<const float> vectors,
        const MacroMrr& mrr, const SearchSetting& base,
        const std::function<void(const TunePoint&)>& tried)
      : session_(session),
        queries_(queries),
        vectors_(vectors),
        mrr_(mrr),
        base_(base),
        tried_(tried) {}

  Status run(TuneResult& result) {
    for (const Centering center : {Centering::None, Centering::Language, Centering::Global}) {
      CT_CHECK(try_mode(FusionMode::None, center, {}, 0, result));
      CT_CHECK(try_mode(FusionMode::Mean, center, kMeanGrid, 0.05, result));
      CT_CHECK(try_mode(FusionMode::LanguageMean, center, kMeanGrid, 0.05, result));
      CT_CHECK(try_mode(FusionMode::Sum, center, kSumGrid, 0, result));
      CT_CHECK(try_mode(FusionMode::Max, center, kMaxGrid, 0.025, result));
      CT_CHECK(try_mode(FusionMode::QuestionsOnly, center, {}, 0, result));
    }
    return {};
  }

 private:
  [[nodiscard]] SearchSetting setting(FusionMode mode, Centering center, double value) const {
    SearchSetting out = base_;
    out.system = System::Dense;
    out.k = kMrrDepth;
    out.fusion.mode = mode;
    out.fusion.center = center;
    out.fusion.source_alpha.reset();
    (mode == FusionMode::Max ? out.fusion.beta : out.fusion.alpha) = value;
    return out;
  }

  Result<double> try_value(FusionMode mode, Centering center, double value, TuneResult& result) {
    if (interrupt_requested()) return Error{ErrorCode::Interrupted, "interrupted"};
    TunePoint point{setting(mode, center, value), 0};
    CT_TRY(const auto rankings, session_.search(queries_, vectors_, point.setting));
    point.mrr = mrr_.value(rankings);
    if (tried_) tried_(point);
    result.curve.push_back(point);
    return point.mrr;
  }

  /// The grid, then one finer step to both sides of its best.
  Status try_mode(FusionMode mode, Centering center, std::span<const double> grid, double step,
                  TuneResult& result) {
    CT_TRY(const auto filter, filter_for(queries_.front(), base_));
    if (!check_parts(session_.index(), setting(mode, center, 1).fusion, filter).ok()) return {};
    if (grid.empty()) {
      CT_TRY([[maybe_unused]] const double only, try_value(mode, center, 1, result));
      return {};
    }
    double best = -1, at = 0;
    for (const double value : grid) {
      CT_TRY(const double made, try_value(mode, center, value, result));
      if (made > best) {
        best = made;
        at = value;
      }
    }
    if (step <= 0) return {};
    for (const double value : {at - step, at + step}) {
      if (value <= 0 || (mode != FusionMode::Max && value >= 1)) continue;
      CT_TRY([[maybe_unused]] const double made,
             try_value(mode, center, std::round(value * 1e6) / 1e6, result));
    }
    return {};
  }

  QuerySession& session_;
  std::span<const data::Query> queries_;
  std::span<const float> vectors_;
  const MacroMrr& mrr_;
  const SearchSetting& base_;
  const std::function<void(const TunePoint&)>& tried_;
};

}  // namespace

Result<TuneResult> tune(QuerySession& session, std::span<const data::Query> queries,
                        std::span<const float> vectors,
                        std::vector<std::vector<index::PassageNumber>> relevant,
                        const SearchSetting& base,
                        const std::function<void(const TunePoint&)>& tried) {
  const MacroMrr mrr(queries, std::move(relevant));
  if (mrr.queries() == 0)
    return Error{ErrorCode::InvalidArgument,
                 "no query has a relevant passage in the judgments: nothing to tune on"};
  TuneResult result;
  result.queries = mrr.queries();
  result.languages = mrr.languages();
  CT_CHECK(Tuner(session, queries, vectors, mrr, base, tried).run(result));
  if (result.curve.empty())
    return Error{ErrorCode::InvalidArgument,
                 session.index().path().string() +
                     ": keeps no parts to choose from; build it with --keep-parts question"};
  for (std::size_t i = 1; i < result.curve.size(); ++i)
    if (result.curve[i].mrr > result.curve[result.best].mrr) result.best = i;
  return result;
}

Result<QuestionsAsQueries> questions_as_queries(const index::IndexReader& index,
                                                std::size_t count) {
  QuestionsAsQueries out;
  if (!index.has_question_vectors())
    return Error{ErrorCode::InvalidArgument,
                 index.path().string() +
                     ": keeps no question vectors to tune on; give --queries and --qrels, or build "
                     "it with --keep-parts question"};
  // By language: the questions with the smallest hashes.
  std::map<std::uint32_t, std::vector<std::pair<std::uint64_t, index::QuestionNumber>>> chosen;
  const std::size_t share =
      std::max<std::size_t>(1, count / std::max<std::size_t>(1, index.languages().size()));
  for (index::QuestionNumber q = 0; q < index.questions(); ++q) {
    const auto question = index.question(q);
    if (question.tag.empty() || index.deleted(question.passage)) continue;
    const std::uint64_t place = q;
    const auto hash = xxh3({reinterpret_cast<const char*>(&place), sizeof place});
    auto& heap = chosen[question.language];
    heap.emplace_back(hash, q);
    std::push_heap(heap.begin(), heap.end());
    if (heap.size() <= share) continue;
    std::pop_heap(heap.begin(), heap.end());
    heap.pop_back();
  }
  std::vector<index::QuestionNumber> numbers;
  for (const auto& [language, heap] : chosen)
    for (const auto& [hash, number] : heap) numbers.push_back(number);
  std::sort(numbers.begin(), numbers.end());
  if (numbers.empty())
    return Error{ErrorCode::InvalidArgument,
                 index.path().string() +
                     ": has no attached questions with a language to tune on; give --queries"};
  out.vectors.resize(numbers.size() * index.dim());
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const auto question = index.question(numbers[i]);
    data::Query query;
    query.id = std::to_string(numbers[i]);
    query.language = question.tag;
    query.fields.emplace_back(kGroupKeyField, std::to_string(question.group));
    CT_TRY(query.text, index.question_text(numbers[i]));
    index.question_vector(numbers[i], out.vectors.data() + i * index.dim());
    out.queries.push_back(std::move(query));
    out.relevant.push_back({question.passage});
  }
  out.leave_out.language = out.leave_out.group = true;
  return out;
}

std::string curve_json(const TuneResult& result, std::string_view queries_from) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().member("measure", "mrr@10, macro over languages");
  json.member("queries_from", queries_from);
  json.member("queries", static_cast<std::uint64_t>(result.queries));
  json.member("languages", static_cast<std::uint64_t>(result.languages));
  json.key("curve").begin_array();
  for (const TunePoint& point : result.curve) {
    json.begin_object().member("setting", index::to_text(point.setting.fusion));
    json.member("mrr", std::round(point.mrr * 1e6) / 1e6).end_object();
  }
  json.end_array().end_object();
  return out;
}

}  // namespace crosstail::retrieve
