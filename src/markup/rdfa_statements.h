#pragma once
/// The triples of an RDFa page on their way into the graph: resources (IRIs and blank nodes) get a
/// node of the graph when something is stated of them, and patterns are copied at the end.

#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "markup/document_index.h"
#include "markup/graph.h"
#include "markup/rdfa_names.h"

namespace crosstail::markup {

/// An IRI or blank node of one page.
using RdfaResource = std::uint32_t;
inline constexpr RdfaResource kNoResource = 0xffffffff;

class RdfaStatements {
 public:
  RdfaStatements(const DocumentIndex& document, Graph& graph, const StatementLimits& limits)
      : base_(document.base()),
        graph_(graph),
        texts_(document, graph, limits.max_text_work),
        statements_left_(limits.max_statements) {}

  /// The resource of an absolute IRI or a blank node of the page's own naming (`_:x`).
  RdfaResource resource(std::string_view iri, std::size_t offset);
  /// The resource of an IRI reference (borrowed). It is made absolute when something is stated of
  /// it: most links of a page are no part of any statement.
  RdfaResource reference(std::string_view value, std::size_t offset);
  /// A blank node.
  RdfaResource blank(std::size_t offset);

  void add_type(RdfaResource subject, const RdfaName& type);
  void relate(RdfaResource subject, const RdfaName& property, RdfaResource object,
              std::size_t offset);
  void add_literal(RdfaResource subject, SchemaTerm property, const GraphValue& value,
                   std::size_t offset);
  /// The whole page was read: patterns are copied to what refers to them, and vanish.
  void copy_patterns();

  /// The budget of literals.
  ElementTexts& texts() { return texts_; }
  void count_left_out() { ++counts_.left_out; }
  [[nodiscard]] StatementCounts counts() const { return counts_; }

 private:
  struct Resource {
    std::string_view iri{};  ///< kept by the graph; empty for blank nodes
    std::size_t offset = 0;
    RdfaResource same = kNoResource;  ///< where the IRI's statements are, if not here
    bool is_reference = false;        ///< `iri` is still a reference
    GraphId node = kNoGraphId;
    bool is_pattern = false;
  };
  struct Copy {
    RdfaResource subject, target;
  };
  RdfaResource absolute(RdfaResource resource);
  GraphId node(RdfaResource resource);
  void add(GraphId subject, SchemaTerm property, const GraphValue& value, std::size_t offset);
  void copy_statements(GraphId from, GraphId to);

  std::string_view base_;
  Graph& graph_;
  ElementTexts texts_;
  std::size_t statements_left_;
  StatementCounts counts_;
  std::vector<Resource> resources_;
  std::unordered_map<std::uint64_t, RdfaResource> by_iri_;  ///< by hash: an IRI may never be needed
  std::vector<Copy> copies_;
};

}  // namespace crosstail::markup
