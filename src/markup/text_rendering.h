#pragma once
/// Text out of HTML, as a reader sees it (close to innerText): block elements and <br> become line
/// breaks, list items keep a line each, table cells are parted by a space; script, style, template,
/// noscript, head, svg and elements that are hidden by attribute or inline style vanish; white
/// space folds (not in pre); never a tag in the output. Leading and trailing space and empty lines
/// are dropped: paragraphs are parted by one line break. See markup/folded_text.h for the
/// characters.

#include <string>
#include <string_view>

#include "markup/html_tree.h"

namespace crosstail::markup {

/// The text of a literal that may or may not hold HTML: JSON-LD's and N-Quads' answers. With tags
/// in it, it is what a browser shows for an element with this innerHTML. Without, it is plain text
/// (character references decoded) and keeps its line ends as line breaks. Doubly encoded mark-up
/// (&amp;lt;p&amp;gt;, &amp;amp;nbsp;) is decoded again until none is left, at most three times;
/// markup/escaped_markup.h tells it from text about HTML. Text without `<` and `&` takes a short
/// way. `literal` must be valid UTF-8. Linear in its length; thread-safe.
std::string literal_to_text(std::string_view literal);

/// The text of an element's subtree. `include_hidden` is what Microdata's and RDFa's values want
/// (an FAQ answer folded away by CSS is still the answer). Whether `root` itself is hidden does not
/// matter.
std::string element_text(const HtmlTree& tree, NodeId root, bool include_hidden = false);

}  // namespace crosstail::markup
