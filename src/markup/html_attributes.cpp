/// Attributes of a tag (§13.2.5.32–40): read, or passed over by the same states.

#include <algorithm>
#include <functional>

#include "markup/html_scan.h"
#include "markup/html_tokenizer.h"

namespace crosstail::markup {
namespace {

/// Tags with more attributes than this look for repeated names in a hash table.
constexpr std::size_t kFew = 24;

std::string_view view(const char* begin, const char* end) {
  return {begin, static_cast<std::size_t>(end - begin)};
}

/// At most `size` bytes, not cutting a character.
std::string_view cut(std::string_view text, std::size_t size) {
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80) --size;
  return text.substr(0, size);
}

struct AttributeSpan {
  std::string_view name, value;
  bool changes = false;
};

enum class Found : std::uint8_t { Attribute, TagEnd, PageEnd };

/// Reads up to the next attribute or the end of the tag, and moves `p` behind it.
inline Found next_attribute(const char*& p, const char* end, AttributeSpan& out,
                            bool& self_closing) {
  for (;; ++p) {
    if (p == end) return Found::PageEnd;
    if (is_html_space(*p)) continue;
    if (*p == '>') {
      ++p;
      return Found::TagEnd;
    }
    if (*p != '/') break;
    if (end - p >= 2 && p[1] == '>') {
      self_closing = true;
      p += 2;
      return Found::TagEnd;
    }
  }
  const char* const name = p;
  const NameScan scan = find_name_end<true>(name + (*name == '=' ? 1 : 0), end);
  out.name = view(name, scan.end);
  out.changes = scan.changes;
  out.value = view(scan.end, scan.end);
  p = skip_space(scan.end, end);
  if (p == end) return Found::PageEnd;
  if (*p != '=') return Found::Attribute;
  const char* const value = skip_space(p + 1, end);
  if (value == end) return Found::PageEnd;
  if (*value == '"' || *value == '\'') {
    const char* const close = find_near(value + 1, end, *value);
    if (close == end) return Found::PageEnd;
    out.value = view(value + 1, close);
    p = close + 1;
  } else {
    p = find_unquoted_end(value, end);
    if (p == end) return Found::PageEnd;
    out.value = view(value, p);
  }
  return Found::Attribute;
}

/// Moves `p`, which stands where an attribute may begin, behind the next quoted value, if in front
/// of it there is but ` name=` or ` word name=` and no more than 32 bytes: nothing that
/// next_attribute() would read in another way.
inline bool skip_quoted(const char*& p, const char* end) {
#if defined(__SSE2__)
  if (end - p < 32) return false;
  const __m128i low = scan::load(p), high = scan::load(p + 16);
  const auto where = [&](char c) {
    return scan::mask(scan::is(low, c)) | scan::mask(scan::is(high, c)) << 16;
  };
  const unsigned twice = where('"'), once = where('\'');
  const unsigned stops = twice | once | where('>');
  if (stops == 0) return false;
  const int quote = std::countr_zero(stops);
  const unsigned bit = 1u << quote;
  // One '=', right before the quote, and a name before it.
  if (quote < 2 || p[quote] == '>' || (where('=') & (bit - 1)) != bit >> 1) return false;
  const auto before = static_cast<unsigned char>(p[quote - 2]);
  if (before <= ' ' || before == '/') return false;
  const unsigned closing = ((twice & bit) != 0 ? twice : once) & ~(bit | (bit - 1));
  const char* const close =
      closing != 0 ? p + std::countr_zero(closing) : find_near(p + 32, end, p[quote]);
  if (close == end) return false;
  p = close + 1;
  return true;
#else
  static_cast<void>(p), static_cast<void>(end);
  return false;
#endif
}

}  // namespace

const char* HtmlTokenizer::read_attributes(HtmlToken& token, const char* p) {
  AttributeSpan attribute;
  for (;;) {
    const Found found = next_attribute(p, end_, attribute, token.self_closing);
    if (found == Found::TagEnd) return p;
    if (found == Found::PageEnd) return nullptr;
    if (token.attributes.size() >= limits_.max_attributes ||
        attribute.name.size() > limits_.max_attribute_bytes) {
      ++attributes_dropped_;
      continue;
    }
    if (attribute.value.size() > limits_.max_attribute_bytes) {
      attribute.value = cut(attribute.value, limits_.max_attribute_bytes);
      ++attributes_cut_;
    }
    if (attribute.changes) {
      const std::size_t begin = names_.size();
      keep_lower(attribute.name);
      changes_.push_back({token.attributes.size(), begin, names_.size() - begin});
    }
    token.attributes.push_back({attribute.name, attribute.value});
  }
}

const char* HtmlTokenizer::skip_attributes(const char* p, bool& self_closing) const {
  AttributeSpan attribute;
  for (;;) {
    if (p != end_ && *p == '>') return p + 1;
    if (skip_quoted(p, end_)) continue;
    const Found found = next_attribute(p, end_, attribute, self_closing);
    if (found == Found::TagEnd) return p;
    if (found == Found::PageEnd) return nullptr;
  }
}

/// names_ no longer grows: gives the names that changed their final view, and drops repetitions.
void HtmlTokenizer::finish_attributes(HtmlToken& token) {
  for (const Change& change : changes_)
    token.attributes[change.attribute].name =
        std::string_view(names_).substr(change.begin, change.size);
  if (token.attributes.size() > 1) drop_repeated(token.attributes);
}

void HtmlTokenizer::drop_repeated(std::vector<HtmlAttribute>& attributes) {
  const std::size_t count = attributes.size();
  std::size_t kept = 0;
  if (count <= kFew) {
    std::uint64_t seen = 0;  // a bit for the length and the outer letters of each name
    for (std::size_t i = 0; i < count; ++i) {
      const std::string_view name = attributes[i].name;
      const auto mixed = static_cast<unsigned char>(name.front()) * 7u +
                         static_cast<unsigned char>(name.back()) * 3u + name.size();
      const std::uint64_t bit = std::uint64_t{1} << (mixed % 64);
      if ((seen & bit) != 0 &&
          std::any_of(attributes.begin(), attributes.begin() + static_cast<std::ptrdiff_t>(kept),
                      [&](const HtmlAttribute& other) { return other.name == name; }))
        continue;
      seen |= bit;
      attributes[kept++] = attributes[i];
    }
    attributes.resize(kept);
    return;
  }
  constexpr std::uint32_t kFree = 0xffffffff;
  std::size_t slots = 64;
  while (slots < count * 2) slots *= 2;
  repeats_.assign(slots, kFree);
  for (std::size_t i = 0; i < count; ++i) {
    std::size_t slot = std::hash<std::string_view>{}(attributes[i].name) % slots;
    while (repeats_[slot] != kFree && attributes[repeats_[slot]].name != attributes[i].name)
      slot = (slot + 1) % slots;
    if (repeats_[slot] != kFree) continue;
    repeats_[slot] = static_cast<std::uint32_t>(kept);
    attributes[kept++] = attributes[i];
  }
  attributes.resize(kept);
}

}  // namespace crosstail::markup
