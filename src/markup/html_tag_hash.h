#pragma once
/// The table behind html_tag(): names of at most 16 bytes as two machine words. The tokenizer looks
/// a tag up in it straight from the bytes it scanned.

#include <array>
#include <cstddef>
#include <cstdint>

#include "markup/html_tags.h"

namespace crosstail::markup {

/// The bytes of a name, little-endian, zeros behind it.
struct TagKey {
  std::uint64_t low = 0, high = 0;
  constexpr bool operator==(const TagKey&) const = default;
};

struct TagTable {
  static constexpr std::size_t kSlots = 512;
  std::array<TagKey, kSlots> keys{};
  std::array<HtmlTag, kSlots> tags{};

  static constexpr std::size_t slot_of(const TagKey& key) {
    const std::uint64_t mixed = (key.low ^ (key.high * 0x9e3779b97f4a7c15u)) * 0xd6e8feb86659fd93u;
    return static_cast<std::size_t>(mixed >> 55);
  }
  [[nodiscard]] HtmlTag find(const TagKey& key) const {
    std::size_t slot = slot_of(key);
    while (tags[slot] != HtmlTag::Other) {
      if (keys[slot] == key) return tags[slot];
      slot = (slot + 1) % kSlots;
    }
    return HtmlTag::Other;
  }
};

extern const TagTable kTagTable;

}  // namespace crosstail::markup
