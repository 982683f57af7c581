#include "markup/nquads.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <utility>

#include "markup/nquads_line.h"
#include "text/utf8.h"

namespace crosstail::markup {

namespace {

constexpr std::size_t kChunk = std::size_t{1} << 20;  // stays in the processor's cache
constexpr auto npos = std::string_view::npos;

/// What a predicate or a type is for.
struct Use {
  bool is_type = false, is_odd = false;
  SchemaTerm term = SchemaTerm::None;
};

bool is_rdf_type(std::string_view iri) {
  constexpr std::string_view kType = "://www.w3.org/1999/02/22-rdf-syntax-ns#type";
  if (iri.size() < kType.size() + 4 || iri.size() > kType.size() + 5) return false;
  return std::equal(kType.begin(), kType.end(),
                    iri.end() - static_cast<std::ptrdiff_t>(kType.size()),
                    [](char a, char b) { return a == (b >= 'A' && b <= 'Z' ? (b | 0x20) : b); });
}

/// A page repeats the same few IRIs; what they mean is remembered.
class IriMemory {
 public:
  template <class Find>
  const Use& operator()(std::string_view iri, Find find) {
    if (iri.size() < 8) return slots_[0].meaning = find(iri);
    std::uint64_t tail = 0;
    std::memcpy(&tail, iri.data() + iri.size() - 8, 8);
    Slot& slot = slots_[1 + ((tail ^ iri.size()) * 0x9e3779b97f4a7c15u >> 57)];
    if (!same_bytes(slot.iri, iri)) {
      slot.meaning = find(iri);
      slot.iri.assign(iri);
    }
    return slot.meaning;
  }

 private:
  struct Slot {
    std::string iri;
    Use meaning;
  };
  std::array<Slot, 129> slots_;
};

/// Reads the lines of one chunk.
class ChunkReader {
 public:
  ChunkReader(std::string_view bytes, std::uint64_t offset, const NQuadsLimits& limits,
              NQuadsVisitor& visitor)
      : bytes_(bytes),
        offset_(offset),
        limits_(limits),
        visitor_(visitor),
        valid_(text::is_valid_utf8(bytes)) {}

  NQuadsCounts read() {
    counts_.bytes = bytes_.size();
    for (std::size_t begin = 0; begin < bytes_.size();) {
      const std::size_t end = std::min(bytes_.find('\n', begin), bytes_.size());
      ++counts_.lines;
      take_line(bytes_.substr(begin, end - begin), begin);
      begin = end + 1;
    }
    end_page();
    return counts_;
  }

 private:
  void take_line(std::string_view line, std::size_t at) {
    if (line.empty() || (line[0] != '_' && is_blank_line(line))) {
      ++counts_.blank;
      return;
    }
    LineEnd end;
    QuadLine& quad = quad_;
    const bool same = in_page_ && !graph_.empty() && ends_in_graph(line, graph_, end) &&
                      split_line(line, end.object_end, quad);
    if (!same) {
      end = read_line_end(line);
      if (!end.ok || !split_line(line, end.object_end, quad)) return bad(line, at);
      if (!in_page_ || end.graph != graph_) start_page(end.graph, at);
    }
    if (limited_) {
      ++counts_.over_limit;
      return;
    }
    if (at + line.size() - page_begin_ > limits_.max_page_bytes) return limit();
    take_quad(quad, line, at);
  }

  void take_quad(const QuadLine& quad, std::string_view line, std::size_t at) {
    const Use use = uses_(quad.predicate, [](std::string_view iri) {
      if (is_rdf_type(iri)) return Use{true, false, SchemaTerm::None};
      return Use{false, is_odd_iri(iri), schema_property(iri, false)};
    });
    ObjectTerm object;
    if (!read_object(quad.rest, object)) return bad(line, at);
    Use type;
    if (use.is_type && object.kind != ObjectTerm::Kind::Blank)
      type = types_(object.text, [](std::string_view iri) {
        return Use{false, is_odd_iri(iri), schema_type(iri, false)};
      });
    const bool odd =
        graph_is_odd_ || is_odd(quad.subject) || use.is_odd || type.is_odd ||
        (!use.is_type && object.kind == ObjectTerm::Kind::Iri && is_odd_iri(object.text));
    if (odd) ++counts_.odd_iris;
    if (use.term == SchemaTerm::None && type.term == SchemaTerm::None) {
      ++counts_.irrelevant;
      return;
    }
    if (kept_ == limits_.max_page_quads) return limit();
    ++kept_;
    ++counts_.kept;
    const GraphId subject = node_of_subject(quad.subject, at);
    if (use.is_type)
      facts_.add_type(subject, type.term);
    else
      facts_.add(subject, use.term, value(object, at), at);
  }

