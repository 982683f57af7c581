#include "markup/jsonld_context.h"

#include <algorithm>
#include <array>

namespace crosstail::markup {

namespace {

constexpr std::uint8_t kMostLevels = 16;
constexpr std::size_t kMostContexts = 1 << 16;

using Kind = JsonValue::Kind;

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}

bool equals_lower(std::string_view s, std::string_view lower_word) {
  return s.size() == lower_word.size() && std::equal(s.begin(), s.end(), lower_word.begin(),
                                                     [](char a, char b) { return lower(a) == b; });
}

std::string_view trim(std::string_view s) {
  while (!s.empty() && static_cast<unsigned char>(s.front()) <= ' ') s.remove_prefix(1);
  while (!s.empty() && static_cast<unsigned char>(s.back()) <= ' ') s.remove_suffix(1);
  return s;
}

bool is_alphanumeric(char c) {
  return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z');
}

/// Whether a context's address is schema.org's, spelt as the web spells it: also its context files,
/// and with a scheme that lost a letter or stands twice.
bool names_schema_org(std::string_view iri) {
  constexpr std::size_t kSize = 10;  // schema.org
  std::size_t at = 0;
  while (at + kSize <= iri.size() && !equals_lower(iri.substr(at, kSize), "schema.org")) ++at;
  if (at + kSize > iri.size()) return false;
  const std::string_view after = iri.substr(at + kSize);
  if (!after.empty() && (is_alphanumeric(after[0]) || after[0] == '-')) return false;
  if (after.size() > 1 && after[0] == '.' && is_alphanumeric(after[1])) return false;
  std::string_view before = iri.substr(0, at);
  const auto host = before.find_last_of("/: @\"'");
  const std::string_view labels = host == std::string_view::npos ? before : before.substr(host + 1);
  if (!labels.empty() && labels.back() != '.') return false;
  before.remove_suffix(labels.size());
  return before.find_first_of(".?#") == std::string_view::npos;
}

}  // namespace

JsonLdKeyword jsonld_keyword(std::string_view key) {
  struct Word {
    std::string_view name;
    JsonLdKeyword keyword;
  };
  static constexpr std::array<Word, 12> kWords = {{{"@type", JsonLdKeyword::Type},
                                                   {"@id", JsonLdKeyword::Id},
                                                   {"@context", JsonLdKeyword::Context},
                                                   {"@graph", JsonLdKeyword::Graph},
                                                   {"@value", JsonLdKeyword::Value},
                                                   {"@language", JsonLdKeyword::Language},
                                                   {"@list", JsonLdKeyword::List},
                                                   {"@set", JsonLdKeyword::Set},
                                                   {"@reverse", JsonLdKeyword::Reverse},
                                                   {"@included", JsonLdKeyword::Included},
                                                   {"@nest", JsonLdKeyword::Nest},
                                                   {"@vocab", JsonLdKeyword::Vocab}}};
  if (key.empty() || key.front() != '@') return JsonLdKeyword::None;
  for (const Word& word : kWords)
    if (equals_lower(key, word.name)) return word.keyword;
  return JsonLdKeyword::Ignored;
}

void JsonLdContexts::clear() {
  contexts_.resize(1);
  contexts_.front() = Context{};
}

/// Reads one @context into a context.
class JsonLdContexts::Builder {
 public:
  Builder(const JsonLdContexts& all, const JsonTape& tape, Graph& graph, Context& context)
      : all_(all), tape_(tape), graph_(graph), context_(context) {}

  void read(std::uint32_t index) {
    // A list is read in order; a list in a list is no JSON-LD, but means the same.
    const bool list = tape_.values[index].kind == Kind::Array;
    const std::uint32_t end = tape_.values[index].end;
    for (std::uint32_t i = list ? index + 1 : index; i < end;) {
      const JsonValue& v = tape_.values[i];
      if (v.kind == Kind::String) {
        string(text(v));
      } else if (v.kind == Kind::Object) {
        object(i);
      } else if (v.kind == Kind::Other && tape_.text.substr(v.begin, 4) == "null") {
        context_ = Context{.schema = false, .assumed = false};
        stated_ = false;
      }
      i = v.kind == Kind::Object ? v.end : i + 1;
    }
    std::stable_sort(context_.definitions.begin(), context_.definitions.end(),
                     [](const Definition& a, const Definition& b) { return a.name < b.name; });
    resolve();
  }

