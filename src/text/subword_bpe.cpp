#include "text/subword_bpe.h"

#include <algorithm>
#include <bit>

#include "text/normalizer_unicode.h"

namespace crosstail::text {

namespace {

using Symbol = BpeScratch::Symbol;
using Candidate = BpeScratch::Candidate;

std::size_t slot_of(std::uint32_t left, std::uint32_t right, std::size_t slots) {
  const std::uint64_t key = std::uint64_t{left} << 32 | right;
  return static_cast<std::size_t>((key * 0x9E3779B97F4A7C15ULL) >> 20) & (slots - 1);
}

/// Probing stops after this many slots, whatever a damaged table holds.
constexpr std::size_t kMaxProbes = 4096;

/// A float's bits in an order that unsigned comparison keeps.
std::uint32_t ordered_bits(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  return (bits & 0x80000000U) != 0 ? ~bits : bits | 0x80000000U;
}

bool worse(const Candidate& a, const Candidate& b) {
  return a.order < b.order;
}

void link(std::vector<Symbol>& symbols) {
  const auto n = static_cast<std::int32_t>(symbols.size());
  for (std::int32_t i = 0; i < n; ++i) {
    symbols[static_cast<std::size_t>(i)].previous = i - 1;
    symbols[static_cast<std::size_t>(i)].next = i + 1 < n ? i + 1 : -1;
  }
}

}  // namespace

std::vector<BpeMerge> build_merge_table(std::span<const BpeMerge> merges) {
  const std::size_t slots = std::bit_ceil(std::max<std::size_t>(2 * merges.size(), 2));
  std::vector<BpeMerge> table(slots, {0, 0, BpeMerge::kNoRank, 0});
  for (const BpeMerge& merge : merges) {
    std::size_t slot = slot_of(merge.left, merge.right, slots);
    while (table[slot].rank != BpeMerge::kNoRank &&
           (table[slot].left != merge.left || table[slot].right != merge.right)) {
      slot = (slot + 1) & (slots - 1);
    }
    table[slot] = merge;
  }
  return table;
}

BpeModel::BpeModel(const Data& data) : data_(data), by_score_(!data.scores.empty()) {
  if (!std::has_single_bit(data_.merges.size())) data_.merges = {};
}

std::uint32_t BpeModel::find(std::string_view piece) const {
  const std::uint32_t value = data_.trie.find_plus_one(piece);
  return value != 0 && value <= data_.size ? value - 1 : kNoId;
}

const BpeMerge* BpeModel::find_merge(std::uint32_t left, std::uint32_t right) const {
  const std::size_t slots = data_.merges.size();
  if (slots == 0) return nullptr;
  std::size_t slot = slot_of(left, right, slots);
  for (std::size_t probe = 0; probe < std::min(slots, kMaxProbes); ++probe) {
    const BpeMerge& merge = data_.merges[slot];
    if (merge.rank == BpeMerge::kNoRank) return nullptr;
    if (merge.left == left && merge.right == right) return &merge;
    slot = (slot + 1) & (slots - 1);
  }
  return nullptr;
}

void BpeModel::split(std::string_view text, std::vector<Symbol>& symbols) const {
  std::optional<Symbol> unknown;
  std::string decorated;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(at + unicode::sequence_size(text[at]), text.size());
    std::string_view symbol = text.substr(at, end - at);
    const bool prefixed = at > 0 && !data_.continuation.empty();
    const bool suffixed = end == text.size() && !data_.end_of_word.empty();
    if (prefixed || suffixed) {
      decorated.assign(prefixed ? data_.continuation : std::string());
      decorated.append(symbol);
      if (suffixed) decorated += data_.end_of_word;
      symbol = decorated;
    }
    const auto begin32 = static_cast<std::uint32_t>(at);
    const auto end32 = static_cast<std::uint32_t>(end);
    at = end;
    if (const std::uint32_t id = find(symbol); id != kNoId) {
      if (unknown) symbols.push_back(*std::exchange(unknown, std::nullopt));
      symbols.push_back({id, begin32, end32, -1, -1, false});
      continue;
    }
    const bool writable = std::all_of(symbol.begin(), symbol.end(), [&](char b) {
      return data_.byte_ids[static_cast<unsigned char>(b)] != kNoId;
    });
    if (data_.byte_fallback && writable) {
      std::uint32_t position = begin32;
      for (const char b : symbol) {
        symbols.push_back(
            {data_.byte_ids[static_cast<unsigned char>(b)], position, position + 1, -1, -1, false});
        ++position;
      }
      continue;
    }
    if (data_.unknown_id == kNoId) continue;
    if (unknown && data_.fuse_unknown) {
      unknown->end = end32;
    } else {
      if (unknown) symbols.push_back(*unknown);
      unknown = Symbol{data_.unknown_id, begin32, end32, -1, -1, false};
    }
  }
  if (unknown) symbols.push_back(*unknown);
}

