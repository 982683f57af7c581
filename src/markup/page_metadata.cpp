#include "markup/page_metadata.h"

#include <algorithm>

#include "markup/folded_text.h"

namespace crosstail::markup {
namespace {

/// More translations than this are no use, and a page may list any number.
constexpr std::size_t kMaxAlternates = 1000;
/// A title or description is cut here (at a character): the longest kept by mistake is bounded.
constexpr std::size_t kMaxBytes = 64 << 10;

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}
bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

bool equals_ignoring_case(std::string_view text, std::string_view lower_case) {
  return std::equal(text.begin(), text.end(), lower_case.begin(), lower_case.end(),
                    [](char a, char b) { return lower(a) == b; });
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

std::string_view cut(std::string_view raw) {
  if (raw.size() <= kMaxBytes) return raw;
  std::size_t end = kMaxBytes;
  while (end > 0 && (static_cast<unsigned char>(raw[end]) & 0xC0) == 0x80) --end;
  return raw.substr(0, end);
}

std::string one_line(std::string_view decoded) {
  FoldedText out;
  out.text(decoded, TextSpace::Fold);
  std::string line = out.take();
  std::replace(line.begin(), line.end(), '\n', ' ');
  return line;
}

std::string attribute_line(std::string_view raw) {
  std::string decoded;
  decode_attribute(decoded, cut(raw));
  return one_line(decoded);
}

/// An address: references decoded, white space at the ends off, no more.
std::string address(std::string_view raw) {
  std::string decoded;
  decode_attribute(decoded, cut(raw));
  return std::string(trimmed(decoded));
}

/// The raw value of an attribute, or null.
const std::string_view* find(const HtmlToken& token, std::string_view name) {
  for (const HtmlAttribute& attribute : token.attributes) {
    if (attribute.name == name) return &attribute.value;
  }
  return nullptr;
}

/// True if the list of words holds `word`, whatever its case.
bool has_word(std::string_view list, std::string_view word) {
  std::size_t at = 0;
  while (at < list.size()) {
    while (at < list.size() && is_space(list[at])) ++at;
    const std::size_t begin = at;
    while (at < list.size() && !is_space(list[at])) ++at;
    if (equals_ignoring_case(list.substr(begin, at - begin), word)) return true;
  }
  return false;
}

void set_if_empty(std::string& place, std::string_view raw) {
  if (place.empty()) place = attribute_line(raw);
}

}  // namespace

void PageMetadata::clear() {
  for (std::string* text : {&title, &description, &keywords, &html_lang, &content_language, &locale,
                            &base, &canonical}) {
    text->clear();
  }
  alternates.clear();
}

std::string PageMetadata::language(std::string_view http_content_language) const {
  if (!html_lang.empty()) return html_lang;
  if (!content_language.empty()) return content_language;
  const std::string_view http =
      trimmed(http_content_language.substr(0, http_content_language.find(',')));
  if (!http.empty()) return std::string(http);
  return locale;
}

const HtmlTagSet& PageMetadataReader::tags() {
  using enum HtmlTag;
  static constexpr HtmlTagSet kTags = {Html, Title, Meta, Link, Base};
  return kTags;
}

void PageMetadataReader::on_token(const HtmlToken& token, std::uint32_t template_depth) {
  if (in_title_) {
    in_title_ = false;
    if (token.kind == HtmlTokenKind::Text) {
      std::string decoded;
      decode_text(decoded, cut(token.text));
      page_.title = one_line(decoded);
      return;
    }
  }
  if (token.kind == HtmlTokenKind::StartTag && template_depth == 0 && tags().has(token.tag)) {
    on_start_tag(token);
  }
}

void PageMetadataReader::on_start_tag(const HtmlToken& token) {
  switch (token.tag) {
    case HtmlTag::Html:
      if (!had_html_) {
        const std::string_view* lang = find(token, "lang");
        if (lang == nullptr) lang = find(token, "xml:lang");
        if (lang != nullptr) page_.html_lang = attribute_line(*lang);
        had_html_ = true;
      }
      break;
    case HtmlTag::Title:
      // Inside SVG a title is no raw text; it names a picture and comes after the page's own.
      in_title_ = !had_title_ && !token.self_closing;
      had_title_ = true;
      break;
    case HtmlTag::Meta:
      on_meta(token);
      break;
    case HtmlTag::Link:
      on_link(token);
      break;
    case HtmlTag::Base:
      if (const auto* href = find(token, "href"); href != nullptr && page_.base.empty()) {
        page_.base = address(*href);
      }
      break;
    default:
      break;
  }
}

void PageMetadataReader::on_meta(const HtmlToken& token) {
  const std::string_view* content = find(token, "content");
  if (content == nullptr) return;
  if (const auto* pragma = find(token, "http-equiv")) {
    if (equals_ignoring_case(trimmed(*pragma), "content-language") &&
        content->find(',') == std::string_view::npos) {
      set_if_empty(page_.content_language, trimmed(*content));
    }
    return;
  }
  const std::string_view* key = find(token, "name");
  if (key == nullptr) key = find(token, "property");
  if (key == nullptr) return;
  const std::string_view what = trimmed(*key);
  if (equals_ignoring_case(what, "description")) {
    set_if_empty(page_.description, *content);
  } else if (equals_ignoring_case(what, "keywords")) {
    set_if_empty(page_.keywords, *content);
  } else if (equals_ignoring_case(what, "og:title")) {
    set_if_empty(og_title_, *content);
  } else if (equals_ignoring_case(what, "og:description")) {
    set_if_empty(og_description_, *content);
  } else if (equals_ignoring_case(what, "og:locale") && page_.locale.empty()) {
    page_.locale = attribute_line(*content);
    std::replace(page_.locale.begin(), page_.locale.end(), '_', '-');
  }
}

void PageMetadataReader::on_link(const HtmlToken& token) {
  const std::string_view* rel = find(token, "rel");
  const std::string_view* href = find(token, "href");
  if (rel == nullptr || href == nullptr) return;
  if (page_.canonical.empty() && has_word(*rel, "canonical")) page_.canonical = address(*href);
  const std::string_view* language = find(token, "hreflang");
  if (language == nullptr || !has_word(*rel, "alternate")) return;
  if (page_.alternates.size() >= kMaxAlternates) return;
  std::pair<std::string, std::string> link(attribute_line(*language), address(*href));
  if (link.first.empty() || link.second.empty()) return;
  auto& known = page_.alternates;
  if (std::find(known.begin(), known.end(), link) == known.end()) known.push_back(std::move(link));
}

void PageMetadataReader::finish() {
  if (page_.title.empty()) page_.title = std::move(og_title_);
  if (page_.description.empty()) page_.description = std::move(og_description_);
}

}  // namespace crosstail::markup
