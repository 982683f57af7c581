#include "markup/rdfa.h"

#include <algorithm>

#include "markup/iri_reference.h"
#include "markup/rdfa_names.h"
#include "markup/rdfa_statements.h"

namespace crosstail::markup {

namespace {

using Value = const std::string_view*;

/// The attributes of one element that RDFa reads; null where absent.
struct Attributes {
  Value about = nullptr, resource = nullptr, href = nullptr, src = nullptr, type_of = nullptr,
        property = nullptr, rel = nullptr, rev = nullptr, content = nullptr, datatype = nullptr,
        datetime = nullptr, vocab = nullptr, prefix = nullptr, lang = nullptr, xml_lang = nullptr;
  bool xmlns = false;
  bool any = false;
};

/// Where the value of an attribute of this name goes, or null.
Value Attributes::*slot(std::string_view name) {
  switch (name.size()) {
    case 3:
      if (name == "rel") return &Attributes::rel;
      if (name == "rev") return &Attributes::rev;
      return name == "src" ? &Attributes::src : nullptr;
    case 4:
      if (name == "href") return &Attributes::href;
      return name == "lang" ? &Attributes::lang : nullptr;
    case 5:
      if (name == "about") return &Attributes::about;
      return name == "vocab" ? &Attributes::vocab : nullptr;
    case 6:
      if (name == "typeof") return &Attributes::type_of;
      return name == "prefix" ? &Attributes::prefix : nullptr;
    case 7:
      return name == "content" ? &Attributes::content : nullptr;
    case 8:
      if (name == "property") return &Attributes::property;
      if (name == "resource") return &Attributes::resource;
      if (name == "datatype") return &Attributes::datatype;
      if (name == "datetime") return &Attributes::datetime;
      return name == "xml:lang" ? &Attributes::xml_lang : nullptr;
    default:
      return nullptr;
  }
}

constexpr std::string_view kXmlns = "xmlns:";

bool blank(std::string_view value) {
  return take_word(value).empty();
}

/// The "evaluation context" of RDFa Core §7.3.
struct Context {
  RdfaResource parent_subject = kNoResource, parent_object = kNoResource;
  std::size_t incomplete_begin = 0, incomplete_end = 0;  ///< into RdfaReader::incomplete_
  std::string_view language{};
  RdfaVocabulary vocab = RdfaVocabulary::None;
  RdfaResource page = kNoResource;  ///< the FAQPage or QAPage we are in
};

/// A triple that lacks its other end (§7.4.1, "incomplete triples").
struct Incomplete {
  RdfaName property;
  bool reverse = false;
};

/// What §7.5 calls the local values of one element.
struct Local {
  RdfaResource subject = kNoResource;  ///< [new subject]
  RdfaResource object = kNoResource;   ///< [current object resource]
  RdfaResource typed = kNoResource;    ///< [typed resource]
  bool skip = false;                   ///< [skip element]
  bool has_about = false;
};

using Names = std::vector<RdfaName>;

class RdfaReader {
 public:
  RdfaReader(const DocumentIndex& document, Graph& graph, const StatementLimits& limits)
      : document_(document), tree_(document.tree()), statements_(document, graph, limits) {}

  StatementCounts read() {
    const RdfaResource page = statements_.resource(resolve_iri(document_.base(), {}), 0);
    open_.push_back({{.parent_subject = page, .parent_object = page}, kEnd, 0, 0});
    const auto count = static_cast<std::uint32_t>(document_.elements().size());
    for (at_ = 0; at_ < count; ++at_) {
      while (open_.back().end <= at_) close();
      read_element();
    }
    statements_.copy_patterns();
    return statements_.counts();
  }

 private:
  static constexpr std::uint32_t kEnd = DocumentIndex::kNowhere;

  struct Open {
    Context context;
    std::uint32_t end;                 ///< position behind the element
    std::size_t prefixes, incomplete;  ///< what to go back to behind it
  };

