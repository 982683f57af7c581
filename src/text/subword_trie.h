#pragma once
/// A trie over bytes in one flat array, for dictionaries of subwords: finding all pieces that start
/// at a position is one load per byte.
///
/// Double array in the XOR form (Aoe 1989; Kanda, Morita, Fuketa 2016): the child of node n by byte
/// b is unit base(n) ^ b, if that unit's label is b. No two nodes share a base, so the label alone
/// tells whose child a unit is. Byte 0xFF, which UTF-8 never has, marks units that are nobody's.

#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace crosstail::text {

/// A borrowed view; memory-safe on any contents. Nodes are indices; 0 is the root.
class SubwordTrie {
 public:
  struct Unit {
    std::uint32_t base_label;  ///< base << 8 | label
    std::uint32_t value;       ///< 1 + the value of the key that ends here; 0: none does
  };
  static constexpr std::uint32_t kNone = 0;

  SubwordTrie() = default;
  explicit SubwordTrie(std::span<const Unit> units) : units_(units) {}

  /// The child of `node` by `byte`; kNone if there is none.
  [[nodiscard]] std::uint32_t step(std::uint32_t node, unsigned char byte) const {
    const std::uint32_t next = (units_[node].base_label >> 8) ^ byte;
    return next < units_.size() && (units_[next].base_label & 0xFF) == byte ? next : kNone;
  }
  /// 1 + the value at `node`, or 0.
  [[nodiscard]] std::uint32_t value_plus_one(std::uint32_t node) const {
    return units_[node].value;
  }
  /// The node reached by all of `key`; kNone if there is none (or the key is empty).
  [[nodiscard]] std::uint32_t walk(std::string_view key, std::uint32_t from = 0) const {
    for (const char c : key) {
      from = step(from, static_cast<unsigned char>(c));
      if (from == kNone) break;
    }
    return from;
  }
  /// 1 + the value of `key`, or 0.
  [[nodiscard]] std::uint32_t find_plus_one(std::string_view key) const {
    const std::uint32_t node = empty() || key.empty() ? kNone : walk(key);
    return node == kNone ? 0 : units_[node].value;
  }
  [[nodiscard]] bool empty() const { return units_.empty(); }
  [[nodiscard]] std::span<const Unit> units() const { return units_; }

 private:
  std::span<const Unit> units_;
};

/// Builds the units from keys and values (each below 2^32 - 1). Keys are sorted here; of equal
/// keys the last one's value stays; empty keys are passed over. Fails with Corrupt on a key with
/// byte 0xFF, with Limit when 2^24 units do not suffice (some 10 million distinct prefixes).
Result<std::vector<SubwordTrie::Unit>> build_subword_trie(
    std::vector<std::pair<std::string_view, std::uint32_t>> entries);

}  // namespace crosstail::text
