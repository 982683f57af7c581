#pragma once
/// The encoding that a page declares in itself: the prescan of the HTML standard (§13.2.3.3).

#include <optional>
#include <string_view>

#include "markup/encoding.h"

namespace crosstail::markup {

/// What <meta charset>, <meta http-equiv=content-type> or the XML declaration in `bytes` say;
/// UTF-16 there means UTF-8, x-user-defined windows-1252. `bytes` is cut by the caller (1024 in the
/// standard). Linear time.
std::optional<Encoding> declared_encoding(std::string_view bytes);

/// "Extract a character encoding from a meta element": the label behind `charset=` in a content
/// attribute, empty if there is none.
std::string_view charset_label(std::string_view content);

}  // namespace crosstail::markup
