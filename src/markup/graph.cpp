#include "markup/graph.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <type_traits>

#include "base/hash.h"

namespace crosstail::markup {

namespace {

constexpr std::size_t kChunkBytes = std::size_t{64} << 10;
constexpr std::size_t kFirstIndex = 256;
constexpr std::size_t kKeptIndex = 4096;     // a larger index is given back by clear()
constexpr std::size_t kKeptNodes = 1 << 16;  // likewise for nodes and properties
constexpr std::size_t kLongestName = 16;     // "mainEntityOfPage"

constexpr char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}

bool is_space(char c) {
  return static_cast<unsigned char>(c) <= ' ';
}

std::string_view trim(std::string_view s) {
  while (!s.empty() && is_space(s.front())) s.remove_prefix(1);
  while (!s.empty() && is_space(s.back())) s.remove_suffix(1);
  return s;
}

bool starts_with_lower(std::string_view s, std::string_view lower_prefix) {
  if (s.size() < lower_prefix.size()) return false;
  for (std::size_t i = 0; i < lower_prefix.size(); ++i)
    if (lower(s[i]) != lower_prefix[i]) return false;
  return true;
}

/// Takes `scheme://name.schema.org` and the separators behind it off `s`; false if it is no such
/// IRI.
bool take_schema_host(std::string_view& s) {
  std::string_view rest = s;
  if (starts_with_lower(rest, "https:"))
    rest.remove_prefix(6);
  else if (starts_with_lower(rest, "http:"))
    rest.remove_prefix(5);
  while (!rest.empty() && rest.front() == '/') rest.remove_prefix(1);
  while (!starts_with_lower(rest, "schema.org")) {  // a name under it: one label a turn
    std::size_t label = 0;
    while (label < rest.size() && label < 64 && rest[label] != '.' && rest[label] != '/') ++label;
    if (label == 0 || label >= rest.size() || rest[label] != '.') return false;
    rest.remove_prefix(label + 1);
  }
  rest.remove_prefix(10);
  if (!rest.empty() && rest.front() != '/' && rest.front() != '#') return false;
  while (!rest.empty() && (rest.front() == '/' || rest.front() == '#')) rest.remove_prefix(1);
  s = rest;
  return true;
}

/// The local name of an IRI or name of schema.org, empty if it is none.
std::string_view local_name(std::string_view s, bool bare) {
  s = trim(s);
  while (!s.empty() && (s.back() == '/' || s.back() == '#')) s.remove_suffix(1);
  const bool plain =
      std::none_of(s.begin(), s.end(), [](char c) { return c == ':' || c == '.' || c == '/'; });
  if (plain) return bare ? s : std::string_view{};
  if (starts_with_lower(s, "schema:")) return trim(s.substr(7));
  return take_schema_host(s) ? s : std::string_view{};
}

struct Name {
  std::string_view lower_name;
  SchemaTerm term = SchemaTerm::None;
};

constexpr std::array<Name, 5> kTypes = {{{"faqpage", SchemaTerm::FAQPage},
                                         {"qapage", SchemaTerm::QAPage},
                                         {"question", SchemaTerm::Question},
                                         {"answer", SchemaTerm::Answer},
                                         {"webpage", SchemaTerm::WebPage}}};

constexpr std::array<Name, 20> kProperties = {{{"mainentity", SchemaTerm::MainEntity},
                                               {"mainentityofpage", SchemaTerm::MainEntityOfPage},
                                               {"acceptedanswer", SchemaTerm::AcceptedAnswer},
                                               {"suggestedanswer", SchemaTerm::SuggestedAnswer},
                                               {"haspart", SchemaTerm::HasPart},
                                               {"ispartof", SchemaTerm::IsPartOf},
                                               {"parentitem", SchemaTerm::ParentItem},
                                               {"itemlistelement", SchemaTerm::ItemListElement},
                                               {"item", SchemaTerm::Item},
                                               {"name", SchemaTerm::Name},
                                               {"text", SchemaTerm::Text},
                                               {"articlebody", SchemaTerm::ArticleBody},
                                               {"headline", SchemaTerm::Headline},
                                               {"description", SchemaTerm::Description},
                                               {"inlanguage", SchemaTerm::InLanguage},
                                               {"author", SchemaTerm::Author},
                                               {"url", SchemaTerm::Url},
                                               {"position", SchemaTerm::Position},
                                               {"about", SchemaTerm::About},
                                               {"subjectof", SchemaTerm::SubjectOf}}};

/// A name of at most 16 bytes in two words, upper case folded. (Bytes that are no letters may fold
/// onto one another, but never onto a letter, and the tables hold only letters.)
struct Folded {
  std::uint64_t low = 0, high = 0;
  bool operator==(const Folded&) const = default;
};

constexpr std::uint64_t kFold = 0x2020202020202020;

constexpr Folded fold(std::string_view name) {
  Folded folded;
  if (std::is_constant_evaluated()) {
    for (std::size_t i = 0; i < name.size(); ++i) {
      const std::uint64_t byte = static_cast<unsigned char>(name[i]);
      (i < 8 ? folded.low : folded.high) |= byte << (i % 8 * 8);
    }
  } else {
    std::array<char, kLongestName> bytes{};
    std::memcpy(bytes.data(), name.data(), name.size());
    std::memcpy(&folded.low, bytes.data(), 8);
    std::memcpy(&folded.high, bytes.data() + 8, 8);
  }
  return {folded.low | kFold, folded.high | kFold};
}
static_assert(std::endian::native == std::endian::little, "fold() reads words as little-endian");

/// A name's place in the table: length and two letters tell most names apart.
constexpr std::size_t slot(std::string_view name) {
  const auto at = [&](std::size_t i) {
    return static_cast<std::size_t>(static_cast<unsigned char>(name[i])) | 0x20u;
  };
  return (name.size() * 7 + at(0) * 3 + at(name.size() - 1)) % 64;
}

struct Cell {
  std::size_t size = 0;
  Folded name;
  SchemaTerm term = SchemaTerm::None;
};
using Table = std::array<std::array<Cell, 3>, 64>;

template <std::size_t N>
constexpr Table make_table(const std::array<Name, N>& names) {
  Table table{};
  for (const Name& name : names) {
    auto& cells = table[slot(name.lower_name)];
    std::size_t i = 0;
    while (cells[i].size != 0) ++i;  // out of bounds fails to compile
    cells[i] = {name.lower_name.size(), fold(name.lower_name), name.term};
  }
  return table;
}

constexpr Table kTypeTable = make_table(kTypes);
constexpr Table kPropertyTable = make_table(kProperties);

SchemaTerm look_up(const Table& table, std::string_view name) {
  if (name.empty() || name.size() > kLongestName) return SchemaTerm::None;
  const auto& cells = table[slot(name)];
  if (cells.front().size == 0) return SchemaTerm::None;
  const Folded folded = fold(name);
  for (const Cell& cell : cells)
    if (cell.size == name.size() && cell.name == folded) return cell.term;
  return SchemaTerm::None;
}

}  // namespace

