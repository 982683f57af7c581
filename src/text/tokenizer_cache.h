#pragma once
/// Recent words and their ids. Natural text repeats its words, and copying ids is several times
/// cheaper than finding them.

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

namespace crosstail::text {

/// Direct-mapped, 1 MB, for words of up to 39 bytes and 18 ids. Not thread-safe.
class WordCache {
 public:
  static constexpr std::size_t kMaxWord = 39;
  static constexpr std::size_t kMaxIds = 18;
  struct Entry {
    float margin = 0;      ///< see UnigramModel::segment_onward
    float word_score = 0;  ///< sum of the ids' scores
    std::uint8_t ids_size = 0;
    std::uint8_t word_size = 0;  ///< 0: empty
    std::array<char, kMaxWord + 7> word{};
    std::array<std::uint32_t, kMaxIds> ids{};
  };

  /// Empties the cache if it was used with another tokenizer.
  void bind(std::uint64_t owner) {
    if (entries_.empty()) entries_.resize(kEntries);
    if (owner_ != owner) std::fill(entries_.begin(), entries_.end(), Entry{});
    owner_ = owner;
  }
  /// The place of a word of 1 to kMaxWord bytes, to read (if holds()) or to fill.
  Entry& place(std::string_view word) { return entries_[hash(word) & (kEntries - 1)]; }
  static bool holds(const Entry& entry, std::string_view word) {
    return entry.word_size == word.size() &&
           std::memcmp(entry.word.data(), word.data(), word.size()) == 0;
  }
  static void fill(Entry& entry, std::string_view word, std::span<const std::uint32_t> ids) {
    entry.word_size = static_cast<std::uint8_t>(word.size());
    entry.ids_size = static_cast<std::uint8_t>(ids.size());
    std::copy(word.begin(), word.end(), entry.word.begin());
    std::copy(ids.begin(), ids.end(), entry.ids.begin());
  }

 private:
  static constexpr std::size_t kEntries = 8192;

  static std::uint64_t hash(std::string_view word) {
    std::uint64_t h = word.size() * 0x9E3779B97F4A7C15ULL;
    const char* p = word.data();
    std::size_t left = word.size();
    for (; left >= 8; p += 8, left -= 8) {
      std::uint64_t eight = 0;
      std::memcpy(&eight, p, 8);
      h = (h ^ eight) * 0xD6E8FEB86659FD93ULL;
      h ^= h >> 32;
    }
    std::uint64_t rest = 0;
    std::memcpy(&rest, p, left);
    h = (h ^ rest) * 0xD6E8FEB86659FD93ULL;
    return h ^ h >> 32;
  }

  std::vector<Entry> entries_;
  std::uint64_t owner_ = 0;
};

}  // namespace crosstail::text
