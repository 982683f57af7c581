#pragma once
/// Is there still mark-up in what came out of decoding once? Content systems often encode HTML
/// twice before it reaches a JSON-LD literal; other texts speak about HTML ("before the &lt;/head>
/// tag") and must keep it. Nothing decides this for certain; the rules are here, in one place.

#include <string_view>

namespace crosstail::markup {

/// True if `literal` has anything that an HTML tokenizer would not take for text: a tag, a comment,
/// a declaration. `a < b` and `x<5` have not.
bool has_tags(std::string_view literal);

/// True if `text`, decoded once, is HTML and not about HTML. Only names that HTML knows count, and
/// not those of a document's frame (html, head, body, title, meta, link, base). It is HTML if
/// - an element is opened and closed, a tag has attributes, or
/// - br, hr, p, li, img or wbr stand alone, unless quoted or put between words like a noun
///   ("the <br> tag"), or
/// - an end tag stands alone right behind a word.
/// When the text came out of a literal with tags of its own (`beside_tags`), where escaped tags are
/// more often meant, a block must be opened and closed, or an element that has attributes, or one
/// of the lone tags be there.
bool is_escaped_markup(std::string_view text, bool beside_tags);

/// True if `text` has a character reference that ends with a semicolon and that HTML knows.
bool has_references(std::string_view text);

}  // namespace crosstail::markup