SchemaTerm schema_type(std::string_view iri_or_name, bool bare) {
  if (bare) {
    if (const SchemaTerm term = look_up(kTypeTable, iri_or_name); term != SchemaTerm::None)
      return term;
  }
  const std::string_view name = local_name(iri_or_name, bare);
  if (name.empty()) return SchemaTerm::None;
  const SchemaTerm term = look_up(kTypeTable, name);
  return term == SchemaTerm::None ? SchemaTerm::OtherType : term;
}

SchemaTerm schema_property(std::string_view iri_or_name, bool bare) {
  if (bare) {
    if (const SchemaTerm term = look_up(kPropertyTable, iri_or_name); term != SchemaTerm::None)
      return term;
  }
  std::string_view name = local_name(iri_or_name, bare);
  if (const auto slash = name.rfind('/'); slash != std::string_view::npos)
    name.remove_prefix(slash + 1);
  return look_up(kPropertyTable, name);
}

bool is_schema_vocabulary(std::string_view iri) {
  iri = trim(iri);
  return take_schema_host(iri) && iri.empty();
}

Graph::Graph() = default;
Graph::Graph(Graph&&) noexcept = default;
Graph& Graph::operator=(Graph&&) noexcept = default;
Graph::~Graph() = default;

char* Graph::reserve(std::size_t size) {
  if (size > chunk_left_) {
    const std::size_t bytes = std::max(size, kChunkBytes);
    chunks_.push_back({std::make_unique_for_overwrite<char[]>(bytes), bytes});
    chunk_at_ = chunks_.back().bytes.get();
    chunk_left_ = bytes;
  }
  return chunk_at_;
}

