#include "markup/faq_links.h"

#include <algorithm>

namespace crosstail::markup {

namespace {

constexpr int kMostScans = 64;  // references by fragment that are looked for in all nodes

std::string_view trim(std::string_view s) {
  while (!s.empty() && static_cast<unsigned char>(s.front()) <= ' ') s.remove_prefix(1);
  while (!s.empty() && static_cast<unsigned char>(s.back()) <= ' ') s.remove_suffix(1);
  return s;
}

std::string_view fragment(std::string_view id) {
  const auto hash = id.find('#');
  return hash == std::string_view::npos || hash + 1 == id.size() ? std::string_view{}
                                                                 : id.substr(hash);
}

bool leads_down(SchemaTerm term) {
  return term == SchemaTerm::MainEntity || term == SchemaTerm::HasPart ||
         term == SchemaTerm::ItemListElement || term == SchemaTerm::Item;
}

bool leads_up(SchemaTerm term) {
  return term == SchemaTerm::IsPartOf || term == SchemaTerm::MainEntityOfPage;
}

}  // namespace

FaqLinks::FaqLinks(const Graph& graph) : graph_(graph) {
  if (!find_questions()) return;
  collect_edges();
  mark_pages(SchemaTerm::FAQPage, "FAQPage");
  mark_pages(SchemaTerm::QAPage, "QAPage");
  std::stable_sort(questions_.begin(), questions_.end(),
                   [&](GraphId a, GraphId b) { return places_[a].offset < places_[b].offset; });
}

bool FaqLinks::states(GraphId node, SchemaTerm term) const {
  for (GraphId p = graph_.nodes[node].first_property; p != kNoGraphId;
       p = graph_.properties[p].next)
    if (graph_.properties[p].term == term && !graph_.properties[p].reverse) return true;
  return false;
}

bool FaqLinks::may_be_question(GraphId node) const {
  const SchemaTypes& types = graph_.nodes[node].types;
  return !types.has(SchemaTerm::Answer) && !types.has(SchemaTerm::FAQPage) &&
         !types.has(SchemaTerm::QAPage) && !types.has(SchemaTerm::WebPage);
}

bool FaqLinks::find_questions() {
  std::vector<bool> is_question(graph_.nodes.size());
  bool any = false;
  for (GraphId i = 0; i < graph_.nodes.size(); ++i) {
    is_question[i] = graph_.nodes[i].types.has(SchemaTerm::Question);
    any |= is_question[i];
    each(i, [&](const GraphProperty& p) {
      if (p.term != SchemaTerm::AcceptedAnswer) return;
      const GraphId question = p.reverse ? target(p.value) : i;
      if (question == kNoGraphId || !may_be_question(question)) return;
      any = true;
      is_question[question] = true;
    });
  }
  if (!any) return false;
  places_.resize(graph_.nodes.size());
  for (GraphId i = 0; i < graph_.nodes.size(); ++i) {
    places_[i].offset = graph_.nodes[i].offset;
    // (A forward reference may have been typed after its turn.)
    if (is_question[i] || graph_.nodes[i].types.has(SchemaTerm::Question)) questions_.push_back(i);
  }
  return true;
}

void FaqLinks::collect_edges() {
  for (GraphId i = 0; i < graph_.nodes.size(); ++i) {
    each(i, [&](const GraphProperty& p) {
      const bool down = leads_down(p.term), up = leads_up(p.term);
      const bool answer = p.term == SchemaTerm::AcceptedAnswer && p.reverse;
      if (!down && !up && !answer) return;
      const GraphId other = target(p.value);
      if (other == kNoGraphId) return;
      if (answer) {
        answers_.push_back({other, i, p.offset});
      } else if (down != p.reverse) {
        contains_.push_back({i, other, p.offset});
      } else {
        // Stated by the part: its place is its own.
        contains_.push_back({other, i, graph_.nodes[i].offset});
      }
    });
  }
  const auto by_from = [](const Edge& a, const Edge& b) { return a.from < b.from; };
  std::stable_sort(contains_.begin(), contains_.end(), by_from);
  std::stable_sort(answers_.begin(), answers_.end(), by_from);
}

/// Follows what pages of this type contain. What an earlier type has marked stays.
void FaqLinks::mark_pages(SchemaTerm type, std::string_view page_type) {
  enum : std::uint8_t { kNo, kBySameId, kListed };
  std::vector<std::uint8_t> seen(graph_.nodes.size(), kNo);
  std::vector<GraphId> todo;
  const auto mark = [&](GraphId node, const Place& place, std::uint8_t how) {
    if (seen[node] >= how) return;
    if (seen[node] == kNo) todo.push_back(node);
    seen[node] = how;
    if (places_[node].page_type.empty() || places_[node].page_type == page_type)
      places_[node] = place;
  };
  for (GraphId page = 0; page < graph_.nodes.size(); ++page) {
    if (!graph_.nodes[page].types.has(type) || seen[page] != kNo) continue;
    seen[page] = kListed;
    todo.assign(1, page);
    for (std::size_t next = 0; next < todo.size(); ++next) {
      // Several statements of the page's own identifier are one page.
      for (const GraphId from : same(todo[next])) {
        const auto edges =
            std::equal_range(contains_.begin(), contains_.end(), Edge{from, 0, 0},
                             [](const Edge& a, const Edge& b) { return a.from < b.from; });
        for (auto edge = edges.first; edge != edges.second; ++edge) {
          const Place place{edge->offset, page_type, page};
          mark(edge->to, place, kListed);
          for (const GraphId other : same(edge->to))
            if (other != edge->to) mark(other, place, kBySameId);
        }
      }
    }
  }
}

std::vector<GraphValue> FaqLinks::accepted(GraphId question) const {
  std::vector<GraphValue> values;
  each(question, [&](const GraphProperty& p) {
    if (p.term == SchemaTerm::AcceptedAnswer && !p.reverse) values.push_back(p.value);
  });
  const auto edges = std::equal_range(answers_.begin(), answers_.end(), Edge{question, 0, 0},
                                      [](const Edge& a, const Edge& b) { return a.from < b.from; });
  for (auto edge = edges.first; edge != edges.second; ++edge)
    values.push_back(GraphValue::of(edge->to));
  return values;
}

FaqLinks::SameNodes FaqLinks::same(GraphId node) const {
  SameNodes nodes;
  const std::string_view id = graph_.nodes[node].id;
  if (id.empty()) {
    nodes.push(node);
    return nodes;
  }
  bool itself = false, bare = true;
  for (GraphId i = graph_.find(id); i != kNoGraphId && !nodes.is_full();
       i = graph_.nodes[i].same_id) {
    nodes.push(i);
    itself |= i == node;
    bare &= graph_.nodes[i].first_property == kNoGraphId;
  }
  if (!itself) nodes.push(node);
  if (bare) {  // nothing is stated of it: perhaps under its full, or its short, address
    if (const GraphId other = by_fragment(id); other != kNoGraphId) nodes.push(other);
  }
  return nodes;
}

GraphId FaqLinks::by_fragment(std::string_view id) const {
  const std::string_view wanted = fragment(id);
  if (wanted.empty() || scans_ >= kMostScans) return kNoGraphId;
  ++scans_;
  GraphId found = kNoGraphId;
  for (GraphId i = 0; i < graph_.nodes.size(); ++i) {
    const GraphNode& node = graph_.nodes[i];
    if (node.first_property == kNoGraphId || node.id == id || fragment(node.id) != wanted) continue;
    // One of the two is the fragment alone, else they are on different pages.
    if (node.id != wanted && id != wanted) continue;
    if (found != kNoGraphId && graph_.nodes[found].id != node.id) return kNoGraphId;
    if (found == kNoGraphId) found = i;
  }
  return found;
}

GraphId FaqLinks::target(const GraphValue& value) const {
  if (value.kind == GraphValue::Kind::Node) return value.node;
  const std::string_view text = trim(value.text);
  if (text.empty() || text.size() > 2048 || text.find_first_of(":#/") == std::string_view::npos)
    return kNoGraphId;
  return graph_.find(text);
}

}  // namespace crosstail::markup
