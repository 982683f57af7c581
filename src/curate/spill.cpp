#include "curate/spill.h"

#include <algorithm>
#include <cstring>
#include <type_traits>

namespace crosstail::curate {
namespace {

constexpr std::size_t kPendingPairs = std::size_t{1} << 20;
constexpr std::size_t kPendingKeys = std::size_t{64} << 10;

template <class T>
void append_raw(std::string& out, const T& value) {
  static_assert(std::is_trivially_copyable_v<T>);
  out.append(reinterpret_cast<const char*>(&value), sizeof(T));
}

/// First occurrences of the keys of one part: open addressing by the key's low half.
class FirstSeen {
 public:
  FirstSeen() : slots_(1024, kEmptySlot) {}
  /// The first key equal to this one; `key` itself if it is the first.
  const SpilledKey& insert(const SpilledKey& key) {
    if (count_ * 4 > slots_.size() * 3) grow();
    SpilledKey& slot = slots_[place(slots_, key.key)];
    if (slot.pair == kEmpty) {
      slot = key;
      ++count_;
    }
    return slot;
  }

 private:
  static constexpr std::uint64_t kEmpty = UINT64_MAX;
  static constexpr SpilledKey kEmptySlot{{}, kEmpty, 0, 0};
  static std::size_t place(const std::vector<SpilledKey>& slots, const PairKey& key) {
    std::size_t i = key.low & (slots.size() - 1);
    while (slots[i].pair != kEmpty &&
           (slots[i].key.low != key.low || slots[i].key.high != key.high))
      i = (i + 1) & (slots.size() - 1);
    return i;
  }
  void grow() {
    std::vector<SpilledKey> larger(slots_.size() * 2, kEmptySlot);
    for (const SpilledKey& slot : slots_)
      if (slot.pair != kEmpty) larger[place(larger, slot.key)] = slot;
    slots_ = std::move(larger);
  }
  std::vector<SpilledKey> slots_;
  std::size_t count_ = 0;
};

}  // namespace

Result<PairSpill> PairSpill::create(const std::filesystem::path& path) {
  PairSpill spill;
  spill.path_ = path;
  CT_TRY(spill.out_, OutputFile::create(path));
  return spill;
}

Status PairSpill::add(const SpilledPair& pair, std::string_view segments) {
  append_raw(pending_, pair);
  pending_ += segments;
  if (pending_.size() < kPendingPairs) return {};
  CT_CHECK(out_.write(pending_));
  pending_.clear();
  return {};
}

Status PairSpill::rewind() {
  CT_CHECK(out_.write(pending_));
  pending_ = {};
  CT_CHECK(out_.close());
  CT_TRY(in_, open_raw(path_));
  return {};
}

Status PairSpill::fill(std::size_t bytes) {
  if (buffer_.size() - at_ >= bytes) return {};
  buffer_.erase(0, at_);
  at_ = 0;
  std::size_t have = buffer_.size();
  buffer_.resize(std::max(bytes, have + kPendingPairs));
  while (have < buffer_.size()) {
    CT_TRY(const std::size_t n, in_->read(buffer_.data() + have, buffer_.size() - have));
    if (n == 0) break;
    have += n;
  }
  buffer_.resize(have);
  return {};
}

Result<bool> PairSpill::next(SpilledPair& pair, std::string_view& segments) {
  CT_CHECK(fill(sizeof(pair)));
  if (at_ == buffer_.size()) return false;
  const Error cut{ErrorCode::Corrupt, path_.string() + ": the file of pairs was cut short"};
  if (buffer_.size() - at_ < sizeof(pair)) return cut;
  std::memcpy(&pair, buffer_.data() + at_, sizeof(pair));
  at_ += sizeof(pair);
  std::size_t length = 0;
  for (const auto segment : pair.segments) length += segment;
  CT_CHECK(fill(length));
  if (buffer_.size() - at_ < length) return cut;
  segments = std::string_view(buffer_).substr(at_, length);
  at_ += length;
  return true;
}

Result<KeySpill> KeySpill::create(const std::filesystem::path& folder) {
  KeySpill spill;
  spill.folder_ = folder;
  for (std::size_t i = 0; i < kParts; ++i) {
    CT_TRY(spill.parts_[i], OutputFile::create(folder / ("keys-" + std::to_string(i))));
  }
  return spill;
}

Status KeySpill::add(const SpilledKey& key) {
  const std::size_t part = key.key.high >> 58U;
  static_assert(kParts == 64);
  append_raw(pending_[part], key);
  if (pending_[part].size() < kPendingKeys) return {};
  CT_CHECK(parts_[part].write(pending_[part]));
  pending_[part].clear();
  return {};
}

Result<std::vector<Repeat>> KeySpill::find_repeats(std::uint64_t pairs, Components* components) {
  std::vector<Repeat> repeats(pairs, Repeat::No);
  for (std::size_t part = 0; part < kParts; ++part) {
    CT_CHECK(parts_[part].write(pending_[part]));
    pending_[part] = {};
    const bool empty = parts_[part].size() == 0;
    CT_CHECK(parts_[part].close());
    const auto path = folder_ / ("keys-" + std::to_string(part));
    if (!empty) {
      CT_TRY(const auto file, MappedFile::open(path));
      FirstSeen seen;
      for (std::size_t at = 0; at + sizeof(SpilledKey) <= file.size(); at += sizeof(SpilledKey)) {
        SpilledKey key;
        std::memcpy(&key, file.text().data() + at, sizeof(key));
        const SpilledKey& first = seen.insert(key);
        if (first.pair == key.pair) continue;
        repeats[key.pair] = first.site == key.site ? Repeat::SameSite : Repeat::OtherSite;
        if (components != nullptr) components->link(first.node, key.node);
      }
    }
    std::error_code ignored;
    std::filesystem::remove(path, ignored);
  }
  return repeats;
}

}  // namespace crosstail::curate
