#include "markup/jsonld_walk.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace crosstail::markup {

namespace {

using Kind = JsonValue::Kind;

std::string_view trim(std::string_view s) {
  while (!s.empty() && static_cast<unsigned char>(s.front()) <= ' ') s.remove_prefix(1);
  while (!s.empty() && static_cast<unsigned char>(s.back()) <= ' ') s.remove_suffix(1);
  return s;
}

/// A property of a node that waits for its value: where statements below it go.
struct Edge {
  GraphId node = kNoGraphId;
  SchemaTerm term = SchemaTerm::None;
  bool reverse = false;
  bool is_id = false;
  bool language_map = false;
  std::string_view language;

  [[nodiscard]] bool keeps() const { return term != SchemaTerm::None && node != kNoGraphId; }
};

/// Walks the values of a script, depth first, with a stack of its own.
class Walker {
 public:
  Walker(const JsonTape& tape, std::size_t offset, const JsonLdLimits& limits, Graph& graph,
         JsonLdCounts& counts, JsonLdContexts& contexts)
      : tape_(tape),
        offset_(offset),
        limits_(limits),
        graph_(graph),
        counts_(counts),
        contexts_(contexts) {}

  void run() {
    const auto end = static_cast<std::uint32_t>(tape_.values.size());
    push({.at = 0, .end = end});
    while (!stack_.empty()) {
      Frame& frame = stack_.back();
      if (frame.at >= frame.end) {
        stack_.pop_back();
        continue;
      }
      const std::uint32_t index = frame.at;
      frame.at = tape_.values[index].end;
      if (frame.what == What::Members)
        member(index);  // may push: `frame` is not to be used any more
      else
        item(index, frame.edge, frame.context);
    }
  }

 private:
  enum class What : std::uint8_t {
    Items,    ///< of an array: each is a value of `edge`
    Members,  ///< of an object that is `node`
  };
  struct Frame {
    What what = What::Items;
    bool reverse = false;                       ///< members of @reverse
    bool has_type = false, has_answer = false;  ///< of this statement so far
    std::uint32_t at = 0, end = 0;
    GraphId node = kNoGraphId;
    GraphId name = kNoGraphId, text = kNoGraphId;  ///< properties of this statement
    JsonLdContextId context = 0;
    Edge edge;
  };

  void push(Frame frame) {
    if (stack_.size() >= limits_.max_depth) {
      ++counts_.depth_limited;
      return;
    }
    stack_.push_back(frame);
  }

  [[nodiscard]] std::string_view key_of(const JsonValue& v) {
    return v.key_escaped ? decode(tape_.key(v)) : tape_.key(v);
  }
  std::string_view decode(std::string_view raw) {
    std::uint64_t lone = 0;
    const std::string_view text = decode_json_string(raw, graph_, lone);
    counts_[JsonLdRepair::LoneSurrogate] += lone;
    return text;
  }
  std::string_view text_of(const JsonValue& v) {
    return v.escaped ? decode(tape_.raw(v)) : tape_.raw(v);
  }
  [[nodiscard]] std::size_t offset_of(const JsonValue& v) const { return offset_ + v.begin; }

  // Values.

  /// A value of `edge`, or on its own.
  void item(std::uint32_t index, const Edge& edge, JsonLdContextId context) {
    const JsonValue& v = tape_.values[index];
    switch (v.kind) {
      case Kind::Object:
        object(index, edge, context);
        break;
      case Kind::Array:
        push({.at = index + 1, .end = v.end, .context = context, .edge = edge});
        break;
      case Kind::String:
        if (edge.keeps()) string(v, edge);
        break;
      case Kind::Number:
        if (edge.keeps()) add(edge, GraphValue::literal(tape_.raw(v)), v);
        break;
      case Kind::Other:
        break;
    }
  }

  void add(const Edge& edge, const GraphValue& value, const JsonValue& v) {
    graph_.add(edge.node, edge.term, value, offset_of(v), edge.reverse);
  }

  void string(const JsonValue& v, const Edge& edge) {
    if (v.cut) {  // what is not whole says nothing, lest another property stand in for this one
      graph_.nodes[edge.node].first_property = graph_.nodes[edge.node].last_property = kNoGraphId;
      return;
    }
    const std::string_view text = text_of(v);
    if (edge.is_id) {
      const GraphId node = graph_.node(identifier(text), offset_of(v));
      add(edge, GraphValue::of(node), v);
    } else {
      add(edge, GraphValue::literal(text, edge.language), v);
    }
  }

  /// What an object is, from its keys.
  struct Shape {
    std::uint32_t context = kNoJson, value = kNoJson, list = kNoJson, language = kNoJson;
    std::uint32_t id = kNoJson;
    std::uint32_t members = 0, keyless = 0, keywords = 0, strings = 0, tags = 0;
  };

