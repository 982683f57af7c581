#include "markup/html_tokenizer.h"

#include <algorithm>
#include <utility>

#include "markup/html_scan.h"
#include "markup/html_tag_hash.h"

namespace crosstail::markup {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";

/// Tags after which the tokenizer reads differently (see follow()).
constexpr HtmlTagSet kModelTags = {
    HtmlTag::Iframe,    HtmlTag::Math,   HtmlTag::Noembed, HtmlTag::Noframes, HtmlTag::Noscript,
    HtmlTag::Plaintext, HtmlTag::Script, HtmlTag::Style,   HtmlTag::Svg,      HtmlTag::Template,
    HtmlTag::Textarea,  HtmlTag::Title,  HtmlTag::Xmp};

/// Reads a tag name into machine words, ASCII letters made lower case. `size` is at most 16.
TagKey load_key(const char* p, std::size_t size, const char* page_end) {
  char bytes[16] = {};
  const auto left = static_cast<std::size_t>(page_end - p);
#if defined(__SSE2__)
  if (left >= 16) {
    const __m128i v = scan::load(p);
    const __m128i lower = _mm_add_epi8(v, _mm_and_si128(scan::upper(v), _mm_set1_epi8(0x20)));
    const __m128i index = _mm_setr_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    const __m128i keep = _mm_cmplt_epi8(index, _mm_set1_epi8(static_cast<char>(size)));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(bytes), _mm_and_si128(lower, keep));
    TagKey key;
    std::memcpy(&key.low, bytes, 8);
    std::memcpy(&key.high, bytes + 8, 8);
    return key;
  }
#endif
  TagKey key;
  for (std::size_t i = 0; i < std::min(size, left); ++i) {
    const auto byte = static_cast<std::uint64_t>(static_cast<unsigned char>(to_ascii_lower(p[i])));
    (i < 8 ? key.low : key.high) |= byte << (8 * (i % 8));
  }
  return key;
}

}  // namespace

HtmlTokenizer::HtmlTokenizer(std::string_view page, HtmlLimits limits)
    : begin_(page.data()), end_(page.data() + page.size()), at_(page.data()), limits_(limits) {}

void HtmlTokenizer::span(HtmlToken& token, const char* begin, const char* end) {
  token.begin = static_cast<std::size_t>(begin - begin_);
  token.end = static_cast<std::size_t>(end - begin_);
  at_ = end;
}

void HtmlTokenizer::set_content_model(HtmlContentModel model, std::string_view end_tag) {
  model_ = model;
  end_tag_.assign(end_tag);
}

/// Whether the '<' at `p` begins a tag, a comment or a declaration rather than text.
bool HtmlTokenizer::is_markup(const char* p) const {
  if (end_ - p < 2) return false;
  return is_ascii_alpha(p[1]) || p[1] == '!' || p[1] == '?' || (p[1] == '/' && end_ - p > 2);
}

bool HtmlTokenizer::next(HtmlToken& token) {
  for (;;) {
    if (at_ == end_) return false;
    if (model_ != HtmlContentModel::Data) {
      const Step step = raw_text(token);
      if (step == Step::Token) return true;
      if (step == Step::End) return false;
      continue;
    }
    if (*at_ == '<' && is_markup(at_)) {
      const Step step = markup(token);
      if (step == Step::Token) return true;
      if (step == Step::End) return false;
      continue;
    }
    bool special = false;
    const char* p = find_text_end(at_ + (*at_ == '<' ? 1 : 0), end_, special);
    if (*at_ == '&' || *at_ == '\r' || *at_ == '\0') special = true;
    while (p != end_ && !is_markup(p)) p = find_text_end(p + 1, end_, special);
    token.kind = HtmlTokenKind::Text;
    token.text = {at_, static_cast<std::size_t>(p - at_)};
    token.text_has_references = special;
    token.raw_text = false;
    span(token, at_, p);
    return true;
  }
}

bool HtmlTokenizer::next_start_tag(const HtmlTagSet& wanted, HtmlToken& token) {
  const HtmlTagSet before = std::exchange(wanted_attributes_, wanted);
  const HtmlTagSet looked_at = wanted.with(kModelTags);
  bool found = false;
  while (!found && at_ != end_) {
    if (model_ != HtmlContentModel::Data) {
      if (raw_text(token) == Step::End) break;
      continue;
    }
    at_ = find_near(at_, end_, '<');
    if (pass_over(looked_at)) continue;
    if (!is_markup(at_)) {
      if (at_ != end_) ++at_;
      continue;
    }
    const Step step = markup(token);
    if (step == Step::End) break;
    found = step == Step::Token && token.kind == HtmlTokenKind::StartTag && wanted.has(token.tag);
  }
  wanted_attributes_ = before;
  return found;
}

/// Moves behind the tag at at_ if it can neither be in `looked_at` nor change how what follows is
/// read; else, or where the tag is cut off, does nothing.
bool HtmlTokenizer::pass_over(const HtmlTagSet& looked_at) {
  if (end_ - at_ < 3) return false;
  const bool is_end = at_[1] == '/';
  const char* const name = at_ + (is_end ? 2 : 1);
  if (!is_ascii_alpha(*name)) return false;
  if (is_end ? template_depth_ > 0 || !foreign_.empty()
             : !foreign_.empty() || looked_at.may_begin_with(*name))
    return false;
  bool self_closing = false;
  const char* const close = skip_attributes(find_name_end<false>(name, end_).end, self_closing);
  if (close == nullptr) return false;
  at_ = close;
  return true;
}

