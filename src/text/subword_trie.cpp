#include "text/subword_trie.h"

#include <algorithm>

namespace crosstail::text {

namespace {

using Entry = std::pair<std::string_view, std::uint32_t>;

constexpr std::uint32_t kBlock = 256;
constexpr std::uint32_t kMaxUnits = 1U << 24;
/// Free units are looked for in this many of the youngest blocks; older ones are full enough.
constexpr std::uint32_t kOpenBlocks = 16;

class Builder {
 public:
  explicit Builder(std::vector<Entry> entries) : entries_(std::move(entries)) { add_block(); }

  Result<std::vector<SubwordTrie::Unit>> build() {
    used_[0] = true;
    stack_.push_back({0, entries_.size(), 0, 0});
    while (!stack_.empty()) {
      const Range range = stack_.back();
      stack_.pop_back();
      if (!place(range)) {
        return Error{ErrorCode::Limit,
                     "the vocabulary needs more than 2^24 trie units; it is too large"};
      }
    }
    return std::move(units_);
  }

 private:
  /// Entries [begin, end) share their first `depth` bytes, which lead to `node`.
  struct Range {
    std::size_t begin, end, depth;
    std::uint32_t node;
  };

  bool place(Range range) {
    if (entries_[range.begin].first.size() == range.depth) {
      units_[range.node].value = entries_[range.begin].second + 1;
      ++range.begin;
    }
    if (range.begin == range.end) return true;
    labels_.clear();
    starts_.clear();
    for (std::size_t i = range.begin; i < range.end; ++i) {
      const auto label = static_cast<unsigned char>(entries_[i].first[range.depth]);
      if (labels_.empty() || labels_.back() != label) {
        labels_.push_back(label);
        starts_.push_back(i);
      }
    }
    starts_.push_back(range.end);
    const std::uint32_t base = find_base();
    if (base == 0) return false;
    base_used_[base] = true;
    units_[range.node].base_label = base << 8 | (units_[range.node].base_label & 0xFF);
    for (std::size_t k = labels_.size(); k-- > 0;) {
      const std::uint32_t child = base ^ labels_[k];
      used_[child] = true;
      if (child / kBlock + kOpenBlocks >= units_.size() / kBlock) take(child);
      units_[child] = {labels_[k], 0};
      stack_.push_back({starts_[k], starts_[k + 1], range.depth + 1, child});
    }
    return true;
  }

  std::uint32_t find_base() {
    for (std::uint32_t unit = next_[0]; unit != 0; unit = next_[unit]) {
      const std::uint32_t base = unit ^ labels_[0];
      if (!base_used_[base] &&
          std::none_of(labels_.begin(), labels_.end(),
                       [&](unsigned char label) { return used_[base ^ label]; })) {
        return base;
      }
    }
    if (units_.size() + kBlock > kMaxUnits) return 0;
    const auto base = static_cast<std::uint32_t>(units_.size());
    add_block();
    return base;
  }

  /// Adds a block and, but for block 0, its units to the ring of free units, which unit 0 heads.
  /// Block 0 stays empty but for the root: a leaf's base is 0, which then leads to nobody.
  void add_block() {
    const auto begin = static_cast<std::uint32_t>(units_.size());
    units_.resize(begin + kBlock, {0xFF, 0});
    used_.resize(units_.size());
    base_used_.resize(units_.size());
    next_.resize(units_.size());
    previous_.resize(units_.size());
    if (begin == 0) return;
    for (std::uint32_t unit = begin; unit < begin + kBlock; ++unit) {
      previous_[unit] = previous_[0];
      next_[previous_[0]] = unit;
      next_[unit] = 0;
      previous_[0] = unit;
    }
    if (begin < kOpenBlocks * kBlock) return;
    const std::uint32_t closed = begin - kOpenBlocks * kBlock;
    for (std::uint32_t unit = closed; unit < closed + kBlock; ++unit) {
      if (unit >= kBlock && !used_[unit]) take(unit);
    }
  }

  void take(std::uint32_t unit) {
    next_[previous_[unit]] = next_[unit];
    previous_[next_[unit]] = previous_[unit];
  }

  std::vector<Entry> entries_;
  std::vector<SubwordTrie::Unit> units_;
  std::vector<bool> used_, base_used_;
  std::vector<std::uint32_t> next_, previous_;
  std::vector<Range> stack_;
  std::vector<unsigned char> labels_;
  std::vector<std::size_t> starts_;
};

}  // namespace

Result<std::vector<SubwordTrie::Unit>> build_subword_trie(std::vector<Entry> entries) {
  std::erase_if(entries, [](const Entry& e) { return e.first.empty(); });
  for (const Entry& e : entries) {
    if (e.first.find('\xFF') != std::string_view::npos) {
      return Error{ErrorCode::Corrupt, "a piece of the vocabulary is not valid UTF-8"};
    }
  }
  const auto before = [](const Entry& a, const Entry& b) { return a.first < b.first; };
  if (!std::is_sorted(entries.begin(), entries.end(), before))
    std::stable_sort(entries.begin(), entries.end(), before);
  std::size_t kept = 0;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (kept > 0 && entries[kept - 1].first == entries[i].first) --kept;
    entries[kept++] = entries[i];
  }
  entries.resize(kept);
  if (entries.empty()) return std::vector<SubwordTrie::Unit>(kBlock, {0xFF, 0});
  return Builder(std::move(entries)).build();
}

}  // namespace crosstail::text
