#include "markup/nquads_line.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "text/utf8.h"

namespace crosstail::markup {

namespace {

constexpr auto npos = std::string_view::npos;

bool is_space(char c) {
  return c == ' ' || c == '\t';
}

std::string_view trim_end(std::string_view text) {
  while (!text.empty() && (is_space(text.back()) || text.back() == '\r')) text.remove_suffix(1);
  return text;
}

std::string_view trim_begin(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  return text;
}

/// The line without its full stop and the space before it; false if there is no full stop.
bool drop_full_stop(std::string_view& line) {
  line = trim_end(line);
  if (!line.ends_with('.')) {
    const std::size_t comment = line.rfind('#');
    if (comment == npos) return false;
    line = trim_end(line.substr(0, comment));
    if (!line.ends_with('.')) return false;
  }
  line.remove_suffix(1);
  line = trim_end(line);
  return true;
}

/// memrchr() that stops at `at_least`.
std::size_t find_last(std::string_view text, char c, std::size_t at_least) {
  const void* found = ::memrchr(text.data() + at_least, c, text.size() - at_least);
  if (found == nullptr) return npos;
  return static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
}

/// An IRI in < >, whatever it holds, up to the `>` behind which another term can start.
bool take_iri(std::string_view& rest, std::string_view& iri) {
  for (std::size_t end = rest.find('>', 1); end != npos; end = rest.find('>', end + 1)) {
    const std::string_view after = trim_begin(rest.substr(end + 1));
    if (after.empty() || (after[0] != '<' && after[0] != '"' && after[0] != '_')) continue;
    iri = rest.substr(1, end - 1);
    rest = after;
    return true;
  }
  return false;
}

/// Where a blank node's label ends: at white space or, terms needing none between them, `<` or `"`.
std::size_t label_end(std::string_view text) {
  std::size_t at = 0;
#if defined(__SSE2__)
  for (; at + 16 <= text.size(); at += 16) {
    const __m128i x = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + at));
    const __m128i space = _mm_cmpeq_epi8(_mm_min_epu8(x, _mm_set1_epi8(' ')), x);
    const __m128i term =
        _mm_or_si128(_mm_cmpeq_epi8(x, _mm_set1_epi8('<')), _mm_cmpeq_epi8(x, _mm_set1_epi8('"')));
    const auto found = static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(space, term)));
    if (found != 0) return at + static_cast<unsigned>(__builtin_ctz(found));
  }
#endif
  while (at < text.size() && static_cast<unsigned char>(text[at]) > ' ' && text[at] != '<' &&
         text[at] != '"')
    ++at;
  return at;
}

bool take_blank(std::string_view& rest, std::string_view& label) {
  if (!rest.starts_with("_:")) return false;
  const std::size_t end = label_end(rest);
  if (end == 2) return false;
  label = rest.substr(0, end);
  rest = trim_begin(rest.substr(end));
  return true;
}

/// @tag, ^^<type>, or nothing.
bool is_literal_end(std::string_view after) {
  if (after.empty()) return true;
  if (after[0] == '@')
    return after.size() > 1 && std::all_of(after.begin() + 1, after.end(), [](char c) {
             return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                    c == '-';
           });
  return after.starts_with("^^<") && after.ends_with('>');
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// `count` hex digits at `at`; false if they are not there.
bool read_hex(std::string_view text, std::size_t at, std::size_t count, std::uint32_t& value) {
  if (at + count > text.size()) return false;
  value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const int digit = hex_digit(text[at + i]);
    if (digit < 0) return false;
    value = value << 4 | static_cast<std::uint32_t>(digit);
  }
  return true;
}

char* put_utf8(char* out, std::uint32_t c) {
  const auto put = [&](std::uint32_t byte) { *out++ = static_cast<char>(byte); };
  if (c < 0x80) {
    put(c);
  } else if (c < 0x800) {
    put(0xc0 | c >> 6);
    put(0x80 | (c & 0x3f));
  } else if (c < 0x10000) {
    put(0xe0 | c >> 12);
    put(0x80 | (c >> 6 & 0x3f));
    put(0x80 | (c & 0x3f));
  } else {
    put(0xf0 | c >> 18);
    put(0x80 | (c >> 12 & 0x3f));
    put(0x80 | (c >> 6 & 0x3f));
    put(0x80 | (c & 0x3f));
  }
  return out;
}

