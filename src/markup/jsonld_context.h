#pragma once
/// JSON-LD contexts, as far as FAQs need them: which keys and types are schema.org's, which are
/// keywords by another name, and the default language. (JSON-LD 1.1 §4.1, Processing Algorithms §4;
/// nothing is fetched: a context given by another address defines another vocabulary.)

#include <cstdint>
#include <string_view>
#include <vector>

#include "markup/graph.h"
#include "markup/jsonld_tape.h"

namespace crosstail::markup {

enum class JsonLdKeyword : std::uint8_t {
  None,
  Context,
  Id,
  Type,
  Value,
  Language,
  Graph,
  List,
  Set,
  Reverse,
  Included,
  Nest,
  Vocab,
  Ignored,  ///< @base, @index, @version…
};

/// What a key or a type stands for under a context. All None: nothing that is kept.
struct JsonLdTerm {
  JsonLdKeyword keyword = JsonLdKeyword::None;
  SchemaTerm property = SchemaTerm::None;
  SchemaTerm type = SchemaTerm::None;
  bool reverse = false;       ///< @reverse
  bool is_id = false;         ///< "@type": "@id": strings are references
  bool language_map = false;  ///< "@container": "@language"
  bool has_language = false;  ///< "@language", also null
  std::string_view language;
};

using JsonLdContextId = std::uint32_t;

/// The contexts of one script. Contexts that define terms stand on their parent; more than 16 on
/// one another, or 65,536 in all, are left out.
class JsonLdContexts {
 public:
  /// Forgets all; context 0 is that of a script without any: bare names are schema.org's.
  void clear();

  /// The context that value `index` of `tape` states under `parent`. Strings may be kept by
  /// `graph`.
  JsonLdContextId add(const JsonTape& tape, std::uint32_t index, JsonLdContextId parent,
                      Graph& graph);

  [[nodiscard]] JsonLdTerm key(JsonLdContextId context, std::string_view key) const;
  /// key(…).keyword, faster.
  [[nodiscard]] JsonLdKeyword keyword(JsonLdContextId context, std::string_view key) const;
  [[nodiscard]] SchemaTerm type(JsonLdContextId context, std::string_view name) const;
  [[nodiscard]] std::string_view language(JsonLdContextId context) const {
    return contexts_[context].language;
  }

 private:
  struct Definition {
    std::string_view name;
    std::string_view iri;  ///< as stated, for prefixes; empty if the name is defined as nothing
    JsonLdTerm term;
  };
  struct Context {
    JsonLdContextId parent = 0;
    bool schema = true;       ///< bare names are schema.org's
    bool assumed = true;      ///< … because no context says otherwise
    std::uint8_t levels = 0;  ///< contexts with definitions, this one and those it stands on
    std::string_view language;
    std::vector<Definition> definitions;  ///< sorted by name
  };
  class Builder;
  [[nodiscard]] const Definition* find(const Context& context, std::string_view name) const;
  [[nodiscard]] JsonLdTerm expand(const Context& context, std::string_view name) const;

  std::vector<Context> contexts_;
};

/// The keyword of "@type" and the like, in any case.
JsonLdKeyword jsonld_keyword(std::string_view key);

}  // namespace crosstail::markup
