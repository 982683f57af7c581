#pragma once
/// JSON-LD 1.1 in HTML (the specification's §7), as far as FAQs need it: one script's text becomes
/// statements in a Graph. Valid JSON is read by the rules of JSON alone, in one pass; anything else
/// goes through the repairing parser (markup/jsonld_repair.h), script by script, so that a broken
/// one never costs its siblings.
///
/// Contexts are never fetched. Bare names count as schema.org's when the context says so (string,
/// list, @vocab, prefix, alias) or when there is no context at all; under a context of another
/// vocabulary they mean nothing. Keys and types match in any case.

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "markup/graph.h"

namespace crosstail::markup {

/// What had to be mended. name() gives what reports say.
enum class JsonLdRepair : std::uint8_t {
  ControlCharacter,  ///< control-character: U+0000–U+001F in a string, but for line breaks
  RawNewline,        ///< raw-newline: a line break in a string
  TrailingComma,     ///< trailing-comma: a comma with no value behind it
  Semicolon,         ///< semicolon: between or behind values
  MissingComma,      ///< missing-comma
  MissingColon,      ///< missing-colon
  MissingBracket,    ///< missing-bracket: an object or array closed only by what follows
  ExtraBracket,      ///< extra-bracket
  Cdata,             ///< cdata: <![CDATA[ … ]]>, also in JavaScript comments
  Comment,           ///< comment: <!-- -->, /* */, //, #
  ByteOrderMark,     ///< byte-order-mark: or another invisible character between tokens
  InvalidEscape,     ///< invalid-escape: \' and others that JSON does not have
  LoneSurrogate,     ///< lone-surrogate: \ud83d without its other half
  UnescapedQuote,    ///< unescaped-quote: inside a string
  MissingQuote,      ///< missing-quote: a string without its first or last quote
  ForeignQuote,      ///< foreign-quote: '…', “…” or `…` around a string
  UnquotedKey,       ///< unquoted-key
  ForeignLiteral,    ///< foreign-literal: None, True, undefined, NaN
  InvalidNumber,     ///< invalid-number: +1, 007, .5
  HtmlEscaped,       ///< html-escaped: &quot; for every quote
  BackslashEscaped,  ///< backslash-escaped: \" for every quote, or the whole as one JSON string
  HtmlTags,          ///< html-tags: <br> or <p> between tokens
  ObjectsInARow,     ///< objects-in-a-row: more than one value in a script
  ScriptCode,        ///< script-code: `var x = {…};` or `f({…})` around the data
  Garbage,           ///< garbage: other text before, behind or between values
  Truncated,         ///< truncated: the script ends in the middle; what is complete was kept
  Count_
};
std::string_view name(JsonLdRepair repair);

struct JsonLdLimits {
  std::size_t max_depth = 512;         ///< deeper values are left out
  std::size_t max_values = 2'000'000;  ///< per script; what follows is left out
};

/// Adds up over scripts and pages.
struct JsonLdCounts {
  std::uint64_t scripts = 0;         ///< read
  std::uint64_t repaired = 0;        ///< that were not valid JSON, but something was read
  std::uint64_t empty = 0;           ///< nothing but white space
  std::uint64_t unreadable = 0;      ///< that held no value at all
  std::uint64_t depth_limited = 0;   ///< values beyond max_depth
  std::uint64_t values_limited = 0;  ///< scripts that hit max_values
  std::array<std::uint64_t, static_cast<std::size_t>(JsonLdRepair::Count_)> repairs{};

  std::uint64_t& operator[](JsonLdRepair repair) {
    return repairs[static_cast<std::size_t>(repair)];
  }
};

/// Whether a script's `type` (raw or decoded) says JSON-LD: any case, spaces, parameters
/// ("application/ld+json; charset=utf-8"), character references, quotes too many.
bool is_jsonld_type(std::string_view type);

/// Whether a script can state a question or an answer: it names one of the terms, in any case. If
/// none of a page's scripts can, none need be read. Memory speed.
bool may_state_faq(std::string_view script);

/// Reads scripts; keeps its buffers from one to the next. Not thread-safe: one per thread.
class JsonLdReader {
 public:
  explicit JsonLdReader(JsonLdLimits limits = {});
  JsonLdReader(JsonLdReader&&) noexcept;
  JsonLdReader& operator=(JsonLdReader&&) noexcept;
  ~JsonLdReader();

  /// Adds what `script` states to `graph`. `script` (valid UTF-8) is borrowed by the graph and lies
  /// at `offset` of the page. Time and memory are linear in its length, whatever it holds.
  void read(std::string_view script, std::size_t offset, Graph& graph, JsonLdCounts& counts);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace crosstail::markup