void BpeModel::split_sentencepiece(std::string_view text, std::vector<Symbol>& symbols) const {
  for (std::size_t at = 0; at < text.size();) {
    std::size_t length = 0;
    if (!data_.user_defined.empty()) {
      std::uint32_t node = 0;
      for (std::size_t i = at; i < text.size();) {
        node = data_.user_defined.step(node, static_cast<unsigned char>(text[i++]));
        if (node == SubwordTrie::kNone) break;
        if (data_.user_defined.value_plus_one(node) != 0) length = i - at;
      }
    }
    const bool frozen = length != 0;
    if (!frozen) length = std::min(unicode::sequence_size(text[at]), text.size() - at);
    symbols.push_back({kNoId, static_cast<std::uint32_t>(at),
                       static_cast<std::uint32_t>(at + length), -1, -1, frozen});
    at += length;
  }
}

void BpeModel::consider(std::string_view text, BpeScratch& scratch, std::int32_t left,
                        std::int32_t right) const {
  if (left < 0 || right < 0) return;
  const Symbol& a = scratch.symbols[static_cast<std::size_t>(left)];
  const Symbol& b = scratch.symbols[static_cast<std::size_t>(right)];
  Candidate candidate{0, static_cast<std::uint32_t>(left), static_cast<std::uint32_t>(right),
                      b.end - a.begin, 0};
  std::uint32_t quality = 0;
  if (by_score_) {
    if (a.frozen || b.frozen) return;
    candidate.merged = find(text.substr(a.begin, b.end - a.begin));
    if (candidate.merged >= data_.scores.size()) return;
    quality = ordered_bits(data_.scores[candidate.merged]);
  } else {
    const BpeMerge* merge = find_merge(a.id, b.id);
    if (merge == nullptr || merge->merged >= data_.size) return;
    candidate.merged = merge->merged;
    quality = ~merge->rank;
  }
  candidate.order = std::uint64_t{quality} << 32 | ~candidate.left;
  scratch.heap.push_back(candidate);
  std::push_heap(scratch.heap.begin(), scratch.heap.end(), worse);
}

void BpeModel::segment(std::string_view text, BpeScratch& scratch,
                       std::vector<SubwordToken>& out) const {
  if (data_.ignore_merges) {
    if (const std::uint32_t id = find(text); id != kNoId) {
      out.push_back({id, 0, static_cast<std::uint32_t>(text.size())});
      return;
    }
  }
  auto& symbols = scratch.symbols;
  auto& heap = scratch.heap;
  symbols.clear();
  heap.clear();
  if (by_score_) {
    split_sentencepiece(text, symbols);
  } else {
    split(text, symbols);
  }
  link(symbols);
  for (std::int32_t i = 0; i + 1 < static_cast<std::int32_t>(symbols.size()); ++i) {
    consider(text, scratch, i, i + 1);
  }
  while (!heap.empty()) {
    std::pop_heap(heap.begin(), heap.end(), worse);
    const Candidate top = heap.back();
    heap.pop_back();
    Symbol& left = symbols[top.left];
    if (left.begin == left.end || left.next < 0) continue;
    Symbol& right = symbols[static_cast<std::size_t>(left.next)];
    // Overtaken by another merge?
    if (by_score_) {
      if (static_cast<std::uint32_t>(left.next) != top.right ||
          right.end - left.begin != top.size) {
        continue;
      }
    } else {
      const BpeMerge* merge = find_merge(left.id, right.id);
      if (merge == nullptr || merge->merged != top.merged) continue;
    }
    left.id = top.merged;
    left.end = right.end;
    left.next = right.next;
    right.begin = right.end;
    if (left.next >= 0) {
      symbols[static_cast<std::size_t>(left.next)].previous = static_cast<std::int32_t>(top.left);
    }
    consider(text, scratch, left.previous, static_cast<std::int32_t>(top.left));
    consider(text, scratch, static_cast<std::int32_t>(top.left), left.next);
  }
  write(text, scratch, out);
}

void BpeModel::write(std::string_view text, const BpeScratch& scratch,
                     std::vector<SubwordToken>& out) const {
  bool after_unknown = false;
  for (const Symbol& symbol : scratch.symbols) {
    if (symbol.begin == symbol.end) continue;
    if (!by_score_) {
      out.push_back({symbol.id, symbol.begin, symbol.end});
      continue;
    }
    const std::uint32_t id = find(text.substr(symbol.begin, symbol.end - symbol.begin));
    if (id != kNoId) {
      out.push_back({id, symbol.begin, symbol.end});
      after_unknown = false;
      continue;
    }
    if (data_.byte_fallback) {
      for (std::uint32_t i = symbol.begin; i < symbol.end; ++i) {
        const std::uint32_t byte_id = data_.byte_ids[static_cast<unsigned char>(text[i])];
        out.push_back({byte_id != kNoId ? byte_id : data_.unknown_id, symbol.begin, symbol.end});
      }
      continue;
    }
    if (after_unknown) {
      out.back().end = symbol.end;
    } else {
      out.push_back({data_.unknown_id, symbol.begin, symbol.end});
    }
    after_unknown = true;
  }
}

}  // namespace crosstail::text
