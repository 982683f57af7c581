#include "index/beam_search.h"

#include <algorithm>

namespace crosstail::index {

namespace {

/// Rows kept on the levels above the last.
constexpr std::size_t kUpperWidth = 8;

inline bool nearer(const Near& a, const Near& b) {
  return a.distance != b.distance ? a.distance < b.distance : a.row < b.row;
}

}  // namespace

BeamSearch::BeamSearch(const Codes& codes, nn::Isa isa)
    : codes_(codes), dots_(code_dots(isa)), visited_((codes.rows() + 63) / 64) {}

bool BeamSearch::first_visit(std::uint32_t row) {
  std::uint64_t& word = visited_[row / 64];
  const std::uint64_t bit = std::uint64_t{1} << (row % 64);
  if ((word & bit) != 0) return false;
  word |= bit;
  touched_.push_back(row);
  return true;
}

void BeamSearch::forget() {
  for (const std::uint32_t row : touched_) visited_[row / 64] = 0;
  visited_count_ += touched_.size();
  touched_.clear();
}

void BeamSearch::distances(const WalkTarget& target, std::span<const std::uint32_t> rows,
                           float* out) {
  products_.resize(rows.size());
  dots_(codes_, rows, target.plane, products_.data());
  if (target.terms == nullptr) {
    for (std::size_t i = 0; i < rows.size(); ++i)
      out[i] = target.factor * codes_.scale(rows[i]) * static_cast<float>(products_[i]);
    return;
  }
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const RowTerms& terms = target.terms[rows[i]];
    out[i] = target.factor * terms.scale * static_cast<float>(products_[i]) + terms.offset;
  }
  if (target.extra == nullptr) return;
  for (std::size_t i = 0; i < rows.size(); ++i)
    out[i] += target.extra_factor * target.extra[rows[i]];
}

void BeamSearch::offer_fresh(std::size_t width) {
  incoming_.clear();
  for (std::size_t i = 0; i < fresh_.size(); ++i) {
    const Near near{fresh_distances_[i], fresh_[i], false};
    if (beam_.size() < width || nearer(near, beam_.back())) incoming_.push_back(near);
  }
  if (incoming_.empty()) return;
  std::sort(incoming_.begin(), incoming_.end(), nearer);
  // Both are in order: one pass from the far end, instead of moving a wide beam for each of them.
  std::size_t old = beam_.size(), added = incoming_.size();
  const std::size_t kept = std::min(width, old + added);
  while (old + added > kept) {
    if (added == 0 || (old > 0 && nearer(incoming_[added - 1], beam_[old - 1])))
      --old;
    else
      --added;
  }
  beam_.resize(kept);
  while (added > 0) {
    if (old > 0 && nearer(incoming_[added - 1], beam_[old - 1])) {
      beam_[old + added - 1] = beam_[old - 1];
      --old;
    } else {
      beam_[old + added - 1] = incoming_[added - 1];
      --added;
      next_ = std::min(next_, old + added);
    }
  }
}

void BeamSearch::expand(const NeighbourView& graph, const WalkTarget& target, std::uint32_t row,
                        std::size_t width) {
  fresh_.clear();
  const std::uint32_t* neighbours = graph.of(row);
  if (neighbours == nullptr) return;
  for (std::size_t i = 0; i < graph.stride && neighbours[i] != kNoRow; ++i) {
    if (neighbours[i] >= codes_.rows() || !first_visit(neighbours[i])) continue;
    fresh_.push_back(neighbours[i]);
    prefetch_row(codes_, neighbours[i]);
    if (target.terms != nullptr)
      __builtin_prefetch(target.terms + neighbours[i]);
    else
      __builtin_prefetch(codes_.scale_place(neighbours[i]));
  }
  if (fresh_.empty()) return;
  fresh_distances_.resize(fresh_.size());
  distances(target, fresh_, fresh_distances_.data());
  offer_fresh(width);
}

std::span<const Near> BeamSearch::walk(const NeighbourView& graph, const WalkTarget& target,
                                       std::span<const std::uint32_t> starts, std::size_t width) {
  beam_.clear();
  next_ = 0;
  fresh_.clear();
  for (const std::uint32_t start : starts)
    if (start < codes_.rows() && first_visit(start)) fresh_.push_back(start);
  fresh_distances_.resize(fresh_.size());
  distances(target, fresh_, fresh_distances_.data());
  offer_fresh(width);
  while (next_ < beam_.size()) {
    if (beam_[next_].expanded) {
      ++next_;
      continue;
    }
    beam_[next_].expanded = true;
    const std::uint32_t row = beam_[next_].row;
    if (next_ + 1 < beam_.size()) __builtin_prefetch(graph.of(beam_[next_ + 1].row));
    expand(graph, target, row, width);
  }
  forget();
  return beam_;
}

std::span<const Near> BeamSearch::descend(const LevelsView& levels, const WalkTarget& target,
                                          std::size_t width) {
  starts_.assign(levels.entries.begin(), levels.entries.end());
  for (std::size_t level = 0; level + 1 < levels.levels.size(); ++level) {
    const auto found = walk(levels.levels[level], target, starts_, kUpperWidth);
    starts_.clear();
    for (const Near& near : found) starts_.push_back(near.row);
  }
  return walk(levels.levels.back(), target, starts_, width);
}

}  // namespace crosstail::index