 private:
  std::string_view text(const JsonValue& v) {
    std::uint64_t unused = 0;
    return trim(v.escaped ? decode_json_string(tape_.raw(v), graph_, unused) : tape_.raw(v));
  }

  void state(bool schema) {
    context_.schema = schema;
    context_.assumed = false;
    stated_ |= schema;
  }

  /// Another vocabulary's context does not take schema.org's names from a list that states them.
  void string(std::string_view iri) {
    if (names_schema_org(iri)) return state(true);
    const bool address = iri.find_first_of("/.:") != std::string_view::npos;
    if (address && !stated_) state(false);
  }

  void object(std::uint32_t index) {
    bool terms = false, vocabulary = false;
    const std::uint32_t end = tape_.values[index].end;
    for (std::uint32_t i = index + 1; i < end; i = tape_.values[i].end) {
      const JsonValue& v = tape_.values[i];
      const std::string_view key = tape_.key(v);
      switch (jsonld_keyword(key)) {
        case JsonLdKeyword::None:
          terms |= !key.empty();
          if (!key.empty()) context_.definitions.push_back({.name = key, .iri = {}, .term = {}});
          if (!key.empty()) sources_.push_back(i);
          break;
        case JsonLdKeyword::Language:
          context_.language = v.kind == Kind::String ? text(v) : std::string_view{};
          break;
        case JsonLdKeyword::Vocab:
          vocabulary = true;
          state(v.kind == Kind::String && (names_schema_org(text(v)) || text(v) == "schema:"));
          break;
        default:  // "@schema": "https://schema.org" and other inventions
          if (v.kind == Kind::String && names_schema_org(text(v))) state(true);
      }
    }
    // Definitions alone define nothing else.
    if (terms && !vocabulary && context_.assumed && !stated_) context_.schema = false;
    define();
  }

  void define() {
    for (std::size_t i = 0; i < sources_.size(); ++i) {
      const JsonValue& v = tape_.values[sources_[i]];
      Definition& d = context_.definitions[context_.definitions.size() - sources_.size() + i];
      if (v.kind == Kind::String) d.iri = text(v);
      if (v.kind == Kind::Object) define_in_full(sources_[i], d);
    }
    sources_.clear();
  }

  void define_in_full(std::uint32_t index, Definition& d) {
    d.iri = d.name;
    const std::uint32_t end = tape_.values[index].end;
    for (std::uint32_t i = index + 1; i < end; i = tape_.values[i].end) {
      const JsonValue& v = tape_.values[i];
      const std::string_view key = tape_.key(v);
      const std::string_view value = v.kind == Kind::String ? text(v) : std::string_view{};
      if (key == "@id" || key == "@reverse") d.iri = value;
      if (key == "@reverse") d.term.reverse = true;
      if (key == "@type") d.term.is_id = value == "@id";
      if (key == "@language") {
        d.term.has_language = true;
        d.term.language = value;
      }
      if (key == "@container")
        d.term.language_map =
            tape_.text.substr(v.begin, v.kind == Kind::Array ? 64 : v.size).find("@language") !=
            std::string_view::npos;
    }
  }

  /// What the definitions' IRIs stand for, once all are known.
  void resolve() {
    for (Definition& d : context_.definitions) {
      const bool itself = d.iri == d.name;
      JsonLdTerm term;
      if (!itself || d.iri.find(':') != std::string_view::npos)
        term = all_.expand(context_, d.iri);
      else if (context_.schema)
        term = {.property = schema_property(d.iri, true), .type = schema_type(d.iri, true)};
      d.term.keyword = term.keyword;
      d.term.property = term.property;
      d.term.type = term.type;
    }
  }