  static bool is_odd(std::string_view subject) {
    return !subject.starts_with("_:") && is_odd_iri(subject);
  }

  GraphId node_of_subject(std::string_view subject, std::size_t at) {
    const bool same = subject.data() == last_subject_.data() || subject == last_subject_;
    if (last_node_ == kNoGraphId || !same) {
      last_node_ = facts_.node(subject, at);
      last_subject_ = subject;
    }
    return last_node_;
  }

  GraphValue value(const ObjectTerm& object, std::size_t at) {
    if (object.kind != ObjectTerm::Kind::Literal)
      return GraphValue::of(facts_.node(object.text, at));
    bool repaired = false;
    const std::string_view text = clean_text(object.text, valid_, facts_, repaired);
    if (repaired) ++counts_.repaired;
    return GraphValue::literal(text, object.language);
  }

  void bad(std::string_view line, std::size_t at) {
    ++counts_.bad;
    visitor_.bad_line(offset_ + at, line);
  }

  void limit() {
    limited_ = true;
    ++counts_.over_limit;
  }

  void start_page(std::string_view graph, std::size_t at) {
    end_page();
    in_page_ = true;
    graph_ = graph;
    graph_is_odd_ =
        graph.size() > 2 && graph[0] == '<' && is_odd_iri(graph.substr(1, graph.size() - 2));
    page_begin_ = at;
    limited_ = false;
    kept_ = 0;
    last_node_ = kNoGraphId;
  }

  void end_page() {
    if (in_page_ && limited_) ++counts_.pages_limited;
    if (in_page_ && kept_ > 0) {
      ++counts_.pages;
      bool repaired = false;
      std::string_view url = graph_;
      if (url.starts_with('<')) url = url.substr(1, url.size() - 2);
      visitor_.page({clean_text(url, valid_, facts_, repaired), offset_ + page_begin_, limited_},
                    facts_);
    }
    facts_.clear();
    in_page_ = false;
  }

