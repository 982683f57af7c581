#include "index/candidates.h"

#include <algorithm>
#include <functional>

namespace crosstail::index {

namespace {

std::size_t first_limit(std::size_t k) {
  return 3 * k + 64;
}
/// Beyond this, candidates are settled instead of kept.
std::size_t last_limit(std::size_t k) {
  return 8 * k + 1024;
}

}  // namespace

CandidateList::CandidateList(std::size_t k, std::span<const std::uint32_t> owner_of)
    : k_(k), limit_(first_limit(k)), owner_of_(owner_of) {}

float CandidateList::kth_lower() const {
  std::vector<float> lower;
  lower.reserve(candidates_.size());
  if (owner_of_.empty()) {
    for (const Candidate& candidate : candidates_) lower.push_back(candidate.lower);
  } else {
    std::vector<std::pair<std::uint32_t, float>> of_owner;
    of_owner.reserve(candidates_.size());
    for (const Candidate& c : candidates_) of_owner.emplace_back(owner(c.row), c.lower);
    std::sort(of_owner.begin(), of_owner.end());
    for (std::size_t i = 0; i < of_owner.size(); ++i)
      if (i + 1 == of_owner.size() || of_owner[i + 1].first != of_owner[i].first)
        lower.push_back(of_owner[i].second);
  }
  if (lower.size() < k_) return -kInfinity;
  const auto kth = lower.begin() + static_cast<std::ptrdiff_t>(k_ - 1);
  std::nth_element(lower.begin(), kth, lower.end(), std::greater<>());
  return *kth;
}

void CandidateList::drop_below_threshold() {
  std::erase_if(candidates_, [&](const Candidate& c) {
    const bool below = c.upper < threshold_;
    open_ -= below && !c.settled ? 1 : 0;
    return below;
  });
}

void CandidateList::prune(const RowScore& score) {
  raise(kth_lower());
  drop_below_threshold();
  if (candidates_.size() * 4 <= limit_ * 3) return;
  if (limit_ < last_limit(k_))
    limit_ = std::min(2 * limit_, last_limit(k_));
  else
    settle(score);
}

void CandidateList::score_open(const RowScore& score) {
  if (open_ == 0) return;
  for (Candidate& candidate : candidates_) {
    if (candidate.settled || candidate.upper < threshold_) continue;
    candidate.lower = candidate.upper = score(candidate.row);
    candidate.settled = true;
    ++scored_;
  }
  drop_below_threshold();
  open_ = 0;
}

void CandidateList::settle(const RowScore& score) {
  raise(kth_lower());
  drop_below_threshold();
  score_open(score);
  keep_best();
}

void CandidateList::keep_best() {
  const auto hit_of = [&](const Candidate& c) { return Hit{c.row, owner(c.row), c.lower}; };
  const auto before = [&](const Candidate& a, const Candidate& b) {
    return better(hit_of(a), hit_of(b));
  };
  if (!owner_of_.empty()) {
    // The best of each owner comes first of its owner's.
    std::sort(candidates_.begin(), candidates_.end(), [&](const Candidate& a, const Candidate& b) {
      const std::uint32_t x = owner(a.row), y = owner(b.row);
      return x != y ? x < y : before(a, b);
    });
    const auto last = std::unique(
        candidates_.begin(), candidates_.end(),
        [&](const Candidate& a, const Candidate& b) { return owner(a.row) == owner(b.row); });
    candidates_.erase(last, candidates_.end());
  }
  const auto keep = static_cast<std::ptrdiff_t>(std::min(k_, candidates_.size()));
  std::partial_sort(candidates_.begin(), candidates_.begin() + keep, candidates_.end(), before);
  candidates_.resize(static_cast<std::size_t>(keep));
  if (candidates_.size() == k_) raise(candidates_.back().lower);
}

void CandidateList::merge(const CandidateList& other) {
  raise(other.threshold_);
  open_ += other.open_;
  candidates_.insert(candidates_.end(), other.candidates_.begin(), other.candidates_.end());
  scored_ += other.scored_;
}

std::vector<Hit> CandidateList::hits() const {
  std::vector<Hit> hits;
  hits.reserve(candidates_.size());
  for (const Candidate& c : candidates_) hits.push_back({c.row, owner(c.row), c.lower});
  return hits;
}

}  // namespace crosstail::index
