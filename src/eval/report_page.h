#pragma once
/// The report as one HTML file: the installed template (web/report.html) with the tables and
/// report.json put in. The page needs no network; its tables need no script.

#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"

namespace crosstail::eval {

/// `json`: report.json. `page_template`: text with the marks <!--TITLE-->, <!--TABLES--> and
/// <!--DATA-->, each once. Nothing of the report can end a script or an element of the page.
Result<std::string> report_page(std::string_view json, std::string_view page_template);

/// Where the template is: $CROSSTAIL_REPORT_TEMPLATE, share/crosstail/report.html beside the
/// program's bin folder, or web/report.html of the source tree the program was built in.
Result<std::filesystem::path> find_report_template();

}  // namespace crosstail::eval
