#include "markup/jsonld.h"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <string>

#include "markup/html_tokenizer.h"
#include "markup/jsonld_context.h"
#include "markup/jsonld_repair.h"
#include "markup/jsonld_tape.h"
#include "markup/jsonld_walk.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace crosstail::markup {

namespace {

using Kind = JsonValue::Kind;

constexpr int kMostUnwraps = 3;

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}

std::string_view trim(std::string_view s) {
  while (!s.empty() && static_cast<unsigned char>(s.front()) <= ' ') s.remove_prefix(1);
  while (!s.empty() && static_cast<unsigned char>(s.back()) <= ' ') s.remove_suffix(1);
  return s;
}

}  // namespace

struct JsonLdReader::State {
  JsonLdLimits limits;
  JsonTape tape;
  JsonLdContexts contexts;

  /// Whether the text holds any value; its values are then in `tape`.
  bool parse(std::string_view script, Graph& graph, JsonLdCounts& counts);
  bool parse_valid(std::string_view script, JsonLdCounts& counts);
};

/// Valid JSON, as far as max_values allows.
bool JsonLdReader::State::parse_valid(std::string_view script, JsonLdCounts& counts) {
  tape.text = script;
  switch (parse_strict(tape, limits.max_values)) {
    case JsonParse::Valid:
      return true;
    case JsonParse::Invalid:
      return false;
    case JsonParse::TooManyValues:
      break;
  }
  ++counts.values_limited;
  JsonLdCounts unused;  // what the limit leaves is cut, which is no fault of the script
  parse_repairing(tape, limits.max_values, unused);
  return true;
}

bool JsonLdReader::State::parse(std::string_view script, Graph& graph, JsonLdCounts& counts) {
  if (parse_valid(script, counts)) {
    if (tape.values.front().kind != Kind::String) return true;
  }
  for (int i = 0; i < kMostUnwraps; ++i) {
    const std::string_view inside = unwrap_escaped_script(script, graph, counts);
    if (inside.data() == script.data()) break;
    script = inside;
    if (parse_valid(script, counts) && tape.values.front().kind != Kind::String) {
      ++counts.repaired;
      return true;
    }
  }
  tape.text = script;
  if (!parse_repairing(tape, limits.max_values, counts)) ++counts.values_limited;
  ++(tape.values.empty() ? counts.unreadable : counts.repaired);
  return !tape.values.empty();
}

JsonLdReader::JsonLdReader(JsonLdLimits limits) : state_(std::make_unique<State>()) {
  state_->limits = limits;
}
JsonLdReader::JsonLdReader(JsonLdReader&&) noexcept = default;
JsonLdReader& JsonLdReader::operator=(JsonLdReader&&) noexcept = default;
JsonLdReader::~JsonLdReader() = default;

void JsonLdReader::read(std::string_view script, std::size_t offset, Graph& graph,
                        JsonLdCounts& counts) {
  constexpr std::size_t kMostBytes = std::numeric_limits<std::uint32_t>::max() - 1;
  if (script.size() > kMostBytes) script = script.substr(0, kMostBytes);
  ++counts.scripts;
  if (trim(script).empty()) {
    ++counts.empty;
    return;
  }
  State& state = *state_;
  if (!state.parse(script, graph, counts)) return;
  state.contexts.clear();
  walk_jsonld(state.tape, offset, state.limits, graph, counts, state.contexts);
}

std::string_view name(JsonLdRepair repair) {
  static constexpr std::array<std::string_view, static_cast<std::size_t>(JsonLdRepair::Count_)>
      kNames = {"control-character", "raw-newline",      "trailing-comma",
                "semicolon",         "missing-comma",    "missing-colon",
                "missing-bracket",   "extra-bracket",    "cdata",
                "comment",           "byte-order-mark",  "invalid-escape",
                "lone-surrogate",    "unescaped-quote",  "missing-quote",
                "foreign-quote",     "unquoted-key",     "foreign-literal",
                "invalid-number",    "html-escaped",     "backslash-escaped",
                "html-tags",         "objects-in-a-row", "script-code",
                "garbage",           "truncated"};
  return kNames[static_cast<std::size_t>(repair)];
}

bool is_jsonld_type(std::string_view type) {
  std::string decoded;
  if (type.find('&') != std::string_view::npos) {
    decode_attribute(decoded, type);
    type = decoded;
  }
  constexpr std::string_view kType = "application/ld+json";
  std::size_t matched = 0;
  for (std::size_t i = 0; i < type.size(); ++i) {
    const char c = lower(type[i]);
    const bool skipped = static_cast<unsigned char>(c) <= ' ' || c == '"' || c == '\'' || c == '\\';
    if (matched == kType.size()) return skipped || c == ';' || c == ',';
    if (skipped) continue;
    if (c != kType[matched]) return false;
    ++matched;
  }
  return matched == kType.size();
}

bool may_state_faq(std::string_view script) {
  // "question" in any case; its q is rare in any language's text and in JSON's keys.
  const auto matches = [&](std::size_t at) {
    constexpr std::string_view kWord = "question";
    if (at + kWord.size() > script.size()) return false;
    for (std::size_t i = 0; i < kWord.size(); ++i)
      if (lower(script[at + i]) != kWord[i]) return false;
    return true;
  };
  std::size_t at = 0;
#if defined(__SSE2__)
  const __m128i q = _mm_set1_epi8('q');
  const __m128i u = _mm_set1_epi8('u');
  const __m128i fold = _mm_set1_epi8(0x20);
  for (; at + 17 <= script.size(); at += 16) {
    const auto* bytes = reinterpret_cast<const __m128i*>(script.data() + at);
    const auto* next = reinterpret_cast<const __m128i*>(script.data() + at + 1);
    const __m128i first = _mm_cmpeq_epi8(_mm_or_si128(_mm_loadu_si128(bytes), fold), q);
    const __m128i second = _mm_cmpeq_epi8(_mm_or_si128(_mm_loadu_si128(next), fold), u);
    auto mask = static_cast<unsigned>(_mm_movemask_epi8(_mm_and_si128(first, second)));
    for (; mask != 0; mask &= mask - 1)
      if (matches(at + static_cast<std::size_t>(std::countr_zero(mask)))) return true;
  }
#endif
  for (; at < script.size(); ++at)
    if (lower(script[at]) == 'q' && matches(at)) return true;
  return false;
}

}  // namespace crosstail::markup
