#include "markup/html_tags.h"

#include <iterator>

#include "markup/html_tag_hash.h"

namespace crosstail::markup {
namespace {

constexpr std::size_t kCount = std::size(kHtmlTagNames);
static_assert(kCount == static_cast<std::size_t>(HtmlTag::Count_));

constexpr TagKey key_of(std::string_view name) {
  TagKey key;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const auto byte = static_cast<std::uint64_t>(static_cast<unsigned char>(name[i]));
    (i < 8 ? key.low : key.high) |= byte << (8 * (i % 8));
  }
  return key;
}

}  // namespace

// Open addressing with linear steps; at a load under a third, a look-up is one or two compares.
constinit const TagTable kTagTable = [] {
  TagTable table;
  for (std::size_t i = 1; i < kCount; ++i) {
    const TagKey key = key_of(kHtmlTagNames[i]);
    std::size_t slot = TagTable::slot_of(key);
    while (table.tags[slot] != HtmlTag::Other) slot = (slot + 1) % TagTable::kSlots;
    table.keys[slot] = key;
    table.tags[slot] = static_cast<HtmlTag>(i);
  }
  return table;
}();

HtmlTag html_tag(std::string_view lower_case_name) {
  if (lower_case_name.empty() || lower_case_name.size() > 16) return HtmlTag::Other;
  return kTagTable.find(key_of(lower_case_name));
}

}  // namespace crosstail::markup
