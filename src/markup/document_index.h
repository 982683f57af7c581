#pragma once
/// What Microdata and RDFa both ask of a page's tree: the order of its elements, what lies within
/// which, the base IRI, and texts of subtrees at a bounded cost.

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "markup/graph.h"
#include "markup/html_tree.h"

namespace crosstail::markup {

/// Bounds on what one page may state in Microdata or RDFa. itemref, rdfa:copy and literals within
/// literals let a small page state a great deal.
struct StatementLimits {
  std::size_t max_statements = 500'000;      ///< properties; more are left out and counted
  std::uint64_t max_text_work = 64'000'000;  ///< nodes and bytes read for literals, likewise
};

/// What a reader did with one page.
struct StatementCounts {
  std::size_t items = 0;       ///< nodes that the page states
  std::size_t statements = 0;  ///< properties put into the graph
  std::size_t left_out = 0;    ///< properties over a limit
};

/// The elements of a page in document order; the contents of `template` are no part of it. Borrows
/// the tree. Built without recursion; thread-safe to read.
class DocumentIndex {
 public:
  /// `page_url`: absolute, or what is known of it (see resolve_iri). `<base href>` counts.
  explicit DocumentIndex(const HtmlTree& tree, std::string_view page_url = {});

  struct Element {
    NodeId node = kNoNode;
    std::uint32_t end = 0;  ///< position behind the last element within this one
  };
  static constexpr std::uint32_t kNowhere = 0xffffffff;

  [[nodiscard]] const HtmlTree& tree() const { return *tree_; }
  /// Position → element.
  [[nodiscard]] const std::vector<Element>& elements() const { return elements_; }
  /// Byte of the page where the element at this position starts, 0 if no tag states it.
  [[nodiscard]] std::size_t offset(std::uint32_t position) const {
    const std::string_view tag = tree_->nodes[elements_[position].node].text;
    return tag.empty() ? 0 : static_cast<std::size_t>(tag.data() - tree_->page.data());
  }
  /// The cost of reading the text at this position, in nodes and bytes.
  [[nodiscard]] std::uint64_t text_cost(std::uint32_t position) const {
    return cost_[elements_[position].end] - cost_[position];
  }
  /// The document's base IRI; absolute.
  [[nodiscard]] const std::string& base() const { return base_; }

 private:
  const HtmlTree* tree_;
  std::vector<Element> elements_;
  std::vector<std::uint64_t> cost_;  ///< of everything before a position
  std::string base_;
};

/// Texts of elements (each read once) and attributes, kept by the graph within a budget.
class ElementTexts {
 public:
  ElementTexts(const DocumentIndex& document, Graph& graph, std::uint64_t max_work)
      : document_(document), graph_(graph), work_left_(max_work) {}

  /// Null if the budget is spent.
  const std::string_view* of(std::uint32_t position);
  /// `text` kept by the graph; false if the budget is spent.
  bool keep(std::string_view text, std::string_view& kept);

 private:
  bool spend(std::uint64_t work);

  const DocumentIndex& document_;
  Graph& graph_;
  std::uint64_t work_left_;
  std::unordered_map<std::uint32_t, std::string_view> texts_;
};

/// The next word of a list parted by HTML's white space, taken off `list`; empty at its end.
std::string_view take_word(std::string_view& list);

/// True for properties whose values are texts (name, text, headline, …). Pages state them on links
/// (`<a itemprop="name" href="#q1">How …?</a>`), where both specifications would take the address;
/// the readers take the text, which is what the author meant.
bool holds_text(SchemaTerm property);

}  // namespace crosstail::markup
