#include "eval/run_scores.h"

#include <algorithm>
#include <optional>

#include "eval/exact_sum.h"

namespace crosstail::eval {
namespace {

constexpr std::size_t kBlock = 64;

struct BlockResult {
  RankingCounts counts;
  std::size_t missing = 0, without_relevant = 0, relevant = 0, relevant_retrieved = 0;
  std::optional<Error> error;
};

BlockResult score_block(const data::Run& run, const data::Qrels& qrels, const RankingPolicy& policy,
                        std::size_t begin, std::size_t end, RunScores& scores) {
  BlockResult result;
  RankingJudge judge(policy);
  const std::size_t width = scores.measures.size();
  for (std::size_t q = begin; q < end; ++q) {
    judge.start(qrels.judgments(q));
    const JudgedRanking& ranking = judge.ranking();
    if (ranking.relevant == 0) ++result.without_relevant;
    const auto place = run.find(qrels.query(q));
    if (!place) {
      ++result.missing;
      continue;
    }
    if (auto ranked = judge.rank(qrels.query(q), run.hits(*place), run.base()); !ranked) {
      result.error = std::move(ranked).error();
      return result;
    }
    scores.answered[q] = 1;
    result.relevant += ranking.relevant;
    for (const JudgedHit& hit : ranking.judged)
      if (hit.relevance >= ranking.level && hit.relevance >= 0) ++result.relevant_retrieved;
    for (std::size_t m = 0; m < width; ++m)
      scores.values[q * width + m] = measure_value(scores.measures[m], ranking);
  }
  result.counts = judge.counts();
  return result;
}

}  // namespace

std::vector<double> RunScores::column(std::size_t measure) const {
  std::vector<double> out(queries);
  for (std::size_t q = 0; q < queries; ++q) out[q] = value(q, measure);
  return out;
}

double RunScores::mean(std::size_t measure, Missing policy) const {
  ExactSum sum;
  std::size_t count = 0;
  for (std::size_t q = 0; q < queries; ++q) {
    if (policy == Missing::Skip && answered[q] == 0) continue;
    sum.add(value(q, measure));
    ++count;
  }
  return count == 0 ? 0 : sum.total() / static_cast<double>(count);
}

Result<RunScores> score_run(const data::Run& run, const data::Qrels& qrels,
                            const std::vector<Measure>& measures, const RankingPolicy& policy,
                            Pool* pool) {
  RunScores scores;
  scores.measures = measures;
  scores.queries = qrels.size();
  scores.values.assign(qrels.size() * measures.size(), 0);
  scores.answered.assign(qrels.size(), 0);
  for (std::size_t q = 0; q < run.size(); ++q) {
    if (qrels.find(run.query(q))) continue;
    if (scores.unknown++ == 0) scores.unknown_example = run.query(q);
  }
  if (scores.unknown == run.size())
    return Error{ErrorCode::InvalidArgument, "no query of the run is in the qrels: the run has " +
                                                 data::quoted_excerpt(run.query(0)) +
                                                 ", the qrels " +
                                                 data::quoted_excerpt(qrels.query(0))};
  std::vector<BlockResult> blocks((qrels.size() + kBlock - 1) / kBlock);
  const auto work = [&](std::size_t b) {
    blocks[b] = score_block(run, qrels, policy, b * kBlock,
                            std::min((b + 1) * kBlock, qrels.size()), scores);
  };
  if (pool == nullptr) {
    for (std::size_t b = 0; b < blocks.size(); ++b) work(b);
  } else {
    pool->parallel_for(blocks.size(), work);
  }
  for (BlockResult& block : blocks) {
    if (block.error) return *std::move(block.error);
    scores.counts += block.counts;
    scores.missing += block.missing;
    scores.without_relevant += block.without_relevant;
    scores.relevant += block.relevant;
    scores.relevant_retrieved += block.relevant_retrieved;
  }
  return scores;
}

}  // namespace crosstail::eval
