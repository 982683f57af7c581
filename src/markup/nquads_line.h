#pragma once
/// One line of N-Quads taken apart, without copying and without looking at more of it than needed.

#include <cstdint>
#include <string>
#include <string_view>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "markup/graph.h"

namespace crosstail::markup {

/// Equality of strings that are mostly equal and tens of bytes long, without a call.
inline bool same_bytes(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
#if defined(__SSE2__)
  const auto differ = [&](std::size_t at) {
    const auto* x = reinterpret_cast<const __m128i*>(a.data() + at);
    const auto* y = reinterpret_cast<const __m128i*>(b.data() + at);
    return _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_loadu_si128(x), _mm_loadu_si128(y))) != 0xffff;
  };
  if (a.size() >= 16) {
    for (std::size_t at = 0; at + 16 <= a.size(); at += 16)
      if (differ(at)) return false;
    return !differ(a.size() - 16);
  }
#endif
  return a == b;
}

/// A line's fourth term as written (`<http://…>` or `_:b`), looked for from the end: empty for a
/// triple, nothing (`ok` false) if the line does not end as one.
struct LineEnd {
  bool ok = false;
  std::string_view graph;
  std::size_t object_end = 0;  ///< where the third term ends at the latest
};
LineEnd read_line_end(std::string_view line);

/// True if the line ends in the fourth term `graph` (as read_line_end() gave it, not empty).
bool ends_in_graph(std::string_view line, std::string_view graph, LineEnd& end);

/// Empty, or a comment.
bool is_blank_line(std::string_view line);

struct QuadLine {
  std::string_view subject;    ///< an IRI without < >, or `_:b`
  std::string_view predicate;  ///< an IRI without < >
  std::string_view rest;       ///< the third term, as written
};
/// False if these are no terms. `quad` may hold what the line before gave: mostly the same subject.
bool split_line(std::string_view line, std::size_t object_end, QuadLine& quad);

struct ObjectTerm {
  enum class Kind : std::uint8_t { Iri, Blank, Literal } kind = Kind::Iri;
  std::string_view text;      ///< IRI without < >, `_:b`, or the literal between its quotes
  std::string_view language;  ///< tag of a literal
};
bool read_object(std::string_view written, ObjectTerm& object);

/// True if an IRI holds a character that RFC 3987 and N-Quads forbid.
bool is_odd_iri(std::string_view iri);

/// A literal or IRI with its escapes undone, in valid UTF-8: the same view if there is nothing to
/// do, else kept by `graph`. `repaired` becomes true if anything was not as it should be.
std::string_view clean_text(std::string_view raw, bool valid_utf8, Graph& graph, bool& repaired);

}  // namespace crosstail::markup
