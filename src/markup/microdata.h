#pragma once
/// Microdata into the graph: items, types and properties as the HTML standard defines them (§5.2),
/// identified as in "Microdata to RDF".
///
/// As the standard says: itemprop and itemtype as lists of words, itemref (in document order, each
/// element once, loops are harmless), nested items, item identifiers, and a property's value by its
/// element. Where the real web differs from it:
/// - An item without a type takes bare property names as schema.org's; one whose types are all of
///   other vocabularies does not.
/// - A `content` that is not empty counts on any element (W3C Microdata 2018).
/// - Properties that hold a text take that of a link, not its address (holds_text()).
/// - A Question inside the scope of an FAQPage or QAPage that no property links to it is put down
///   as its hasPart, so that it is not mistaken for a question of no page. An Answer without
///   itemprop, or without `text`, states nothing: it is not guessed.
///
/// Time and memory are linear in the page but for itemref and nested literals, which `limits`
/// bound.

#include "markup/document_index.h"
#include "markup/graph.h"

namespace crosstail::markup {

StatementCounts read_microdata(const DocumentIndex& document, Graph& graph,
                               const StatementLimits& limits = {});

}  // namespace crosstail::markup
