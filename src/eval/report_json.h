#pragma once
/// report.json: everything an evaluation found, and all that is needed to do it again
/// (docs/formats/report.md). The other forms of the report are made from it.

#include <string>

#include "eval/evaluation.h"

namespace crosstail::eval {

/// The file's text. Equal evaluations give equal bytes. `version`: the program's.
std::string report_json(const Evaluation& evaluation, const std::string& version);

/// A line a query: id, language, cluster, then a column a system and measure. With a header line.
std::string per_query_tsv(const Evaluation& evaluation);

}  // namespace crosstail::eval