std::string_view Graph::commit(const char* begin, std::size_t used) {
  chunk_at_ += used;
  chunk_left_ -= used;
  return {begin, used};
}

std::string_view Graph::keep(std::string_view text) {
  if (text.empty()) return {};
  char* begin = reserve(text.size());
  std::memcpy(begin, text.data(), text.size());
  return commit(begin, text.size());
}

void Graph::grow() {
  std::vector<Entry> old(std::max(kFirstIndex, index_.size() * 2));
  old.swap(index_);
  const std::size_t mask = index_.size() - 1;
  for (const Entry& e : old) {
    if (e.first == kNoGraphId) continue;
    std::size_t at = e.hash & mask;
    while (index_[at].first != kNoGraphId) at = (at + 1) & mask;
    index_[at] = e;
  }
}

Graph::Entry& Graph::entry(std::string_view id) {
  if (used_ * 2 >= index_.size()) grow();
  const std::uint64_t hash = xxh3(id);
  const std::size_t mask = index_.size() - 1;
  std::size_t at = hash & mask;
  while (index_[at].first != kNoGraphId &&
         (index_[at].hash != hash || nodes[index_[at].first].id != id))
    at = (at + 1) & mask;
  index_[at].hash = hash;
  return index_[at];
}

GraphId Graph::find(std::string_view id) const {
  if (index_.empty() || id.empty()) return kNoGraphId;
  const std::uint64_t hash = xxh3(id);
  const std::size_t mask = index_.size() - 1;
  for (std::size_t at = hash & mask; index_[at].first != kNoGraphId; at = (at + 1) & mask)
    if (index_[at].hash == hash && nodes[index_[at].first].id == id) return index_[at].first;
  return kNoGraphId;
}

GraphId Graph::node(std::string_view id, std::size_t offset) {
  if (const GraphId found = find(id); found != kNoGraphId) return found;
  return statement(id, offset);
}

GraphId Graph::statement(std::string_view id, std::size_t offset) {
  const auto made = static_cast<GraphId>(nodes.size());
  nodes.push_back({.id = id, .offset = offset});
  if (id.empty()) return made;
  Entry& e = entry(id);
  if (e.first == kNoGraphId) {
    e.first = made;
    ++used_;
  } else {
    nodes[e.last].same_id = made;
  }
  e.last = made;
  return made;
}

void Graph::add(GraphId node, SchemaTerm term, const GraphValue& value, std::size_t offset,
                bool reverse) {
  const auto made = static_cast<GraphId>(properties.size());
  properties.push_back({.term = term, .reverse = reverse, .offset = offset, .value = value});
  GraphNode& n = nodes[node];
  if (n.last_property == kNoGraphId)
    n.first_property = made;
  else
    properties[n.last_property].next = made;
  n.last_property = made;
}

void Graph::clear() {
  if (nodes.capacity() > kKeptNodes) nodes = {};
  if (properties.capacity() > kKeptNodes) properties = {};
  nodes.clear();
  properties.clear();
  if (index_.size() > kKeptIndex)
    index_.clear();
  else if (used_ != 0)
    std::fill(index_.begin(), index_.end(), Entry{});
  used_ = 0;
  // One chunk of the usual size stays, so that the next page need not ask for memory.
  chunks_.resize(!chunks_.empty() && chunks_.front().size == kChunkBytes ? 1 : 0);
  chunk_left_ = chunks_.empty() ? 0 : kChunkBytes;
  chunk_at_ = chunks_.empty() ? nullptr : chunks_.front().bytes.get();
}

}  // namespace crosstail::markup