/// \uXXXX or \UXXXXXXXX at `at` (the backslash), written to `out`. Two halves of a pair, which
/// JavaScript's writers leave, are one character. Returns the bytes read; 0 if it is no such
/// escape.
std::size_t take_unicode(std::string_view raw, std::size_t at, char*& out, bool& repaired) {
  const std::size_t digits = raw[at + 1] == 'u' ? 4 : 8;
  std::uint32_t c = 0, low = 0;
  if (!read_hex(raw, at + 2, digits, c)) return 0;
  std::size_t used = 2 + digits;
  if (c >= 0xd800 && c < 0xdc00 && raw.substr(at + used).starts_with("\\u") &&
      read_hex(raw, at + used + 2, 4, low) && low >= 0xdc00 && low < 0xe000) {
    c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
    used += 6;
    repaired = true;
  } else if (c > 0x10ffff || (c >= 0xd800 && c < 0xe000)) {
    c = 0xfffd;
    repaired = true;
  }
  out = put_utf8(out, c);
  return used;
}

/// The character of a one-letter escape, or 0.
char plain_escape(char c) {
  switch (c) {
    case 't':
      return '\t';
    case 'b':
      return '\b';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 'f':
      return '\f';
    case '"':
      return '"';
    case '\'':
      return '\'';
    case '\\':
      return '\\';
    default:
      return '\0';
  }
}

/// Never longer than `raw`: every escape is at least as long as what it stands for.
std::string_view unescape(std::string_view raw, Graph& graph, bool& repaired) {
  char* const begin = graph.reserve(raw.size());
  char* out = begin;
  std::size_t at = 0;
  while (at < raw.size()) {
    const std::size_t backslash = std::min(raw.find('\\', at), raw.size());
    std::memcpy(out, raw.data() + at, backslash - at);
    out += backslash - at;
    at = backslash;
    if (at + 1 >= raw.size()) break;
    const char plain = plain_escape(raw[at + 1]);
    std::size_t used = 2;
    if (plain != '\0') {
      *out++ = plain;
    } else if (raw[at + 1] == 'u' || raw[at + 1] == 'U') {
      used = take_unicode(raw, at, out, repaired);
    } else {
      used = 0;
    }
    if (used == 0) {  // no escape that there is: as it stands
      *out++ = '\\';
      used = 1;
      repaired = true;
    }
    at += used;
  }
  if (at < raw.size()) {
    *out++ = '\\';
    repaired = true;
  }
  return graph.commit(begin, static_cast<std::size_t>(out - begin));
}

constexpr std::array<char, 8> kForbidden = {'<', '>', '"', '{', '}', '|', '^', '`'};

constexpr std::array<bool, 256> odd_table() {
  std::array<bool, 256> odd{};
  for (std::size_t c = 0; c <= 0x20; ++c) odd[c] = true;
  for (const char c : kForbidden) odd[static_cast<unsigned char>(c)] = true;
  return odd;
}
constexpr std::array<bool, 256> kOdd = odd_table();

}  // namespace

LineEnd read_line_end(std::string_view line) {
  LineEnd end;
  if (!drop_full_stop(line)) return end;
  end.ok = true;
  end.object_end = line.size();
  std::size_t begin = npos;
  if (line.ends_with('>')) {
    // An IRI with a `<` in it has no space before that.
    begin = find_last(line, '<', 0);
    while (begin != npos && begin > 0 && !is_space(line[begin - 1]) && line[begin - 1] != '>' &&
           line[begin - 1] != '"') {
      if (line[begin - 1] == '^') return end;  // the type of a literal
      begin = find_last(line.substr(0, begin), '<', 0);
    }
  } else {
    const std::size_t space = std::max(line.rfind(' ') + 1, line.rfind('\t') + 1);
    if (line.substr(space).starts_with("_:")) begin = space;
  }
  if (begin == npos || begin == 0) return end;
  end.graph = line.substr(begin);
  end.object_end = begin;
  // <s> <p> <o> . has no fourth term.
  QuadLine quad;
  if (!split_line(line, begin, quad)) {
    end.graph = {};
    end.object_end = line.size();
  }
  return end;
}

