#pragma once
/// Which encoding a page is in, as browsers decide it, and its text as valid UTF-8.

#include <cstdint>
#include <string>
#include <string_view>

#include "markup/encoding.h"

namespace crosstail::markup {

/// What the decision rests on, strongest first.
enum class CharsetSource : std::uint8_t {
  ByteOrderMark,
  Http,      ///< charset of Content-Type
  Meta,      ///< <meta> or XML declaration
  Valid,     ///< nothing declared, and the bytes are valid UTF-8
  Detected,  ///< nothing declared; by the bytes and the page's lang
  Default,   ///< nothing declared and nothing found: windows-1252
};
std::string_view name(CharsetSource source);  ///< kebab-case, as in reports

struct CharsetDecision {
  Encoding encoding = Encoding::Utf8;
  CharsetSource source = CharsetSource::Default;
  std::size_t mark_bytes = 0;  ///< length of the byte-order mark in front of the text
};

/// HTML standard §13.2.3.2: byte-order mark, then HTTP, then <meta> or XML declaration in the first
/// 1024 bytes, then (as browsers, which start again when they meet one) a later <meta> before the
/// body, then detection. `content_type` is the header's whole value, or empty. Thread-safe.
CharsetDecision decide_charset(std::string_view bytes, std::string_view content_type = {});

/// The page's text, always valid UTF-8, without its byte-order mark. Where the bytes are the text
/// already nothing is copied and the view is into `bytes`; else it is into `storage`. `replaced`,
/// if given, is increased by the number of U+FFFD put for ill-formed bytes.
std::string_view decode_to_utf8(std::string_view bytes, const CharsetDecision& charset,
                                std::string& storage, std::uint64_t* replaced = nullptr);

/// The encoding named by `charset=` in a Content-Type value.
std::optional<Encoding> encoding_of_content_type(std::string_view content_type);

}  // namespace crosstail::markup
