#pragma once
/// Which part of a page is its content: <main>, role=main, <article>, else the densest block.

#include <vector>

#include "markup/html_tree.h"

namespace crosstail::markup {

/// Valid as long as the tree.
struct MainContent {
  std::vector<NodeId> roots;  ///< in document order, none inside another; empty if there is no text
  std::vector<bool> dropped;  ///< by node: not content, with all below it
};

/// What is never content: what is never shown (script, style, template, …), nav, footer, aside,
/// header, forms, buttons and fields, and elements with such a role or (where they hold a small
/// part of the page) a class or id that says so. A form around most of the page is content, as is a
/// button in a heading; of a header inside the content its headings are. What is hidden by
/// attribute or inline style is content: answers that unfold, words that a script shows by the
/// reader's system.
///
/// The content is, in this order: the <main> or the role=main with most text; the outermost
/// <article>s, if they hold a third of the text; else the block reached from <body> by going down,
/// while the children are blocks only, into the one that holds most of the text outside links.
/// Going down ends where a second child has text of its own, so that nothing is lost; children that
/// are mostly links are dropped on the way. Linear in the tree.
MainContent find_main_content(const HtmlTree& tree);

}  // namespace crosstail::markup
