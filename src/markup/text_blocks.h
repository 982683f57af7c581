#pragma once
/// The content of a page as headings and paragraphs with the anchors that lead to them.

#include <string>
#include <vector>

#include "markup/html_tree.h"
#include "markup/main_content.h"

namespace crosstail::markup {

struct TextBlock {
  std::string text;    ///< as markup/folded_text.h lays it out; never empty
  std::string anchor;  ///< the id (or name of an <a>) that leads here, empty if none does
  int level = 0;       ///< of a heading: 1 to 6; 0 for a paragraph
};

/// Blocks of the content in document order. A paragraph is what stands between two block borders:
/// <br> breaks a line in it, a list item or table row is one of its own, cells are parted by a
/// space. The anchor of a block is its own id, else one inside a heading, else the last one met
/// since the block before it: that of an element around it or of an empty <a name> in front of it.
std::vector<TextBlock> read_text_blocks(const HtmlTree& tree, const MainContent& content);

}  // namespace crosstail::markup
