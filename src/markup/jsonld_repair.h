#pragma once
/// A parser for what is meant to be JSON: takes any text, in linear time and without recursion,
/// keeps every value that is whole, and counts what it mended (JsonLdRepair). Its rule for quotes
/// inside strings: a quote ends the string only if the text goes on as JSON would (markup/
/// jsonld_lookahead.h). A string that the end of the text cuts is marked `cut`.

#include <cstddef>
#include <string_view>

#include "markup/graph.h"
#include "markup/jsonld.h"
#include "markup/jsonld_tape.h"

namespace crosstail::markup {

/// Reads tape.text; several values may stand in a row. False if `max_values` was hit: the rest is
/// left out.
bool parse_repairing(JsonTape& tape, std::size_t max_values, JsonLdCounts& counts);

/// If all of `script` is escaped once more (HTML character references, backslashes, doubled
/// quotes), its text without that, kept by `graph`; else `script` itself.
std::string_view unwrap_escaped_script(std::string_view script, Graph& graph, JsonLdCounts& counts);

}  // namespace crosstail::markup
