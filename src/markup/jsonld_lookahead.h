#pragma once
/// What comes next in broken JSON: quotes of any kind, keys that look like keys, and whether a
/// quote ends its string. Every question reads a bounded piece of text, or white space only, so
/// that asking at every quote of a text stays linear.

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace crosstail::markup {

/// Straight and curly quotes that stand for one another.
enum class QuoteClass : std::uint8_t { None, Double, Single, Backtick };

struct Quote {
  QuoteClass quote_class = QuoteClass::None;
  std::uint8_t size = 0;  ///< bytes
  bool curly = false;
};

/// The quote that stands at `at`, if any.
Quote quote_at(std::string_view text, std::size_t at);

/// Where a string may end, see ends_string().
enum class JsonPlace : std::uint8_t { Object, Array, Top };

/// How much a key looks like one.
enum class KeyLikeness : std::uint8_t {
  No,
  Plausible,  ///< a name, a quote, a colon, and the beginning of a value
  Known,      ///< a keyword or one of schema.org's names; a quote, or the colon, may be missing
};

/// What a text has shown of its ways.
struct JsonStyle {
  bool unquoted_keys = false;
  bool escaped_space = false;  ///< `\n` between tokens
};

/// Bytes of white space at `at`: control characters, BOM, no-break and zero-width spaces.
std::size_t space_size(std::string_view text, std::size_t at);
std::size_t skip_white(std::string_view text, std::size_t at);

/// Past white space, short comments and short tags.
std::size_t look_past_space(std::string_view text, std::size_t at, JsonStyle style = {});

/// Whether what stands at `at` is a member's key: in quotes, or without.
KeyLikeness quoted_key_likeness(std::string_view text, std::size_t at);
KeyLikeness bare_key_likeness(std::string_view text, std::size_t at);

/// Whether a string in `place` ends with the quote before `at`: what follows must go on as JSON
/// does (also as JSON with a comma or bracket missing).
bool ends_string(std::string_view text, std::size_t at, JsonPlace place, JsonStyle style);

/// Whether a name is a keyword or a property that FAQ pages have.
bool is_known_key(std::string_view key);

/// Whether what stands at `at` is `{` or `[` as JSON has it, and not a template or code.
bool starts_container(std::string_view text, std::size_t at, JsonStyle style = {});

}  // namespace crosstail::markup
