// Passages of the real LibreOffice help, when CROSSTAIL_LOHELP names the unpacked packages'
// usr/share/libreoffice/help (tests/large/passages-lohelp fetches them).

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

#include "markup/passages.h"

namespace crosstail::markup {
namespace {

namespace fs = std::filesystem;

bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

/// As lohelp.py's clean(): tags out, references decoded, white space dropped altogether so that a
/// line break and a space are the same.
std::string clean(std::string_view html) {
  std::string without_tags;
  for (std::size_t i = 0; i < html.size(); ++i) {
    if (html[i] == '<') {
      const std::size_t end = html.find('>', i);
      if (end == std::string_view::npos) break;
      i = end;
    } else {
      without_tags.push_back(html[i]);
    }
  }
  std::string decoded;
  decode_text(decoded, without_tags);
  std::string out;
  for (std::size_t i = 0; i < decoded.size(); ++i) {
    const std::string_view rest = std::string_view(decoded).substr(i);
    if (rest.starts_with("\u00A0") || rest.starts_with("\u00AD")) {
      ++i;
    } else if (rest.starts_with("\u3000") || rest.starts_with("\uFEFF")) {
      i += 2;
    } else if (!is_space(decoded[i])) {
      out.push_back(decoded[i]);
    }
  }
  return out;
}

/// lohelp.py's paragraphs: the first p or h1 to h6 of each id in the DisplayArea with text.
std::map<std::string, std::string> paragraphs(std::string_view area) {
  std::map<std::string, std::string> found;
  for (std::size_t at = area.find('<'); at != std::string_view::npos; at = area.find('<', at + 1)) {
    const std::string_view rest = area.substr(at);
    const bool heading = rest.size() > 3 && rest[1] == 'h' && rest[2] >= '1' && rest[2] <= '6';
    const std::string name = heading ? std::string(rest.substr(1, 2)) : "p";
    if (!rest.substr(1).starts_with(name) || rest.size() < name.size() + 2 ||
        !is_space(rest[name.size() + 1])) {
      continue;
    }
    const std::size_t close = rest.find('>');
    const std::size_t end = rest.find("</" + name + ">");
    if (close == std::string_view::npos || end == std::string_view::npos || end < close) continue;
    const std::string_view tag = rest.substr(0, close);
    const std::size_t id = tag.find(" id=\"");
    if (id == std::string_view::npos) continue;
    const std::string key(tag.substr(id + 5, tag.find('"', id + 5) - id - 5));
    std::string text = clean(rest.substr(close + 1, end - close - 1));
    if (!text.empty()) found.emplace(key, std::move(text));
    at += end;
  }
  return found;
}

struct Counts {
  std::size_t pages = 0, paragraphs = 0, found = 0, lines = 0, outside = 0, passages = 0;
  std::string example;
};

void compare(const std::string& html, const std::string& path, Counts& counts) {
  const std::size_t begin = html.find("id=\"DisplayArea\"");
  if (begin == std::string::npos) return;
  const std::string_view area =
      std::string_view(html).substr(begin, html.find("<div id=\"SearchFrame\"") - begin);
  const PagePassages page = find_passages(HtmlTree::parse(html));
  ++counts.pages;
  counts.passages += page.passages.size();
  std::vector<std::string> texts;
  const std::string whole = clean(area);
  for (const Passage& passage : page.passages) {
    std::string squeezed;
    std::string line;
    for (const char c : passage.text + "\n") {
      if (c != '\n') {
        if (!is_space(c)) line.push_back(c);
        continue;
      }
      ++counts.lines;
      if (whole.find(line) == std::string::npos) {
        ++counts.outside;
        counts.example = path + ": " + line;
      }
      squeezed += line;
      line.clear();
    }
    texts.push_back(std::move(squeezed));
  }
  for (const auto& [id, text] : paragraphs(area)) {
    ++counts.paragraphs;
    const bool there = std::any_of(texts.begin(), texts.end(), [&text = text](const auto& passage) {
      return passage.find(text) != std::string::npos;
    });
    counts.found += there ? 1U : 0U;
    if (!there && std::getenv("CROSSTAIL_LOHELP_VERBOSE") != nullptr) {
      std::printf("%s %s: %s\n", path.c_str(), id.c_str(), text.c_str());
    }
  }
}

TEST(PassagesLoHelp, HoldTheParagraphsOfTheDisplayAreaAndNothingElse) {
  const char* folder = std::getenv("CROSSTAIL_LOHELP");
  if (folder == nullptr) GTEST_SKIP() << "CROSSTAIL_LOHELP does not name the unpacked help";
  for (const auto& language : fs::directory_iterator(folder)) {
    const fs::path text = language.path() / "text";
    if (!fs::is_directory(text)) continue;
    Counts counts;
    for (const auto& entry : fs::recursive_directory_iterator(text)) {
      if (entry.path().extension() != ".html") continue;
      std::ifstream in(entry.path(), std::ios::binary);
      const std::string html{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
      compare(html, fs::relative(entry.path(), folder).string(), counts);
    }
    const double share = 100.0 * static_cast<double>(counts.found) /
                         static_cast<double>(std::max<std::size_t>(counts.paragraphs, 1));
    std::printf(
        "%s: %zu pages, %zu passages, %zu of %zu paragraphs (%.2f%%), %zu of %zu lines outside\n",
        language.path().filename().c_str(), counts.pages, counts.passages, counts.found,
        counts.paragraphs, share, counts.outside, counts.lines);
    EXPECT_GE(share, 98.0) << language.path();
    EXPECT_EQ(counts.outside, 0U) << counts.example;
    EXPECT_GT(counts.pages, 2000U);
  }
}

}  // namespace
}  // namespace crosstail::markup
