#pragma once
/// HTML tokens as the HTML standard defines them (§13.2.5), over valid UTF-8 in memory, at memory
/// speed. Text inside script, style, textarea, title, xmp, iframe, noembed, noframes, noscript(with
/// scripting) and plaintext is raw text or RCDATA as in the standard, comments and CDATA likewise, so
/// that nothing in them is ever taken for mark-up. No tree is built here.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace crosstail::markup {

struct HtmlAttribute {
  std::string_view name;   ///< ASCII lower case
  std::string_view value;  ///< raw: may hold character references; see decode_attribute()
};

enum class HtmlTokenKind : std::uint8_t { StartTag, EndTag, Text, Comment, Doctype };

/// Views are valid until the next call of next() (names, attributes) or as long as the page (text).
struct HtmlToken {
  HtmlTokenKind kind = HtmlTokenKind::Text;
  std::string_view name;                    ///< of a tag, ASCII lower case; of a doctype
  std::vector<HtmlAttribute> attributes;    ///< of a start tag; the first of a name wins
  bool self_closing = false;
  std::string_view text;                    ///< of Text and Comment, raw
  bool text_has_references = false;         ///< Text that may hold character references (never raw text)
  std::size_t begin = 0, end = 0;           ///< bytes of the page this token spans
};

struct HtmlLimits {
  std::size_t max_attributes = 512;           ///< per tag; more are dropped and counted
  std::size_t max_attribute_bytes = 1 << 20;  ///< longer values are cut and counted
};

class HtmlTokenizer {
 public:
  explicit HtmlTokenizer(std::string_view page, HtmlLimits limits = {});
  /// False at the end of the page.
  bool next(HtmlToken& token);
  [[nodiscard]] std::uint64_t attributes_dropped() const { return attributes_dropped_; }

 private:
  std::uint64_t attributes_dropped_ = 0;  // (state: see the .cpp)
};

/// Character references decoded as in attribute values / in text (§13.2.5.72–80), U+0000 and lone
/// surrogates replaced. Appends.
void decode_attribute(std::string& out, std::string_view raw);
void decode_text(std::string& out, std::string_view raw);

}  // namespace crosstail::markup
