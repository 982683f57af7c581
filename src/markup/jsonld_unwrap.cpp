// Scripts that were escaped once more on their way into the page: by a template that escapes all
// output, by a database that adds slashes, by a JSON encoder that was given JSON.

#include <algorithm>
#include <string>

#include "markup/html_tokenizer.h"
#include "markup/jsonld_lookahead.h"
#include "markup/jsonld_repair.h"

namespace crosstail::markup {

namespace {

constexpr std::size_t kLook = 512;  // the first quote stands this near to the first bracket

enum class Escaping : std::uint8_t { None, Html, Backslash, DoubledQuotes };

/// Whether the reference at the start of `s` is a quote's, in one of the spellings of templates.
bool is_quote_reference(std::string_view s) {
  for (const std::string_view spelling :
       {"&quot;", "&#34;", "&#034;", "&#x22;", "&#39;", "&#039;", "&#x27;", "&apos;", "&#8220;",
        "&#8221;", "&#8243;", "&#8222;", "&ldquo;", "&rdquo;", "&QUOT;", "&amp;quot;"})
    if (s.substr(0, spelling.size()) == spelling) return true;
  return false;
}

/// How the first quote behind the first bracket is written.
Escaping escaping_of(std::string_view script) {
  const std::size_t bracket = script.find_first_of("{[");
  if (bracket == std::string_view::npos)
    return script.find("&#123;") != std::string_view::npos ||
                   script.find("&lbrace;") != std::string_view::npos
               ? Escaping::Html
               : Escaping::None;
  const std::string_view near = script.substr(bracket, kLook);
  for (std::size_t i = 1; i < near.size(); ++i) {
    switch (near[i]) {
      case '&':
        if (is_quote_reference(near.substr(i))) return Escaping::Html;
        break;
      case '\\':
        if (near.substr(i, 2) == "\\\"" || near.substr(i, 6) == "\\u0022")
          return Escaping::Backslash;
        break;
      case '"':
        return near.substr(i, 2) == "\"\"" && i + 2 < near.size() &&
                       (near[i + 2] == '@' ||
                        is_known_key(near.substr(i + 2, near.find('"', i + 2) - i - 2)))
                   ? Escaping::DoubledQuotes
                   : Escaping::None;
      case '\'':
      case '`':
        return Escaping::None;
      default:
        break;
    }
  }
  return Escaping::None;
}

std::string_view halve_quotes(std::string_view script, Graph& graph) {
  char* begin = graph.reserve(script.size());
  char* out = begin;
  for (std::size_t i = 0; i < script.size(); ++i) {
    *out++ = script[i];
    if (script[i] == '"' && i + 1 < script.size() && script[i + 1] == '"') ++i;
  }
  return graph.commit(begin, static_cast<std::size_t>(out - begin));
}

}  // namespace

std::string_view unwrap_escaped_script(std::string_view script, Graph& graph,
                                       JsonLdCounts& counts) {
  switch (escaping_of(script)) {
    case Escaping::None:
      return script;
    case Escaping::Html: {
      ++counts[JsonLdRepair::HtmlEscaped];
      std::string decoded;
      decode_text(decoded, script);
      return graph.keep(decoded);
    }
    case Escaping::Backslash: {
      ++counts[JsonLdRepair::BackslashEscaped];
      std::uint64_t lone_surrogates = 0;
      const std::string_view decoded = decode_json_string(script, graph, lone_surrogates);
      counts[JsonLdRepair::LoneSurrogate] += lone_surrogates;
      return decoded;
    }
    case Escaping::DoubledQuotes:
      ++counts[JsonLdRepair::BackslashEscaped];
      return halve_quotes(script, graph);
  }
  return script;
}

}  // namespace crosstail::markup
