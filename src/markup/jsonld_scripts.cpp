#include "markup/jsonld_scripts.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

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

/// "ld+" (is_jsonld_type() passes over spaces behind it), or "ld&" and a reference to the plus
/// sign.
bool is_jsonld_type_end(std::string_view text) {
  if (starts_with(text, "ld+")) return true;
  for (const std::string_view reference : {"ld&#43", "ld&#x2b", "ld&plus;", "ld&#0", "ld&#x0"})
    if (starts_with(text, reference)) return true;
  return false;
}

bool is_answer_term(std::string_view text) {
  return starts_with(text, "acceptedanswer") || starts_with(text, "suggestedanswer") ||
         starts_with(text, "parentitem");
}

/// Checks a place where three bytes fit that look like "ld+" or "ld&", or like the "cce", "gge" or
/// "nti" of a term of answers.
void candidate(std::string_view page, std::size_t at, FaqPlaces& places) {
  const char first = lower(page[at]);
  if (first == 'l') {
    if (is_jsonld_type_end(page.substr(at))) places.jsonld_end = at + 1;
    return;
  }
  const std::size_t before = first == 'c' ? 1 : first == 'g' ? 2 : 4;
  if (at >= before && is_answer_term(page.substr(at - before)))
    places.answer_terms.push_back(at - before);
}

/// The rest of a page, or all of it on a processor without vectors.
void scan_bytes(std::string_view page, std::size_t from, FaqPlaces& places) {
  for (std::size_t i = from; i + 3 <= page.size(); ++i) {
    const char first = lower(page[i]), second = lower(page[i + 1]);
    const bool found = (first == 'l' && second == 'd') || (first == 'c' && second == 'c') ||
                       (first == 'g' && second == 'g') || (first == 'n' && second == 't');
    if (found) candidate(page, i, places);
  }
}

#if defined(__x86_64__)

/// 32 bytes at a time. Bytes are compared with their case folded, which lets a few others through
/// (`[` for `{`); candidate() looks again.
__attribute__((target("avx2"))) std::size_t scan_avx2(std::string_view page, FaqPlaces& places) {
  const __m256i fold = _mm256_set1_epi8(0x20), c = _mm256_set1_epi8('c'), g = _mm256_set1_epi8('g'),
                e = _mm256_set1_epi8('e'), n = _mm256_set1_epi8('n'), t = _mm256_set1_epi8('t'),
                i_ = _mm256_set1_epi8('i'), l = _mm256_set1_epi8('l'), d = _mm256_set1_epi8('d'),
                plus = _mm256_set1_epi8('+'), reference = _mm256_set1_epi8('&');
  std::size_t at = 0;
  for (; at + 34 <= page.size(); at += 32) {
    const auto* bytes = page.data() + at;
    const __m256i first =
        _mm256_or_si256(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(bytes)), fold);
    const __m256i second =
        _mm256_or_si256(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(bytes + 1)), fold);
    const __m256i raw_third = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(bytes + 2));
    const __m256i third = _mm256_or_si256(raw_third, fold);
    const __m256i cc = _mm256_and_si256(_mm256_cmpeq_epi8(first, c), _mm256_cmpeq_epi8(second, c));
    const __m256i gg = _mm256_and_si256(_mm256_cmpeq_epi8(first, g), _mm256_cmpeq_epi8(second, g));
    const __m256i nt = _mm256_and_si256(_mm256_cmpeq_epi8(first, n), _mm256_cmpeq_epi8(second, t));
    const __m256i ld = _mm256_and_si256(_mm256_cmpeq_epi8(first, l), _mm256_cmpeq_epi8(second, d));
    const __m256i sign = _mm256_or_si256(_mm256_cmpeq_epi8(raw_third, plus),
                                         _mm256_cmpeq_epi8(raw_third, reference));
    const __m256i answer = _mm256_and_si256(_mm256_or_si256(cc, gg), _mm256_cmpeq_epi8(third, e));
    const __m256i item = _mm256_and_si256(nt, _mm256_cmpeq_epi8(third, i_));
    const __m256i any = _mm256_or_si256(_mm256_or_si256(answer, item), _mm256_and_si256(ld, sign));
    auto bits = static_cast<std::uint32_t>(_mm256_movemask_epi8(any));
    for (; bits != 0; bits &= bits - 1)
      candidate(page, at + static_cast<std::size_t>(std::countr_zero(bits)), places);
  }
  return at;
}

bool has_avx2() {
  static const bool kHas = __builtin_cpu_supports("avx2") != 0;
  return kHas;
}

#endif

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

void FaqPlaces::find(std::string_view page) {
  jsonld_end = 0;
  answer_terms.clear();
  std::size_t done = 0;
#if defined(__x86_64__)
  if (has_avx2()) done = scan_avx2(page, *this);
#endif
  scan_bytes(page, done, *this);
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