  void close() {
    prefixes_.restore(open_.back().prefixes);
    incomplete_.resize(open_.back().incomplete);
    open_.pop_back();
  }

  [[nodiscard]] const HtmlNode& node() const { return tree_.nodes[document_.elements()[at_].node]; }
  [[nodiscard]] std::size_t offset() const { return document_.offset(at_); }

  void read_attributes();
  void declare(Context& here);
  void read_names(Value words, bool terms, Names& names, bool& present);
  void read_element();
  void establish(const Context& context, Local& local);
  void establish_with_relation(Local& local);
  void add_types(const Context& context, const Local& local, Context& inside);
  void add_relations(Local& local, std::size_t& incomplete_begin);
  void add_properties(const Context& context, const Local& local);
  bool add_resource_value(const Local& local);
  void add_literal_value(const Context& context, const Local& local);
  void complete(const Context& context, RdfaResource subject);
  RdfaResource resource_of(Value value);
  RdfaResource iri_of(Value value);
  RdfaResource stated_resource();
  [[nodiscard]] bool is_handle(const Context& context) const;

  const DocumentIndex& document_;
  const HtmlTree& tree_;
  RdfaStatements statements_;
  RdfaPrefixes prefixes_;
  std::vector<Open> open_;
  std::vector<Incomplete> incomplete_;
  // Of the current element:
  std::uint32_t at_ = 0;
  Attributes a_;
  Names rel_, rev_, properties_;
  bool has_rel_ = false, has_rev_ = false, has_property_ = false;
};

void RdfaReader::read_attributes() {
  a_ = {};
  const HtmlNode& n = node();
  for (std::uint32_t i = n.attributes_begin; i != n.attributes_end; ++i) {
    const HtmlAttribute& attribute = tree_.attributes[i];
    if (attribute.name.substr(0, kXmlns.size()) == kXmlns) a_.any = a_.xmlns = true;
    if (Value Attributes::*at = slot(attribute.name)) {
      a_.*at = &attribute.value;
      a_.any = true;
    }
  }
  if (!a_.content) a_.content = a_.datetime;  // HTML+RDFa 1.1
}

/// Steps 2 to 4: vocabulary, prefixes and language.
void RdfaReader::declare(Context& here) {
  if (a_.vocab) here.vocab = rdfa_vocabulary(*a_.vocab);
  if (a_.xmlns) {
    const HtmlNode& n = node();
    for (std::uint32_t i = n.attributes_begin; i != n.attributes_end; ++i) {
      const HtmlAttribute& attribute = tree_.attributes[i];
      if (attribute.name.substr(0, kXmlns.size()) == kXmlns)
        prefixes_.declare(attribute.name.substr(kXmlns.size()), attribute.value);
    }
  }
  if (a_.prefix) prefixes_.declare_all(*a_.prefix);
  if (a_.lang)
    here.language = *a_.lang;
  else if (a_.xml_lang)
    here.language = *a_.xml_lang;
}

/// `terms`: whether words without colon count. `present`: any word that counts by its form.
void RdfaReader::read_names(Value words, bool terms, Names& names, bool& present) {
  names.clear();
  present = words && terms;
  if (!words) return;
  std::string_view rest = *words;
  for (std::string_view word = take_word(rest); !word.empty(); word = take_word(rest)) {
    if (!terms && is_rdfa_term(word)) continue;
    present = true;
    const RdfaName name = rdfa_property(word, open_.back().context.vocab, prefixes_);
    const bool known = std::any_of(names.begin(), names.end(), [&](const RdfaName& n) {
      return n.kind == name.kind && n.term == name.term;
    });
    if (name.kind != RdfaName::Kind::None && !known) names.push_back(name);
  }
}

RdfaResource RdfaReader::resource_of(Value value) {
  if (!value) return kNoResource;
  const std::string iri = rdfa_resource(*value, prefixes_, document_.base());
  return iri.empty() ? kNoResource : statements_.resource(iri, offset());
}

RdfaResource RdfaReader::iri_of(Value value) {
  if (!value) return kNoResource;
  return statements_.reference(*value, offset());
}

/// From @resource, @href or @src.
RdfaResource RdfaReader::stated_resource() {
  if (const RdfaResource found = resource_of(a_.resource); found != kNoResource) return found;
  return iri_of(a_.href ? a_.href : a_.src);
}

/// A link into the page that states nothing and that nothing waits for.
bool RdfaReader::is_handle(const Context& context) const {
  return a_.href && !a_.resource && !a_.type_of && !has_property_ && node().name == "a" &&
         (a_.href->empty() || a_.href->front() == '#') &&
         context.incomplete_begin == context.incomplete_end;
}

/// Step 6: an element with @rel or @rev.
void RdfaReader::establish_with_relation(Local& local) {
  local.object = stated_resource();
  if (!a_.type_of) return;
  if (local.object == kNoResource && !local.has_about) local.object = statements_.blank(offset());
  local.typed = local.has_about ? local.subject : local.object;
}

/// Steps 5 and 6: subject, object and typed resource. The root's parent object is the document, so
/// it is what "as if @about were empty" stands for; HTML+RDFa wants it of head and body too.
void RdfaReader::establish(const Context& context, Local& local) {
  local.subject = resource_of(a_.about);
  local.has_about = local.subject != kNoResource;
  const std::string_view name = node().name;
  const bool root = tree_.nodes[node().parent].kind == HtmlNode::Kind::Document;
  const bool related = has_rel_ || has_rev_;
  const bool has_object = related || (has_property_ && !a_.content && !a_.datatype);
  if (has_object && !local.has_about) {
    local.subject = context.parent_object;
    local.has_about = root;
  }
  if (related) return establish_with_relation(local);
  if (has_object) {
    if (!a_.type_of) return;
    if (local.has_about) {
      local.typed = local.subject;
    } else {
      local.typed = stated_resource();
      if (local.typed == kNoResource) local.typed = statements_.blank(offset());
    }
    local.object = local.typed;
    return;
  }
  if (!local.has_about && !is_handle(context)) local.subject = stated_resource();
  if (local.subject == kNoResource) {
    if (a_.type_of && !root && name != "head" && name != "body") {
      local.subject = statements_.blank(offset());
    } else {
      local.subject = context.parent_object;
      local.skip = !has_property_ && !a_.type_of;
    }
  }
  if (a_.type_of) local.typed = local.subject;
}

/// Step 7, and what makes an unlinked Question part of the page it is stated in.
void RdfaReader::add_types(const Context& context, const Local& local, Context& inside) {
  std::string_view words = *a_.type_of;
  bool question = false;
  for (std::string_view word = take_word(words); !word.empty(); word = take_word(words)) {
    const RdfaName type = rdfa_type(word, inside.vocab, prefixes_);
    statements_.add_type(local.typed, type);
    question |= type.term == SchemaTerm::Question;
    if (type.term == SchemaTerm::FAQPage || type.term == SchemaTerm::QAPage)
      inside.page = local.typed;
  }
  const bool linked =
      has_property_ || has_rel_ || has_rev_ || context.incomplete_begin != context.incomplete_end;
  if (question && !linked && context.page != kNoResource && context.page != local.typed)
    statements_.relate(context.page, {RdfaName::Kind::Schema, SchemaTerm::HasPart}, local.typed,
                       offset());
}

/// Steps 9 and 10.
void RdfaReader::add_relations(Local& local, std::size_t& incomplete_begin) {
  incomplete_begin = incomplete_.size();
  if (local.object == kNoResource) {
    for (const RdfaName& name : rel_) incomplete_.push_back({name, false});
    for (const RdfaName& name : rev_) incomplete_.push_back({name, true});
    local.object = statements_.blank(offset());
    return;
  }
  for (const RdfaName& name : rel_) statements_.relate(local.subject, name, local.object, offset());
  for (const RdfaName& name : rev_) statements_.relate(local.object, name, local.subject, offset());
}

/// Step 11 where the value is a resource; false if it is a literal.
bool RdfaReader::add_resource_value(const Local& local) {
  if (a_.content || a_.datatype) return false;
  RdfaResource object = kNoResource;
  bool link = false;
  if (!has_rel_ && !has_rev_) {
    object = stated_resource();
    link = object != kNoResource && !a_.resource && a_.href && node().name == "a";
  }
  if (object == kNoResource && a_.type_of && !local.has_about) object = local.typed;
  if (object == kNoResource) return false;
  for (const RdfaName& name : properties_) {
    const bool text = link && !a_.type_of && holds_text(name.term);
    if (!text) statements_.relate(local.subject, name, object, offset());
  }
  std::erase_if(properties_, [&](const RdfaName& name) {
    return !(link && !a_.type_of && holds_text(name.term));
  });
  return properties_.empty();
}

/// Step 11 where the value is a literal.
void RdfaReader::add_literal_value(const Context& context, const Local& local) {
  GraphValue value;
  if (a_.content) {
    std::string_view kept;
    if (!statements_.texts().keep(*a_.content, kept)) return statements_.count_left_out();
    value = GraphValue::literal(kept, context.language);
  } else {
    const std::string_view* text = statements_.texts().of(at_);
    if (!text) return statements_.count_left_out();
    value = GraphValue::literal(*text, context.language, /*is_text=*/true);
  }
  if (a_.datatype && !blank(*a_.datatype)) {
    std::string_view rest = *a_.datatype;
    const std::string_view type = take_word(rest);
    if (type != "rdf:HTML" && type != "rdf:XMLLiteral") value.language = {};  // a typed literal
  }
  for (const RdfaName& name : properties_)
    if (name.kind == RdfaName::Kind::Schema)
      statements_.add_literal(local.subject, name.term, value, offset());
}

void RdfaReader::add_properties(const Context& context, const Local& local) {
  if (properties_.empty() || add_resource_value(local)) return;
  const bool wanted = std::any_of(properties_.begin(), properties_.end(), [](const RdfaName& n) {
    return n.kind == RdfaName::Kind::Schema;
  });
  if (wanted) add_literal_value(context, local);
}

/// Step 12.
void RdfaReader::complete(const Context& context, RdfaResource subject) {
  for (std::size_t i = context.incomplete_begin; i != context.incomplete_end; ++i) {
    const Incomplete triple = incomplete_[i];
    if (triple.reverse)
      statements_.relate(subject, triple.property, context.parent_subject, offset());
    else
      statements_.relate(context.parent_subject, triple.property, subject, offset());
  }
}

/// §7.5 for one element.
void RdfaReader::read_element() {
  read_attributes();
  if (!a_.any) return;
  const Context context = open_.back().context;
  open_.push_back({context, document_.elements()[at_].end, prefixes_.mark(), incomplete_.size()});
  Context& here = open_.back().context;
  declare(here);
  read_names(a_.property, /*terms=*/true, properties_, has_property_);
  read_names(a_.rel, /*terms=*/!a_.property, rel_, has_rel_);
  read_names(a_.rev, /*terms=*/!a_.property, rev_, has_rev_);

  Local local;
  establish(context, local);
  if (local.typed != kNoResource) add_types(context, local, here);
  std::size_t incomplete_begin = incomplete_.size();
  if (has_rel_ || has_rev_) add_relations(local, incomplete_begin);
  if (has_property_) add_properties(here, local);
  if (local.skip) return;
  complete(context, local.subject);
  here.parent_subject = local.subject;
  here.parent_object = local.object != kNoResource ? local.object : local.subject;
  here.incomplete_begin = incomplete_begin;
  here.incomplete_end = incomplete_.size();
}

}  // namespace

StatementCounts read_rdfa(const DocumentIndex& document, Graph& graph,
                          const StatementLimits& limits) {
  return RdfaReader(document, graph, limits).read();
}

}  // namespace crosstail::markup
