#pragma once
/// What the names in RDFa attributes stand for (RDFa Core 1.1 §7.4): terms under @vocab, CURIEs
/// under @prefix, xmlns: and the initial context, and IRIs.
///
/// A name is schema.org's if it is a term under schema.org's vocabulary, a CURIE whose prefix
/// stands for that vocabulary as such, or a full IRI. (A prefix that stands for half a name of
/// schema.org is none of ours: so every name that counts can be seen in its own attribute;
/// syntax_filter.h relies on that.)

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "markup/graph.h"

namespace crosstail::markup {

/// The vocabulary that a prefix or @vocab stands for, as far as it matters here.
enum class RdfaVocabulary : std::uint8_t { None, Schema, Rdf, Rdfa, Other };
RdfaVocabulary rdfa_vocabulary(std::string_view iri);

/// A predicate or type.
struct RdfaName {
  enum class Kind : std::uint8_t { None, Schema, RdfType, RdfaCopy, RdfaPattern } kind = Kind::None;
  SchemaTerm term = SchemaTerm::None;
};

/// Prefix mappings in force: the initial context, and a stack of scopes over it. Looking a prefix
/// up takes constant time however many elements declare some.
class RdfaPrefixes {
 public:
  struct Mapping {
    std::string_view iri;  ///< borrowed
    RdfaVocabulary vocabulary = RdfaVocabulary::None;
  };

  /// In any case; `iri` is borrowed until the scope ends.
  void declare(std::string_view prefix, std::string_view iri);
  /// `prefix: IRI` pairs of a @prefix attribute; what is malformed in it is passed over.
  void declare_all(std::string_view attribute);
  /// Nothing if the prefix is not declared.
  [[nodiscard]] std::optional<Mapping> find(std::string_view prefix) const;

  /// A place to come back to, and the way back.
  [[nodiscard]] std::size_t mark() const { return declared_.size(); }
  void restore(std::size_t mark);

 private:
  std::unordered_map<std::string, std::vector<Mapping>> mappings_;  ///< lower case → innermost last
  std::vector<std::vector<Mapping>*> declared_;                     ///< in order, to undo
};

/// TERMorCURIEorAbsIRI, of a property.
RdfaName rdfa_property(std::string_view word, RdfaVocabulary vocab, const RdfaPrefixes& prefixes);
/// The same, of a type.
RdfaName rdfa_type(std::string_view word, RdfaVocabulary vocab, const RdfaPrefixes& prefixes);
/// The same, of an absolute IRI.
RdfaName rdfa_type_of_iri(std::string_view iri);
/// True for a word that is a term by its form: no CURIE, no IRI.
bool is_rdfa_term(std::string_view word);

/// SafeCURIEorCURIEorIRI, of @about and @resource, made absolute against `base`. Blank nodes stay
/// as
/// `_:name`. Empty if the value is a safe CURIE that stands for nothing: it then counts as absent.
std::string rdfa_resource(std::string_view value, const RdfaPrefixes& prefixes,
                          std::string_view base);

}  // namespace crosstail::markup
