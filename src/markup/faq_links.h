#pragma once
/// Which page a question belongs to and which answers are its own, from a graph's edges in both
/// directions and its identifiers.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "markup/graph.h"

namespace crosstail::markup {

/// The statements of a graph as FAQ pages use them. Borrows the graph.
class FaqLinks {
 public:
  explicit FaqLinks(const Graph& graph);

  /// Where a node stands on the page, and on what kind of page.
  struct Place {
    std::size_t offset = 0;      ///< where a page lists the node, else where it is stated
    std::string_view page_type;  ///< "FAQPage", "QAPage" or empty
    GraphId page = kNoGraphId;   ///< that page's node
  };

  /// The questions in the order of their places. Empty if there is none.
  [[nodiscard]] const std::vector<GraphId>& questions() const { return questions_; }
  [[nodiscard]] const Place& place(GraphId node) const { return places_[node]; }

  /// The accepted answers of a node: values as stated, and nodes that state themselves to be one.
  [[nodiscard]] std::vector<GraphValue> accepted(GraphId question) const;

  /// The nodes that state the same identifier, this one included; no more than fit.
  class SameNodes {
   public:
    void push(GraphId node) {
      if (size_ < nodes_.size()) nodes_[size_++] = node;
    }
    [[nodiscard]] const GraphId* begin() const { return nodes_.data(); }
    [[nodiscard]] const GraphId* end() const { return nodes_.data() + size_; }
    [[nodiscard]] bool is_full() const { return size_ + 2 >= nodes_.size(); }

   private:
    std::size_t size_ = 0;
    std::array<GraphId, 18> nodes_;
  };
  [[nodiscard]] SameNodes same(GraphId node) const;

  /// The node that a value refers to (also by its address as text), or kNoGraphId.
  [[nodiscard]] GraphId target(const GraphValue& value) const;

  /// Whether a node states this property.
  [[nodiscard]] bool states(GraphId node, SchemaTerm term) const;

  /// Calls body(property) for each property of `node`.
  template <class Body>
  void each(GraphId node, const Body& body) const {
    for (GraphId p = graph_.nodes[node].first_property; p != kNoGraphId;
         p = graph_.properties[p].next)
      body(graph_.properties[p]);
  }

 private:
  struct Edge {
    GraphId from = kNoGraphId, to = kNoGraphId;
    std::size_t offset = 0;
  };
  bool find_questions();
  [[nodiscard]] bool may_be_question(GraphId node) const;
  void collect_edges();
  void mark_pages(SchemaTerm type, std::string_view page_type);
  [[nodiscard]] GraphId by_fragment(std::string_view id) const;

  const Graph& graph_;
  std::vector<GraphId> questions_;
  std::vector<Place> places_;
  std::vector<Edge> contains_;  ///< page → part, sorted by `from`
  std::vector<Edge> answers_;   ///< question → answer, stated by the answer; sorted by `from`
  mutable int scans_ = 0;
};

}  // namespace crosstail::markup
