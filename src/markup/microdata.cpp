#include "markup/microdata.h"

#include <algorithm>
#include <span>
#include <unordered_map>

#include "markup/iri_reference.h"

namespace crosstail::markup {

namespace {

constexpr std::uint32_t kNone = DocumentIndex::kNowhere;

/// A name of an itemprop. `anywhere`: it was a full IRI, so it holds whatever the item's type is.
struct PropertyName {
  SchemaTerm term;
  bool anywhere;
};

/// An element with itemscope.
struct Scope {
  std::uint32_t position = 0;
  std::uint32_t owner = kNone;  ///< the scope around it
  std::uint32_t page = kNone;   ///< the nearest FAQPage or QAPage among itself and those around it
  bool schema_names = true;     ///< bare names are schema.org's
  bool linked = false;          ///< its itemprop names a property of schema.org that we know
  SchemaTypes types{};
  GraphId node = kNoGraphId;
};

/// An element with an itemprop that names at least one property we know.
struct Property {
  std::uint32_t position = 0;
  std::uint32_t scope = kNone;  ///< the item that is its value
  std::uint32_t names_begin = 0, names_end = 0;
  std::string_view language{};
  // The value, made once however many items refer to it:
  bool valued = false;
  bool is_address = false;  ///< `stated` came from href, src or data
  bool has_stated = false;  ///< the value stands in an attribute: `stated`
  std::string_view stated{};
  GraphId addressed = kNoGraphId;  ///< node of the address
};

/// Slot 0 is for what lies in no scope.
std::uint32_t slot_of(std::uint32_t owner) {
  return owner == kNone ? 0 : owner + 1;
}

/// Where and in which language the walk is.
struct Around {
  std::uint32_t end;
  std::uint32_t scope;
  std::string_view language;
};

/// The attribute that holds the address an element states, empty for elements that state none.
std::string_view address_attribute(std::string_view name) {
  if (name == "a" || name == "area" || name == "link") return "href";
  for (const std::string_view with_source :
       {"img", "audio", "video", "source", "track", "embed", "iframe"})
    if (name == with_source) return "src";
  return name == "object" ? std::string_view("data") : std::string_view{};
}

bool holds_node(SchemaTerm property) {
  return !holds_text(property) && property != SchemaTerm::Url && property != SchemaTerm::Position;
}

class MicrodataReader {
 public:
  MicrodataReader(const DocumentIndex& document, Graph& graph, const StatementLimits& limits)
      : document_(document),
        tree_(document.tree()),
        graph_(graph),
        texts_(document, graph, limits.max_text_work),
        statements_left_(limits.max_statements),
        referred_left_(limits.max_statements) {}

  StatementCounts read() {
    walk();
    if (scopes_.empty()) return counts_;
    group_properties();
    if (any_itemref_) find_identifiers();
    for (Scope& scope : scopes_) make_node(scope);
    for (const Scope& scope : scopes_) state(scope);
    return counts_;
  }

 private:
  const std::string_view* attribute(std::uint32_t position, std::string_view name) const {
    return tree_.attribute(document_.elements()[position].node, name);
  }
  std::string_view value_of(std::uint32_t position, std::string_view name) const {
    const std::string_view* value = attribute(position, name);
    return value ? *value : std::string_view{};
  }
  std::size_t offset(std::uint32_t position) const { return document_.offset(position); }

  void walk();
  std::uint32_t add_scope(std::uint32_t position, std::uint32_t owner);
  void add_property(std::uint32_t position, std::string_view words, const Around& around,
                    std::uint32_t own_scope);
  void group_properties();
  void find_identifiers();
  void make_node(Scope& scope);
  void state(const Scope& scope);
  std::span<const std::uint32_t> properties_of(std::uint32_t owner) const;
  void add_referred(const Scope& scope, std::vector<std::uint32_t>& found);
  void read_value(Property& property);
  void state(const Scope& scope, Property& property);
  bool value_for(Property& property, SchemaTerm term, GraphValue& value);

  const DocumentIndex& document_;
  const HtmlTree& tree_;
  Graph& graph_;
  ElementTexts texts_;
  std::size_t statements_left_, referred_left_;
  StatementCounts counts_;

