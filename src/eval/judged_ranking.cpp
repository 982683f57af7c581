#include "eval/judged_ranking.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/hash.h"

namespace crosstail::eval {
namespace {

using data::Hit;
using data::Judgment;

__extension__ using Wide = unsigned __int128;

/// Ids up to 16 bytes (nearly all) in two words; longer ones by XXH3. The tables compare bytes, so
/// a collision costs time only; a table that was made to collide is left after kMaxProbes.
std::uint64_t hash_id(std::string_view id) {
  const std::size_t n = id.size();
  std::uint64_t a = 0, b = 0;
  if (n > 16) return xxh3(id);
  if (n >= 8) {
    std::memcpy(&a, id.data(), 8);
    std::memcpy(&b, id.data() + n - 8, 8);
  } else if (n >= 4) {
    std::uint32_t low = 0, high = 0;
    std::memcpy(&low, id.data(), 4);
    std::memcpy(&high, id.data() + n - 4, 4);
    a = low;
    b = high;
  } else {
    for (const char c : id) a = a << 8 | static_cast<unsigned char>(c);
  }
  const Wide product =
      static_cast<Wide>(a ^ 0x9e3779b97f4a7c15) * (b ^ 0xe7037ed1a0b428db ^ n << 56);
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

constexpr std::size_t kMaxProbes = 64;

bool comes_before(const Hit& a, const Hit& b, const char* base) {
  if (a.score != b.score) return a.score > b.score;
  return a.doc.in(base) > b.doc.in(base);
}

/// Empties an open-addressing table for `count` entries: a new epoch, cleared only when it grows.
template <class Slots>
void start_table(Slots& slots, std::uint32_t& epoch, std::size_t& mask, std::size_t count) {
  const std::size_t size = std::bit_ceil(2 * count + 2);
  if (slots.size() < size || epoch == 0xffffffff) {
    slots.assign(std::max(size, slots.size()), {});
    epoch = 0;
  }
  mask = size - 1;
  ++epoch;
}

}  // namespace

RankingCounts& RankingCounts::operator+=(const RankingCounts& other) {
  hits += other.hits;
  duplicates += other.duplicates;
  self_ids += other.self_ids;
  unjudged += other.unjudged;
  return *this;
}

void RankingJudge::start(std::span<const Judgment> judgments) {
  judgments_ = judgments;
  ranking_.retrieved = ranking_.relevant = ranking_.nonrelevant = 0;
  ranking_.judged.clear();
  ranking_.ideal.clear();
  ranking_.level = policy_.relevance_level;
  start_table(judged_slots_, judged_epoch_, judged_mask_, judgments.size());
  for (std::size_t i = 0; i < judgments.size(); ++i) {
    const auto relevance = judgments[i].relevance;
    if (relevance > 0) ranking_.ideal.push_back(relevance);
    if (relevance >= policy_.relevance_level && relevance >= 0) ++ranking_.relevant;
    if (relevance >= 0 && relevance < policy_.relevance_level) ++ranking_.nonrelevant;
    const std::uint64_t hash = hash_id(judgments[i].doc);
    for (std::size_t probe = 0; probe < kMaxProbes; ++probe) {
      Slot& slot = judged_slots_[(hash + probe) & judged_mask_];
      if (slot.epoch == judged_epoch_) continue;
      slot = {hash, judged_epoch_, static_cast<std::uint32_t>(i)};
      break;
    }
  }
  std::sort(ranking_.ideal.begin(), ranking_.ideal.end(), std::greater<>());
}

const Judgment* RankingJudge::find(std::string_view doc, std::uint64_t hash) const {
  for (std::size_t probe = 0; probe < kMaxProbes; ++probe) {
    const Slot& slot = judged_slots_[(hash + probe) & judged_mask_];
    if (slot.epoch != judged_epoch_) return nullptr;
    if (slot.hash == hash && judgments_[slot.index].doc == doc) return &judgments_[slot.index];
  }
  const auto at = std::lower_bound(judgments_.begin(), judgments_.end(), doc,
                                   [](const Judgment& j, std::string_view d) { return j.doc < d; });
  return at != judgments_.end() && at->doc == doc ? &*at : nullptr;
}

std::span<const Hit> RankingJudge::in_order(std::span<const Hit> hits, const char* base) {
  bool ordered = true;
  for (std::size_t i = 1; i < hits.size() && ordered; ++i)
    ordered = hits[i - 1].score > hits[i].score || !comes_before(hits[i], hits[i - 1], base);
  if (ordered) return hits;
  sorted_.assign(hits.begin(), hits.end());
  std::sort(sorted_.begin(), sorted_.end(),
            [base](const Hit& a, const Hit& b) { return comes_before(a, b, base); });
  return sorted_;
}

Result<bool> RankingJudge::is_repeat(std::string_view query, std::span<const Hit> hits,
                                     std::size_t i, const char* base, std::uint64_t hash) {
  const auto doc = hits[i].doc.in(base);
  for (std::size_t probe = 0; probe <= seen_mask_; ++probe) {
    Slot& slot = seen_slots_[(hash + probe) & seen_mask_];
    if (slot.epoch != seen_epoch_) {
      slot = {hash, seen_epoch_, static_cast<std::uint32_t>(i)};
      return false;
    }
    if (slot.hash != hash || hits[slot.index].doc.in(base) != doc) {
      if (probe < kMaxProbes) continue;
      return Error{ErrorCode::Limit, "query " + data::quoted_excerpt(query) +
                                         ": its passage ids were made to collide"};
    }
    if (policy_.duplicates == data::Duplicates::Error)
      return Error{ErrorCode::Corrupt,
                   "query " + data::quoted_excerpt(query) + " returns passage " +
                       data::quoted_excerpt(doc) +
                       " more than once; mend the run, or ask for --duplicates best"};
    return true;
  }
  return false;
}

Status RankingJudge::rank(std::string_view query, std::span<const Hit> hits, const char* base) {
  hits = in_order(hits, base);
  if (policy_.depth != 0) hits = hits.first(std::min(hits.size(), policy_.depth));
  start_table(seen_slots_, seen_epoch_, seen_mask_, hits.size());
  counts_.hits += hits.size();
  for (std::size_t i = 0; i < hits.size(); ++i) {
    const auto doc = hits[i].doc.in(base);
    const std::uint64_t hash = hash_id(doc);
    CT_TRY(const bool repeat, is_repeat(query, hits, i, base, hash));
    if (repeat) {
      ++counts_.duplicates;
      continue;
    }
    if (doc == query && policy_.self_ids != SelfIds::Keep) {
      if (policy_.self_ids == SelfIds::Error)
        return Error{ErrorCode::Corrupt, "query " + data::quoted_excerpt(query) +
                                             " returns a passage with its own id; say "
                                             "--self-ids drop or --self-ids keep"};
      ++counts_.self_ids;
      continue;
    }
    const Judgment* judgment = find(doc, hash);
    const bool unjudged = judgment == nullptr || judgment->relevance < 0;
    if (unjudged) ++counts_.unjudged;
    if (unjudged && policy_.unjudged == Unjudged::Drop) continue;
    const auto rank = static_cast<std::uint32_t>(++ranking_.retrieved);
    if (judgment != nullptr) ranking_.judged.push_back({rank, judgment->relevance});
  }
  return {};
}

}  // namespace crosstail::eval
