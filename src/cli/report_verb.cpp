/// `crosstail report`: report.json as a page, Markdown or LaTeX.

#include <cstdio>
#include <filesystem>

#include "base/file.h"
#include "base/log.h"
#include "cli/verbs.h"
#include "eval/report_page.h"
#include "eval/report_tables.h"

namespace crosstail::cli {
namespace {

struct ReportOptions {
  std::vector<std::string> input;      ///< [NAME=]report.json, or the folder that holds it
  std::vector<std::string> beside;     ///< NAME=REPORT of other query sets
  std::string output = "report.html";  ///< the page; - for standard output
  std::string markdown, latex;         ///< files for the other forms
  std::string page_template;           ///< instead of the installed one
};

class ReportVerb final : public Verb {
 public:
  [[nodiscard]] VerbInfo info() const override {
    return {
        "report", "an evaluation as one page to read, print and send",
        "[NAME=]DIR|report.json [--beside NAME=DIR] [-o report.html] [--markdown FILE] [--latex "
        "FILE]",
        "Makes one self-contained HTML file (no network, readable on a phone and in print, tables\n"
        "without JavaScript) of what `crosstail evaluate -o DIR` found, and the same tables as\n"
        "Markdown or LaTeX (with booktabs).",
        "  crosstail evaluate --qrels qrels.tsv --run a=a.trec --run b=b.trec -o evaluation\n"
        "  crosstail report evaluation -o report.html\n"
        "  crosstail report index-entries=entries --beside titles=titles -o report.html"};
  }

  void declare(OptionTable& options) override {
    auto& o = options_;
    options
        .positionals(
            o.input, "REPORT",
            "folder of `crosstail evaluate -o`, or its report.json; NAME= names the query set", 1)
        .text(o.output, "output", "FILE", "the page; - is standard output", 'o')
        .texts(o.beside, "beside", "NAME=REPORT",
               "another query set of the same systems: its headline below the first, its tables at "
               "the end")
        .text(o.markdown, "markdown", "FILE", "tables as Markdown")
        .text(o.latex, "latex", "FILE", "tables as LaTeX")
        .text(o.page_template, "template", "FILE", "page template instead of the installed one");
  }

  Result<int> run() override {
    if (options_.input.size() != 1)
      return Error{ErrorCode::InvalidArgument,
                   "one report is expected, not " + std::to_string(options_.input.size())};
    CT_TRY(const auto report, named_report(options_.input[0]));
    std::vector<eval::NamedReport> beside;
    for (const auto& other : options_.beside) {
      CT_TRY(auto read, named_report(other));
      if (read.name.empty())
        return Error{ErrorCode::InvalidArgument, "--beside " + other + ": expected NAME=REPORT"};
      beside.push_back(std::move(read));
    }
    auto tables = eval::report_tables(report.json);
    if (!tables) return std::move(tables).error().at(options_.input[0]);
    if (!options_.markdown.empty())
      CT_CHECK(write_file_atomic(options_.markdown, eval::as_markdown(*tables)));
    if (!options_.latex.empty())
      CT_CHECK(write_file_atomic(options_.latex, eval::as_latex(*tables)));
    std::filesystem::path place = options_.page_template;
    if (options_.page_template.empty()) {
      CT_TRY(place, eval::find_report_template());
    }
    CT_TRY(const std::string page_template, read_file(place));
    CT_TRY(const std::string page, eval::report_page(report, page_template, beside));
    if (options_.output == "-") {
      std::fwrite(page.data(), 1, page.size(), stdout);
      return kDone;
    }
    CT_CHECK(write_file_atomic(options_.output, page));
    log(LogLevel::Info, "report", "wrote " + options_.output);
    return kDone;
  }

 private:
  /// "NAME=PATH", or a path (also one with an = in it, if it is there).
  static Result<eval::NamedReport> named_report(const std::string& given) {
    eval::NamedReport out;
    std::filesystem::path path = given;
    const auto equals = given.find('=');
    if (equals != std::string::npos && !std::filesystem::exists(path)) {
      out.name = given.substr(0, equals);
      path = given.substr(equals + 1);
    }
    if (std::filesystem::is_directory(path)) path /= "report.json";
    CT_TRY(out.json, read_file(path));
    return out;
  }

  ReportOptions options_;
};

}  // namespace

std::unique_ptr<Verb> report_verb() {
  return std::make_unique<ReportVerb>();
}

}  // namespace crosstail::cli