  const JsonLdContexts& all_;
  const JsonTape& tape_;
  Graph& graph_;
  Context& context_;
  std::vector<std::uint32_t> sources_;
  bool stated_ = false;  ///< this @context states schema.org
};

JsonLdContextId JsonLdContexts::add(const JsonTape& tape, std::uint32_t index,
                                    JsonLdContextId parent, Graph& graph) {
  if (contexts_.size() >= kMostContexts || contexts_[parent].levels >= kMostLevels) return parent;
  const Context& below = contexts_[parent];
  Context context{.parent = parent,
                  .schema = below.schema,
                  .assumed = below.assumed,
                  .levels = below.levels,
                  .language = below.language};
  Builder(*this, tape, graph, context).read(index);
  if (context.definitions.empty() && context.schema == below.schema &&
      context.language == below.language && context.parent == parent)
    return parent;
  if (!context.definitions.empty()) ++context.levels;
  if (below.definitions.empty()) context.parent = std::min(context.parent, below.parent);
  contexts_.push_back(std::move(context));
  return static_cast<JsonLdContextId>(contexts_.size() - 1);
}

const JsonLdContexts::Definition* JsonLdContexts::find(const Context& context,
                                                       std::string_view name) const {
  for (const Context* c = &context;; c = &contexts_[c->parent]) {
    const auto found =
        std::upper_bound(c->definitions.begin(), c->definitions.end(), name,
                         [](std::string_view n, const Definition& d) { return n < d.name; });
    if (found != c->definitions.begin() && std::prev(found)->name == name)
      return &*std::prev(found);  // the last of several
    if (c == &contexts_[c->parent]) return nullptr;
  }
}

JsonLdTerm JsonLdContexts::expand(const Context& context, std::string_view name) const {
  name = trim(name);
  if (!name.empty() && name.front() == '@') return {.keyword = jsonld_keyword(name)};
  const auto colon = name.find(':');
  if (colon != std::string_view::npos && name.substr(colon + 1, 2) != "//") {
    if (const Definition* prefix = find(context, name.substr(0, colon)); prefix != nullptr) {
      const std::string_view rest = name.substr(colon + 1);
      if (!names_schema_org(prefix->iri) || rest.find_first_of(":/") != std::string_view::npos)
        return {};
      return {.property = schema_property(rest, true), .type = schema_type(rest, true)};
    }
  }
  const bool bare = context.schema && colon == std::string_view::npos;
  return {.property = schema_property(name, bare), .type = schema_type(name, bare)};
}

JsonLdKeyword JsonLdContexts::keyword(JsonLdContextId id, std::string_view key) const {
  key = trim(key);
  if (key.empty()) return JsonLdKeyword::None;
  if (key.front() == '@') return jsonld_keyword(key);
  const Context& context = contexts_[id];
  if (context.levels != 0) {
    if (const Definition* d = find(context, key); d != nullptr) return d->term.keyword;
  }
  // schema.org's own context has these two.
  if (context.schema && equals_lower(key, "type")) return JsonLdKeyword::Type;
  if (context.schema && equals_lower(key, "id")) return JsonLdKeyword::Id;
  return JsonLdKeyword::None;
}

JsonLdTerm JsonLdContexts::key(JsonLdContextId id, std::string_view key) const {
  key = trim(key);
  if (key.empty()) return {};
  const Context& context = contexts_[id];
  if (context.levels != 0 && key.front() != '@') {
    if (const Definition* d = find(context, key); d != nullptr) return d->term;
  }
  if (const JsonLdKeyword word = keyword(id, key); word != JsonLdKeyword::None)
    return {.keyword = word};
  if (context.levels == 0) return {.property = schema_property(key, context.schema)};
  return expand(context, key);
}

SchemaTerm JsonLdContexts::type(JsonLdContextId id, std::string_view name) const {
  const Context& context = contexts_[id];
  if (context.levels != 0) {
    if (const Definition* d = find(context, trim(name)); d != nullptr) return d->term.type;
  }
  return expand(context, name).type;
}

}  // namespace crosstail::markup
