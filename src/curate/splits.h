#pragma once
/// Which pairs must stay on one side of a split, and on which side they are. Nodes (a site, a page,
/// a group: 64-bit hashes) that are linked form a component; a component is on one side as a whole.
///
/// The side is drawn from a hash of the seed and of the component's smallest node, so it does not
/// depend on the order of the data, and a component that new data does not touch stays where it
/// was. New data can move a component only by joining it to another or by adding a smaller node to
/// it.

#include <cstdint>
#include <string_view>
#include <vector>

namespace crosstail::curate {

enum class Split : std::uint8_t { All, Train, Dev, Test };
constexpr std::size_t kSplits = 4;
std::string_view name_of(Split split);

/// 64-bit hashes to consecutive numbers; open addressing, about 18 bytes an entry.
class HashIndex {
 public:
  HashIndex();
  std::uint32_t find_or_add(std::uint64_t hash, bool* is_new = nullptr);
  [[nodiscard]] std::uint32_t size() const { return count_; }

 private:
  void grow();
  std::vector<std::uint64_t> hashes_;
  std::vector<std::uint32_t> numbers_;  ///< number + 1; 0 is an empty slot
  std::uint32_t count_ = 0;
};

/// Union-find over nodes. Not thread-safe.
class Components {
 public:
  /// The number of a node.
  std::uint32_t node(std::uint64_t hash);
  void link(std::uint32_t a, std::uint32_t b);
  /// The number of the node that stands for the component.
  std::uint32_t find(std::uint32_t node);
  /// The smallest hash in the node's component.
  std::uint64_t smallest(std::uint32_t node) { return smallest_[find(node)]; }
  [[nodiscard]] std::uint32_t size() const { return index_.size(); }

 private:
  HashIndex index_;
  std::vector<std::uint32_t> parent_;
  std::vector<std::uint64_t> smallest_;
};

struct SplitShares {
  double dev = 0.05, test = 0.05;
  std::uint64_t seed = 0;
};

/// The side of a component whose smallest node is `smallest`.
Split side_of(std::uint64_t smallest, const SplitShares& shares);

}  // namespace crosstail::curate
