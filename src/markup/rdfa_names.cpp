#include "markup/rdfa_names.h"

#include <algorithm>
#include <array>

#include "markup/document_index.h"
#include "markup/iri_reference.h"

namespace crosstail::markup {

namespace {

constexpr std::string_view kRdf = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";
constexpr std::string_view kRdfa = "http://www.w3.org/ns/rdfa#";
constexpr std::size_t kLongestPrefix = 256;
constexpr std::size_t kLongestIri = 1024;  // of a mapping: every CURIE repeats it

struct Initial {
  std::string_view prefix, iri;
};

/// The initial context of RDFa 1.1 (http://www.w3.org/2011/rdfa-context/rdfa-1.1).
constexpr std::array kInitialContext = {
    Initial{"as", "https://www.w3.org/ns/activitystreams#"},
    Initial{"csvw", "http://www.w3.org/ns/csvw#"},
    Initial{"dcat", "http://www.w3.org/ns/dcat#"},
    Initial{"dqv", "http://www.w3.org/ns/dqv#"},
    Initial{"duv", "https://www.w3.org/ns/duv#"},
    Initial{"qb", "http://purl.org/linked-data/cube#"},
    Initial{"org", "http://www.w3.org/ns/org#"},
    Initial{"owl", "http://www.w3.org/2002/07/owl#"},
    Initial{"gr", "http://purl.org/goodrelations/v1#"},
    Initial{"ctag", "http://commontag.org/ns#"},
    Initial{"cc", "http://creativecommons.org/ns#"},
    Initial{"grddl", "http://www.w3.org/2003/g/data-view#"},
    Initial{"jsonld", "http://www.w3.org/ns/json-ld#"},
    Initial{"ldp", "http://www.w3.org/ns/ldp#"},
    Initial{"oa", "http://www.w3.org/ns/oa#"},
    Initial{"rif", "http://www.w3.org/2007/rif#"},
    Initial{"sioc", "http://rdfs.org/sioc/ns#"},
    Initial{"skos", "http://www.w3.org/2004/02/skos/core#"},
    Initial{"xml", "http://www.w3.org/XML/1998/namespace"},
    Initial{"rr", "http://www.w3.org/ns/r2rml#"},
    Initial{"rdfs", "http://www.w3.org/2000/01/rdf-schema#"},
    Initial{"rev", "http://purl.org/stuff/rev#"},
    Initial{"rdfa", kRdfa},
    Initial{"dc", "http://purl.org/dc/terms/"},
    Initial{"dcterms", "http://purl.org/dc/terms/"},
    Initial{"dc11", "http://purl.org/dc/elements/1.1/"},
    Initial{"foaf", "http://xmlns.com/foaf/0.1/"},
    Initial{"void", "http://rdfs.org/ns/void#"},
    Initial{"ical", "http://www.w3.org/2002/12/cal/icaltzd#"},
    Initial{"vcard", "http://www.w3.org/2006/vcard/ns#"},
    Initial{"wdrs", "http://www.w3.org/2007/05/powder-s#"},
    Initial{"og", "http://ogp.me/ns#"},
    Initial{"wdr", "http://www.w3.org/2007/05/powder#"},
    Initial{"rdf", kRdf},
    Initial{"xhv", "http://www.w3.org/1999/xhtml/vocab#"},
    Initial{"xsd", "http://www.w3.org/2001/XMLSchema#"},
    Initial{"v", "http://rdf.data-vocabulary.org/#"},
    Initial{"skosxl", "http://www.w3.org/2008/05/skos-xl#"},
    Initial{"schema", "http://schema.org/"},
    Initial{"ssn", "http://www.w3.org/ns/ssn/"},
    Initial{"sosa", "http://www.w3.org/ns/sosa/"},
    Initial{"time", "http://www.w3.org/2006/time#"},
    Initial{"ma", "http://www.w3.org/ns/ma-ont#"},
    Initial{"sd", "http://www.w3.org/ns/sparql-service-description#"},
    Initial{"prov", "http://www.w3.org/ns/prov#"},
    Initial{"odrl", "http://www.w3.org/ns/odrl/2/"},
};

std::string lower_case(std::string_view s) {
  std::string out(s);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return out;
}

RdfaName schema_name(SchemaTerm term) {
  if (term == SchemaTerm::None) return {};
  return {RdfaName::Kind::Schema, term};
}

/// A word with its vocabulary taken off; `vocabulary` None if it stands for nothing.
struct Local {
  RdfaVocabulary vocabulary = RdfaVocabulary::None;
  std::string_view name;
};

Local local_of(std::string_view word, RdfaVocabulary vocab, const RdfaPrefixes& prefixes) {
  const std::size_t colon = word.find(':');
  if (colon == std::string_view::npos) return {vocab, word};
  const std::string_view reference = word.substr(colon + 1);
  if (reference.substr(0, 2) != "//") {
    if (const auto mapping = prefixes.find(word.substr(0, colon))) {
      if (mapping->vocabulary == RdfaVocabulary::Other) return {};
      return {mapping->vocabulary, reference};
    }
  }
  if (word.substr(0, kRdf.size()) == kRdf) return {RdfaVocabulary::Rdf, word.substr(kRdf.size())};
  if (word.substr(0, kRdfa.size()) == kRdfa)
    return {RdfaVocabulary::Rdfa, word.substr(kRdfa.size())};
  return {RdfaVocabulary::Other, word};
}

}  // namespace

RdfaVocabulary rdfa_vocabulary(std::string_view iri) {
  const std::string_view word = take_word(iri);
  if (word.empty()) return RdfaVocabulary::None;
  if (is_schema_vocabulary(word)) return RdfaVocabulary::Schema;
  if (word == kRdf) return RdfaVocabulary::Rdf;
  return word == kRdfa ? RdfaVocabulary::Rdfa : RdfaVocabulary::Other;
}

void RdfaPrefixes::declare(std::string_view prefix, std::string_view iri) {
  if (prefix.empty() || prefix == "_" || prefix.size() > kLongestPrefix) return;
  std::vector<Mapping>& stack = mappings_[lower_case(prefix)];
  if (iri.size() > kLongestIri) iri = {};
  stack.push_back({iri, iri.empty() ? RdfaVocabulary::Other : rdfa_vocabulary(iri)});
  declared_.push_back(&stack);  // references into an unordered_map stay valid
}

void RdfaPrefixes::declare_all(std::string_view attribute) {
  for (std::string_view word = take_word(attribute); !word.empty(); word = take_word(attribute)) {
    const std::size_t colon = word.find(':');
    if (colon == word.size() - 1)
      declare(word.substr(0, colon), take_word(attribute));
    else if (colon != std::string_view::npos &&
             word.find("://", colon + 1) != std::string_view::npos)
      declare(word.substr(0, colon), word.substr(colon + 1));  // the space was forgotten
  }
}

std::optional<RdfaPrefixes::Mapping> RdfaPrefixes::find(std::string_view prefix) const {
  if (prefix.empty() || prefix.size() > kLongestPrefix) return std::nullopt;
  const std::string name = lower_case(prefix);
  if (const auto found = mappings_.find(name); found != mappings_.end() && !found->second.empty())
    return found->second.back();
  for (const Initial& initial : kInitialContext)
    if (initial.prefix == name) return Mapping{initial.iri, rdfa_vocabulary(initial.iri)};
  return std::nullopt;
}

void RdfaPrefixes::restore(std::size_t mark) {
  for (; declared_.size() > mark; declared_.pop_back()) declared_.back()->pop_back();
}

RdfaName rdfa_property(std::string_view word, RdfaVocabulary vocab, const RdfaPrefixes& prefixes) {
  const Local local = local_of(word, vocab, prefixes);
  switch (local.vocabulary) {
    case RdfaVocabulary::Schema:
      return schema_name(schema_property(local.name, /*bare=*/true));
    case RdfaVocabulary::Other:
      if (!has_scheme(local.name)) return {};
      return schema_name(schema_property(local.name, /*bare=*/false));
    case RdfaVocabulary::Rdf:
      return {local.name == "type" ? RdfaName::Kind::RdfType : RdfaName::Kind::None, {}};
    case RdfaVocabulary::Rdfa:
      return {local.name == "copy" ? RdfaName::Kind::RdfaCopy : RdfaName::Kind::None, {}};
    case RdfaVocabulary::None:
      break;
  }
  return {};
}

RdfaName rdfa_type(std::string_view word, RdfaVocabulary vocab, const RdfaPrefixes& prefixes) {
  const Local local = local_of(word, vocab, prefixes);
  switch (local.vocabulary) {
    case RdfaVocabulary::Rdfa:
      return {local.name == "Pattern" ? RdfaName::Kind::RdfaPattern : RdfaName::Kind::None, {}};
    case RdfaVocabulary::Schema:
      return schema_name(schema_type(local.name, /*bare=*/true));
    case RdfaVocabulary::Other:
      return rdfa_type_of_iri(local.name);
    case RdfaVocabulary::Rdf:
    case RdfaVocabulary::None:
      break;
  }
  return {};
}

RdfaName rdfa_type_of_iri(std::string_view iri) {
  if (iri.substr(0, kRdfa.size()) == kRdfa && iri.substr(kRdfa.size()) == "Pattern")
    return {RdfaName::Kind::RdfaPattern, {}};
  return has_scheme(iri) ? schema_name(schema_type(iri, /*bare=*/false)) : RdfaName{};
}

bool is_rdfa_term(std::string_view word) {
  return word.find(':') == std::string_view::npos;
}

std::string rdfa_resource(std::string_view value, const RdfaPrefixes& prefixes,
                          std::string_view base) {
  std::string_view rest = value;
  std::string_view word = take_word(rest);
  const bool safe = word.size() >= 2 && word.front() == '[' && word.back() == ']';
  if (safe) word = word.substr(1, word.size() - 2);
  if (word.substr(0, 2) == "_:") return std::string(word);
  const std::size_t colon = word.find(':');
  if (colon != std::string_view::npos && word.substr(colon + 1, 2) != "//") {
    if (const auto mapping = prefixes.find(word.substr(0, colon)))
      return resolve_iri(base, std::string(mapping->iri).append(word.substr(colon + 1)));
  }
  return safe ? std::string{} : resolve_iri(base, value);
}

}  // namespace crosstail::markup