  Shape shape_of(std::uint32_t index, JsonLdContextId context) {
    Shape shape;
    const std::uint32_t end = tape_.values[index].end;
    for (std::uint32_t i = index + 1; i < end; i = tape_.values[i].end) {
      const JsonValue& v = tape_.values[i];
      ++shape.members;
      shape.keyless += v.key_size == 0;
      shape.strings += v.kind == Kind::String || v.kind == Kind::Array;
      const std::string_view key = key_of(v);
      shape.tags += is_language_tag(key);
      const JsonLdKeyword keyword = contexts_.keyword(context, key);
      if (keyword == JsonLdKeyword::None) continue;
      ++shape.keywords;
      switch (keyword) {
        case JsonLdKeyword::Context:
          shape.context = i;
          break;
        case JsonLdKeyword::Value:
          shape.value = i;
          break;
        case JsonLdKeyword::Language:
          shape.language = i;
          break;
        case JsonLdKeyword::List:
        case JsonLdKeyword::Set:
          shape.list = i;
          break;
        case JsonLdKeyword::Id:
          shape.id = i;
          break;
        default:
          break;
      }
    }
    return shape;
  }

  void object(std::uint32_t index, const Edge& edge, JsonLdContextId context) {
    const JsonValue& v = tape_.values[index];
    Shape shape = shape_of(index, context);
    if (shape.context != kNoJson) {
      const JsonLdContextId own = contexts_.add(tape_, shape.context, context, graph_);
      if (own != context) shape = shape_of(index, own);
      context = own;
    }
    if (shape.value != kNoJson) return value_object(shape, edge, context);
    if (shape.list != kNoJson) return item(shape.list, with_text_language(edge, context), context);
    if (is_language_map(shape, edge)) return language_map(index, edge);
    if (shape.members != 0 && shape.keyless == shape.members) {  // braces where brackets should be
      push({.at = index + 1, .end = v.end, .context = context, .edge = edge});
      return;
    }
    GraphId node = kNoGraphId;
    if (shape.members == 1 && shape.id != kNoJson && tape_.values[shape.id].kind == Kind::String) {
      node = graph_.node(identifier(text_of(tape_.values[shape.id])), offset_of(v));
      if (edge.keeps()) add(edge, GraphValue::of(node), v);
      return;
    }
    const bool named = shape.id != kNoJson && tape_.values[shape.id].kind == Kind::String &&
                       !tape_.values[shape.id].cut;
    node = graph_.statement(
        named ? identifier(text_of(tape_.values[shape.id])) : std::string_view{}, offset_of(v));
    if (edge.keeps()) add(edge, GraphValue::of(node), v);
    push({.what = What::Members,
          .at = index + 1,
          .end = v.end,
          .node = node,
          .context = context,
          .edge = edge});
  }

  void value_object(const Shape& shape, const Edge& edge, JsonLdContextId context) {
    Edge tagged = with_text_language(edge, context);
    if (shape.language != kNoJson && tape_.values[shape.language].kind == Kind::String)
      tagged.language = trim(text_of(tape_.values[shape.language]));
    tagged.is_id = false;
    item(shape.value, tagged, context);
  }

  [[nodiscard]] Edge with_text_language(Edge edge, JsonLdContextId context) const {
    if (edge.language.empty()) edge.language = contexts_.language(context);
    return edge;
  }

  /// "name": {"en": "…", "de": "…"}: declared as such, or where nothing else can be meant.
  static bool is_language_map(const Shape& shape, const Edge& edge) {
    if (!edge.keeps() || shape.keywords != 0 || shape.members == 0 ||
        shape.strings != shape.members || shape.keyless != 0)
      return false;
    return edge.language_map || (shape.tags == shape.members &&
                                 (edge.term == SchemaTerm::Name || edge.term == SchemaTerm::Text));
  }

  /// en, pt-BR, zh_Hant
  static bool is_language_tag(std::string_view key) {
    const auto primary = std::min(key.find_first_of("-_"), key.size());
    return (primary == 2 || primary == 3) && key.size() <= 8 &&
           std::all_of(key.begin(), key.begin() + static_cast<std::ptrdiff_t>(primary),
                       [](char c) { return c >= 'a' && c <= 'z'; });
  }

  void language_map(std::uint32_t index, Edge edge) {
    const std::uint32_t end = tape_.values[index].end;
    for (std::uint32_t i = index + 1; i < end; i = tape_.values[i].end) {
      edge.language = trim(key_of(tape_.values[i]));
      if (edge.language == "none") edge.language = {};
      item(i, edge, 0);
    }
  }

  /// Blank nodes are their script's own; everything else is the page's.
  std::string_view identifier(std::string_view id) {
    id = trim(id);
    if (id.substr(0, 2) != "_:") return id;
    return graph_.keep(std::string(id) + '@' + std::to_string(offset_));
  }

