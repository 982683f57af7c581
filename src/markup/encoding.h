#pragma once
/// The character encodings of the web, their labels (Encoding standard §4), and decoders to UTF-8
/// that follow the standard byte for byte: what is ill-formed becomes U+FFFD where a browser puts
/// it. The tables of the multi-byte encodings are taken from ICU at first use and corrected where
/// the standard's indexes differ.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace crosstail::markup {

enum class Encoding : std::uint8_t {
  Utf8,
  // clang-format off
  Ibm866, Iso8859_2, Iso8859_3, Iso8859_4, Iso8859_5, Iso8859_6, Iso8859_7, Iso8859_8, Iso8859_8I,
  Iso8859_10, Iso8859_13, Iso8859_14, Iso8859_15, Iso8859_16, Koi8R, Koi8U, Macintosh, Windows874,
  Windows1250, Windows1251, Windows1252, Windows1253, Windows1254, Windows1255, Windows1256,
  Windows1257, Windows1258, XMacCyrillic,
  Gbk, Gb18030, Big5, EucJp, Iso2022Jp, ShiftJis, EucKr,
  Replacement, Utf16Be, Utf16Le, XUserDefined,
  // clang-format on
  Count_
};

/// The standard's name: "UTF-8", "windows-1252", "Shift_JIS".
std::string_view name(Encoding encoding);

/// "Get an encoding": ASCII white space around the label and its case do not matter.
std::optional<Encoding> encoding_for_label(std::string_view label);

/// True where a byte under 0x80 may be part of a longer character or not be ASCII at all, so that
/// pure ASCII bytes are not the text itself: UTF-16, ISO-2022-JP and the replacement encoding.
bool is_ascii_unsafe(Encoding encoding);

/// Length of the run of bytes under 0x80 that `bytes` begins with, at SIMD speed.
std::size_t ascii_prefix(std::string_view bytes);

/// Appends `bytes` as UTF-8 to `out`; returns how many U+FFFD stand for ill-formed bytes. A
/// byte-order mark is taken for text: the caller has removed it. Thread-safe.
std::uint64_t decode(std::string_view bytes, Encoding encoding, std::string& out);

}  // namespace crosstail::markup
