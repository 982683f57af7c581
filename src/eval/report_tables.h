#pragma once
/// The report's tables, from report.json, and their forms: plain text, Markdown, LaTeX, HTML. Ids
/// and texts of foreign files go through the form's escaping.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace crosstail::eval {

struct Table {
  std::string id;  ///< "systems": anchor and label
  std::string title, note;
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows;
  std::size_t text_columns = 1;  ///< leading columns of words; the others are numbers
};

struct ReportTables {
  std::string title;                  ///< what was compared, in one line
  std::vector<std::string> headline;  ///< sentences
  std::vector<std::string> warnings;
  std::vector<Table> tables;
};

/// Fails with Corrupt when `json` is not a report.json of ours.
Result<ReportTables> report_tables(std::string_view json);

std::string as_text(const ReportTables& report);
std::string as_markdown(const ReportTables& report);
/// Tables with booktabs' rules; a fragment to \input, for any engine. Tables of texts (best and
/// worst queries, configuration) are not in it: they are in any script, and no table of a paper.
std::string as_latex(const ReportTables& report);
/// HTML fragments, readable without JavaScript. Headline and warnings, under `title`:
std::string headline_as_html(const ReportTables& report, const std::string& id,
                             const std::string& title);
/// A table. `set`: empty, or the name of the query set beside the report's own, whose tables have
/// no charts.
std::string table_as_html(const Table& table, const std::string& set = "");

/// For text in HTML and in attribute values.
std::string html_escaped(std::string_view text);

}  // namespace crosstail::eval
