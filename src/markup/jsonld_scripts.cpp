#include "markup/jsonld_scripts.h"

#include <emmintrin.h>

#include <bit>
#include <cstdint>

#include "markup/jsonld.h"

namespace crosstail::markup {
namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}

/// `word` is lower case.
bool starts_with(std::string_view text, std::string_view word) {
  if (text.size() < word.size()) return false;
  for (std::size_t i = 0; i < word.size(); ++i)
    if (lower(text[i]) != word[i]) return false;
  return true;
}

__m128i load(const char* at) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
}

/// 0xff where the byte, its case folded, is `c`.
__m128i is(__m128i block, char c) {
  return _mm_cmpeq_epi8(_mm_or_si128(block, _mm_set1_epi8(0x20)), _mm_set1_epi8(c));
}

__m128i is_exactly(__m128i block, char c) {
  return _mm_cmpeq_epi8(block, _mm_set1_epi8(c));
}

/// "ld+" (is_jsonld_type() passes over spaces behind it), or "ld&" and a reference to the plus sign.
bool is_jsonld_type_end(std::string_view text) {
  if (starts_with(text, "ld+")) return true;
  for (const std::string_view reference : {"ld&#43", "ld&#x2b", "ld&plus;", "ld&#0", "ld&#x0"})
    if (starts_with(text, reference)) return true;
  return false;
}

bool is_answer_term_tail(std::string_view text) {
  return starts_with(text, "cceptedanswer") || starts_with(text, "ggestedanswer") ||
         starts_with(text, "ntitem");
}

/// Calls `found` with the place of every "ld+" and "ld&" in any case.
template <class Found>
void find_ld(std::string_view page, Found&& found) {
  const char* const begin = page.data();
  std::size_t i = 0;
  for (; i + 18 <= page.size(); i += 16) {
    const __m128i third = load(begin + i + 2);
    const __m128i sign = _mm_or_si128(is_exactly(third, '+'), is_exactly(third, '&'));
    const __m128i ld = _mm_and_si128(is(load(begin + i), 'l'), is(load(begin + i + 1), 'd'));
    auto bits = static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_and_si128(sign, ld)));
    for (; bits != 0; bits &= bits - 1) found(i + static_cast<std::size_t>(std::countr_zero(bits)));
  }
  for (; i < page.size(); ++i)
    if (starts_with(page.substr(i), "ld+") || starts_with(page.substr(i), "ld&")) found(i);
}

const HtmlTagSet& wanted_tags() {
  static const HtmlTagSet kWanted = [] {
    HtmlTagSet tags = PageMetadataReader::tags();
    tags.add(HtmlTag::Script);
    tags.add(HtmlTag::Body);
    return tags;
  }();
  return kWanted;
}

std::string_view type_of(const HtmlToken& token) {
  for (const HtmlAttribute& attribute : token.attributes)
    if (attribute.name == "type") return attribute.value;
  return {};
}

}  // namespace

std::size_t last_jsonld_type(std::string_view page) {
  std::size_t last = 0;
  find_ld(page, [&](std::size_t at) {
    if (is_jsonld_type_end(page.substr(at))) last = at + 1;
  });
  return last;
}

bool names_accepted_answer(std::string_view html) {
  const char* const begin = html.data();
  std::size_t i = 0;
  // "cce" of acceptedAnswer, "gge" of suggestedAnswer, "nti" of parentItem.
  for (; i + 18 <= html.size(); i += 16) {
    const __m128i first = load(begin + i), second = load(begin + i + 1),
                  third = load(begin + i + 2);
    const __m128i cc = _mm_and_si128(is(first, 'c'), is(second, 'c'));
    const __m128i gg = _mm_and_si128(is(first, 'g'), is(second, 'g'));
    const __m128i nt = _mm_and_si128(is(first, 'n'), is(second, 't'));
    const __m128i answer = _mm_and_si128(_mm_or_si128(cc, gg), is(third, 'e'));
    const __m128i item = _mm_and_si128(nt, is(third, 'i'));
    auto bits = static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_or_si128(answer, item)));
    for (; bits != 0; bits &= bits - 1)
      if (is_answer_term_tail(html.substr(i + static_cast<std::size_t>(std::countr_zero(bits)))))
        return true;
  }
  for (; i < html.size(); ++i)
    if (is_answer_term_tail(html.substr(i))) return true;
  return false;
}

void ScriptFinder::read(std::string_view page, std::size_t jsonld_end,
                        std::vector<JsonLdScript>& scripts, PageMetadata& metadata) {
  HtmlTokenizer tokens(page, limits_);
  tokens.set_attribute_filter(wanted_tags());
  PageMetadataReader reader(metadata);
  bool in_body = false;
  while (!(in_body && token_.begin >= jsonld_end) && tokens.next_start_tag(wanted_tags(), token_)) {
    const bool in_template = tokens.template_depth() > 0;
    in_body = in_body || (token_.tag == HtmlTag::Body && !in_template);
    if (token_.tag != HtmlTag::Script) {
      reader.on_token(token_, tokens.template_depth());
      if (reader.wants_text() && tokens.next(token_))
        reader.on_token(token_, tokens.template_depth());
    } else if (!in_template && is_jsonld_type(type_of(token_)) && tokens.next(token_) &&
               token_.kind == HtmlTokenKind::Text) {
      scripts.push_back({token_.text, token_.begin});
    }
  }
  reader.finish();
  attributes_dropped_ = tokens.attributes_dropped();
  attributes_cut_ = tokens.attributes_cut();
}

}  // namespace crosstail::markup
