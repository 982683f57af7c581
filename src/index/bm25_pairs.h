#pragma once
/// Codes of the pairs (frequency of a term in a document, length of the document): a posting keeps
/// its pair's code, and an impact is looked up rather than computed. Private to index.

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "index/bm25_format.h"

namespace crosstail::index {

/// First count() every posting, then number() once, then code().
class Bm25Pairs {
 public:
  /// `longest`: no document is longer.
  explicit Bm25Pairs(std::uint32_t longest);

  void count(std::uint32_t frequency, std::uint32_t length);
  /// Gives the 65,535 commonest pairs their codes, 0 for the commonest; of equally common ones the
  /// smaller frequency, then the smaller length comes first.
  void number();
  /// kBm25Rare for pairs without a code.
  [[nodiscard]] std::uint16_t code(std::uint32_t frequency, std::uint32_t length) const;
  /// By code.
  [[nodiscard]] const std::vector<Bm25Pair>& pairs() const { return pairs_; }

 private:
  [[nodiscard]] bool usual(std::uint32_t frequency, std::uint32_t length) const {
    return frequency <= kUsualFrequency && length < row_;
  }
  [[nodiscard]] std::size_t place(std::uint32_t frequency, std::uint32_t length) const {
    return (frequency - 1) * row_ + length;
  }
  static std::uint64_t key(std::uint32_t frequency, std::uint32_t length) {
    return std::uint64_t{frequency} << 32 | length;
  }

  static constexpr std::uint32_t kUsualFrequency = 4;
  std::size_t row_;
  std::vector<std::uint64_t> usual_counts_;  ///< frequencies 1…4 × lengths below row_
  std::unordered_map<std::uint64_t, std::uint64_t> other_counts_;
  std::vector<std::uint16_t> usual_codes_;
  std::unordered_map<std::uint64_t, std::uint16_t> other_codes_;
  std::vector<Bm25Pair> pairs_;
};

}  // namespace crosstail::index
