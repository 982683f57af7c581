#include "retrieve/tune.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "base/hash.h"
#include "base/json_writer.h"
#include "index/fused_rows.h"
#include "retrieve/grid_ranks.h"

namespace crosstail::retrieve {
namespace {

using index::Centering;
using index::FusionMode;

constexpr std::array<double, 6> kSumGrid{0.001, 0.003, 0.01, 0.02, 0.04, 0.1};
constexpr std::array<double, 6> kMaxGrid{0.85, 0.9, 0.95, 1.0, 1.05, 1.1};
constexpr std::array<double, 4> kStrengths{0.25, 0.5, 0.75, 1};

/// 0.05 to 0.95.
std::vector<double> mean_grid() {
  std::vector<double> out;
  for (int step = 1; step < 20; ++step) out.push_back(static_cast<double>(step) / 20);
  return out;
}

/// Settings of one mode and centring, by rising α or β.
using Curve = std::vector<index::FusionSetting>;

class Curves {
 public:
  Curves(const index::IndexReader& index, const index::QuestionFilter& filter, double shrink)
      : index_(index), filter_(filter), shrink_(shrink) {
    add_centring(Centering::None, 1);
    for (const double strength : kStrengths) add_centring(Centering::Language, strength);
    add_centring(Centering::Global, 1);
  }
  [[nodiscard]] const std::vector<Curve>& all() const { return curves_; }

 private:
  void add_centring(Centering center, double strength) {
    index::FusionSetting setting;
    setting.center = center;
    setting.strength = strength;
    setting.shrink = shrink_;
    add(setting, FusionMode::None, {});
    add(setting, FusionMode::Mean, mean_grid());
    add(setting, FusionMode::LanguageMean, mean_grid());
    add(setting, FusionMode::Sum, kSumGrid);
    // Every question is a row of `max`: dear, so without the shares of a centroid.
    if (strength == 1) add(setting, FusionMode::Max, kMaxGrid);
    add(setting, FusionMode::QuestionsOnly, {});
  }
  /// Where the index's parts cannot give a setting, it is passed over.
  void add(index::FusionSetting setting, FusionMode mode, std::span<const double> grid) {
    setting.mode = mode;
    if (!check_parts(index_, setting, filter_).ok()) return;
    Curve curve;
    for (const double value : grid) {
      (mode == FusionMode::Max ? setting.beta : setting.alpha) = value;
      curve.push_back(setting);
    }
    if (grid.empty()) curve.push_back(setting);
    curves_.push_back(std::move(curve));
  }

  const index::IndexReader& index_;
  const index::QuestionFilter& filter_;
  double shrink_;
  std::vector<Curve> curves_;
};

/// Each with its neighbours at half its weight.
void smooth(std::span<TunePoint> curve) {
  for (std::size_t i = 0; i < curve.size(); ++i) {
    double sum = curve[i].mrr, weight = 1;
    if (i > 0) sum += curve[i - 1].mrr / 2, weight += 0.5;
    if (i + 1 < curve.size()) sum += curve[i + 1].mrr / 2, weight += 0.5;
    curve[i].smoothed = sum / weight;
  }
}

}  // namespace

Result<TuneResult> tune(QuerySession& session, std::span<const data::Query> queries,
                        std::span<const float> vectors,
                        std::vector<std::vector<index::PassageNumber>> relevant,
                        const SearchSetting& base, const GridRun& run) {
  const MacroMrr mrr(queries, std::move(relevant));
  if (mrr.queries() == 0)
    return Error{ErrorCode::InvalidArgument,
                 "no query has a relevant passage in the judgments: nothing to tune on"};
  CT_TRY(const auto filter, filter_for(queries.front(), base));
  const Curves curves(session.index(), filter, base.fusion.shrink);
  if (curves.all().empty())
    return Error{ErrorCode::InvalidArgument,
                 session.index().path().string() +
                     ": keeps no parts to choose from; build it with --keep-parts question"};
  std::vector<index::FusionSetting> settings;
  for (const Curve& curve : curves.all())
    settings.insert(settings.end(), curve.begin(), curve.end());
  CT_TRY(const auto places,
         grid_reciprocal_ranks(session, {queries, vectors, mrr.relevant()}, base, settings, run));
  TuneResult result;
  result.queries = mrr.queries();
  result.languages = mrr.languages();
  for (std::size_t s = 0; s < settings.size(); ++s) {
    TunePoint point{base, mrr.value(places[s]), 0};
    point.setting.system = System::Dense;
    point.setting.k = kMrrDepth;
    point.setting.fusion = settings[s];
    result.curve.push_back(point);
  }
  std::size_t begin = 0;
  for (const Curve& curve : curves.all()) {
    smooth(std::span(result.curve).subspan(begin, curve.size()));
    begin += curve.size();
  }
  for (std::size_t i = 1; i < result.curve.size(); ++i)
    if (result.curve[i].smoothed > result.curve[result.best].smoothed) result.best = i;
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
    json.member("mrr", std::round(point.mrr * 1e6) / 1e6);
    json.member("smoothed", std::round(point.smoothed * 1e6) / 1e6).end_object();
  }
  json.end_array().end_object();
  return out;
}

}  // namespace crosstail::retrieve