  std::string_view bytes_;
  std::uint64_t offset_;
  const NQuadsLimits& limits_;
  NQuadsVisitor& visitor_;
  bool valid_;
  NQuadsCounts counts_;
  Graph facts_;
  QuadLine quad_;
  IriMemory uses_;
  IriMemory types_;
  std::string_view graph_, last_subject_;  ///< graph_ as written
  bool in_page_ = false, limited_ = false, graph_is_odd_ = false;
  std::size_t page_begin_ = 0, kept_ = 0;
  GraphId last_node_ = kNoGraphId;
};

/// The last whole line before `end` (which is behind a line end), blank ones passed over; false if
/// there is none.
bool line_before(std::string_view bytes, std::size_t end, std::size_t& begin,
                 std::string_view& line) {
  while (end > 0) {
    const std::size_t before = end > 1 ? bytes.rfind('\n', end - 2) : npos;
    begin = before == npos ? 0 : before + 1;
    line = bytes.substr(begin, end - 1 - begin);
    if (!is_blank_line(line)) return true;
    end = begin;
  }
  return false;
}

}  // namespace

NQuadsCounts& NQuadsCounts::operator+=(const NQuadsCounts& other) {
  lines += other.lines;
  kept += other.kept;
  irrelevant += other.irrelevant;
  blank += other.blank;
  bad += other.bad;
  over_limit += other.over_limit;
  odd_iris += other.odd_iris;
  repaired += other.repaired;
  pages += other.pages;
  pages_limited += other.pages_limited;
  bytes += other.bytes;
  return *this;
}

void NQuadsChunk::read(NQuadsVisitor& visitor) {
  counts_ = ChunkReader({bytes_.get(), size_}, offset_, limits_, visitor).read();
  counts_.lines += passed_lines_;
  counts_.over_limit += passed_lines_;
  counts_.bytes += passed_bytes_;
}

Result<NQuadsChunker> NQuadsChunker::open(std::unique_ptr<ByteSource> source, NQuadsLimits limits,
                                          NQuadsPosition from) {
  NQuadsChunker chunker;
  chunker.source_ = std::move(source);
  chunker.limits_ = limits;
  while (chunker.offset_ < from.offset && !chunker.ended_) {
    chunker.fill(
        static_cast<std::size_t>(std::min<std::uint64_t>(kChunk, from.offset - chunker.offset_)));
    chunker.offset_ += std::exchange(chunker.size_, 0);
  }
  return chunker;
}

/// Reads until there are `wanted` bytes or the source ends.
void NQuadsChunker::fill(std::size_t wanted) {
  if (capacity_ < wanted) {
    auto grown = std::make_unique_for_overwrite<char[]>(wanted);
    if (size_ > 0) std::memcpy(grown.get(), bytes_.get(), size_);
    bytes_ = std::move(grown);
    capacity_ = wanted;
  }
  while (size_ < wanted && !ended_) {
    auto n = source_->read(bytes_.get() + size_, wanted - size_);
    if (!n.ok()) {
      failed_ = n.error();
      ended_ = true;
      return;
    }
    size_ += *n;
    ended_ = *n == 0;
  }
}

/// Where the page of the last whole line starts; npos if that is the first page.
std::size_t NQuadsChunker::find_cut() {
  const std::string_view all = bytes();
  std::size_t cut = npos, begin = all.rfind('\n') + 1;
  std::string_view line, graph;
  while (line_before(all, begin, begin, line)) {
    LineEnd end;
    if (graph.empty() || !ends_in_graph(line, graph, end)) {
      end = read_line_end(line);
      if (!end.ok) continue;  // understood by nobody: belongs to either page
      if (cut != npos && end.graph != graph) return cut;
      graph = end.graph;
    }
    cut = begin;
  }
  return npos;
}

/// The first page is larger than allowed: the rest of it is only counted.
void NQuadsChunker::pass_rest_of_page(NQuadsChunk& chunk) {
  const std::string_view kept(chunk.bytes_.get(), chunk.size_);
  std::string graph;
  std::size_t begin = 0;
  std::string_view line;
  if (line_before(kept, kept.rfind('\n') + 1, begin, line)) graph = read_line_end(line).graph;
  bool in_line = kept.empty();  // one endless line
  for (;;) {
    fill(kChunk);
    std::size_t at = 0;
    bool same = true;
    while (same) {
      const std::size_t end = bytes().find('\n', at);
      if (end == npos) break;
      const std::string_view next = bytes().substr(at, end - at);
      same = std::exchange(in_line, false) || is_blank_line(next) ||
             read_line_end(next).graph == graph;
      if (!same) break;
      ++chunk.passed_lines_;
      at = end + 1;
    }
    if (same && at == 0 && !ended_) {  // no line end in all of it
      if (size_ <= limits_.max_page_bytes) {
        fill(2 * size_);
        continue;
      }
      in_line = true;
      at = size_;
    }
    if (same && ended_) {
      if (size_ > at || in_line) ++chunk.passed_lines_;
      at = size_;
    }
    std::memmove(bytes_.get(), bytes_.get() + at, size_ - at);
    size_ -= at;
    chunk.passed_bytes_ += at;
    if (!same || ended_) return;
  }
}

Result<std::unique_ptr<NQuadsChunk>> NQuadsChunker::next() {
  if (done_ && failed_) return *failed_;
  if (done_) return std::unique_ptr<NQuadsChunk>();
  fill(kChunk);
  std::size_t cut = ended_ ? size_ : find_cut();
  while (cut == npos && !ended_ && size_ <= limits_.max_page_bytes) {
    fill(2 * size_);
    cut = ended_ ? size_ : find_cut();
  }
  const bool too_large = cut == npos;
  if (too_large) cut = bytes().rfind('\n') == npos ? 0 : bytes().rfind('\n') + 1;

  auto chunk = std::make_unique<NQuadsChunk>();
  chunk->offset_ = offset_;
  chunk->limits_ = limits_;
  chunk->size_ = cut;
  const std::size_t rest = size_ - cut;
  auto next_bytes = std::make_unique_for_overwrite<char[]>(std::max(kChunk, rest));
  if (rest > 0) std::memcpy(next_bytes.get(), bytes_.get() + cut, rest);
  chunk->bytes_ = std::exchange(bytes_, std::move(next_bytes));
  capacity_ = std::max(kChunk, rest);
  size_ = rest;
  if (too_large) pass_rest_of_page(*chunk);
  offset_ += chunk->size();
  done_ = ended_ && size_ == 0;
  return chunk;
}

}  // namespace crosstail::markup
