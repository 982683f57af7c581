#pragma once
/// HTML tokens as the HTML standard defines them (§13.2.5), over valid UTF-8 in memory, at memory
/// speed and in time linear in the page. Nothing in comments, raw text (script, style, xmp, iframe,
/// noembed, noframes, noscript, plaintext) or RCDATA (title, textarea) is ever taken for mark-up.
/// No tree is built here.
///
/// What a caller without a tree must know:
/// - A script inside noscript (scripting is taken as enabled, as in a browser), iframe, textarea,
///   title, a comment or another script never comes out as a tag. One inside `<template>` does;
///   template_depth() is then above 0, and a reader of FAQs must pass it over.
/// - Between an svg or math start tag and its end the rules of foreign content hold (CDATA
/// sections,
///   no raw text, `<title/>` closes itself). The tokenizer keeps a short stack of such elements
///   itself; only a tree can be exact about it.
/// - A start or end tag cut off by the end of the page is no token.
///
/// Two ways to go fast: set_attribute_filter() names the tags whose attributes are wanted, and
/// next_start_tag() passes everything over up to a tag of interest.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "markup/html_tags.h"

namespace crosstail::markup {

struct HtmlAttribute {
  std::string_view name;   ///< ASCII lower case
  std::string_view value;  ///< raw: may hold character references; see decode_attribute()
};

enum class HtmlTokenKind : std::uint8_t { StartTag, EndTag, Text, Comment, Doctype };

/// Views are valid until the next call of next() (names, attributes) or as long as the page (text).
struct HtmlToken {
  HtmlTokenKind kind = HtmlTokenKind::Text;
  HtmlTag tag = HtmlTag::Other;      ///< of a tag
  bool self_closing = false;         ///< `/>`; means something only in foreign content
  bool text_has_references = false;  ///< Text that decode_text() would change
  bool raw_text = false;             ///< Text without references: script, style, CDATA, …
  bool force_quirks = false;         ///< of a doctype
  bool has_public_id = false, has_system_id = false;  ///< of a doctype: stated, maybe empty
  std::string_view name;                              ///< of a tag, ASCII lower case; of a doctype
  std::vector<HtmlAttribute> attributes;              ///< of a start tag; the first of a name wins
  std::string_view text;                  ///< of Text and Comment, raw; see normalise_raw()
  std::string_view public_id, system_id;  ///< of a doctype, raw
  std::size_t begin = 0, end = 0;         ///< bytes of the page this token spans
};

struct HtmlLimits {
  std::size_t max_attributes = 512;           ///< per tag; more are dropped and counted
  std::size_t max_attribute_bytes = 1 << 20;  ///< longer values are cut and counted
};

/// How the bytes that follow are read (the states of §13.2.5 in which a token can begin).
enum class HtmlContentModel : std::uint8_t { Data, Rcdata, RawText, ScriptData, PlainText, Cdata };

class HtmlTokenizer {
 public:
  /// `page` is borrowed and must outlive the tokenizer.
  explicit HtmlTokenizer(std::string_view page, HtmlLimits limits = {});

  /// False at the end of the page. Spans are in order; what lies between them is `</>`,
  /// `<![CDATA[`,
  /// `]]>` and a tag cut off by the end.
  bool next(HtmlToken& token);

  /// The next start tag that is in `wanted`, with its attributes; everything before is passed over
  /// at the least cost. next() then goes on behind it, with the text of a script for example.
  bool next_start_tag(const HtmlTagSet& wanted, HtmlToken& token);

  /// Attributes of other tags are passed over: their tokens have none. All tags by default.
  void set_attribute_filter(const HtmlTagSet& wanted) { wanted_attributes_ = wanted; }

  [[nodiscard]] std::uint64_t attributes_dropped() const { return attributes_dropped_; }
  [[nodiscard]] std::uint64_t attributes_cut() const { return attributes_cut_; }
  /// How many template elements are open at this place.
  [[nodiscard]] std::uint32_t template_depth() const { return template_depth_; }

  /// For a tree builder, which knows better: the tokenizer no longer changes its content model by
  /// itself, and takes `<![CDATA[` for a section only where allow_cdata(true) was said.
  void follow_tree_builder() { follows_ = true; }
  void allow_cdata(bool allowed) { cdata_allowed_ = allowed; }
  /// `end_tag`: the name whose end tag ends raw text or RCDATA, ASCII lower case.
  void set_content_model(HtmlContentModel model, std::string_view end_tag);

 private:
  enum class Step : std::uint8_t { Token, Nothing, End };
  enum class ForeignPlace : std::uint8_t { Svg, Math, Integration };

  bool pass_over(const HtmlTagSet& looked_at);
  Step markup(HtmlToken& token);
  Step tag(HtmlToken& token);
  Step declaration(HtmlToken& token);
  Step bogus_comment(HtmlToken& token, const char* text);
  Step comment(HtmlToken& token);
  Step doctype(HtmlToken& token);
  Step cdata(HtmlToken& token);
  Step raw_text(HtmlToken& token);
  [[nodiscard]] bool is_markup(const char* p) const;
  [[nodiscard]] bool ends_raw_text(const char* p) const;
  [[nodiscard]] const char* find_raw_end(const char* p) const;
  [[nodiscard]] const char* find_script_end(const char* p) const;
  const char* read_attributes(HtmlToken& token, const char* p);
  const char* skip_attributes(const char* p, bool& self_closing) const;
  void add_attribute(HtmlToken& token, std::string_view name, bool changes, std::string_view value);
  void finish_attributes(HtmlToken& token);
  void drop_repeated(std::vector<HtmlAttribute>& attributes);
  std::string_view keep_lower(std::string_view name);
  void follow(const HtmlToken& token);
  void follow_foreign(const HtmlToken& token);
  void span(HtmlToken& token, const char* begin, const char* end);

  struct Change {
    std::size_t attribute;
    std::size_t begin, size;
  };

  const char* begin_;
  const char* end_;
  const char* at_;
  HtmlLimits limits_;
  HtmlContentModel model_ = HtmlContentModel::Data;
  bool follows_ = false, cdata_allowed_ = false;
  std::string end_tag_;                 ///< what ends the raw text
  std::string names_;                   ///< lower-cased names of the current token
  std::vector<Change> changes_;         ///< attributes whose names are in names_
  std::vector<std::uint32_t> repeats_;  ///< hash table for tags with many attributes
  std::vector<ForeignPlace> foreign_;   ///< open foreign elements and integration points
  std::uint32_t template_depth_ = 0;
  HtmlTagSet wanted_attributes_ = HtmlTagSet::all();
  std::uint64_t attributes_dropped_ = 0, attributes_cut_ = 0;
};

/// Character references decoded as in attribute values / in text (§13.2.5.72–80), CR and CRLF made
/// LF, U+0000 and references to U+0000 or surrogates made U+FFFD. Appends.
void decode_attribute(std::string& out, std::string_view raw);
void decode_text(std::string& out, std::string_view raw);

/// For text without references (comments, raw text): CR and CRLF made LF, U+0000 made U+FFFD.
/// Appends.
void normalise_raw(std::string& out, std::string_view raw);

}  // namespace crosstail::markup
