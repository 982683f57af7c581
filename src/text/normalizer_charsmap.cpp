#include "text/normalizer_charsmap.h"

#include <algorithm>
#include <cstring>

#include "text/utf8.h"

namespace crosstail::text {

namespace {

/// From this many bytes on, tokenizers looks code points up one by one.
constexpr std::size_t kClusterBytes = 6;

bool has_leaf(std::uint32_t unit) {
  return (unit >> 8 & 1) != 0;
}
std::uint32_t label(std::uint32_t unit) {
  return unit & (1U << 31 | 0xFF);
}
std::uint32_t offset(std::uint32_t unit) {
  return unit >> 10 << ((unit & 1U << 9) >> 6);
}

/// The end of the grapheme cluster that starts at `p` (UAX #29 as far as it can matter here:
/// clusters held together by other rules are of 6 bytes at least, and then looked up one by one;
/// for those the end is too early, which changes nothing).
const char* cluster_end(const char* p, const char* end, const unicode::FlagTable& flags) {
  char32_t c = unicode::decode(p);
  if (c == '\r' && p < end && *p == '\n') return p + 1;
  while ((flags[c] & unicode::kPrepends) != 0 && p < end) {
    const char* next = p;
    c = unicode::decode(next);
    if ((flags[c] & unicode::kControl) != 0) return p;
    p = next;
  }
  if ((flags[c] & unicode::kControl) != 0) return p;
  while (p < end) {
    const char* next = p;
    if ((flags[unicode::decode(next)] & unicode::kJoins) == 0) break;
    p = next;
  }
  return p;
}

}  // namespace

Result<Charsmap> Charsmap::open(std::string_view bytes) {
  Charsmap map;
  if (bytes.empty()) return map;
  std::uint32_t size = 0;
  if (bytes.size() < sizeof(size)) {
    return Error{ErrorCode::Corrupt, "precompiled_charsmap: shorter than its size field"};
  }
  std::memcpy(&size, bytes.data(), sizeof(size));
  if (size > bytes.size() - sizeof(size) || size % 4 != 0) {
    return Error{ErrorCode::Corrupt, "precompiled_charsmap: says its trie has " +
                                         std::to_string(size) + " bytes, but " +
                                         std::to_string(bytes.size() - sizeof(size)) + " follow"};
  }
  map.array_ = bytes.substr(sizeof(size), size);
  map.replacements_ = bytes.substr(sizeof(size) + size);
  if (!is_valid_utf8(map.replacements_)) {
    return Error{ErrorCode::Corrupt, "precompiled_charsmap: its replacements are not UTF-8"};
  }
  map.index_code_points();
  return map;
}

std::uint32_t Charsmap::unit(std::size_t i) const {
  std::uint32_t value = 0;
  if (i < array_.size() / 4) std::memcpy(&value, array_.data() + 4 * i, 4);
  return value;
}

Charsmap::Match Charsmap::search(std::string_view text, bool longest) const {
  Match match;
  if (array_.empty()) return match;
  std::size_t node = offset(unit(0));
  for (std::size_t i = 0; i < text.size() && text[i] != '\0'; ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    node ^= byte;
    const std::uint32_t here = unit(node);
    if (label(here) != byte) break;
    node ^= offset(here);
    if (!has_leaf(here)) continue;
    const std::size_t value = unit(node) & ~(1U << 31);
    if (value >= replacements_.size()) continue;
    const std::string_view rest = replacements_.substr(value);
    if (!rest.empty() && (static_cast<unsigned char>(rest[0]) & 0xC0) == 0x80) continue;
    match = {i + 1, rest.substr(0, rest.find('\0'))};
    if (!longest) break;
  }
  return match;
}

bool Charsmap::continues_in_ascii(std::string_view text) const {
  if (array_.empty()) return false;
  std::size_t node = offset(unit(0));
  for (const char c : text) {
    node ^= static_cast<unsigned char>(c);
    const std::uint32_t here = unit(node);
    if (label(here) != static_cast<unsigned char>(c)) return false;
    node ^= offset(here);
  }
  for (unsigned byte = 1; byte < 128; ++byte) {
    if (label(unit(node ^ byte)) == byte) return true;
  }
  return false;
}

// Walks down to the depth of one code point, along the branches there are: a few thousand steps.
void Charsmap::index_code_points() {
  mapped_.assign(0x110000 / 64, 0);
  starts_.assign(0x110000 / 64, 0);
  struct Branch {
    std::size_t node;
    std::string bytes;
  };
  std::vector<Branch> branches{{offset(unit(0)), ""}};
  while (!branches.empty()) {
    const Branch branch = std::move(branches.back());
    branches.pop_back();
    const bool lead = branch.bytes.empty();
    for (unsigned byte = lead ? 1 : 0x80; byte < (lead ? 0xF5U : 0xC0U); ++byte) {
      if (lead && byte == 0x80) byte = 0xC2;
      const std::uint32_t here = unit(branch.node ^ byte);
      if (label(here) != byte) continue;
      const std::string bytes = branch.bytes + static_cast<char>(byte);
      if (bytes.size() < unicode::sequence_size(bytes[0])) {
        branches.push_back({branch.node ^ byte ^ offset(here), bytes});
        continue;
      }
      if (!is_valid_utf8(bytes)) continue;
      const char* p = bytes.data();
      const char32_t c = unicode::decode(p);
      starts_[c >> 6] |= std::uint64_t{1} << (c & 63);
      if (shortest(bytes).length == bytes.size()) mapped_[c >> 6] |= std::uint64_t{1} << (c & 63);
    }
  }
}

template <bool Track>
void Charsmap::rewrite(const AlignedText& text, AlignedText& fresh, bool& modified) const {
  const auto& flags = unicode::FlagTable::get();
  Rewriter<Track> out(text, fresh);
  const char* p = text.text.data();
  const char* const end = p + text.text.size();
  const char* kept = p;  // [kept, p) stays as it is and is not yet written
  const auto replace = [&](const char* from, const char* to, std::string_view by) {
    out.keep({kept, static_cast<std::size_t>(from - kept)});
    out.replace({from, static_cast<std::size_t>(to - from)}, by);
    modified = true;
    kept = p = to;
  };
  while (p < end) {
    const char* const start = p;
    // Most text: a code point no rule knows, and no mark after it.
    const char32_t c = unicode::decode(p);
    const bool next_is_ascii = p == end || static_cast<unsigned char>(*p) < 0x80;
    const char* peek = p;
    const bool alone = next_is_ascii ? c != '\r' || p == end || *p != '\n'
                                     : (flags[unicode::decode(peek)] & unicode::kJoins) == 0;
    if (alone && (flags[c] & unicode::kPrepends) == 0) {
      if (maps(c))
        replace(start, p, shortest({start, static_cast<std::size_t>(p - start)}).replacement);
      continue;
    }
    p = start;
    const char* const stop = cluster_end(p, end, flags);
    if (static_cast<std::size_t>(stop - p) < kClusterBytes) {
      const Match match = shortest({p, static_cast<std::size_t>(stop - p)});
      if (match.length != 0) {
        replace(start, stop, match.replacement);
        continue;
      }
    }
    while (p < stop) {
      const char* const part = p;
      const char32_t one = unicode::decode(p);
      if (maps(one))
        replace(part, p, shortest({part, static_cast<std::size_t>(p - part)}).replacement);
    }
  }
  if (!modified) return;
  out.keep({kept, static_cast<std::size_t>(end - kept)});
  out.finish();
}

void Charsmap::apply_to_clusters(AlignedText& text, AlignedText& spare, bool track) const {
  if (array_.empty()) return;
  bool modified = false;
  if (track) {
    rewrite<true>(text, spare, modified);
  } else {
    rewrite<false>(text, spare, modified);
  }
  if (modified) std::swap(text, spare);
}

}  // namespace crosstail::text
