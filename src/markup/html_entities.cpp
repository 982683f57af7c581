#include "markup/html_entities.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "markup/html_scan.h"
#include "markup/html_tokenizer.h"

namespace crosstail::markup {
namespace {

constexpr std::size_t kLongestName = 31;   // CounterClockwiseContourIntegral
constexpr std::size_t kLongestLegacy = 6;  // names that need no ';', such as Aacute
constexpr std::size_t kLetters = 128;

struct Entity {
  std::string_view name, characters;
};

/// The pool cut into entries, and where the names of each first letter begin.
struct EntityIndex {
  std::array<Entity, kEntityCount> entries;
  std::array<std::uint16_t, kLetters + 1> first{};

  EntityIndex() {
    std::size_t at = 0;
    for (Entity& entry : entries) {
      const std::size_t tab = kEntityPool.find('\t', at);
      const std::size_t line = kEntityPool.find('\n', tab);
      entry.name = kEntityPool.substr(at, tab - at);
      entry.characters = kEntityPool.substr(tab + 1, line - tab - 1);
      if (entry.characters == "\x01") entry.characters = "\n";
      if (entry.characters == "\x02") entry.characters = "\t";
      at = line + 1;
      ++first[static_cast<unsigned char>(entry.name.front()) + 1u];
    }
    for (std::size_t i = 1; i < first.size(); ++i)
      first[i] = static_cast<std::uint16_t>(first[i] + first[i - 1]);
  }

  [[nodiscard]] const Entity* find(std::string_view name) const {
    const auto letter = static_cast<unsigned char>(name.front());
    const Entity* const low = entries.data() + first[letter];
    const Entity* const high = entries.data() + first[letter + 1];
    const Entity* const found = std::lower_bound(
        low, high, name, [](const Entity& entry, std::string_view n) { return entry.name < n; });
    return found != high && found->name == name ? found : nullptr;
  }
};

const EntityIndex& entity_index() {
  static const EntityIndex index;
  return index;
}

/// What windows-1252 has at 0x80–0x9F, for numeric references (§13.2.5.80).
constexpr std::array<char16_t, 32> kWindows1252 = {
    0x20ac, 0x81,   0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
    0x2039, 0x0152, 0x8d,   0x017d, 0x8f,   0x90,   0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
    0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x9d,   0x017e, 0x0178};

constexpr std::string_view kReplacement = "\xef\xbf\xbd";

void append_code_point(std::string& out, std::uint32_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xc0 | c >> 6);
    out += static_cast<char>(0x80 | (c & 0x3f));
  } else if (c < 0x10000) {
    out += static_cast<char>(0xe0 | c >> 12);
    out += static_cast<char>(0x80 | (c >> 6 & 0x3f));
    out += static_cast<char>(0x80 | (c & 0x3f));
  } else {
    out += static_cast<char>(0xf0 | c >> 18);
    out += static_cast<char>(0x80 | (c >> 12 & 0x3f));
    out += static_cast<char>(0x80 | (c >> 6 & 0x3f));
    out += static_cast<char>(0x80 | (c & 0x3f));
  }
}

int hex_digit(char c) {
  if (is_ascii_digit(c)) return c - '0';
  const char lower = to_ascii_lower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/// `&#…` at `raw[at]`: appends the character and returns the place behind it, or 0 if there is no
/// digit.
std::size_t decode_numeric(std::string& out, std::string_view raw, std::size_t at) {
  constexpr std::uint32_t kTooLarge = 0x110000;
  std::size_t i = at + 2;
  const bool hex = i < raw.size() && (raw[i] | 0x20) == 'x';
  if (hex) ++i;
  const std::size_t digits = i;
  std::uint32_t code = 0;
  for (; i < raw.size(); ++i) {
    const int digit = hex ? hex_digit(raw[i]) : (is_ascii_digit(raw[i]) ? raw[i] - '0' : -1);
    if (digit < 0) break;
    code = std::min(code * (hex ? 16 : 10) + static_cast<std::uint32_t>(digit), kTooLarge);
  }
  if (i == digits) return 0;
  if (i < raw.size() && raw[i] == ';') ++i;
  if (code == 0 || code >= kTooLarge || (code >= 0xd800 && code <= 0xdfff))
    out += kReplacement;
  else
    append_code_point(out, code >= 0x80 && code < 0xa0 ? kWindows1252[code - 0x80] : code);
  return i;
}

/// The character reference at `raw[at]`, a '&'; appends, and returns the place behind it.
std::size_t decode_reference(std::string& out, std::string_view raw, std::size_t at,
                             bool in_attribute) {
  if (at + 1 < raw.size() && raw[at + 1] == '#') {
    if (const std::size_t after = decode_numeric(out, raw, at)) return after;
  } else if (const EntityMatch match = match_entity(raw.substr(at + 1)); match.length > 0) {
    const std::size_t after = at + 1 + match.length;
    const bool open = raw[after - 1] != ';' && after < raw.size() &&
                      (raw[after] == '=' || is_ascii_alnum(raw[after]));
    if (!(in_attribute && open)) {
      out += match.characters;
      return after;
    }
  }
  out += '&';
  return at + 1;
}

template <bool kReferences>
void decode(std::string& out, std::string_view raw, bool in_attribute) {
  std::size_t done = 0;
  for (std::size_t i = 0; i < raw.size();) {
    const char c = raw[i];
    if (c != '\r' && c != '\0' && !(kReferences && c == '&')) {
      ++i;
      continue;
    }
    out += raw.substr(done, i - done);
    if (c == '&') {
      i = decode_reference(out, raw, i, in_attribute);
    } else if (c == '\0') {
      out += kReplacement;
      ++i;
    } else {
      out += '\n';
      i += i + 1 < raw.size() && raw[i + 1] == '\n' ? 2u : 1u;
    }
    done = i;
  }
  out += raw.substr(done);
}

}  // namespace

EntityMatch match_entity(std::string_view text) {
  std::size_t run = 0;
  const std::size_t most = std::min(text.size(), kLongestName + 1);
  while (run < most && is_ascii_alnum(text[run])) ++run;
  if (run < 2) return {};
  const EntityIndex& index = entity_index();
  if (run < text.size() && text[run] == ';')
    if (const Entity* found = index.find(text.substr(0, run + 1)))
      return {run + 1, found->characters};
  for (std::size_t size = std::min(run, kLongestLegacy); size >= 2; --size)
    if (const Entity* found = index.find(text.substr(0, size))) return {size, found->characters};
  return {};
}

void decode_attribute(std::string& out, std::string_view raw) {
  decode<true>(out, raw, true);
}
void decode_text(std::string& out, std::string_view raw) {
  decode<true>(out, raw, false);
}
void normalise_raw(std::string& out, std::string_view raw) {
  decode<false>(out, raw, false);
}

}  // namespace crosstail::markup
