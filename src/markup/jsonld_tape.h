#pragma once
/// JSON as a flat list of values in document order, strings as spans of the text: what the strict
/// and the repairing parser make and the JSON-LD reader walks. Nothing is copied; escapes are
/// decoded when a string is wanted.

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "markup/graph.h"

namespace crosstail::markup {

inline constexpr std::uint32_t kNoJson = 0xffffffff;

struct JsonValue {
  enum class Kind : std::uint8_t { Object, Array, String, Number, Other };
  Kind kind = Kind::Other;   ///< Other: true, false, null, or no value where one should be
  bool key_escaped = false;  ///< key holds backslashes
  bool escaped = false;      ///< String holds backslashes or control characters
  bool cut = false;          ///< String whose end is missing: not to be used
  std::uint32_t key_begin = 0, key_size = 0;  ///< in an object; size 0 in arrays
  std::uint32_t begin = 0,
                size = 0;  ///< of String (without quotes) and Number; begin of all others
  /// Index one past the last value inside. While an Object or Array is open: its parent's index.
  std::uint32_t end = kNoJson;
};

/// The children of container `i` are values i + 1, then the `end` of each, up to values[i].end.
struct JsonTape {
  std::string_view text;  ///< shorter than 4 GiB
  std::vector<JsonValue> values;

  [[nodiscard]] std::string_view key(const JsonValue& v) const {
    return {text.data() + v.key_begin, v.key_size};
  }
  [[nodiscard]] std::string_view raw(const JsonValue& v) const {
    return {text.data() + v.begin, v.size};
  }
};

enum class JsonParse : std::uint8_t { Valid, Invalid, TooManyValues };

/// RFC 8259, one value with white space around it; `tape.text` is what is read. After anything but
/// Valid the values are of no use.
JsonParse parse_strict(JsonTape& tape, std::size_t max_values);

/// A string's text: escapes decoded (also those that JSON does not have: `\'` is an apostrophe, an
/// unknown letter keeps its backslash), U+0000 and other control characters taken out, line breaks
/// and tabs kept. Lone surrogates become U+FFFD and are added to `lone_surrogates`.
std::string_view decode_json_string(std::string_view raw, Graph& graph,
                                    std::uint64_t& lone_surrogates);

/// First of `"`, `\` or a control character at or after `at`; the size if there is none.
std::size_t find_string_special(std::string_view text, std::size_t at);

}  // namespace crosstail::markup
