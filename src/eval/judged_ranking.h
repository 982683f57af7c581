#pragma once
/// What a measure needs to know of one query: at which ranks the judged passages came, and what
/// there was to find. Ranking is trec_eval's: by score, descending; equal scores by passage id,
/// descending (bytes); the file's rank column and line order play no part.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "data/qrels.h"
#include "data/runs.h"

namespace crosstail::eval {

/// What to do with a hit whose passage id is the query's own id.
enum class SelfIds { Error, Keep, Drop };
/// Hits without a judgment: not relevant (but see bpref), or taken out before ranking (trec_eval
/// -J).
enum class Unjudged { Nonrelevant, Drop };

struct RankingPolicy {
  data::Duplicates duplicates = data::Duplicates::Error;
  SelfIds self_ids = SelfIds::Error;
  Unjudged unjudged = Unjudged::Nonrelevant;
  std::size_t depth = 0;             ///< hits beyond it are passed over (trec_eval -M); 0: all
  std::int32_t relevance_level = 1;  ///< the smallest relevance that counts as relevant (-l)
};

struct JudgedHit {
  std::uint32_t rank;      ///< from 1
  std::int32_t relevance;  ///< as in the qrels; negative: in the pool but not judged
};

/// One query's result against its judgments.
struct JudgedRanking {
  std::size_t retrieved = 0;        ///< hits that count
  std::vector<JudgedHit> judged;    ///< those in the qrels, by rank
  std::size_t relevant = 0;         ///< passages of the qrels at or above the relevance level
  std::size_t nonrelevant = 0;      ///< passages judged 0 … level-1
  std::int32_t level = 1;           ///< the relevance level
  std::vector<std::int32_t> ideal;  ///< positive relevances of the qrels, descending
};

/// What the policies did, summed over queries.
struct RankingCounts {
  std::size_t hits = 0, duplicates = 0, self_ids = 0, unjudged = 0;
  RankingCounts& operator+=(const RankingCounts& other);
};

/// Makes JudgedRankings, keeping its buffers. One per thread.
class RankingJudge {
 public:
  explicit RankingJudge(RankingPolicy policy) : policy_(policy) {}

  /// The judgments alone: what there is to find.
  void start(std::span<const data::Judgment> judgments);

  /// After start(): ranks `hits` (of `query`, spans counted from `base`). Fails with Corrupt where
  /// a policy of Error is broken; the message names query and passage.
  Status rank(std::string_view query, std::span<const data::Hit> hits, const char* base);

  [[nodiscard]] const JudgedRanking& ranking() const { return ranking_; }
  [[nodiscard]] const RankingCounts& counts() const { return counts_; }

 private:
  struct Slot {
    std::uint64_t hash;
    std::uint32_t epoch, index;
  };
  std::span<const data::Hit> in_order(std::span<const data::Hit> hits, const char* base);
  [[nodiscard]] const data::Judgment* find(std::string_view doc, std::uint64_t hash) const;
  Result<bool> is_repeat(std::string_view query, std::span<const data::Hit> hits, std::size_t i,
                         const char* base, std::uint64_t hash);

  RankingPolicy policy_;
  JudgedRanking ranking_;
  RankingCounts counts_;
  std::span<const data::Judgment> judgments_;
  std::vector<Slot> judged_slots_, seen_slots_;
  std::uint32_t judged_epoch_ = 0, seen_epoch_ = 0;
  std::size_t judged_mask_ = 0, seen_mask_ = 0;
  std::vector<data::Hit> sorted_;
};

}  // namespace crosstail::eval
