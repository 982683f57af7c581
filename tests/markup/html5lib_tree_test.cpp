/// Every tree construction case of html5lib-tests without a fragment context, where a copy is at
/// hand (see html5lib.h). Doctypes are compared by name only: the tree does not keep their
/// identifiers.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "html5lib.h"
#include "html_tree_dump.h"

namespace crosstail::markup {
namespace {

struct Case {
  std::string data, document;
  bool fragment = false, script_on = false, script_off = false;
};

std::vector<Case> read_cases(const std::string& file) {
  std::vector<Case> cases;
  std::string section;
  std::size_t at = 0;
  while (at < file.size()) {
    const std::size_t stop = std::min(file.find('\n', at), file.size());
    const std::string line = file.substr(at, stop - at);
    at = stop + 1;
    if (line == "#data") {
      cases.emplace_back();
      section = line;
    } else if (!cases.empty() && line.starts_with("#") && section != "#document" &&
               (line == "#errors" || line == "#new-errors" || line == "#document-fragment" ||
                line == "#document" || line == "#script-on" || line == "#script-off")) {
      section = line;
      cases.back().fragment |= line == "#document-fragment";
      cases.back().script_on |= line == "#script-on";
      cases.back().script_off |= line == "#script-off";
    } else if (section == "#data") {
      cases.back().data += line + "\n";
    } else if (section == "#document") {
      cases.back().document += line + "\n";
    }
  }
  for (Case& one : cases) {
    if (one.data.ends_with('\n')) one.data.pop_back();
    while (one.document.ends_with("\n\n")) one.document.pop_back();
  }
  return cases;
}

/// `<!DOCTYPE html "a" "b">` without the identifiers.
std::string bare_doctype(const std::string& document) {
  if (!document.starts_with("| <!DOCTYPE ")) {
    const std::size_t at = document.find("\n| <!DOCTYPE ");
    if (at == std::string::npos) return document;
    return document.substr(0, at + 1) + bare_doctype(document.substr(at + 1));
  }
  const std::size_t stop = document.find(">\n");
  const std::size_t name = document.find(' ', std::string("| <!DOCTYPE ").size());
  if (name == std::string::npos || name > stop) return document;
  return document.substr(0, name) + document.substr(stop);
}

TEST(Html5libTree, EveryCaseGivesTheTreeOfTheStandard) {
  const auto folder = testing::html5lib_dir();
  if (!folder) GTEST_SKIP() << "no html5lib-tests here (CROSSTAIL_HTML5LIB_TESTS)";
  std::size_t run = 0, fragments = 0;
  for (const auto& file : testing::files_under(*folder / "tree-construction", ".dat")) {
    if (file.parent_path().filename() == "scripted") continue;  // these run scripts
    for (const Case& one : read_cases(testing::read_all(file))) {
      if (one.fragment) {
        ++fragments;
        continue;
      }
      for (const bool scripting : {true, false}) {
        if (scripting ? one.script_off : one.script_on) continue;
        ++run;
        const std::string actual = testing::tree_of(one.data, {.scripting = scripting});
        EXPECT_EQ(actual, bare_doctype(one.document))
            << file.filename() << ", scripting " << scripting << ":\n"
            << one.data;
      }
    }
  }
  RecordProperty("cases", static_cast<int>(run));
  EXPECT_GT(run, 1000u) << fragments << " fragment cases were left out";
}

}  // namespace
}  // namespace crosstail::markup
