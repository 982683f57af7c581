#pragma once
/// The end of a string in broken JSON, where quotes inside may lack their backslash and the last
/// one may be missing.

#include <cstddef>
#include <string_view>

#include "markup/jsonld.h"
#include "markup/jsonld_lookahead.h"

namespace crosstail::markup {

struct ScannedString {
  std::size_t end = 0;   ///< of the contents
  std::size_t next = 0;  ///< where to go on
  bool escaped = false;  ///< holds backslashes or control characters
  bool cut = false;      ///< the text ends before the string does, or may do so
};

/// Reads the string whose contents begin at `begin`, behind the quote `first`, in `place`. What is
/// mended is added to `counts`. Linear in what is read.
ScannedString scan_broken_string(std::string_view text, std::size_t begin, Quote first,
                                 JsonPlace place, JsonStyle style, JsonLdCounts& counts);

}  // namespace crosstail::markup
