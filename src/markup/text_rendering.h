#pragma once
/// Text out of HTML, as a reader sees it (close to innerText): block elements and <br> become line
/// breaks, list items keep a line each, table cells are parted by a tab folded to a space; script,
/// style, template, noscript, head and elements that are hidden by attribute or inline style
/// vanish; white space folds (not in pre); never a tag in the output. Leading and trailing space and
/// empty lines are dropped: paragraphs are parted by one line break.

#include <string>
#include <string_view>

#include "markup/html_tree.h"

namespace crosstail::markup {

/// The text of a literal that may or may not hold HTML: JSON-LD's and N-Quads' answers. Doubly
/// encoded entities (&amp;lt;p&amp;gt;, &amp;amp;nbsp;) are decoded until no mark-up is left, at most
/// three times. Text without `<` and `&` takes a short way.
std::string literal_to_text(std::string_view literal);

/// The text of an element's subtree. `include_hidden` is what Microdata's and RDFa's values want
/// (an FAQ answer folded away by CSS is still the answer).
std::string element_text(const HtmlTree& tree, NodeId root, bool include_hidden = false);

}  // namespace crosstail::markup
