#pragma once
/// From a script's values to statements: nodes, references, values, lists, reverse properties.

#include <cstddef>

#include "markup/graph.h"
#include "markup/jsonld.h"
#include "markup/jsonld_context.h"
#include "markup/jsonld_tape.h"

namespace crosstail::markup {

/// Adds what `tape` states to `graph`; its text lies at `offset` of the page. `contexts` must have
/// been cleared. Linear, with a stack of its own, at most limits.max_depth high.
void walk_jsonld(const JsonTape& tape, std::size_t offset, const JsonLdLimits& limits, Graph& graph,
                 JsonLdCounts& counts, JsonLdContexts& contexts);

}  // namespace crosstail::markup
