#include "markup/rdfa_statements.h"

#include <array>
#include <utility>

#include "base/hash.h"
#include "markup/iri_reference.h"

namespace crosstail::markup {

RdfaResource RdfaStatements::resource(std::string_view iri, std::size_t offset) {
  const auto [at, added] =
      by_iri_.try_emplace(xxh3(iri), static_cast<RdfaResource>(resources_.size()));
  if (added) {
    Resource made{.offset = offset};
    texts_.keep(iri, made.iri);
    resources_.push_back(made);
  }
  return at->second;
}

RdfaResource RdfaStatements::reference(std::string_view value, std::size_t offset) {
  resources_.push_back({.iri = value, .offset = offset, .is_reference = true});
  return static_cast<RdfaResource>(resources_.size() - 1);
}

/// The resource that stands for this one's IRI.
RdfaResource RdfaStatements::absolute(RdfaResource resource) {
  const Resource stated = resources_[resource];
  if (stated.same != kNoResource) return stated.same;
  if (!stated.is_reference) return resource;
  const RdfaResource same = this->resource(resolve_iri(base_, stated.iri), stated.offset);
  resources_[resource].same = same;
  return same;
}

RdfaResource RdfaStatements::blank(std::size_t offset) {
  resources_.push_back({.offset = offset});
  return static_cast<RdfaResource>(resources_.size() - 1);
}

GraphId RdfaStatements::node(RdfaResource resource) {
  Resource& r = resources_[absolute(resource)];
  if (r.node == kNoGraphId) {
    r.node = graph_.node(r.iri, r.offset);
    ++counts_.items;
  }
  return r.node;
}

void RdfaStatements::add(GraphId subject, SchemaTerm property, const GraphValue& value,
                         std::size_t offset) {
  if (statements_left_ == 0) {
    ++counts_.left_out;
    return;
  }
  --statements_left_;
  ++counts_.statements;
  graph_.add(subject, property, value, offset);
}

void RdfaStatements::add_type(RdfaResource subject, const RdfaName& type) {
  if (type.kind == RdfaName::Kind::RdfaPattern) resources_[absolute(subject)].is_pattern = true;
  if (type.kind == RdfaName::Kind::Schema) graph_.add_type(node(subject), type.term);
}

void RdfaStatements::relate(RdfaResource subject, const RdfaName& property, RdfaResource object,
                            std::size_t offset) {
  if (property.kind == RdfaName::Kind::None) return;
  const std::string_view iri = resources_[absolute(object)].iri;
  switch (property.kind) {
    case RdfaName::Kind::Schema: {
      const GraphId from = node(subject);
      const bool address = property.term == SchemaTerm::Url && !iri.empty();
      add(from, property.term,
          address ? GraphValue::literal(iri, {}, /*is_text=*/true) : GraphValue::of(node(object)),
          offset);
      break;
    }
    case RdfaName::Kind::RdfType:
      add_type(subject, rdfa_type_of_iri(iri));
      break;
    case RdfaName::Kind::RdfaCopy:
      copies_.push_back({absolute(subject), absolute(object)});
      break;
    case RdfaName::Kind::RdfaPattern:
    case RdfaName::Kind::None:
      break;
  }
}

void RdfaStatements::add_literal(RdfaResource subject, SchemaTerm property, const GraphValue& value,
                                 std::size_t offset) {
  add(node(subject), property, value, offset);
}

void RdfaStatements::copy_statements(GraphId from, GraphId to) {
  constexpr std::array kTypes = {SchemaTerm::FAQPage, SchemaTerm::QAPage,  SchemaTerm::Question,
                                 SchemaTerm::Answer,  SchemaTerm::WebPage, SchemaTerm::OtherType};
  for (const SchemaTerm type : kTypes)
    if (graph_.nodes[from].types.has(type)) graph_.add_type(to, type);
  for (GraphId p = graph_.nodes[from].first_property; p != kNoGraphId;
       p = graph_.properties[p].next) {
    const GraphProperty copied = graph_.properties[p];
    if (statements_left_ == 0) {
      ++counts_.left_out;
      return;
    }
    add(to, copied.term, copied.value, copied.offset);
  }
}

/// HTML+RDFa 1.1 §4, "Property Copying": patterns may themselves copy patterns, in loops too.
void RdfaStatements::copy_patterns() {
  if (copies_.empty()) return;
  std::unordered_map<RdfaResource, std::vector<RdfaResource>> targets;
  for (const Copy& copy : copies_)
    if (resources_[copy.target].is_pattern) targets[copy.subject].push_back(copy.target);
  std::vector<RdfaResource> seen(resources_.size(), kNoResource);
  std::vector<RdfaResource> open;
  for (const Copy& copy : copies_) {
    const RdfaResource subject = copy.subject;
    if (resources_[subject].is_pattern || seen[subject] == subject) continue;
    seen[subject] = subject;
    for (open = {subject}; !open.empty() && statements_left_ != 0;) {
      const RdfaResource at = open.back();
      open.pop_back();
      if (at != subject && resources_[at].node != kNoGraphId)
        copy_statements(resources_[at].node, node(subject));
      const auto next = targets.find(at);
      if (next == targets.end()) continue;
      for (const RdfaResource target : next->second) {
        if (seen[target] == subject) continue;
        seen[target] = subject;
        open.push_back(target);
        if (statements_left_ != 0) --statements_left_;  // visits cost too
      }
    }
  }
  for (const Copy& copy : copies_) {
    const Resource& target = resources_[copy.target];
    if (!target.is_pattern || target.node == kNoGraphId) continue;
    GraphNode& n = graph_.nodes[target.node];
    n.types = {};
    n.first_property = n.last_property = kNoGraphId;
  }
}

}  // namespace crosstail::markup
