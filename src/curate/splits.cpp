#include "curate/splits.h"

#include <algorithm>
#include <cstring>

#include "base/hash.h"

namespace crosstail::curate {
namespace {

constexpr std::size_t kFirstSlots = 1024;

}  // namespace

std::string_view name_of(Split split) {
  switch (split) {
    case Split::All:
      return "all";
    case Split::Train:
      return "train";
    case Split::Dev:
      return "dev";
    case Split::Test:
      return "test";
  }
  return "";
}

HashIndex::HashIndex() : hashes_(kFirstSlots), numbers_(kFirstSlots) {}

std::uint32_t HashIndex::find_or_add(std::uint64_t hash, bool* is_new) {
  std::size_t i = hash & (hashes_.size() - 1);
  while (numbers_[i] != 0 && hashes_[i] != hash) i = (i + 1) & (hashes_.size() - 1);
  if (is_new != nullptr) *is_new = numbers_[i] == 0;
  if (numbers_[i] != 0) return numbers_[i] - 1;
  hashes_[i] = hash;
  numbers_[i] = ++count_;
  const std::uint32_t number = count_ - 1;
  if (std::size_t{count_} * 4 > hashes_.size() * 3) grow();
  return number;
}

void HashIndex::grow() {
  std::vector<std::uint64_t> hashes(hashes_.size() * 2);
  std::vector<std::uint32_t> numbers(hashes.size());
  for (std::size_t i = 0; i < hashes_.size(); ++i) {
    if (numbers_[i] == 0) continue;
    std::size_t to = hashes_[i] & (hashes.size() - 1);
    while (numbers[to] != 0) to = (to + 1) & (hashes.size() - 1);
    hashes[to] = hashes_[i];
    numbers[to] = numbers_[i];
  }
  hashes_ = std::move(hashes);
  numbers_ = std::move(numbers);
}

std::uint32_t Components::node(std::uint64_t hash) {
  bool is_new = false;
  const std::uint32_t number = index_.find_or_add(hash, &is_new);
  if (is_new) {
    parent_.push_back(number);
    smallest_.push_back(hash);
  }
  return number;
}

std::uint32_t Components::find(std::uint32_t node) {
  while (parent_[node] != node) {
    parent_[node] = parent_[parent_[node]];
    node = parent_[node];
  }
  return node;
}

void Components::link(std::uint32_t a, std::uint32_t b) {
  a = find(a);
  b = find(b);
  if (a == b) return;
  // The root with the smaller hash stays: trees stay shallow because hashes are random.
  if (smallest_[b] < smallest_[a]) std::swap(a, b);
  parent_[b] = a;
}

Split side_of(std::uint64_t smallest, const SplitShares& shares) {
  char bytes[8];
  std::memcpy(bytes, &smallest, sizeof(bytes));
  const std::uint64_t draw = xxh3({bytes, sizeof(bytes)}, shares.seed);
  const double place = static_cast<double>(draw >> 11U) * 0x1p-53;
  if (place < shares.test) return Split::Test;
  if (place < shares.test + shares.dev) return Split::Dev;
  return Split::Train;
}

}  // namespace crosstail::curate
