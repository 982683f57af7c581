#pragma once
/// A verb's help as text of the terminal's width.

#include <cstddef>
#include <string>
#include <string_view>

namespace crosstail::cli {

/// Columns for text on standard output: the environment's COLUMNS, else the terminal's; 50 to 100,
/// and 100 where there is neither.
std::size_t text_width();

/// `text`, broken between words so that lines end before `width`; lines after the first begin with
/// `indent` spaces, and the first is taken to begin there. A word that is too long stays whole.
std::string wrapped(std::string_view text, std::size_t indent, std::size_t width);

}  // namespace crosstail::cli