  // Members of node objects.

  void member(std::uint32_t index) {
    const JsonValue& v = tape_.values[index];
    const Frame frame = stack_.back();
    if (v.key_size == 0) return item(index, {}, frame.context);
    const JsonLdTerm term = contexts_.key(frame.context, key_of(v));
    if (term.keyword != JsonLdKeyword::None) return keyword_member(index, term.keyword, frame);
    if (term.property == SchemaTerm::Name && frame.name != kNoGraphId && frame.has_answer)
      next_statement(frame.node, true);
    overwrite(term.property);
    const Edge edge{
        .node = stack_.back().node,
        .term = term.property,
        .reverse = frame.reverse != term.reverse,
        .is_id = term.is_id,
        .language_map = term.language_map,
        .language = term.has_language ? term.language : contexts_.language(frame.context)};
    item(index, edge, frame.context);
  }

  /// Of two members with one key, JSON keeps the last.
  void overwrite(SchemaTerm term) {
    Frame& frame = stack_.back();
    frame.has_answer |= term == SchemaTerm::AcceptedAnswer;
    if (term != SchemaTerm::Name && term != SchemaTerm::Text) return;
    GraphId& property = term == SchemaTerm::Name ? frame.name : frame.text;
    if (property < graph_.properties.size() && graph_.properties[property].term == term)
      graph_.properties[property].term = SchemaTerm::None;
    property = static_cast<GraphId>(graph_.properties.size());
  }

  void keyword_member(std::uint32_t index, JsonLdKeyword keyword, const Frame& frame) {
    const JsonValue& v = tape_.values[index];
    switch (keyword) {
      case JsonLdKeyword::Type:
        if (frame.has_type && is_complete(frame)) next_statement(frame.node, false);
        stack_.back().has_type = true;
        return types(index);
      case JsonLdKeyword::Graph:
      case JsonLdKeyword::Included:
        return item(index, {}, frame.context);
      case JsonLdKeyword::Reverse:
        if (v.kind == Kind::Object)
          push({.what = What::Members,
                .reverse = true,
                .at = index + 1,
                .end = v.end,
                .node = frame.node,
                .context = frame.context});
        return;
      case JsonLdKeyword::Nest:
        if (v.kind == Kind::Object)
          push({.what = What::Members,
                .at = index + 1,
                .end = v.end,
                .node = frame.node,
                .context = frame.context});
        return;
      default:
        return;
    }
  }

  [[nodiscard]] bool is_complete(const Frame& frame) const {
    return frame.has_answer ||
           (frame.text != kNoGraphId && graph_.nodes[frame.node].types.has(SchemaTerm::Answer));
  }

  /// A second @type or name in an object that already has its answer: the brackets between two
  /// questions are missing, and JSON would let the second overwrite the first.
  void next_statement(GraphId before, bool same_types) {
    const GraphId node = graph_.statement({}, graph_.nodes[before].offset);
    if (same_types) graph_.nodes[node].types = graph_.nodes[before].types;
    Frame& frame = stack_.back();
    if (frame.edge.keeps() && frame.edge.term == SchemaTerm::MainEntity)
      add(frame.edge, GraphValue::of(node), tape_.values[frame.at - 1]);
    frame.node = node;
    frame.name = frame.text = kNoGraphId;
    frame.has_answer = frame.has_type = false;
  }

  void types(std::uint32_t index) {
    const Frame& frame = stack_.back();
    const std::uint32_t end = tape_.values[index].end;
    for (std::uint32_t i = index; i < end; ++i) {
      const JsonValue& v = tape_.values[i];
      if (v.kind == Kind::String && !v.cut) add_types(text_of(v), frame);
    }
  }

  /// One type, or several in one string.
  void add_types(std::string_view text, const Frame& frame) {
    text = trim(text);
    while (!text.empty()) {
      const auto end = static_cast<std::size_t>(
          std::find_if(text.begin(), text.end(),
                       [](char c) { return c == ' ' || c == ',' || c == ';'; }) -
          text.begin());
      graph_.add_type(frame.node, contexts_.type(frame.context, text.substr(0, end)));
      text = trim(text.substr(std::min(end + 1, text.size())));
    }
  }

  const JsonTape& tape_;
  std::size_t offset_;
  const JsonLdLimits& limits_;
  Graph& graph_;
  JsonLdCounts& counts_;
  JsonLdContexts& contexts_;
  std::vector<Frame> stack_;
};

}  // namespace

void walk_jsonld(const JsonTape& tape, std::size_t offset, const JsonLdLimits& limits, Graph& graph,
                 JsonLdCounts& counts, JsonLdContexts& contexts) {
  Walker(tape, offset, limits, graph, counts, contexts).run();
}

}  // namespace crosstail::markup
