#pragma once
/// What a reader put into a graph, as lines that a test can state: `SUBJECT a TYPE`,
/// `SUBJECT PROPERTY OBJECT` (`PROPERTY^` where it is reversed). A subject is its identifier, or
/// `_1`, `_2`… in the order in which the anonymous nodes with statements are made. Literals are
/// quoted, with `@language`.

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "markup/document_index.h"
#include "markup/graph.h"
#include "markup/html_tree.h"
#include "markup/microdata.h"
#include "markup/rdfa.h"

namespace crosstail::testing {

inline std::string_view term_name(markup::SchemaTerm term) {
  using markup::SchemaTerm;
  switch (term) {
    case SchemaTerm::None:
      return "None";
    case SchemaTerm::FAQPage:
      return "FAQPage";
    case SchemaTerm::QAPage:
      return "QAPage";
    case SchemaTerm::Question:
      return "Question";
    case SchemaTerm::Answer:
      return "Answer";
    case SchemaTerm::WebPage:
      return "WebPage";
    case SchemaTerm::OtherType:
      return "OtherType";
    case SchemaTerm::MainEntity:
      return "mainEntity";
    case SchemaTerm::MainEntityOfPage:
      return "mainEntityOfPage";
    case SchemaTerm::AcceptedAnswer:
      return "acceptedAnswer";
    case SchemaTerm::SuggestedAnswer:
      return "suggestedAnswer";
    case SchemaTerm::HasPart:
      return "hasPart";
    case SchemaTerm::IsPartOf:
      return "isPartOf";
    case SchemaTerm::ParentItem:
      return "parentItem";
    case SchemaTerm::ItemListElement:
      return "itemListElement";
    case SchemaTerm::Item:
      return "item";
    case SchemaTerm::Name:
      return "name";
    case SchemaTerm::Text:
      return "text";
    case SchemaTerm::ArticleBody:
      return "articleBody";
    case SchemaTerm::Headline:
      return "headline";
    case SchemaTerm::Description:
      return "description";
    case SchemaTerm::InLanguage:
      return "inLanguage";
    case SchemaTerm::Author:
      return "author";
    case SchemaTerm::Url:
      return "url";
    case SchemaTerm::Position:
      return "position";
    case SchemaTerm::About:
      return "about";
    case SchemaTerm::SubjectOf:
      return "subjectOf";
  }
  return "?";
}

/// Names of nodes: identifiers, or `_n` as they are first printed.
class NodeNames {
 public:
  explicit NodeNames(const markup::Graph& graph) : graph_(graph) {}
  std::string operator()(markup::GraphId node) {
    if (!graph_.nodes[node].id.empty()) return std::string(graph_.nodes[node].id);
    const auto [at, added] = names_.try_emplace(node, names_.size() + 1);
    return "_" + std::to_string(at->second);
  }

 private:
  const markup::Graph& graph_;
  std::unordered_map<markup::GraphId, std::size_t> names_;
};

inline std::string stated(const markup::Graph& graph) {
  using markup::GraphId;
  using markup::SchemaTerm;
  std::string out;
  NodeNames name(graph);
  for (GraphId n = 0; n < graph.nodes.size(); ++n) {
    for (const SchemaTerm type : {SchemaTerm::FAQPage, SchemaTerm::QAPage, SchemaTerm::Question,
                                  SchemaTerm::Answer, SchemaTerm::WebPage, SchemaTerm::OtherType})
      if (graph.nodes[n].types.has(type))
        out += name(n) + " a " + std::string(term_name(type)) + "\n";
    for (GraphId p = graph.nodes[n].first_property; p != markup::kNoGraphId;
         p = graph.properties[p].next) {
      const markup::GraphProperty& property = graph.properties[p];
      out += name(n) + " " + std::string(term_name(property.term));
      out += property.reverse ? "^ " : " ";
      if (property.value.kind == markup::GraphValue::Kind::Node) {
        out += name(property.value.node) + "\n";
        continue;
      }
      out += "\"" + std::string(property.value.text) + "\"";
      if (!property.value.language.empty()) (out += "@") += property.value.language;
      out += "\n";
    }
  }
  return out;
}

inline std::string microdata(std::string_view page,
                             std::string_view url = "https://site.example/faq",
                             markup::StatementCounts* counts = nullptr,
                             const markup::StatementLimits& limits = {}) {
  const markup::HtmlTree tree = markup::HtmlTree::parse(page);
  markup::Graph graph;
  const auto counted = markup::read_microdata(markup::DocumentIndex(tree, url), graph, limits);
  if (counts) *counts = counted;
  return stated(graph);
}

inline std::string rdfa(std::string_view page, std::string_view url = "https://site.example/faq",
                        markup::StatementCounts* counts = nullptr,
                        const markup::StatementLimits& limits = {}) {
  const markup::HtmlTree tree = markup::HtmlTree::parse(page);
  markup::Graph graph;
  const auto counted = markup::read_rdfa(markup::DocumentIndex(tree, url), graph, limits);
  if (counts) *counts = counted;
  return stated(graph);
}

}  // namespace crosstail::testing
