#pragma once
/// What a search returns.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace crosstail::index {

/// `owner` is the row itself where rows have no owners.
struct Hit {
  std::uint32_t row = 0;
  std::uint32_t owner = 0;
  float score = 0;
  friend bool operator==(const Hit&, const Hit&) = default;
};

/// The order of hits everywhere: higher score first, then smaller owner, then smaller row.
[[nodiscard]] inline bool better(const Hit& a, const Hit& b) {
  if (a.score != b.score) return a.score > b.score;
  return a.owner != b.owner ? a.owner < b.owner : a.row < b.row;
}

/// The hits of many queries, each best first; queries may have different numbers of hits.
class Hits {
 public:
  /// The number of queries.
  [[nodiscard]] std::size_t size() const { return ends_.size(); }
  [[nodiscard]] std::span<const Hit> operator[](std::size_t query) const {
    const std::size_t begin = query == 0 ? 0 : ends_[query - 1];
    return std::span(hits_).subspan(begin, ends_[query] - begin);
  }
  /// The hits of the next query.
  void append(std::span<const Hit> hits) {
    hits_.insert(hits_.end(), hits.begin(), hits.end());
    ends_.push_back(hits_.size());
  }
  friend bool operator==(const Hits&, const Hits&) = default;

 private:
  std::vector<Hit> hits_;
  std::vector<std::size_t> ends_;
};

}  // namespace crosstail::index
