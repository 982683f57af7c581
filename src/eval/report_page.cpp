#include "eval/report_page.h"

#include <cstdlib>

#include "eval/report_tables.h"

namespace crosstail::eval {
namespace {

/// JSON that may stand in a script element: `<` occurs only in strings, and \u003c is the same
/// there.
std::string script_safe(std::string_view json) {
  std::string out;
  for (const char c : json) {
    if (c == '<')
      out += "\\u003c";
    else
      out += c;
  }
  return out;
}

/// All headlines first, so that sets are seen side by side; then the tables, set by set.
Result<std::string> page_body(const ReportTables& own, const std::string& name,
                              const std::vector<NamedReport>& beside) {
  std::string out =
      headline_as_html(own, "headline", name.empty() ? "Headline" : "Headline: " + name);
  std::string others;
  for (const auto& other : beside) {
    auto tables = report_tables(other.json);
    if (!tables) return std::move(tables).error().at(other.name);
    out += headline_as_html(*tables, "beside-" + other.name,
                            "Beside it, a query set of its own: " + other.name);
    others += "<section id=\"tables-" + html_escaped(other.name) + "\">\n<h2>Tables of " +
              html_escaped(other.name) + "</h2>\n";
    for (const Table& table : tables->tables)
      if (table.id != "configuration" && table.id != "best" && table.id != "worst")
        others += table_as_html(table, other.name);
    others += "</section>\n";
  }
  for (const Table& table : own.tables) out += table_as_html(table);
  return out + others;
}

}  // namespace

Result<std::string> report_page(const NamedReport& report, std::string_view page_template,
                                const std::vector<NamedReport>& beside) {
  CT_TRY(const auto tables, report_tables(report.json));
  CT_TRY(std::string body, page_body(tables, report.name, beside));
  const std::pair<std::string_view, std::string> parts[] = {
      {"<!--TITLE-->", html_escaped(tables.title)},
      {"<!--TABLES-->", std::move(body)},
      {"<!--DATA-->", script_safe(report.json)}};
  std::string out;
  std::size_t done = 0;
  for (const auto& [mark, text] : parts) {
    const auto at = page_template.find(mark, done);
    if (at == std::string_view::npos)
      return Error{ErrorCode::Corrupt,
                   "the report's template lacks the mark " + std::string(mark) +
                       " (or has the marks in another order): install it again"};
    out += page_template.substr(done, at - done);
    out += text;
    done = at + mark.size();
  }
  out += page_template.substr(done);
  return out;
}

Result<std::filesystem::path> find_report_template() {
  std::error_code failed;
  if (const char* given = std::getenv("CROSSTAIL_REPORT_TEMPLATE"))
    return std::filesystem::path(given);
  const auto program = std::filesystem::read_symlink("/proc/self/exe", failed);
  if (!failed) {
    const auto folder = program.parent_path();
    for (const auto& place :
         {folder / "../share/crosstail/report.html", folder / "../../web/report.html"})
      if (std::filesystem::exists(place, failed)) return place.lexically_normal();
  }
  return Error{
      ErrorCode::NotFound,
      "the report's template (share/crosstail/report.html) is not installed with the program; "
      "set CROSSTAIL_REPORT_TEMPLATE to it"};
}

}  // namespace crosstail::eval
