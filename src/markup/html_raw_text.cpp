/// Raw text, RCDATA, script data and CDATA sections (§13.2.5.2–31 and 69–71), and which element
/// brings which when there is no tree builder to say so.

#include "markup/html_scan.h"
#include "markup/html_tokenizer.h"

namespace crosstail::markup {
namespace {

bool ends_name(const char* p, const char* end) {
  return p != end && (is_html_space(*p) || *p == '/' || *p == '>');
}

/// `<NAME` or `</NAME` at `p`, followed by what ends a name.
bool is_tag(const char* p, const char* end, std::string_view open, std::string_view name) {
  if (static_cast<std::size_t>(end - p) <= open.size() + name.size()) return false;
  if (std::string_view(p, open.size()) != open) return false;
  p += open.size();
  return starts_with_nocase(p, end, name) && ends_name(p + name.size(), end);
}

/// Start tags that end foreign content (§13.2.6.5); font only with certain attributes.
constexpr HtmlTagSet kBreakOut = {
    HtmlTag::B,      HtmlTag::Big,    HtmlTag::Blockquote, HtmlTag::Body,  HtmlTag::Br,
    HtmlTag::Center, HtmlTag::Code,   HtmlTag::Dd,         HtmlTag::Div,   HtmlTag::Dl,
    HtmlTag::Dt,     HtmlTag::Em,     HtmlTag::Embed,      HtmlTag::H1,    HtmlTag::H2,
    HtmlTag::H3,     HtmlTag::H4,     HtmlTag::H5,         HtmlTag::H6,    HtmlTag::Head,
    HtmlTag::Hr,     HtmlTag::I,      HtmlTag::Img,        HtmlTag::Li,    HtmlTag::Listing,
    HtmlTag::Menu,   HtmlTag::Meta,   HtmlTag::Nobr,       HtmlTag::Ol,    HtmlTag::P,
    HtmlTag::Pre,    HtmlTag::Ruby,   HtmlTag::S,          HtmlTag::Small, HtmlTag::Span,
    HtmlTag::Strong, HtmlTag::Strike, HtmlTag::Sub,        HtmlTag::Sup,   HtmlTag::Table,
    HtmlTag::Tt,     HtmlTag::U,      HtmlTag::Ul,         HtmlTag::Var};
constexpr HtmlTagSet kSvgIntegration = {HtmlTag::ForeignObject, HtmlTag::Desc, HtmlTag::Title};
constexpr HtmlTagSet kMathIntegration = {HtmlTag::Mi, HtmlTag::Mo,    HtmlTag::Mn,
                                         HtmlTag::Ms, HtmlTag::Mtext, HtmlTag::AnnotationXml};
constexpr std::size_t kMaxForeign = 64;

}  // namespace

bool HtmlTokenizer::ends_raw_text(const char* p) const {
  return !end_tag_.empty() && is_tag(p, end_, "</", end_tag_);
}

const char* HtmlTokenizer::find_raw_end(const char* p) const {
  for (p = find_byte(p, end_, '<'); p != end_; p = find_byte(p + 1, end_, '<'))
    if (ends_raw_text(p)) return p;
  return end_;
}

/// A script ends at its end tag, but not between `<!--` … `<script` and the next `</script` or
/// `-->`.
const char* HtmlTokenizer::find_script_end(const char* p) const {
  enum class Escape : std::uint8_t { None, Single, Double } escape = Escape::None;
  const char* dashes = p;  // a `-->` whose dashes begin before this place ends nothing
  while (p != end_) {
    if (escape == Escape::None) {
      p = find_byte(p, end_, '<');
      if (p == end_) break;
      if (ends_raw_text(p)) return p;
      if (std::string_view(p, static_cast<std::size_t>(end_ - p)).starts_with("<!--")) {
        escape = Escape::Single;
        dashes = p + 2;
      }
      ++p;
      continue;
    }
    while (p != end_ && *p != '<' && *p != '>') ++p;
    if (p == end_) break;
    if (*p == '>') {
      if (p - dashes >= 2 && p[-1] == '-' && p[-2] == '-') escape = Escape::None;
    } else if (escape == Escape::Single) {
      if (ends_raw_text(p)) return p;
      if (is_tag(p, end_, "<", "script")) escape = Escape::Double;
    } else if (is_tag(p, end_, "</", "script")) {
      escape = Escape::Single;
    }
    ++p;
  }
  return end_;
}

HtmlTokenizer::Step HtmlTokenizer::cdata(HtmlToken& token) {
  const std::string_view rest(at_, static_cast<std::size_t>(end_ - at_));
  const std::size_t close = rest.find("]]>");
  model_ = HtmlContentModel::Data;
  const char* const stop = close == std::string_view::npos ? end_ : at_ + close;
  const char* const after = stop == end_ ? end_ : stop + 3;
  if (stop == at_) {
    at_ = after;
    return Step::Nothing;
  }
  token.kind = HtmlTokenKind::Text;
  token.text = {at_, static_cast<std::size_t>(stop - at_)};
  token.text_has_references = false;
  token.raw_text = true;
  span(token, at_, stop);
  at_ = after;
  return Step::Token;
}

HtmlTokenizer::Step HtmlTokenizer::raw_text(HtmlToken& token) {
  if (model_ == HtmlContentModel::Cdata) return cdata(token);
  const char* stop = end_;
  if (model_ != HtmlContentModel::PlainText) {
    if (ends_raw_text(at_)) {
      model_ = HtmlContentModel::Data;
      return markup(token);
    }
    stop = model_ == HtmlContentModel::ScriptData ? find_script_end(at_) : find_raw_end(at_);
  }
  token.kind = HtmlTokenKind::Text;
  token.text = {at_, static_cast<std::size_t>(stop - at_)};
  token.raw_text = model_ != HtmlContentModel::Rcdata;
  token.text_has_references = !token.raw_text && has_special(token.text);
  span(token, at_, stop);
  return Step::Token;
}

void HtmlTokenizer::follow(const HtmlToken& token) {
  if (token.tag == HtmlTag::Other) return;
  const bool foreign = !foreign_.empty() && foreign_.back() != ForeignPlace::Integration;
  if (!foreign_.empty() || token.tag == HtmlTag::Svg || token.tag == HtmlTag::Math)
    follow_foreign(token);
  if (foreign) return;
  if (token.kind == HtmlTokenKind::EndTag) {
    if (token.tag == HtmlTag::Template && template_depth_ > 0) --template_depth_;
    return;
  }
  switch (token.tag) {
    case HtmlTag::Template:
      ++template_depth_;
      break;
    case HtmlTag::Title:
    case HtmlTag::Textarea:
      set_content_model(HtmlContentModel::Rcdata, token.name);
      break;
    case HtmlTag::Style:
    case HtmlTag::Xmp:
    case HtmlTag::Iframe:
    case HtmlTag::Noembed:
    case HtmlTag::Noframes:
    case HtmlTag::Noscript:
      set_content_model(HtmlContentModel::RawText, token.name);
      break;
    case HtmlTag::Script:
      set_content_model(HtmlContentModel::ScriptData, token.name);
      break;
    case HtmlTag::Plaintext:
      set_content_model(HtmlContentModel::PlainText, {});
      break;
    default:
      break;
  }
}

/// Keeps the stack of foreign elements and integration points, as far as tokens tell.
void HtmlTokenizer::follow_foreign(const HtmlToken& token) {
  const bool foreign = !foreign_.empty() && foreign_.back() != ForeignPlace::Integration;
  if (token.kind == HtmlTokenKind::StartTag) {
    if (foreign && kBreakOut.has(token.tag)) {
      while (!foreign_.empty() && foreign_.back() != ForeignPlace::Integration) foreign_.pop_back();
      return;
    }
    if (token.self_closing || foreign_.size() >= kMaxForeign) return;
    if (token.tag == HtmlTag::Svg)
      foreign_.push_back(ForeignPlace::Svg);
    else if (token.tag == HtmlTag::Math)
      foreign_.push_back(ForeignPlace::Math);
    else if (foreign && (foreign_.back() == ForeignPlace::Svg ? kSvgIntegration : kMathIntegration)
                            .has(token.tag))
      foreign_.push_back(ForeignPlace::Integration);
    return;
  }
  // An end tag closes the innermost place of its own kind and what lies in it.
  const auto close = [&](ForeignPlace place) {
    for (std::size_t i = foreign_.size(); i > 0; --i)
      if (foreign_[i - 1] == place) return foreign_.resize(i - 1);
  };
  if (token.tag == HtmlTag::Svg)
    close(ForeignPlace::Svg);
  else if (token.tag == HtmlTag::Math)
    close(ForeignPlace::Math);
  else if ((kSvgIntegration.has(token.tag) || kMathIntegration.has(token.tag)) &&
           foreign_.back() == ForeignPlace::Integration)
    foreign_.pop_back();
}

}  // namespace crosstail::markup
