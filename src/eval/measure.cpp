#include "eval/measure.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

namespace crosstail::eval {
namespace {

using Kind = Measure::Kind;

enum class Cutoff { Never, Optional, Always };

struct Known {
  std::string_view name;
  Kind kind;
  Cutoff cutoff;
  std::string_view trec_name, trec_prefix;
  std::string_view definition;
};

constexpr std::array<Known, 10> kKnown{{
    {"ndcg", Kind::Ndcg, Cutoff::Optional, "ndcg", "ndcg_cut_",
     "nDCG with gain = relevance and discount log2(rank + 1)"},
    {"ndcg-exp", Kind::NdcgExp, Cutoff::Optional, "", "",
     "nDCG with gain = 2^relevance - 1 and discount log2(rank + 1)"},
    {"mrr", Kind::Mrr, Cutoff::Optional, "recip_rank", "recip_rank_",
     "reciprocal rank of the first relevant hit"},
    {"map", Kind::Map, Cutoff::Optional, "map", "map_cut_",
     "mean of the precision at each relevant hit, over all relevant passages"},
    {"recall", Kind::Recall, Cutoff::Always, "", "recall_",
     "share of the relevant passages among the hits"},
    {"p", Kind::Precision, Cutoff::Always, "", "P_", "share of the hits that are relevant"},
    {"success", Kind::Success, Cutoff::Always, "", "success_", "1 if any hit is relevant, else 0"},
    {"rprec", Kind::RPrecision, Cutoff::Never, "Rprec", "",
     "precision at R, R the number of relevant passages"},
    {"bpref", Kind::Bpref, Cutoff::Never, "bpref", "",
     "share of judged pairs in the right order, as trec_eval counts them"},
    {"judged", Kind::Judged, Cutoff::Always, "", "", "share of the hits that are judged"},
}};

const Known& known(Kind kind) {
  return *std::find_if(kKnown.begin(), kKnown.end(),
                       [kind](const Known& k) { return k.kind == kind; });
}

/// 0 where `text` is not a whole number above 0.
std::size_t parse_cutoff(std::string_view text) {
  std::size_t value = 0;
  const auto [stop, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  return code == std::errc{} && stop == text.data() + text.size() ? value : 0;
}

bool is_relevant(const JudgedRanking& r, const JudgedHit& hit) {
  return hit.relevance >= r.level && hit.relevance >= 0;
}

std::size_t limit(const Measure& measure) {
  return measure.cutoff == 0 ? std::numeric_limits<std::size_t>::max() : measure.cutoff;
}

std::size_t relevant_within(const JudgedRanking& r, std::size_t cutoff) {
  std::size_t found = 0;
  for (const JudgedHit& hit : r.judged) {
    if (hit.rank > cutoff) break;
    if (is_relevant(r, hit)) ++found;
  }
  return found;
}

double discount(std::size_t rank) {
  static const auto table = [] {
    std::array<double, 1024> values{};
    for (std::size_t i = 1; i < values.size(); ++i)
      values[i] = std::log2(static_cast<double>(i) + 1);
    return values;
  }();
  return rank < table.size() ? table[rank] : std::log2(static_cast<double>(rank) + 1);
}

double ndcg(const JudgedRanking& r, std::size_t cutoff, bool exponential) {
  const auto gain = [exponential](std::int32_t relevance) {
    return exponential ? std::exp2(relevance) - 1 : static_cast<double>(relevance);
  };
  double sum = 0, ideal = 0;
  for (const JudgedHit& hit : r.judged) {
    if (hit.rank > cutoff) break;
    if (hit.relevance > 0) sum += gain(hit.relevance) / discount(hit.rank);
  }
  for (std::size_t i = 0; i < r.ideal.size() && i < cutoff; ++i)
    ideal += gain(r.ideal[i]) / discount(i + 1);
  return ideal > 0 ? sum / ideal : 0;
}

double reciprocal_rank(const JudgedRanking& r, std::size_t cutoff) {
  for (const JudgedHit& hit : r.judged) {
    if (hit.rank > cutoff) break;
    if (is_relevant(r, hit)) return 1.0 / hit.rank;
  }
  return 0;
}

double average_precision(const JudgedRanking& r, std::size_t cutoff) {
  if (r.relevant == 0) return 0;
  double sum = 0;
  std::size_t found = 0;
  for (const JudgedHit& hit : r.judged) {
    if (hit.rank > cutoff) break;
    if (is_relevant(r, hit)) sum += static_cast<double>(++found) / hit.rank;
  }
  return sum / static_cast<double>(r.relevant);
}

double bpref(const JudgedRanking& r) {
  if (r.relevant == 0) return 0;
  double sum = 0;
  std::size_t nonrelevant_so_far = 0;
  for (const JudgedHit& hit : r.judged) {
    if (hit.relevance < 0) continue;
    if (!is_relevant(r, hit)) {
      ++nonrelevant_so_far;
    } else if (nonrelevant_so_far == 0) {
      sum += 1;
    } else {
      sum += 1 - static_cast<double>(std::min(nonrelevant_so_far, r.relevant)) /
                     static_cast<double>(std::min(r.nonrelevant, r.relevant));
    }
  }
  return sum / static_cast<double>(r.relevant);
}

double judged_share(const JudgedRanking& r, std::size_t cutoff) {
  const std::size_t shown = std::min(cutoff, r.retrieved);
  if (shown == 0) return 0;
  std::size_t judged = 0;
  for (const JudgedHit& hit : r.judged)
    if (hit.rank <= shown && hit.relevance >= 0) ++judged;
  return static_cast<double>(judged) / static_cast<double>(shown);
}

double ratio(std::size_t part, std::size_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

Result<Measure> parse_measure(std::string_view name) {
  for (const Known& k : kKnown) {
    if (k.cutoff != Cutoff::Always && (name == k.name || (name == k.trec_name && !name.empty())))
      return Measure{k.kind, 0};
    if (k.cutoff == Cutoff::Never) continue;
    std::string_view digits;
    if (name.starts_with(k.name) && name.substr(k.name.size()).starts_with('@')) {
      digits = name.substr(k.name.size() + 1);
    } else if (!k.trec_prefix.empty() && name.starts_with(k.trec_prefix)) {
      digits = name.substr(k.trec_prefix.size());
    }
    if (const std::size_t cutoff = parse_cutoff(digits); cutoff != 0)
      return Measure{k.kind, cutoff};
  }
  std::string list;
  for (const Known& k : kKnown) {
    if (!list.empty()) list += ", ";
    list += k.name;
    if (k.cutoff != Cutoff::Never) list += k.cutoff == Cutoff::Always ? "@K" : "[@K]";
  }
  return Error{ErrorCode::InvalidArgument,
               "unknown measure " + data::quoted_excerpt(name) + ": expected one of " + list};
}

Result<std::vector<Measure>> parse_measures(std::string_view names) {
  std::vector<Measure> out;
  while (!names.empty()) {
    const auto comma = names.find(',');
    CT_TRY(const Measure measure, parse_measure(names.substr(0, comma)));
    if (std::find(out.begin(), out.end(), measure) != out.end())
      return Error{ErrorCode::InvalidArgument,
                   "the measure " + measure_name(measure) + " is asked for twice"};
    out.push_back(measure);
    if (comma == std::string_view::npos) break;
    names.remove_prefix(comma + 1);
  }
  if (out.empty()) return Error{ErrorCode::InvalidArgument, "no measure is asked for"};
  return out;
}

std::string measure_name(const Measure& measure) {
  std::string name(known(measure.kind).name);
  if (measure.cutoff != 0) name += "@" + std::to_string(measure.cutoff);
  return name;
}

std::string measure_definition(const Measure& measure) {
  std::string text(known(measure.kind).definition);
  if (measure.cutoff != 0) text += ", first " + std::to_string(measure.cutoff) + " hits";
  return text;
}

double measure_value(const Measure& measure, const JudgedRanking& ranking) {
  const std::size_t cutoff = limit(measure);
  switch (measure.kind) {
    case Kind::Ndcg:
      return ndcg(ranking, cutoff, false);
    case Kind::NdcgExp:
      return ndcg(ranking, cutoff, true);
    case Kind::Mrr:
      return reciprocal_rank(ranking, cutoff);
    case Kind::Map:
      return average_precision(ranking, cutoff);
    case Kind::Recall:
      return ratio(relevant_within(ranking, cutoff), ranking.relevant);
    case Kind::Precision:
      return ratio(relevant_within(ranking, cutoff), cutoff);
    case Kind::Success:
      return relevant_within(ranking, cutoff) > 0 ? 1 : 0;
    case Kind::RPrecision:
      return ratio(relevant_within(ranking, ranking.relevant), ranking.relevant);
    case Kind::Bpref:
      return bpref(ranking);
    case Kind::Judged:
      return judged_share(ranking, cutoff);
  }
  return 0;
}

}  // namespace crosstail::eval
