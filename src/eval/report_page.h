#pragma once
/// The report as one HTML file: the installed template (web/report.html) with the tables and
/// report.json put in. The page needs no network; its tables need no script.

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace crosstail::eval {

/// One query set's evaluation: its name (may be empty) and its report.json.
struct NamedReport {
  std::string name, json;
};

/// `page_template`: text with the marks <!--TITLE-->, <!--TABLES--> and <!--DATA-->, each once.
/// `beside`: other query sets: their headlines stand below the report's own, their tables at the
/// end, and nothing of them enters its figures. Nothing of a report can end a script or an element
/// of the page.
Result<std::string> report_page(const NamedReport& report, std::string_view page_template,
                                const std::vector<NamedReport>& beside = {});

/// Where the template is: $CROSSTAIL_REPORT_TEMPLATE, share/crosstail/report.html beside the
/// program's bin folder, or web/report.html of the source tree the program was built in.
Result<std::filesystem::path> find_report_template();

}  // namespace crosstail::eval