  std::vector<Scope> scopes_;
  std::vector<Property> properties_;
  std::vector<std::uint32_t> owners_;            ///< of each property: the scope it lies in
  std::vector<std::uint32_t> owner_of_element_;  ///< only where itemref is used
  std::vector<PropertyName> names_;
  bool any_itemref_ = false;
  /// Properties by owner, in document order: those of slot s are
  /// by_owner_[starts_[s]…starts_[s+1]).
  std::vector<std::uint32_t> by_owner_, starts_;
  std::unordered_map<std::string_view, std::uint32_t> identifiers_;
};

void MicrodataReader::walk() {
  std::vector<Around> around{{kNone, kNone, {}}};
  const auto& elements = document_.elements();
  for (std::uint32_t at = 0; at < elements.size(); ++at) {
    while (around.back().end <= at) around.pop_back();
    Around here = around.back();
    const HtmlNode& node = tree_.nodes[elements[at].node];
    const std::string_view* itemprop = nullptr;
    bool itemscope = false, changed = false;
    for (std::uint32_t i = node.attributes_begin; i != node.attributes_end; ++i) {
      const HtmlAttribute& a = tree_.attributes[i];
      if (a.name == "lang") {
        here.language = a.value;
        changed = true;
      } else if (a.name.substr(0, 4) == "item") {
        if (a.name == "itemprop") itemprop = &a.value;
        if (a.name == "itemscope") itemscope = true;
      }
    }
    std::uint32_t own = kNone;
    if (itemscope) own = add_scope(at, here.scope);
    if (itemprop) add_property(at, *itemprop, here, own);
    if (!itemscope && !changed) continue;
    if (itemscope) here.scope = own;
    here.end = elements[at].end;
    around.push_back(here);
  }
}

std::uint32_t MicrodataReader::add_scope(std::uint32_t position, std::uint32_t owner) {
  const auto made = static_cast<std::uint32_t>(scopes_.size());
  Scope scope{.position = position, .owner = owner};
  std::string_view words = value_of(position, "itemtype");
  bool typed = false, schema = false;
  for (std::string_view word = take_word(words); !word.empty(); word = take_word(words)) {
    const SchemaTerm type = schema_type(word, /*bare=*/false);
    typed = true;
    if (type == SchemaTerm::None) continue;
    schema = true;
    scope.types.add(type);
  }
  scope.schema_names = schema || !typed;
  if (scope.types.has(SchemaTerm::FAQPage) || scope.types.has(SchemaTerm::QAPage))
    scope.page = made;
  else if (owner != kNone)
    scope.page = scopes_[owner].page;
  if (attribute(position, "itemref")) any_itemref_ = true;
  scopes_.push_back(scope);
  return made;
}

void MicrodataReader::add_property(std::uint32_t position, std::string_view words,
                                   const Around& around, std::uint32_t own_scope) {
  const auto begin = static_cast<std::uint32_t>(names_.size());
  for (std::string_view word = take_word(words); !word.empty(); word = take_word(words)) {
    const bool anywhere = word.find_first_of(":/") != std::string_view::npos;
    const SchemaTerm term = schema_property(word, /*bare=*/!anywhere);
    if (term == SchemaTerm::None) continue;
    const auto known = std::find_if(names_.begin() + begin, names_.end(),
                                    [&](const PropertyName& n) { return n.term == term; });
    if (known == names_.end())
      names_.push_back({term, anywhere});
    else
      known->anywhere |= anywhere;
  }
  const auto end = static_cast<std::uint32_t>(names_.size());
  if (begin == end) return;
  if (own_scope != kNone) scopes_[own_scope].linked = true;
  properties_.push_back({.position = position,
                         .scope = own_scope,
                         .names_begin = begin,
                         .names_end = end,
                         .language = around.language});
  owners_.push_back(around.scope);
}

/// A counting sort by owner that keeps document order.
void MicrodataReader::group_properties() {
  starts_.assign(scopes_.size() + 2, 0);
  for (const std::uint32_t owner : owners_) ++starts_[slot_of(owner) + 1];
  for (std::size_t i = 1; i < starts_.size(); ++i) starts_[i] += starts_[i - 1];
  by_owner_.resize(properties_.size());
  std::vector<std::uint32_t> next(starts_.begin(), starts_.end() - 1);
  for (std::uint32_t i = 0; i < properties_.size(); ++i) by_owner_[next[slot_of(owners_[i])]++] = i;
}

std::span<const std::uint32_t> MicrodataReader::properties_of(std::uint32_t owner) const {
  const std::uint32_t* first = by_owner_.data();
  return {first + starts_[slot_of(owner)], first + starts_[slot_of(owner) + 1]};
}

/// The first element of each id, and the scope around each element.
void MicrodataReader::find_identifiers() {
  const auto& elements = document_.elements();
  owner_of_element_.resize(elements.size(), kNone);
  std::vector<std::uint32_t> open;
  std::uint32_t next = 0;
  for (std::uint32_t at = 0; at < elements.size(); ++at) {
    while (!open.empty() && elements[scopes_[open.back()].position].end <= at) open.pop_back();
    owner_of_element_[at] = open.empty() ? kNone : open.back();
    if (next < scopes_.size() && scopes_[next].position == at) open.push_back(next++);
    const std::string_view id = value_of(at, "id");
    if (!id.empty()) identifiers_.emplace(id, at);
  }
}

void MicrodataReader::make_node(Scope& scope) {
  std::string_view id;
  if (const std::string_view* itemid = attribute(scope.position, "itemid"))
    if (!itemid->empty()) texts_.keep(resolve_iri(document_.base(), *itemid), id);
  scope.node = graph_.statement(id, offset(scope.position));
  graph_.nodes[scope.node].types = scope.types;
  ++counts_.items;
}

/// "The properties of an item": what itemref's elements add to those within the item.
void MicrodataReader::add_referred(const Scope& scope, std::vector<std::uint32_t>& found) {
  std::string_view words = value_of(scope.position, "itemref");
  const std::size_t own = found.size();
  for (std::string_view word = take_word(words); !word.empty(); word = take_word(words)) {
    const auto target = identifiers_.find(word);
    if (target == identifiers_.end() || target->second == scope.position) continue;
    const std::uint32_t from = target->second;
    const bool closed = attribute(from, "itemscope") != nullptr;
    const std::uint32_t to = closed ? from + 1 : document_.elements()[from].end;
    const auto group = properties_of(owner_of_element_[from]);
    auto at = std::lower_bound(group.begin(), group.end(), from, [&](std::uint32_t p, auto begin) {
      return properties_[p].position < begin;
    });
    for (; at != group.end() && properties_[*at].position < to; ++at) {
      if (properties_[*at].position == scope.position) continue;
      if (referred_left_ == 0) {
        ++counts_.left_out;
        break;
      }
      --referred_left_;
      found.push_back(*at);
    }
  }
  if (found.size() == own) return;
  std::sort(found.begin(), found.end());  // properties_ is in document order
  found.erase(std::unique(found.begin(), found.end()), found.end());
}

void MicrodataReader::state(const Scope& scope) {
  const auto own = properties_of(static_cast<std::uint32_t>(&scope - scopes_.data()));
  if (scope.types.has(SchemaTerm::Question) && !scope.linked && scope.owner != kNone &&
      scopes_[scope.owner].page != kNone) {
    graph_.add(scopes_[scopes_[scope.owner].page].node, SchemaTerm::HasPart,
               GraphValue::of(scope.node), offset(scope.position));
    ++counts_.statements;
  }
  if (!any_itemref_ || !attribute(scope.position, "itemref")) {
    for (const std::uint32_t p : own) state(scope, properties_[p]);
    return;
  }
  std::vector<std::uint32_t> found(own.begin(), own.end());
  add_referred(scope, found);
  for (const std::uint32_t p : found) state(scope, properties_[p]);
}

/// §5.2.4, "Values", as far as the value stands in an attribute. What the budget does not allow is
/// left empty, and so states nothing.
void MicrodataReader::read_value(Property& property) {
  property.valued = true;
  const std::string_view name = tree_.nodes[document_.elements()[property.position].node].name;
  const std::string_view* content = attribute(property.position, "content");
  if (name == "meta" || (content && !content->empty())) {
    property.has_stated = true;
    if (content) texts_.keep(*content, property.stated);
    return;
  }
  if (const std::string_view from = address_attribute(name); !from.empty()) {
    property.has_stated = property.is_address = true;
    if (const std::string_view* address = attribute(property.position, from))
      texts_.keep(resolve_iri(document_.base(), *address), property.stated);
    return;
  }
  const bool valued = name == "data" || name == "meter";
  const std::string_view* value =
      attribute(property.position, name == "time" ? "datetime" : "value");
  if (valued || (name == "time" && value)) {
    property.has_stated = true;
    if (value) texts_.keep(*value, property.stated);
  }
}

/// False if the budget for texts is spent.
bool MicrodataReader::value_for(Property& property, SchemaTerm term, GraphValue& value) {
  if (property.scope != kNone) {
    value = GraphValue::of(scopes_[property.scope].node);
    return true;
  }
  if (!property.valued) read_value(property);
  if (property.is_address && holds_node(term) && !property.stated.empty()) {
    if (property.addressed == kNoGraphId)
      property.addressed = graph_.node(property.stated, offset(property.position));
    value = GraphValue::of(property.addressed);
    return true;
  }
  const bool link =
      property.is_address && tree_.nodes[document_.elements()[property.position].node].name == "a";
  if (property.has_stated && !(link && holds_text(term))) {
    value = GraphValue::literal(property.stated, property.language, property.is_address);
    return true;
  }
  const std::string_view* text = texts_.of(property.position);
  if (!text) return false;
  value = GraphValue::literal(*text, property.language, /*is_text=*/true);
  return true;
}

void MicrodataReader::state(const Scope& scope, Property& property) {
  for (std::uint32_t i = property.names_begin; i != property.names_end; ++i) {
    const PropertyName name = names_[i];
    if (!name.anywhere && !scope.schema_names) continue;
    GraphValue value;
    if (statements_left_ == 0 || !value_for(property, name.term, value)) {
      ++counts_.left_out;
      continue;
    }
    --statements_left_;
    ++counts_.statements;
    graph_.add(scope.node, name.term, value, offset(property.position));
  }
}

}  // namespace

StatementCounts read_microdata(const DocumentIndex& document, Graph& graph,
                               const StatementLimits& limits) {
  return MicrodataReader(document, graph, limits).read();
}

}  // namespace crosstail::markup
