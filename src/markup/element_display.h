#pragma once
/// How an element is laid out before any style sheet: the HTML standard's rendering section (§15.3)
/// in the few classes that text extraction needs.

#include <cstdint>
#include <span>
#include <string_view>

#include "markup/html_tags.h"
#include "markup/html_tokenizer.h"
#include "markup/html_tree.h"

namespace crosstail::markup {

enum class ElementDisplay : std::uint8_t {
  Inline,
  Block,         ///< begins and ends a line
  Preformatted,  ///< a block in which white space stays
  Break,         ///< br
  Cell,          ///< td, th: parted from its neighbour by a space
  Hidden,        ///< never laid out: script, style, template, noscript, head, svg, …
};

ElementDisplay display_of(HtmlTag tag);
/// Of an element of a tree: SVG is hidden, MathML inline.
ElementDisplay display_of(const HtmlNode& element);

/// Elements without content and end tag.
bool is_void_element(HtmlTag tag);

/// True for elements whose text is code shown as it is: pre, code, kbd, samp, tt, xmp, listing.
bool shows_code(HtmlTag tag);

/// True when an attribute hides the element: `hidden`, `style` with display:none, visibility:hidden
/// or visibility:collapse, and a `dialog` that is not `open`. `values_decoded` is false for the raw
/// values of tokens.
bool is_hidden_by_attributes(HtmlTag tag, std::span<const HtmlAttribute> attributes,
                             bool values_decoded);

}  // namespace crosstail::markup
