#include "curate/page_url.h"

#include <libpsl.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <vector>

#include "text/language_tag.h"

namespace crosstail::curate {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return out;
}

struct Parts {
  std::string_view host;  ///< with neither user nor port; empty for a relative address
  std::string_view path, query;
};

Parts split(std::string_view url) {
  Parts parts;
  url = url.substr(0, url.find('#'));
  const std::size_t scheme = url.find("://");
  const std::size_t first = url.find_first_of("/?");
  if (scheme != std::string_view::npos && scheme + 1 == first) {
    const std::size_t begin = scheme + 3;
    const std::size_t end = std::min(url.find_first_of("/?", begin), url.size());
    parts.host = url.substr(begin, end - begin);
    if (const auto at = parts.host.rfind('@'); at != std::string_view::npos)
      parts.host.remove_prefix(at + 1);
    if (parts.host.empty() || parts.host.front() != '[')
      parts.host = parts.host.substr(0, parts.host.find(':'));
    url.remove_prefix(end);
  }
  const std::size_t question = std::min(url.find('?'), url.size());
  parts.path = url.substr(0, question);
  parts.query = url.substr(std::min(question + 1, url.size()));
  return parts;
}

/// The language of a segment that is a language tag as addresses have them: "de", "pt-br", "zh_CN",
/// "zh-hans", "fil".
std::string language_of_segment(std::string_view segment) {
  const std::size_t end = std::min(segment.find_first_of("-_"), segment.size());
  if (end < 2 || end > 3 || segment.size() > 11) return {};
  if (end != segment.size()) {
    const std::size_t rest = segment.size() - end - 1;
    if (rest != 2 && rest != 3 && rest != 4 && rest != 7 && rest != 8) return {};
  }
  for (const char c : segment)
    if (!(std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_')) return {};
  const auto tag = text::parse_language_tag(segment);
  if (!tag) return {};
  if (end != segment.size() && tag->region.empty() && tag->script.empty()) return {};
  // Three letters alone are too often words ("faq", "app", "new").
  if (end == 3 && end == segment.size()) {
    constexpr std::array<std::string_view, 8> known = {"fil", "yue", "ckb", "ast",
                                                       "gsw", "hsb", "dsb", "szl"};
    if (std::find(known.begin(), known.end(), lower(segment)) == known.end()) return {};
  }
  return tag->language;
}

bool is_language_parameter(std::string_view name) {
  constexpr std::array<std::string_view, 8> known = {"lang",    "language", "hl",  "locale",
                                                     "setlang", "l",        "lng", "lc"};
  return std::find(known.begin(), known.end(), name) != known.end();
}

/// A file name in parts: "faq-de.html" gives "faq", '-', "de", ".html".
struct Name {
  std::string_view base, language, extension;
};

Name split_name(std::string_view name) {
  Name out;
  const std::size_t dot = name.rfind('.');
  if (dot != std::string_view::npos && dot > 0) {
    out.extension = name.substr(dot);
    name = name.substr(0, dot);
  }
  out.base = name;
  if (out.extension.empty()) return out;
  if (!language_of_segment(name).empty()) {
    out.base = {};
    out.language = name;
    return out;
  }
  for (std::size_t at = name.find_first_of(".-_"); at != std::string_view::npos;
       at = name.find_first_of(".-_", at + 1)) {
    const auto tail = name.substr(at + 1);
    if (at > 0 && tail.size() <= 7 && !language_of_segment(tail).empty()) {
      out.base = name.substr(0, at);
      out.language = tail;
      return out;
    }
  }
  return out;
}

/// The address taken apart with the part that names the language marked.
struct Marked {
  std::string language;           ///< empty if nothing names one
  std::string host;               ///< without www. and without a language label
  std::vector<std::string> path;  ///< segments without the one that names the language
  std::string query;              ///< without the parameter that names the language
};

void mark_path(std::string_view path, Marked& out) {
  std::vector<std::string_view> segments;
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    if (end > begin) segments.push_back(path.substr(begin, end - begin));
    begin = end + 1;
  }
  const bool folder = path.empty() || path.back() == '/';
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const bool last = i + 1 == segments.size() && !folder;
    if (out.language.empty()) {
      out.language = language_of_segment(segments[i]);
      if (!out.language.empty()) continue;
    }
    if (!last) {
      out.path.emplace_back(segments[i]);
      continue;
    }
    const Name name = split_name(segments[i]);
    if (out.language.empty() && !name.language.empty()) {
      out.language = language_of_segment(name.language);
      if (!name.base.empty())
        out.path.push_back(std::string(name.base) + std::string(name.extension));
    } else {
      out.path.emplace_back(segments[i]);
    }
  }
  if (!out.path.empty() && !folder && split_name(out.path.back()).base == "index")
    out.path.pop_back();
}

void mark_query(std::string_view query, Marked& out) {
  for (std::size_t begin = 0; begin < query.size();) {
    const std::size_t end = std::min(query.find('&', begin), query.size());
    const std::string_view part = query.substr(begin, end - begin);
    const std::size_t equals = part.find('=');
    begin = end + 1;
    if (equals != std::string_view::npos && is_language_parameter(part.substr(0, equals))) {
      const auto language = language_of_segment(part.substr(equals + 1));
      if (!language.empty()) {
        if (out.language.empty()) out.language = language;
        continue;
      }
    }
    out.query += (out.query.empty() ? "" : "&") + std::string(part);
  }
}

Marked mark(std::string_view url) {
  const Parts parts = split(url);
  Marked out;
  mark_path(parts.path, out);
  out.host = lower(parts.host);
  if (out.host.starts_with("www.")) out.host.erase(0, 4);
  const std::size_t dot = out.host.find('.');
  if (dot != std::string::npos && out.host.find('.', dot + 1) != std::string::npos) {
    const auto language = language_of_segment(std::string_view(out.host).substr(0, dot));
    // The label is the site's own name in "it.example.co.uk"-like hosts only if nothing is left.
    if (!language.empty() && site_of(url) != out.host) {
      if (out.language.empty()) out.language = language;
      out.host.erase(0, dot + 1);
    }
  }
  mark_query(parts.query, out);
  return out;
}

}  // namespace

std::string site_of(std::string_view url) {
  const Parts parts = split(url);
  if (parts.host.empty()) {
    if (url.find("://") != std::string_view::npos) return {};
    const std::size_t slash = parts.path.find('/');
    if (slash == std::string_view::npos) return {};
    const std::string_view folder = parts.path.substr(0, slash);
    return language_of_segment(folder).empty() ? lower(folder) : std::string();
  }
  std::string host = lower(parts.host);
  while (!host.empty() && host.back() == '.') host.pop_back();
  const bool address = host.find_first_not_of("0123456789.") == std::string::npos ||
                       (!host.empty() && host.front() == '[');
  if (address) return host;
  static const psl_ctx_t* const list = psl_builtin();
  const char* domain = list == nullptr ? nullptr : psl_registrable_domain(list, host.c_str());
  return domain == nullptr ? host : std::string(domain);
}

std::string_view path_of(std::string_view url) {
  return split(url).path;
}

std::string language_of_url(std::string_view url) {
  return mark(url).language;
}

std::string url_without_language(std::string_view url) {
  const Marked marked = mark(url);
  std::string out = marked.host;
  for (const auto& segment : marked.path) {
    if (!out.empty()) out += '/';
    out += segment;
  }
  if (!marked.query.empty()) out += "?" + marked.query;
  return out;
}

}  // namespace crosstail::curate
