#include "markup/syntax_filter.h"

#include <immintrin.h>

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

// Where the next `=` behind a name of ours may be, from `at` on.

const char* next_equal_sign(const char* at, const char* end) {
  const void* found = std::memchr(at, '=', static_cast<std::size_t>(end - at));
  return found == nullptr ? end : static_cast<const char*>(found);
}

#define CT_AVX2 __attribute__((target("avx2")))

CT_AVX2 inline __m256i load_32(const char* at) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
}

CT_AVX2 inline __m256i is_32(__m256i block, char c) {
  return _mm256_cmpeq_epi8(_mm256_or_si256(block, _mm256_set1_epi8(0x20)), _mm256_set1_epi8(c));
}

/// By the last two letters of the names, or white space, before it. Reads two bytes before `at`.
CT_AVX2 const char* next_name_end_avx2(const char* at, const char* end) {
  for (; end - at >= 32; at += 32) {
    const __m256i equal = _mm256_cmpeq_epi8(load_32(at), _mm256_set1_epi8('='));
    const __m256i last = load_32(at - 1), before = load_32(at - 2);
    const __m256i space = _mm256_cmpeq_epi8(_mm256_min_epu8(last, _mm256_set1_epi8(' ')), last);
    const __m256i type = _mm256_and_si256(is_32(last, 'e'), is_32(before, 'p'));
    const __m256i property = _mm256_and_si256(is_32(last, 'y'), is_32(before, 't'));
    const __m256i prop_of =
        _mm256_and_si256(_mm256_or_si256(is_32(last, 'p'), is_32(last, 'f')), is_32(before, 'o'));
    const __m256i relation =
        _mm256_and_si256(_mm256_or_si256(is_32(last, 'l'), is_32(last, 'v')), is_32(before, 'e'));
    const __m256i names =
        _mm256_or_si256(_mm256_or_si256(type, property), _mm256_or_si256(prop_of, relation));
    const int found = _mm256_movemask_epi8(_mm256_and_si256(equal, _mm256_or_si256(space, names)));
    if (found != 0) return at + std::countr_zero(static_cast<unsigned>(found));
  }
  return next_equal_sign(at, end);
}

const char* next_name_end(const char* at, const char* end) {
  static const bool avx2 = __builtin_cpu_supports("avx2") != 0;
  return avx2 ? next_name_end_avx2(at, end) : next_equal_sign(at, end);
}

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
    if (end_ - begin_ < 3) return found_;
    for (const char* at = begin_ + 2; at < end_; ++at) {  // no name of ours is shorter
      at = next_name_end(at, end_);
      if (at < end_) read_attribute(at);
      if (found_.microdata && found_.rdfa) break;
    }
    return found_;
  }

 private:
  /// `equal`: a `=` of the page. White space around it belongs to no other one, so that looking
  /// over it stays linear.
  void read_attribute(const char* equal) {
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
