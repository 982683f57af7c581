/// The forms of ReportTables.

#include <algorithm>

#include "eval/report_tables.h"
#include "text/utf8.h"

namespace crosstail::eval {
namespace {

std::size_t width(std::string_view text) {
  return text::count_code_points(text);
}

/// Cells with line breaks and pipes that would end a Markdown cell.
std::string markdown_cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\n') {
      out += "<br>";
    } else if (c == '\r') {
      out += ' ';
    } else {
      if (c == '|' || c == '\\' || c == '*' || c == '_' || c == '`' || c == '<') out += '\\';
      out += c;
    }
  }
  return out;
}

/// Line breaks of a cell's text as elements.
std::string with_breaks(const std::string& escaped) {
  std::string out;
  for (const char c : escaped) {
    if (c == '\n')
      out += "<br>";
    else
      out += c;
  }
  return out;
}

/// What a plain pdflatex has no letter for, as commands.
constexpr std::pair<std::string_view, std::string_view> kLatexSigns[] = {{"α", "$\\alpha$"},
                                                                         {"β", "$\\beta$"},
                                                                         {"→", "$\\rightarrow$"},
                                                                         {"×", "$\\times$"},
                                                                         {"–", "--"}};

std::string latex_escaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto* sign =
        std::find_if(std::begin(kLatexSigns), std::end(kLatexSigns),
                     [&](const auto& s) { return text.substr(i).starts_with(s.first); });
    if (sign != std::end(kLatexSigns)) {
      out += sign->second;
      i += sign->first.size() - 1;
      continue;
    }
    const char c = text[i];
    switch (c) {
      case '\\':
        out += "\\textbackslash{}";
        break;
      case '~':
        out += "\\textasciitilde{}";
        break;
      case '^':
        out += "\\textasciicircum{}";
        break;
      case '<':
        out += "\\textless{}";
        break;
      case '>':
        out += "\\textgreater{}";
        break;
      case '\n':
      case '\r':
        out += ' ';
        break;
      case '&':
      case '%':
      case '$':
      case '#':
      case '_':
      case '{':
      case '}':
        out += '\\';
        out += c;
        break;
      default:
        out += c;
    }
  }
  return out;
}

bool numeric(const Table& table, std::size_t column) {
  return column >= table.text_columns;
}

std::vector<std::size_t> column_widths(const Table& table) {
  std::vector<std::size_t> out;
  for (const auto& cell : table.header) out.push_back(width(cell));
  for (const auto& row : table.rows)
    for (std::size_t c = 0; c < row.size() && c < out.size(); ++c)
      out[c] = std::max(out[c], width(row[c]));
  return out;
}

void text_row(const Table& table, const std::vector<std::string>& row,
              const std::vector<std::size_t>& widths, std::string& out) {
  std::string line = "  ";
  for (std::size_t c = 0; c < row.size(); ++c) {
    const std::string space(widths[c] - std::min(widths[c], width(row[c])), ' ');
    line += numeric(table, c) ? space + row[c] : row[c] + space;
    line += "  ";
  }
  line.erase(line.find_last_not_of(' ') + 1);
  out += line + "\n";
}

}  // namespace

std::string html_escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string as_text(const ReportTables& report) {
  std::string out;
  for (const auto& sentence : report.headline) out += sentence + "\n";
  for (const auto& warning : report.warnings) out += "Warning: " + warning + "\n";
  for (const Table& table : report.tables) {
    out += "\n" + table.title + "\n";
    const auto widths = column_widths(table);
    text_row(table, table.header, widths, out);
    for (const auto& row : table.rows) text_row(table, row, widths, out);
    if (!table.note.empty()) out += "  " + table.note + "\n";
  }
  return out;
}

