#include "index/bm25_pairs.h"

#include <algorithm>
#include <tuple>

namespace crosstail::index {

Bm25Pairs::Bm25Pairs(std::uint32_t longest)
    : row_(std::min<std::size_t>(longest, 0xffff) + 1), usual_counts_(kUsualFrequency * row_, 0) {}

void Bm25Pairs::count(std::uint32_t frequency, std::uint32_t length) {
  if (usual(frequency, length)) {
    ++usual_counts_[place(frequency, length)];
  } else {
    ++other_counts_[key(frequency, length)];
  }
}

void Bm25Pairs::number() {
  struct Counted {
    std::uint64_t count;
    Bm25Pair pair;
  };
  std::vector<Counted> all;
  for (std::uint32_t f = 1; f <= kUsualFrequency; ++f)
    for (std::uint32_t length = 0; length < row_; ++length)
      if (const auto count = usual_counts_[place(f, length)]; count > 0)
        all.push_back({count, {f, length}});
  for (const auto& [pair, count] : other_counts_)
    all.push_back(
        {count, {static_cast<std::uint32_t>(pair >> 32), static_cast<std::uint32_t>(pair)}});
  std::sort(all.begin(), all.end(), [](const Counted& a, const Counted& b) {
    return std::tie(b.count, a.pair.frequency, a.pair.length) <
           std::tie(a.count, b.pair.frequency, b.pair.length);
  });
  all.resize(std::min<std::size_t>(all.size(), kBm25Rare));
  usual_codes_.assign(usual_counts_.size(), kBm25Rare);
  for (const auto& [count, pair] : all) {
    const auto code = static_cast<std::uint16_t>(pairs_.size());
    if (usual(pair.frequency, pair.length)) {
      usual_codes_[place(pair.frequency, pair.length)] = code;
    } else {
      other_codes_[key(pair.frequency, pair.length)] = code;
    }
    pairs_.push_back(pair);
  }
}

std::uint16_t Bm25Pairs::code(std::uint32_t frequency, std::uint32_t length) const {
  if (usual(frequency, length)) return usual_codes_[place(frequency, length)];
  const auto found = other_codes_.find(key(frequency, length));
  return found == other_codes_.end() ? kBm25Rare : found->second;
}

}  // namespace crosstail::index
