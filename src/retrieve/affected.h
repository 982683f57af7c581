#pragma once
/// Leave-out group, site and text concern few passages of a query: those that carry such a
/// question. The index's inverted lists name them, and only they are scored again.

#include <vector>

#include "base/result.h"
#include "index/fusion.h"
#include "index/index_reader.h"

namespace crosstail::retrieve {

/// Passages with a question that `filter` leaves out by group, site or text: ascending, each once.
Result<std::vector<index::PassageNumber>> affected_passages(const index::IndexReader& index,
                                                            const index::QuestionFilter& filter);

}  // namespace crosstail::retrieve
