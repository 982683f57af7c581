#pragma once
/// What a page states in schema.org's terms, whatever the syntax: nodes with types and properties.
/// JSON-LD, Microdata, RDFa and N-Quads readers fill it; markup/faq.h reads questions and answers
/// from it, so the meaning of FAQ mark-up is written once.
///
/// Only the terms that FAQs need are kept; readers pass any IRI or name through schema_type() and
/// schema_property() and leave out what is None.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace crosstail::markup {

enum class SchemaTerm : std::uint8_t {
  None,
  // types; OtherType is any type that is schema.org's but not listed
  FAQPage,
  QAPage,
  Question,
  Answer,
  WebPage,
  OtherType,
  // properties
  MainEntity,
  MainEntityOfPage,
  AcceptedAnswer,
  SuggestedAnswer,
  HasPart,
  IsPartOf,
  ParentItem,
  ItemListElement,
  Item,
  Name,
  Text,
  ArticleBody,
  Headline,
  Description,
  InLanguage,
  Author,
  Url,
  Position,
  About,
  SubjectOf,
};

/// The term of an IRI: http, https or no scheme, `schema.org` or a name under it such as www, any
/// case, white space around it, trailing `/` or `#`, or the prefix `schema:`. With `bare`, also of
/// a local name (a JSON-LD key or an itemprop under schema.org's vocabulary). Properties may carry
/// their type, as old N-Quads do: `http://schema.org/Question/name`.
/// Types of schema.org that are not listed are OtherType; whatever else is None.
SchemaTerm schema_type(std::string_view iri_or_name, bool bare);
SchemaTerm schema_property(std::string_view iri_or_name, bool bare);

/// True if this IRI is schema.org's vocabulary as such: what an @vocab, an RDFa `vocab` or a prefix
/// says ("https://schema.org/", "http://www.schema.org", "schema.org#").
bool is_schema_vocabulary(std::string_view iri);

/// Several rdf:types on one node.
class SchemaTypes {
 public:
  void add(SchemaTerm type) {
    bits_ = static_cast<std::uint8_t>(bits_ | 1u << static_cast<unsigned>(type));
  }
  [[nodiscard]] bool has(SchemaTerm type) const {
    return ((bits_ >> static_cast<unsigned>(type)) & 1u) != 0;
  }
  [[nodiscard]] bool empty() const { return bits_ == 0; }

 private:
  std::uint8_t bits_ = 0;
};

using GraphId = std::uint32_t;
inline constexpr GraphId kNoGraphId = 0xffffffff;

/// A literal, or a reference to another node.
struct GraphValue {
  enum class Kind : std::uint8_t { Literal, Node } kind = Kind::Literal;
  bool is_text = false;  ///< already plain text (Microdata, RDFa); else it may hold HTML
  GraphId node = kNoGraphId;
  std::string_view text;      ///< literal as stated, entities and escapes of the carrier decoded
  std::string_view language;  ///< tag of the literal, or empty

  static GraphValue literal(std::string_view text, std::string_view language = {},
                            bool is_text = false) {
    return {Kind::Literal, is_text, kNoGraphId, text, language};
  }
  static GraphValue of(GraphId node) { return {Kind::Node, false, node, {}, {}}; }
};

struct GraphProperty {
  SchemaTerm term = SchemaTerm::None;
  bool reverse = false;       ///< stated as the inverse: value → term → this node
  GraphId next = kNoGraphId;  ///< index of the node's next property
  std::size_t offset = 0;     ///< byte of the page where it is stated
  GraphValue value;
};

struct GraphNode {
  std::string_view id;  ///< absolute or blank identifier, empty if none
  SchemaTypes types;
  GraphId first_property = kNoGraphId, last_property = kNoGraphId;  ///< into Graph::properties
  GraphId same_id = kNoGraphId;  ///< next node that states the same identifier, see statement()
  std::size_t offset = 0;        ///< byte of the page where it is stated: order and messages
};

/// One page's statements. Strings are borrowed (from the page) or kept by keep(). Reused from page
/// to page (clear()), so that a page costs no allocation. Not thread-safe.
class Graph {
 public:
  Graph();
  Graph(Graph&&) noexcept;
  Graph& operator=(Graph&&) noexcept;
  ~Graph();

  std::vector<GraphNode> nodes;
  std::vector<GraphProperty> properties;  ///< in the order in which they were added

  /// A copy that lives as long as the graph's page.
  std::string_view keep(std::string_view text);
  /// Room for `size` bytes to write to; commit() keeps the first `used` of them (no other call
  /// between the two).
  char* reserve(std::size_t size);
  std::string_view commit(const char* begin, std::size_t used);

  /// The node with this identifier, made if there is none: several statements of it are one node
  /// (N-Quads, RDFa). An empty identifier always makes a node. `id` is borrowed.
  GraphId node(std::string_view id, std::size_t offset);
  /// Always a new node, chained to the others of the same identifier (GraphNode::same_id, in
  /// order): JSON-LD and Microdata, where an object that repeats an @id of another (the page's own
  /// address, often) still states a question with its own answer.
  GraphId statement(std::string_view id, std::size_t offset);
  /// The first node with this identifier, or kNoGraphId.
  [[nodiscard]] GraphId find(std::string_view id) const;

  void add_type(GraphId node, SchemaTerm type) {
    if (type != SchemaTerm::None) nodes[node].types.add(type);
  }
  void add(GraphId node, SchemaTerm term, const GraphValue& value, std::size_t offset,
           bool reverse = false);

  void clear();

 private:
  struct Entry {
    std::uint64_t hash = 0;
    GraphId first = kNoGraphId, last = kNoGraphId;
  };
  Entry& entry(std::string_view id);
  void grow();
  std::vector<Entry> index_;  ///< open addressing, power of two
  std::size_t used_ = 0;
  struct Chunk {
    std::unique_ptr<char[]> bytes;
    std::size_t size = 0;
  };
  std::vector<Chunk> chunks_;
  std::size_t chunk_left_ = 0;
  char* chunk_at_ = nullptr;
};

}  // namespace crosstail::markup