bool ends_in_graph(std::string_view line, std::string_view graph, LineEnd& end) {
  if (!drop_full_stop(line) || line.size() <= graph.size()) return false;
  end.object_end = line.size() - graph.size();
  if (!same_bytes(line.substr(end.object_end), graph)) return false;
  end.graph = line.substr(end.object_end);
  end.ok = true;
  return is_space(line[end.object_end - 1]);
}

bool is_blank_line(std::string_view line) {
  line = trim_begin(trim_end(line));
  return line.empty() || line.front() == '#';
}

bool split_line(std::string_view line, std::size_t object_end, QuadLine& quad) {
  std::string_view rest = trim_begin(line.substr(0, object_end));
  const std::size_t known = quad.subject.size();
  if (known > 2 && quad.subject[0] == '_' && rest.size() > known + 1 && rest[known] == ' ' &&
      same_bytes(rest.substr(0, known),
                 quad.subject)) {  // most lines go on with the subject of the one before
    rest = trim_begin(rest.substr(known));
  } else if (rest.empty() ||
             (rest[0] == '<' ? !take_iri(rest, quad.subject) : !take_blank(rest, quad.subject))) {
    return false;
  }
  if (rest.empty() || rest[0] != '<' || !take_iri(rest, quad.predicate)) return false;
  quad.rest = trim_end(rest);
  return !quad.rest.empty();
}

bool read_object(std::string_view written, ObjectTerm& object) {
  object.language = {};
  if (written[0] == '<') {
    if (!written.ends_with('>') || written.size() < 2) return false;
    object.kind = ObjectTerm::Kind::Iri;
    object.text = written.substr(1, written.size() - 2);
    return true;
  }
  if (written[0] == '_') {
    object.kind = ObjectTerm::Kind::Blank;
    object.text = written;
    return written.starts_with("_:") && written.size() > 2 && written.find(' ') == npos;
  }
  if (written[0] != '"') return false;
  object.kind = ObjectTerm::Kind::Literal;
  const std::size_t quote = find_last(written, '"', 0);
  if (quote == 0) return false;
  const std::string_view after = written.substr(quote + 1);
  if (!is_literal_end(after)) return false;
  object.text = written.substr(1, quote - 1);
  if (after.starts_with('@')) object.language = after.substr(1);
  return true;
}

bool is_odd_iri(std::string_view iri) {
  std::size_t at = 0;
#if defined(__SSE2__)
  for (; at + 16 <= iri.size(); at += 16) {
    const __m128i x = _mm_loadu_si128(reinterpret_cast<const __m128i*>(iri.data() + at));
    __m128i odd = _mm_cmpeq_epi8(_mm_min_epu8(x, _mm_set1_epi8(0x20)), x);
    for (const char c : kForbidden) odd = _mm_or_si128(odd, _mm_cmpeq_epi8(x, _mm_set1_epi8(c)));
    if (_mm_movemask_epi8(odd) != 0) return true;
  }
#endif
  return std::any_of(iri.begin() + static_cast<std::ptrdiff_t>(at), iri.end(),
                     [](char c) { return kOdd[static_cast<unsigned char>(c)]; });
}

std::string_view clean_text(std::string_view raw, bool valid_utf8, Graph& graph, bool& repaired) {
  if (!valid_utf8 && !text::is_valid_utf8(raw)) {
    raw = graph.keep(text::repair_utf8(raw));
    repaired = true;
  }
  if (raw.find('\\') == npos) return raw;
  return unescape(raw, graph, repaired);
}

}  // namespace crosstail::markup
