#include "text/subword_unigram.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>

#include "text/normalizer_unicode.h"

namespace crosstail::text {

namespace {

constexpr std::uint32_t kUnset = 0xFFFFFFFF;
/// Positions kept before the decided part of a long text is handed out.
constexpr std::size_t kWindow = 4096;

template <class Node>
constexpr bool kTracksGap = std::is_same_v<Node, UnigramScratch::Node32>;

/// Offers a path that ends in `node`. Of equal paths the earlier offer stays.
template <class Node>
inline void offer(Node& node, decltype(Node::score) score, std::uint32_t start, std::uint32_t id) {
  if (node.start == kUnset) {
    node.score = score;
    if constexpr (kTracksGap<Node>) node.gap = std::numeric_limits<float>::infinity();
  } else if (score > node.score) {
    if constexpr (kTracksGap<Node>) node.gap = score - node.score;
    node.score = score;
  } else {
    if constexpr (kTracksGap<Node>) node.gap = std::min(node.gap, node.score - score);
    return;
  }
  node.start = start;
  node.id = id;
}

template <class Node>
void subtract_from_open_paths(std::vector<Node>& nodes, std::size_t from, std::size_t to) {
  const auto offset = nodes[from].score;
  for (std::size_t i = from; i <= to; ++i) {
    if (i == from || nodes[i].start != kUnset) nodes[i].score -= offset;
  }
}

/// The last position at or before `here` that every path open at `here` (ends up to `frontier`)
/// goes through: the paths are walked back, the farthest first, until one is left.
template <class Node>
std::size_t common_ancestor(const std::vector<Node>& nodes, std::size_t here,
                            std::size_t frontier) {
  std::vector<bool> marked(frontier + 1);
  std::size_t paths = 1;
  marked[here] = true;
  for (std::size_t i = here + 1; i <= frontier; ++i) {
    if (nodes[i].start != kUnset) {
      marked[i] = true;
      ++paths;
    }
  }
  for (std::size_t i = frontier; i > 0; --i) {
    if (!marked[i]) continue;
    if (paths == 1 && i <= here) return i;
    if (marked[nodes[i].start]) {
      --paths;
    } else {
      marked[nodes[i].start] = true;
    }
  }
  return 0;
}

}  // namespace

UnigramModel::UnigramModel(const Data& data) : data_(data) {
  after_code_point_.resize(0x10000);
  if (data_.trie.empty()) return;
  std::string bytes;
  for (char32_t c = 0; c < 0x10000; ++c) {
    if (c >= 0xD800 && c <= 0xDFFF) continue;
    bytes.clear();
    unicode::append(bytes, c);
    after_code_point_[c] = data_.trie.walk(bytes);
  }
}

inline std::uint32_t UnigramModel::first_step(const char* text, std::size_t size) const {
  if (size == 4) return data_.trie.walk({text, 4});
  return after_code_point_[unicode::decode(text)];
}

template <class Node, class Stored>
float UnigramModel::run(std::string_view text, decltype(Node::score)& score,
                        std::span<const Stored> scores, std::vector<Node>& nodes,
                        UnigramScratch& scratch, std::vector<SubwordToken>& out) const {
  using Real = decltype(Node::score);
  const std::size_t first_out = out.size();
  float gap = std::numeric_limits<float>::infinity();
  const auto unknown_score = static_cast<Real>(data_.unknown_score);
  const SubwordTrie trie = data_.trie;
  std::size_t offset = 0;  // text position of nodes[0]
  std::size_t frontier = 0;
  nodes.clear();
  nodes.resize(std::min(text.size(), 2 * kWindow) + 1, Node{.start = kUnset});
  nodes[0].score = score;

  // Hands out the pieces from nodes[0] to nodes[end].
  const auto hand_out = [&](std::size_t end) {
    scratch.backwards.clear();
    for (std::size_t i = end; i > 0; i = nodes[i].start) {
      scratch.backwards.push_back({nodes[i].id, static_cast<std::uint32_t>(offset + nodes[i].start),
                                   static_cast<std::uint32_t>(offset + i)});
      if constexpr (kTracksGap<Node>) gap = std::min(gap, nodes[i].gap);
    }
    out.insert(out.end(), scratch.backwards.rbegin(), scratch.backwards.rend());
  };
  // Drops what is decided before nodes[at]; nothing if no position is.
  const auto advance = [&](std::size_t at) {
    const std::size_t decided = common_ancestor(nodes, at, frontier);
    if (decided == 0) return at;
    hand_out(decided);
    std::copy(nodes.begin() + static_cast<std::ptrdiff_t>(decided),
              nodes.begin() + static_cast<std::ptrdiff_t>(frontier) + 1, nodes.begin());
    for (std::size_t i = 0; i <= frontier - decided; ++i) {
      if (nodes[i].start != kUnset) nodes[i].start -= static_cast<std::uint32_t>(decided);
    }
    std::fill(nodes.begin() + static_cast<std::ptrdiff_t>(frontier - decided) + 1, nodes.end(),
              Node{.start = kUnset});
    offset += decided;
    frontier -= decided;
    return at - decided;
  };

  std::size_t at = 0;
  std::size_t next_advance = kWindow;
  while (offset + at < text.size()) {
    if (at >= next_advance) {
      at = advance(at);
      // Where nothing was decided, look again after as much text: the work stays linear.
      next_advance = std::max(kWindow, 2 * at);
    }
    const char* const p = text.data() + offset + at;
    const std::size_t left = text.size() - offset - at;
    if constexpr (kTracksGap<Node>) {
      if (std::abs(nodes[at].score) > kScoreReset) subtract_from_open_paths(nodes, at, frontier);
    }
    const Real here = nodes[at].score;
    const auto start = static_cast<std::uint32_t>(at);
    const std::size_t first = std::min(unicode::sequence_size(*p), left);
    bool has_single = false;
    std::size_t length = first;
    for (std::uint32_t node = first_step(p, first); node != SubwordTrie::kNone;) {
      const std::uint32_t value = trie.value_plus_one(node);
      if (value != 0 && value <= scores.size()) {
        const std::size_t end = at + length;
        if (end >= nodes.size()) nodes.resize(2 * end, Node{.start = kUnset});
        frontier = std::max(frontier, end);
        offer(nodes[end], static_cast<Real>(scores[value - 1]) + here, start, value - 1);
        has_single |= length == first;
      }
      if (length == left) break;
      node = trie.step(node, static_cast<unsigned char>(p[length++]));
    }
    if (!has_single) {
      const std::size_t end = at + first;
      if (end >= nodes.size()) nodes.resize(2 * end, Node{.start = kUnset});
      frontier = std::max(frontier, end);
      offer(nodes[end], unknown_score + here, start, data_.unknown_id);
    }
    at += first;
  }
  hand_out(at);
  score = nodes[at].score;
  finish(text, first_out, out);
  return gap;
}

/// Joins neighbouring unknowns, and writes them as bytes where the model can.
void UnigramModel::finish(std::string_view text, std::size_t first,
                          std::vector<SubwordToken>& out) const {
  const auto unknown = [&](const SubwordToken& t) { return t.id == data_.unknown_id; };
  if (std::none_of(out.begin() + static_cast<std::ptrdiff_t>(first), out.end(), unknown)) return;
  std::vector<SubwordToken> joined;
  for (std::size_t i = first; i < out.size();) {
    SubwordToken token = out[i++];
    if (!unknown(token)) {
      joined.push_back(token);
      continue;
    }
    while (i < out.size() && unknown(out[i])) token.end = out[i++].end;
    const std::string_view bytes = text.substr(token.begin, token.end - token.begin);
    // A joined run that happens to be a piece: tokenizers looks its text up.
    const std::uint32_t known = data_.trie.find_plus_one(bytes);
    const bool writable = std::all_of(bytes.begin(), bytes.end(), [&](char b) {
      return data_.byte_ids[static_cast<unsigned char>(b)] != kNoId;
    });
    if (known != 0) {
      token.id = known - 1;
    } else if (data_.byte_fallback && writable) {
      for (const char b : bytes) {
        joined.push_back({data_.byte_ids[static_cast<unsigned char>(b)], token.begin, token.end});
      }
      continue;
    }
    joined.push_back(token);
  }
  out.resize(first);
  out.insert(out.end(), joined.begin(), joined.end());
}

void UnigramModel::segment(std::string_view text, UnigramScratch& scratch,
                           std::vector<SubwordToken>& out) const {
  double score = 0;
  if (data_.scores64.empty()) {
    run<UnigramScratch::Node64>(text, score, data_.scores32, scratch.nodes64, scratch, out);
  } else {
    run<UnigramScratch::Node64>(text, score, data_.scores64, scratch.nodes64, scratch, out);
  }
}

float UnigramModel::segment_onward(std::string_view text, float& score, UnigramScratch& scratch,
                                   std::vector<SubwordToken>& out) const {
  return run<UnigramScratch::Node32>(text, score, data_.scores32, scratch.nodes32, scratch, out);
}

float UnigramModel::tolerance(float score, float word_score, std::size_t pieces) {
  const float largest = std::abs(score) + std::abs(word_score);
  return 2 * static_cast<float>(pieces + 1) * largest * std::numeric_limits<float>::epsilon();
}

float UnigramModel::add_scores(std::span<const std::uint32_t> ids, float score) const {
  for (const std::uint32_t id : ids) {
    if (id < data_.scores32.size()) score += data_.scores32[id];
  }
  return score;
}

}  // namespace crosstail::text