HtmlTokenizer::Step HtmlTokenizer::markup(HtmlToken& token) {
  const char c = at_[1];
  if (is_ascii_alpha(c)) {
    token.kind = HtmlTokenKind::StartTag;
    return tag(token);
  }
  if (c == '/') {
    if (is_ascii_alpha(at_[2])) {
      token.kind = HtmlTokenKind::EndTag;
      return tag(token);
    }
    if (at_[2] == '>') {
      at_ += 3;
      return Step::Nothing;
    }
    return bogus_comment(token, at_ + 2);
  }
  if (c == '!') return declaration(token);
  return bogus_comment(token, at_ + 1);
}

HtmlTokenizer::Step HtmlTokenizer::tag(HtmlToken& token) {
  const char* const open = at_;
  const char* const name = open + (token.kind == HtmlTokenKind::EndTag ? 2 : 1);
  const NameScan scan = find_name_end<false>(name, end_);
  const auto size = static_cast<std::size_t>(scan.end - name);
  token.tag = size <= 16 ? kTagTable.find(load_key(name, size, end_)) : HtmlTag::Other;
  if (scan.changes && markup::name(token.tag).size() != size)
    token.tag = HtmlTag::Other;  // U+0000 at its end
  token.attributes.clear();
  names_.clear();
  changes_.clear();
  const bool read = token.kind == HtmlTokenKind::StartTag && wanted_attributes_.has(token.tag);
  token.self_closing = false;
  const char* const close =
      read ? read_attributes(token, scan.end) : skip_attributes(scan.end, token.self_closing);
  if (close == nullptr) {
    at_ = end_;
    return Step::End;
  }
  if (token.tag != HtmlTag::Other) {
    token.name = markup::name(token.tag);
  } else {
    token.name = {name, size};
    if (scan.changes) token.name = keep_lower(token.name);
  }
  if (!token.attributes.empty()) finish_attributes(token);
  span(token, open, close);
  if (!follows_) follow(token);
  return Step::Token;
}

/// A name as the standard wants it, ASCII lower case and without U+0000, at the end of names_. The
/// view holds until names_ grows.
std::string_view HtmlTokenizer::keep_lower(std::string_view name) {
  const std::size_t begin = names_.size();
  for (const char c : name) {
    if (c == '\0')
      names_ += kReplacement;
    else
      names_ += to_ascii_lower(c);
  }
  return std::string_view(names_).substr(begin);
}

HtmlTokenizer::Step HtmlTokenizer::declaration(HtmlToken& token) {
  if (end_ - at_ >= 4 && at_[2] == '-' && at_[3] == '-') return comment(token);
  if (starts_with_nocase(at_ + 2, end_, "doctype")) return doctype(token);
  const bool cdata_here =
      follows_ ? cdata_allowed_ : !foreign_.empty() && foreign_.back() != ForeignPlace::Integration;
  if (cdata_here &&
      std::string_view(at_ + 2, static_cast<std::size_t>(end_ - at_ - 2)).starts_with("[CDATA[")) {
    at_ += 9;
    model_ = HtmlContentModel::Cdata;
    return Step::Nothing;
  }
  return bogus_comment(token, at_ + 2);
}

HtmlTokenizer::Step HtmlTokenizer::bogus_comment(HtmlToken& token, const char* text) {
  const char* const close = find_byte(text, end_, '>');
  token.kind = HtmlTokenKind::Comment;
  token.text = {text, static_cast<std::size_t>(close - text)};
  span(token, at_, close == end_ ? end_ : close + 1);
  return Step::Token;
}

/// §13.2.5.43–52. A comment ends at the first `-->` or `--!>` whose dashes lie behind `<!--`;
/// `<!-->` and `<!--->` are whole; at the end of the page a closing begun is not part of it.
HtmlTokenizer::Step HtmlTokenizer::comment(HtmlToken& token) {
  const char* const text = at_ + 4;
  const char* stop = end_;
  const char* close = end_;
  for (const char* p = find_byte(text, end_, '>'); p != end_; p = find_byte(p + 1, end_, '>')) {
    const std::string_view before(text, static_cast<std::size_t>(p - text));
    std::size_t closing = 0;
    if (before.empty() || before == "-")
      closing = before.size();
    else if (before.ends_with("--"))
      closing = 2;
    else if (before.ends_with("--!"))
      closing = 3;
    else
      continue;
    stop = p - closing;
    close = p + 1;
    break;
  }
  if (stop == end_) {
    const std::string_view rest(text, static_cast<std::size_t>(end_ - text));
    if (rest.ends_with("--!"))
      stop = end_ - 3;
    else if (rest.ends_with("--"))
      stop = end_ - 2;
    else if (rest.ends_with('-'))
      stop = end_ - 1;
  }
  token.kind = HtmlTokenKind::Comment;
  token.text = {text, static_cast<std::size_t>(stop - text)};
  span(token, at_, close);
  return Step::Token;
}

}  // namespace crosstail::markup
