#pragma once
/// RDFa 1.1 into the graph: the processing sequence of RDFa Core 1.1 (§7.5) with the rules of
/// HTML+RDFa 1.1, which RDFa Lite is a part of: @vocab, @prefix, xmlns:, @about, @resource, @href,
/// @src, @typeof, @property, @rel, @rev, @content, @datatype, @datetime, @lang, chaining,
/// incomplete triples, blank nodes, and property copying (rdfa:copy, rdfa:Pattern).
///
/// Only statements in schema.org's terms reach the graph; Open Graph's and others make no node. A
/// list (@inlist) is put down as its members in order, each a value of the property.
///
/// Where the real web differs from the specification:
/// - Terms of schema.org count in any case, and its vocabulary with or without the last slash.
/// - Properties that hold a text take that of a link, not its address (holds_text()).
/// - A link that states nothing itself and leads into the page (`<a href="#answer-1">`, an
///   accordion's handle) is no new subject for what is in it.
/// - A Question stated inside an FAQPage or QAPage without any property is put down as its hasPart.
///
/// Time and memory are linear in the page but for nested literals and property copying, which
/// `limits` bound. No recursion.

#include "markup/document_index.h"
#include "markup/graph.h"

namespace crosstail::markup {

StatementCounts read_rdfa(const DocumentIndex& document, Graph& graph,
                          const StatementLimits& limits = {});

}  // namespace crosstail::markup
