#include "markup/syntax_filter.h"

#include <emmintrin.h>

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace crosstail::markup {

namespace {

struct Attribute {
  std::string_view name;
  bool microdata;  ///< else RDFa's
};

constexpr std::array<Attribute, 6> kAttributes = {{{"itemtype", true},
                                                   {"itemprop", true},
                                                   {"typeof", false},
                                                   {"property", false},
                                                   {"rel", false},
                                                   {"rev", false}}};
constexpr std::array<std::string_view, 5> kTerms = {"answer", "question", "faqpage", "qapage",
                                                    "parentitem"};

constexpr char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}

bool is_space(char c) {
  return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f';
}

/// `at` has at least as many bytes as `word`, which is lower case.
bool equals(const char* at, std::string_view word) {
  for (std::size_t i = 0; i < word.size(); ++i)
    if (lower(at[i]) != word[i]) return false;
  return true;
}

bool holds_term(std::string_view value) {
  for (std::size_t i = 0; i < value.size(); ++i) {
    const char c = lower(value[i]);
    if (c != 'a' && c != 'q' && c != 'f' && c != 'p') continue;
    for (const std::string_view term : kTerms)
      if (value.size() - i >= term.size() && equals(value.data() + i, term)) return true;
  }
  return false;
}

/// Of a raw attribute value.
bool names_term(std::string_view raw) {
  if (holds_term(raw)) return true;
  if (raw.find('&') == std::string_view::npos) return false;
  std::string decoded;
  decode_attribute(decoded, raw);
  return holds_term(decoded);
}

__m128i load(const char* at) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
}

/// Bit i: byte i of `block`, its case folded, is `c`.
__m128i is(__m128i block, char c) {
  return _mm_cmpeq_epi8(_mm_or_si128(block, _mm_set1_epi8(0x20)), _mm_set1_epi8(c));
}

/// Bit i: byte i of the 64 at `at` is `=`.
std::uint64_t equal_signs(const char* at) {
  const __m128i sign = _mm_set1_epi8('=');
  std::uint64_t bits = 0;
  for (std::size_t part = 0; part < 4; ++part) {
    const int found = _mm_movemask_epi8(_mm_cmpeq_epi8(load(at + part * 16), sign));
    bits |= std::uint64_t{static_cast<std::uint32_t>(found)} << (part * 16);
  }
  return bits;
}

/// True for what stands before the `=` of an attribute of ours: the last letter of one of the
/// names, or white space.
constexpr std::array<bool, 256> kBeforeEqual = [] {
  std::array<bool, 256> table{};
  for (const char c : {' ', '\n', '\t', '\r', '\f'}) table[static_cast<unsigned char>(c)] = true;
  for (const Attribute& attribute : kAttributes) {
    const auto last = static_cast<unsigned char>(attribute.name.back());
    table[last] = table[last & ~0x20u] = true;
  }
  return table;
}();

/// itemprop or property: no pair can be stated without one of them.
bool holds_prop(const char* at, const char* end) {
  for (; end - at >= 32 + 3; at += 32) {
    const __m128i low = _mm_and_si128(is(load(at), 'p'), is(load(at + 3), 'p'));
    const __m128i high = _mm_and_si128(is(load(at + 16), 'p'), is(load(at + 19), 'p'));
    if (_mm_movemask_epi8(_mm_or_si128(low, high)) == 0) continue;
    auto found = static_cast<std::uint32_t>(_mm_movemask_epi8(low)) |
                 static_cast<std::uint32_t>(_mm_movemask_epi8(high)) << 16;
    for (; found != 0; found &= found - 1)
      if (equals(at + std::countr_zero(found), "prop")) return true;
  }
  for (; end - at >= 4; ++at)
    if (equals(at, "prop")) return true;
  return false;
}

/// The attributes of a page that are ours, found by the `=` behind their names.
class AttributeScan {
 public:
  explicit AttributeScan(std::string_view page)
      : begin_(page.data()), end_(page.data() + page.size()) {}

  FaqSyntaxes read() {
    const char* at = begin_ + 1;  // no name stands before the first byte
    for (; end_ - at >= 64; at += 64) {
      for (std::uint64_t found = equal_signs(at); found != 0; found &= found - 1)
        read_attribute(at + std::countr_zero(found));
      if (found_.microdata && found_.rdfa) return found_;
    }
    for (; at < end_; ++at)
      if (*at == '=') read_attribute(at);
    return found_;
  }

 private:
  /// `equal`: a `=` of the page, not its first byte. White space around it belongs to no other one,
  /// so that looking over it stays linear.
  void read_attribute(const char* equal) {
    if (!kBeforeEqual[static_cast<unsigned char>(equal[-1])]) return;
    const char* name_end = equal;
    while (name_end > begin_ && is_space(name_end[-1])) --name_end;
    for (const Attribute& attribute : kAttributes) {
      if (static_cast<std::size_t>(name_end - begin_) <= attribute.name.size()) continue;
      const char* start = name_end - attribute.name.size();
      if (!equals(start, attribute.name)) continue;
      const char before = start[-1];
      if (!is_space(before) && before != '/' && before != '"' && before != '\'') continue;
      const char* at = equal + 1;
      while (at < end_ && is_space(*at)) ++at;
      bool& found = attribute.microdata ? found_.microdata : found_.rdfa;
      if (at != end_) found |= *at == '"' || *at == '\'' ? quoted(at) : unquoted(at);
      return;
    }
  }

  /// A value within quotes ends where the next such value can begin at the earliest: linear. One
  /// without an end makes no tag.
  bool quoted(const char* open) {
    bool& closed = *open == '"' ? double_closed_ : single_closed_;
    if (!closed) return false;
    const char* at = open + 1;
    const void* close = std::memchr(at, *open, static_cast<std::size_t>(end_ - at));
    closed = close != nullptr;
    return closed && names_term({at, static_cast<const char*>(close)});
  }

  /// `rel=/rel=/rel=…`: values within one another end together; what the first holds, the others
  /// may.
  bool unquoted(const char* at) {
    if (at < unquoted_end_) return unquoted_holds_;
    const char* end = at;
    while (end < end_ && !is_space(*end) && *end != '>') ++end;
    unquoted_end_ = end;
    return unquoted_holds_ = names_term({at, end});
  }

  const char* begin_;
  const char* end_;
  const char* unquoted_end_ = nullptr;
  bool unquoted_holds_ = false;
  bool double_closed_ = true, single_closed_ = true;
  FaqSyntaxes found_;
};

}  // namespace

FaqSyntaxes faq_syntaxes(const HtmlToken& token) {
  FaqSyntaxes found;
  if (token.kind != HtmlTokenKind::StartTag) return found;
  for (const HtmlAttribute& stated : token.attributes)
    for (const Attribute& attribute : kAttributes)
      if (stated.name == attribute.name && names_term(stated.value))
        (attribute.microdata ? found.microdata : found.rdfa) = true;
  return found;
}

FaqSyntaxes faq_syntaxes(std::string_view page) {
  if (!holds_prop(page.data(), page.data() + page.size())) return {};
  return AttributeScan(page).read();
}

bool may_name_faq_term(std::string_view page) {
  const FaqSyntaxes found = faq_syntaxes(page);
  return found.microdata || found.rdfa;
}

}  // namespace crosstail::markup