std::string as_markdown(const ReportTables& report) {
  std::string out = "# " + markdown_cell(report.title) + "\n\n";
  for (const auto& sentence : report.headline) out += markdown_cell(sentence) + "\n\n";
  for (const auto& warning : report.warnings)
    out += "**Warning:** " + markdown_cell(warning) + "\n\n";
  for (const Table& table : report.tables) {
    out += "## " + table.title + "\n\n|";
    for (const auto& cell : table.header) out += " " + markdown_cell(cell) + " |";
    out += "\n|";
    for (std::size_t c = 0; c < table.header.size(); ++c)
      out += numeric(table, c) ? "---:|" : "---|";
    for (const auto& row : table.rows) {
      out += "\n|";
      for (const auto& cell : row) out += " " + markdown_cell(cell) + " |";
    }
    out += "\n\n";
    if (!table.note.empty()) out += markdown_cell(table.note) + "\n\n";
  }
  return out;
}

std::string as_latex(const ReportTables& report) {
  std::string out = "% needs \\usepackage{booktabs}; made by crosstail\n";
  for (const Table& table : report.tables) {
    if (table.id == "best" || table.id == "worst" || table.id == "configuration") continue;
    out += "\\begin{table}\n\\centering\n\\caption{" + latex_escaped(table.title) + ". " +
           latex_escaped(table.note) + "}\n\\label{tab:" + table.id + "}\n\\begin{tabular}{";
    for (std::size_t c = 0; c < table.header.size(); ++c) out += numeric(table, c) ? 'r' : 'l';
    out += "}\n\\toprule\n";
    const auto row_text = [&](const std::vector<std::string>& row) {
      if (!row.empty() && row[0].starts_with('['))
        out += "{}";  // else an argument of the row end before
      for (std::size_t c = 0; c < row.size(); ++c)
        out += (c == 0 ? "" : " & ") + latex_escaped(row[c]);
      out += " \\\\\n";
    };
    row_text(table.header);
    out += "\\midrule\n";
    for (const auto& row : table.rows) row_text(row);
    out += "\\bottomrule\n\\end{tabular}\n\\end{table}\n\n";
  }
  return out;
}

std::string headline_as_html(const ReportTables& report, const std::string& id,
                             const std::string& title) {
  std::string out =
      "<section id=\"" + html_escaped(id) + "\">\n<h2>" + html_escaped(title) + "</h2>\n";
  for (std::size_t i = 0; i < report.headline.size(); ++i)
    out += std::string(i == 0 ? "<p class=\"lead\">" : "<p>") + html_escaped(report.headline[i]) +
           "</p>\n";
  for (const auto& warning : report.warnings)
    out += "<p class=\"warning\" role=\"note\"><strong>Warning:</strong> " + html_escaped(warning) +
           "</p>\n";
  return out + "</section>\n";
}

std::string table_as_html(const Table& table, const std::string& set) {
  const std::string id = html_escaped(set.empty() ? table.id : set + "-" + table.id);
  // The page's contents list the sections; another set's tables are parts of one.
  const std::string element = set.empty() ? "section" : "div", heading = set.empty() ? "h2" : "h3";
  std::string out = "<" + element + " id=\"" + id + "\">\n<" + heading + ">" +
                    html_escaped(set.empty() ? table.title : set + ": " + table.title) + "</" +
                    heading + ">\n";
  if (set.empty()) out += "<div class=\"chart\" data-chart=\"" + id + "\"></div>\n";
  out += "<div class=\"scroll\" tabindex=\"0\"><table>\n<thead><tr>";
  const auto cells = [&](const std::vector<std::string>& row, const char* tag) {
    for (std::size_t c = 0; c < row.size(); ++c)
      out += std::string("<") + tag + (numeric(table, c) ? " class=\"n\"" : " dir=\"auto\"") + ">" +
             with_breaks(html_escaped(row[c])) + "</" + tag + ">";
  };
  cells(table.header, "th");
  out += "</tr></thead>\n<tbody>\n";
  for (const auto& row : table.rows) {
    out += "<tr>";
    cells(row, "td");
    out += "</tr>\n";
  }
  out += "</tbody></table></div>\n";
  if (!table.note.empty()) out += "<p class=\"caption\">" + html_escaped(table.note) + "</p>\n";
  return out + "</" + element + ">\n";
}

}  // namespace crosstail::eval
