#include "markup/iri_reference.h"

#include <algorithm>

namespace crosstail::markup {

namespace {

constexpr std::string_view kUnknown = "document:///";

/// The five parts of RFC 3986, appendix B. `has_*` tells an empty part from one not there.
struct Parts {
  std::string_view scheme, authority, path, query, fragment;
  bool has_authority = false, has_query = false, has_fragment = false;
};

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}
bool is_letter(char c) {
  return lower(c) >= 'a' && lower(c) <= 'z';
}

/// Length of the scheme, 0 if there is none.
std::size_t scheme_length(std::string_view s) {
  if (s.empty() || !is_letter(s[0])) return 0;
  std::size_t i = 1;
  while (i < s.size() && (is_letter(s[i]) || (s[i] >= '0' && s[i] <= '9') || s[i] == '+' ||
                          s[i] == '-' || s[i] == '.'))
    ++i;
  return i < s.size() && s[i] == ':' ? i : 0;
}

Parts split(std::string_view s) {
  Parts parts;
  if (const std::size_t n = scheme_length(s); n != 0) {
    parts.scheme = s.substr(0, n);
    s.remove_prefix(n + 1);
  }
  if (const std::size_t at = s.find('#'); at != std::string_view::npos) {
    parts.has_fragment = true;
    parts.fragment = s.substr(at + 1);
    s = s.substr(0, at);
  }
  if (const std::size_t at = s.find('?'); at != std::string_view::npos) {
    parts.has_query = true;
    parts.query = s.substr(at + 1);
    s = s.substr(0, at);
  }
  if (s.substr(0, 2) == "//") {
    parts.has_authority = true;
    s.remove_prefix(2);
    parts.authority = s.substr(0, s.find('/'));
    s.remove_prefix(parts.authority.size());
  }
  parts.path = s;
  return parts;
}

/// Appends `path` without its dot segments (RFC 3986 §5.2.4).
void append_path(std::string& out, std::string_view path) {
  const std::size_t root = out.size();
  while (!path.empty()) {
    const std::size_t start = path[0] == '/' ? 1 : 0;
    const std::size_t end = std::min(path.find('/', start), path.size());
    const std::string_view segment = path.substr(start, end - start);
    const bool last = end == path.size();
    if (segment == "..") {
      const std::size_t slash = out.rfind('/');
      out.resize(slash == std::string::npos || slash < root ? root : slash);
    }
    if (segment == "." || segment == "..") {
      if (last) out += '/';
    } else {
      out.append(path.substr(0, end));
    }
    path.remove_prefix(end);
  }
}

std::string join(const Parts& parts, std::string_view directory) {
  std::string out;
  for (const char c : parts.scheme) out += lower(c);
  out += ':';
  if (parts.has_authority) {
    out += "//";
    for (const char c : parts.authority) out += lower(c);
  }
  const bool hierarchical = parts.has_authority || parts.path.substr(0, 1) == "/";
  if (hierarchical) {
    std::string path(directory);
    if (parts.has_authority && directory.empty() && parts.path.substr(0, 1) != "/") path += '/';
    path += parts.path;
    append_path(out, path);
  } else {
    out += directory;
    out += parts.path;
  }
  if (parts.has_query) (out += '?') += parts.query;
  if (parts.has_fragment) (out += '#') += parts.fragment;
  return out;
}

std::string without_white_space(std::string_view s) {
  while (!s.empty() && static_cast<unsigned char>(s.front()) <= ' ') s.remove_prefix(1);
  while (!s.empty() && static_cast<unsigned char>(s.back()) <= ' ') s.remove_suffix(1);
  std::string out;
  out.reserve(s.size());
  for (const char c : s)
    if (c != '\t' && c != '\n' && c != '\r') out += c;
  return out;
}

}  // namespace

bool has_scheme(std::string_view reference) {
  return scheme_length(reference) != 0;
}

std::string resolve_iri(std::string_view base, std::string_view reference) {
  const std::string clean = without_white_space(reference);
  Parts parts = split(clean);
  if (!parts.scheme.empty()) return join(parts, {});

  std::string known(base);
  if (!has_scheme(base)) {
    while (!base.empty() && base.front() == '/') base.remove_prefix(1);
    known = std::string(kUnknown).append(base);
  }
  const Parts from = split(known);
  parts.scheme = from.scheme;
  if (parts.has_authority) return join(parts, {});
  parts.authority = from.authority;
  parts.has_authority = from.has_authority;
  if (parts.path.empty()) {
    parts.path = from.path;
    if (!parts.has_query) {
      parts.query = from.query;
      parts.has_query = from.has_query;
    }
    return join(parts, {});
  }
  if (parts.path.front() == '/') return join(parts, {});
  return join(parts, from.path.substr(0, from.path.rfind('/') + 1));
}

}  // namespace crosstail::markup
