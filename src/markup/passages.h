#pragma once
/// Passages for retrieval out of any HTML page: a section of the main content per heading, none
/// short and few long.

#include <string>
#include <vector>

#include "markup/html_tree.h"

namespace crosstail::markup {

struct Passage {
  std::string anchor;                 ///< unique on the page
  std::vector<std::string> headings;  ///< from the outermost down to the section's own, each
                                      ///< cut at 300 characters
  std::string text;                   ///< the section's lines, its own heading first; never empty
};

/// Lengths in characters (code points).
struct PassageOptions {
  std::size_t min_characters = 200;   ///< shorter sections are joined to the next
  std::size_t max_characters = 1200;  ///< longer ones are split between paragraphs
};

struct PagePassages {
  std::string title;     ///< of <title>, on one line
  std::string language;  ///< of <html lang>, as stated
  std::vector<Passage> passages;
};

/// - A section begins at each heading of the main content (markup/main_content.h); what stands
///   before the first is a section too.
/// - A section under `min_characters` is joined to the next and gives the result its anchor and
///   headings; a short last one is joined to the one before, if the two are not too long together.
/// - A section over `max_characters` is split between paragraphs into pieces of about equal length.
///   A paragraph that is longer alone is a passage of its own, uncut.
/// - An anchor is the id or name that leads to the first block of the passage (for a piece: to its
///   first paragraph), else `section-N`, N the number of the passage on the page from 1; where it
///   is taken, `-2`, `-3`, … is put behind it.
/// The same page gives the same passages always.
PagePassages find_passages(const HtmlTree& tree, const PassageOptions& options = {});

}  // namespace crosstail::markup
