#pragma once
/// Text put together as a browser lays it out: white space folds, line breaks collapse, what cannot
/// be seen is left out. Both renderers (of literals and of trees) write through it.

#include <cstdint>
#include <string>
#include <string_view>

namespace crosstail::markup {

/// What white space in a piece of text means.
enum class TextSpace : std::uint8_t {
  Fold,       ///< as in HTML: any run of spaces, tabs and line ends is one space
  KeepLines,  ///< as in plain text: a run with a line end in it is one line break
  Keep,       ///< as in pre: spaces and tabs stay, a line end is a line break
};

/// Folds ASCII white space and U+00A0; U+2028 and U+2029 are line breaks everywhere, U+0085 is
/// white space. Soft hyphens (U+00AD), byte-order marks (U+FEFF) and control characters are left
/// out; zero-width joiners and spaces stay, because Persian, Khmer or Thai are spelled with them.
/// Empty lines and space around line breaks and at both ends are dropped.
class FoldedText {
 public:
  /// Adds valid UTF-8.
  void text(std::string_view valid, TextSpace space);
  /// At least a space before whatever comes next on this line.
  void space() {
    if (pending_ == Pending::None) pending_ = Pending::Space;
  }
  /// Whatever comes next begins a line.
  void line_break();
  /// The text so far, trimmed of every Unicode white space at its ends; the object is empty again.
  std::string take();
  [[nodiscard]] bool empty() const { return out_.empty(); }
  /// Bytes written so far, for a caller that bounds them.
  [[nodiscard]] std::size_t size() const { return out_.size(); }

 private:
  enum class Pending : std::uint8_t { None, Space, Line };
  void flush();
  std::size_t special(std::string_view valid, std::size_t position, TextSpace space);
  std::string out_;
  Pending pending_ = Pending::None;
};

/// True if `valid` is one line that FoldedText would give back as it is: the short way for most
/// plain literals.
bool is_folded(std::string_view valid);

/// `valid` without Unicode white space at its ends.
std::string_view trim_unicode_space(std::string_view valid);

}  // namespace crosstail::markup
