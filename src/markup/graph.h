#pragma once
/// What a page states in schema.org's terms, whatever the syntax: nodes with types and properties.
/// JSON-LD, Microdata, RDFa and N-Quads readers fill it; markup/faq.h reads questions and answers
/// from it, so the meaning of FAQ mark-up is written once.
///
/// Only the terms that FAQs need are kept; readers pass any IRI or name through schema_term().

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace crosstail::markup {

enum class SchemaTerm : std::uint8_t {
  None,
  // types
  FAQPage, QAPage, Question, Answer, WebPage, OtherType,
  // properties
  MainEntity, MainEntityOfPage, AcceptedAnswer, SuggestedAnswer, HasPart, IsPartOf, ParentItem, Name,
  Text, InLanguage, Author, Headline, Description, Url, Position, About, SubjectOf,
};

/// The term of a full IRI (http or https, with or without www., any case, trailing spaces) or of a
/// bare local name when `bare` (a JSON-LD key or Microdata itemprop under schema.org's vocabulary).
/// Types that are schema.org's but not listed are OtherType; unknown properties are None.
SchemaTerm schema_type(std::string_view iri_or_name, bool bare);
SchemaTerm schema_property(std::string_view iri_or_name, bool bare);

struct GraphValue {
  enum class Kind : std::uint8_t { Literal, Node } kind = Kind::Literal;
  std::string_view text;      ///< literal as stated, entities of the carrier decoded
  std::string_view language;  ///< tag of the literal, or empty
  bool is_text = false;       ///< already plain text (Microdata, RDFa); else it may hold HTML
  std::uint32_t node = 0;
};

struct GraphProperty {
  SchemaTerm term;
  bool reverse = false;  ///< stated as the inverse: value → term → this node
  GraphValue value;
};

struct GraphNode {
  std::string_view id;             ///< absolute or blank identifier, empty if none
  std::vector<SchemaTerm> types;
  std::vector<GraphProperty> properties;  ///< in document order
  std::size_t offset = 0;          ///< byte of the page where it is stated: order and messages
};

/// One page's statements. Strings are borrowed from the page or kept in `strings`. Reused from page
/// to page (clear()). Not thread-safe.
struct Graph {
  std::vector<GraphNode> nodes;
  std::deque<std::string> strings;
  std::string_view keep(std::string text) { return strings.emplace_back(std::move(text)); }
  /// Makes a node, or finds the one with this identifier (several statements of one @id are one).
  std::uint32_t node(std::string_view id, std::size_t offset);
  void clear();
};

}  // namespace crosstail::markup
