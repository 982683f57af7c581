#pragma once
/// Measures of one ranking. Every one equals trec_eval's of the same name where that has it; names
/// of trec_eval (`recip_rank`, `P_10`, `ndcg_cut_10`, …) are understood too.
///
///   ndcg[@k]      gain = relevance, discount log2(rank + 1)       (trec_eval: ndcg, ndcg_cut_k)
///   ndcg-exp[@k]  gain = 2^relevance - 1                          (Burges et al. 2005)
///   mrr[@k]       1 / rank of the first relevant hit              (recip_rank)
///   map[@k]       mean precision at relevant hits, over all relevant passages  (map, map_cut_k)
///   recall@k, p@k, success@k
///   rprec         precision at R, R = number of relevant passages (Rprec)
///   bpref         Buckley and Voorhees 2004, as trec_eval computes it
///   judged@k      share of the top min(k, retrieved) hits that are judged

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "eval/judged_ranking.h"

namespace crosstail::eval {

struct Measure {
  enum class Kind {
    Ndcg,
    NdcgExp,
    Mrr,
    Map,
    Recall,
    Precision,
    Success,
    RPrecision,
    Bpref,
    Judged
  };
  Kind kind = Kind::Ndcg;
  std::size_t cutoff = 0;  ///< 0: the whole ranking

  bool operator==(const Measure&) const = default;
};

/// "ndcg@10". Unknown names list what is known.
Result<Measure> parse_measure(std::string_view name);
/// Comma separated; no measure twice.
Result<std::vector<Measure>> parse_measures(std::string_view names);
/// Our name: "ndcg@10", "mrr@10", "rprec".
std::string measure_name(const Measure& measure);
/// The definition in a line, for reports.
std::string measure_definition(const Measure& measure);

/// In [0, 1]. Thread-safe.
double measure_value(const Measure& measure, const JudgedRanking& ranking);

}  // namespace crosstail::eval
