#pragma once
/// What a page says about itself, read from its tokens on the way: title, description, keywords,
/// language, base, canonical address, translations. No tree, and nothing is copied but what is
/// kept.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "markup/html_tokenizer.h"

namespace crosstail::markup {

/// All text is valid UTF-8, references decoded, white space folded to one line; empty when the page
/// does not say. Addresses are as stated (relative ones belong to `base`, else to the page's own).
struct PageMetadata {
  std::string title;             ///< the first <title>, else og:title
  std::string description;       ///< meta description, else og:description
  std::string keywords;          ///< meta keywords
  std::string html_lang;         ///< of <html>: lang, else xml:lang
  std::string content_language;  ///< of <meta http-equiv=content-language>, if it is one language
  std::string locale;            ///< og:locale with - for _
  std::string base;              ///< href of the first <base> that has one
  std::string canonical;         ///< href of the first <link rel=canonical>
  /// <link rel=alternate hreflang>: language as stated and address, each pair once, in page order.
  std::vector<std::pair<std::string, std::string>> alternates;

  /// The page's language as stated: html lang, the meta element, HTTP's Content-Language (the first
  /// of several), og:locale. The order of the HTML standard (§3.2.6.1), with og:locale when nothing
  /// else says.
  [[nodiscard]] std::string language(std::string_view http_content_language = {}) const;
  void clear();
};

/// Fills a PageMetadata from tokens in page order. Give it every token, or only the start tags in
/// tags() and the token behind one for which wants_text() holds: the result is the same. What lies
/// in templates or SVG does not count; what lies in comments, scripts or noscript never becomes a
/// tag. Not thread-safe.
class PageMetadataReader {
 public:
  /// `page` is borrowed and is expected to be empty.
  explicit PageMetadataReader(PageMetadata& page) : page_(page) {}

  static const HtmlTagSet& tags();

  /// `template_depth`: of the tokenizer, at this token.
  void on_token(const HtmlToken& token, std::uint32_t template_depth = 0);

  /// True between <title> and its text.
  [[nodiscard]] bool wants_text() const { return in_title_; }

  /// To be called behind the last token: Open Graph's values take the places left empty.
  void finish();

 private:
  void on_start_tag(const HtmlToken& token);
  void on_meta(const HtmlToken& token);
  void on_link(const HtmlToken& token);
  PageMetadata& page_;
  std::string og_title_, og_description_;
  bool in_title_ = false, had_title_ = false, had_html_ = false;
};

}  // namespace crosstail::markup
