#pragma once
/// The encoding of a page that declares none and is not valid UTF-8.

#include <optional>
#include <string_view>

#include "markup/encoding.h"

namespace crosstail::markup {

/// Guesses, by (in this order) UTF-16's zero bytes, UTF-8 that is damaged only here and there,
/// ISO-2022-JP's escapes, the encodings usual for the page's `lang` attribute, and ICU's statistics
/// of the text around bytes above 0x7F. A guess that would turn more than one character in fifty
/// into U+FFFD or a control character is not made. Looks at 64 KiB at most after the first such
/// byte.
std::optional<Encoding> detect_encoding(std::string_view bytes);

}  // namespace crosstail::markup
