#include "markup/input_walk.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

#include "base/file.h"

namespace crosstail::markup {

namespace fs = std::filesystem;

InputWalk::InputWalk(std::vector<std::string> inputs) : inputs_(std::move(inputs)) {}

Status InputWalk::enter(const fs::path& folder, std::string prefix) {
  Level level{folder, std::move(prefix), {}};
  std::error_code failure;
  fs::directory_iterator at(folder, failure);
  for (; !failure && at != fs::directory_iterator(); at.increment(failure)) {
    std::error_code ignored;
    const bool link = at->is_symlink(ignored);
    const bool is_folder = at->is_directory(ignored);
    if (is_folder && link) continue;
    if (!is_folder && !at->is_regular_file(ignored)) continue;
    level.entries.emplace_back(at->path().filename().string(), is_folder);
  }
  if (failure) return system_error(folder.string(), "read the folder", failure.value());
  std::sort(level.entries.rbegin(), level.entries.rend());
  levels_.push_back(std::move(level));
  return {};
}

Result<std::optional<InputFile>> InputWalk::next() {
  while (true) {
    if (!levels_.empty()) {
      Level& level = levels_.back();
      if (level.entries.empty()) {
        levels_.pop_back();
        continue;
      }
      const auto [entry, is_folder] = level.entries.back();
      level.entries.pop_back();
      const fs::path path = level.folder / entry;
      if (is_folder) {
        CT_CHECK(enter(path, level.prefix + entry + "/"));
        continue;
      }
      return std::optional(InputFile{path.string(), level.prefix + entry, false});
    }
    if (next_input_ == inputs_.size()) return std::optional<InputFile>();
    const std::string& input = inputs_[next_input_++];
    if (input == "-") return std::optional(InputFile{"-", "-", true});
    std::error_code failure;
    const auto status = fs::status(input, failure);
    if (!fs::exists(status)) return system_error(input, "open", failure ? failure.value() : ENOENT);
    if (!fs::is_directory(status))
      return std::optional(InputFile{input, fs::path(input).filename().string(), true});
    CT_CHECK(enter(input, ""));
  }
}

namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}
bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

bool starts_with_any_case(std::string_view text, std::string_view lower_prefix) {
  if (text.size() < lower_prefix.size()) return false;
  for (std::size_t i = 0; i < lower_prefix.size(); ++i)
    if (lower(text[i]) != lower_prefix[i]) return false;
  return true;
}

/// `<NAME` with the name ended by white space, `>` or `/`.
bool is_tag(std::string_view text, std::string_view tag_name) {
  if (text.size() <= tag_name.size() + 1 || text[0] != '<') return false;
  const char after = text[tag_name.size() + 1];
  return starts_with_any_case(text.substr(1), tag_name) &&
         (is_space(after) || after == '>' || after == '/');
}

/// Tags that a page, or a fragment of one, starts with.
bool starts_like_html(std::string_view text) {
  if (starts_with_any_case(text, "<!doctype html") || starts_with_any_case(text, "<!--"))
    return true;
  static constexpr std::array<std::string_view, 49> kTags = {
      "html",     "head",    "body",    "script",  "meta", "title", "link",   "style",  "base",
      "div",      "p",       "a",       "b",       "i",    "span",  "br",     "hr",     "h1",
      "h2",       "h3",      "h4",      "h5",      "h6",   "ul",    "ol",     "li",     "dl",
      "dt",       "dd",      "table",   "tr",      "td",   "form",  "img",    "iframe", "font",
      "main",     "header",  "article", "section", "nav",  "aside", "strong", "em",     "template",
      "noscript", "details", "center",  "footer"};
  return std::any_of(kTags.begin(), kTags.end(),
                     [&](std::string_view tag) { return is_tag(text, tag); });
}

/// `<html`, `<head`, `<body` or a doctype somewhere in text that starts with something else.
bool holds_html(std::string_view text) {
  for (auto at = text.find('<'); at != text.npos; at = text.find('<', at + 1)) {
    const std::string_view rest = text.substr(at);
    if (starts_with_any_case(rest, "<!doctype html") || is_tag(rest, "html") ||
        is_tag(rest, "head") || is_tag(rest, "body"))
      return true;
  }
  return false;
}

bool looks_like_quad(std::string_view line) {
  if (line.substr(0, 2) == "_:")
    return line.find(" <") != line.npos || line.find("\t<") != line.npos;
  if (line.empty() || line[0] != '<') return false;
  std::size_t i = 1;
  auto letter = [](char c) { return lower(c) >= 'a' && lower(c) <= 'z'; };
  while (i < line.size() &&
         (letter(line[i]) ||
          (i > 1 && std::string_view("+.-0123456789").find(line[i]) != std::string_view::npos)))
    ++i;
  if (i == 1 || i >= line.size() || line[i] != ':') return false;
  const auto close = line.find('>', i);
  return close != line.npos && close + 2 < line.size() && is_space(line[close + 1]) &&
         line[close + 2] == '<';
}

bool holds_quads(std::string_view text) {
  for (int lines = 0; lines < 50 && !text.empty(); ++lines) {
    const auto end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    while (!line.empty() && is_space(line.front())) line.remove_prefix(1);
    if (looks_like_quad(line)) return true;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return false;
}

/// UTF-16 as single bytes, good enough to look for tags.
std::string narrow(std::string_view bytes, std::size_t first) {
  std::string text;
  for (std::size_t i = first; i < bytes.size(); i += 2) text += bytes[i];
  return text;
}

}  // namespace

ContentKind recognise(std::string_view bytes) {
  if (bytes.empty()) return ContentKind::Empty;
  if (starts_with_any_case(bytes, "warc/")) return ContentKind::Warc;
  if (bytes.substr(0, 11) == "filedesc://") return ContentKind::Arc;
  const bool little =
      bytes.substr(0, 2) == "\xff\xfe" || (bytes.size() > 3 && bytes[1] == 0 && bytes[0] == '<');
  const bool big =
      bytes.substr(0, 2) == "\xfe\xff" || (bytes.size() > 3 && bytes[0] == 0 && bytes[1] == '<');
  std::string narrowed;
  std::string_view text = bytes.substr(0, 8192);
  if (little || big) {
    narrowed = narrow(text, little ? 0 : 1);
    text = narrowed;
    if (!text.empty() && (text[0] == '\xff' || text[0] == '\xfe')) text.remove_prefix(1);
  }
  while (text.substr(0, 3) == "\xef\xbb\xbf") text.remove_prefix(3);
  while (!text.empty() && (is_space(text.front()) || text.front() == '\0')) text.remove_prefix(1);
  // Leading blank lines before a WARC record are damage, not another format.
  if (starts_with_any_case(text, "warc/1.")) return ContentKind::Warc;
  if (starts_like_html(text)) return ContentKind::Html;
  if (holds_quads(text)) return ContentKind::NQuads;
  const bool data = !text.empty() && (text[0] == '{' || text[0] == '[' || text[0] == '"');
  if (!data && holds_html(text)) return ContentKind::Html;
  return ContentKind::Unknown;
}

std::string_view name(ContentKind kind) {
  static constexpr std::array<std::string_view, 6> kNames = {"empty", "unknown", "html",
                                                             "warc",  "arc",     "nquads"};
  return kNames[static_cast<std::size_t>(kind)];
}

}  // namespace crosstail::markup
