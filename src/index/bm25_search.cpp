// Bm25Index::search(): windows of rows, best bound first, MaxScore within a window.

#include <algorithm>
#include <functional>
#include <numeric>
#include <utility>

#include "index/bm25.h"
#include "index/bm25_addends.h"
#include "index/bm25_block.h"

namespace crosstail::index {
namespace {

/// Sums of a window stay in the second-level cache.
constexpr unsigned kWindowBits = 16;
constexpr std::size_t kWindow = std::size_t{1} << kWindowBits;
/// Lists up to this long are decoded as a whole, once a query; longer ones block by block.
constexpr std::size_t kShortList = 8192;

}  // namespace

struct Bm25Scratch::State {
  /// Postings of one term in a window.
  struct Slice {
    const std::uint32_t* documents;
    const std::uint32_t* addends;
    std::size_t count;
  };
  struct Candidate {
    std::uint32_t row, sum;
  };
  /// One term of the query.
  struct Term {
    const Bm25TermEntry* entry = nullptr;
    float weight = 0;
    bool whole = false;  ///< decoded as a whole into documents, addends
    std::vector<std::uint32_t> documents, addends, frequencies;
    std::size_t held_block = 0;  ///< the block in documents, addends where not whole
    bool holds = false;
  };
  std::vector<Term> terms;
  std::vector<std::uint32_t> window_max;    ///< terms × windows: bound of an addend
  std::vector<std::uint32_t> window_begin;  ///< terms × windows: first place or block
  std::vector<std::uint32_t> window_bound;  ///< sums of window_max
  std::vector<std::uint32_t> order;         ///< windows, best bound first
  std::vector<std::uint32_t> sums;          ///< of a window's rows; zeros between windows
  bool clean = false;                       ///< sums are zeros
  std::vector<Slice> slices;                ///< what was added to sums
  std::vector<std::uint32_t> documents, frequencies, addends;  ///< of long lists in a window
  std::vector<Candidate> candidates;
  std::vector<std::uint64_t> keys;
  std::vector<std::uint32_t> by_bound;  ///< terms of a window
  std::vector<std::uint64_t> best;      ///< keys; see Bm25Search::key
};

Bm25Scratch::Bm25Scratch() : state_(std::make_unique<State>()) {}
Bm25Scratch::Bm25Scratch(Bm25Scratch&&) noexcept = default;
Bm25Scratch& Bm25Scratch::operator=(Bm25Scratch&&) noexcept = default;
Bm25Scratch::~Bm25Scratch() = default;

/// One search; lives on the stack.
class Bm25Search {
 public:
  Bm25Search(const Bm25Index& index, Bm25Scratch::State& state, std::size_t k,
             std::span<const std::uint64_t> counts)
      : index_(index), s_(state), k_(k), counts_(counts) {}

  Result<std::vector<Hit>> run(const Bm25Query& query) {
    if (!prepare(query)) return damage();
    for (const std::uint32_t window : s_.order) {
      // Windows come best bound first.
      if (s_.window_bound[window] == 0 || s_.window_bound[window] < (least_ >> 32)) break;
      if (!search_window(window)) return damage();
    }
    shrink();
    std::sort(s_.best.begin(), s_.best.end(), std::greater<>());
    std::vector<Hit> hits;
    hits.reserve(s_.best.size());
    for (const std::uint64_t key : s_.best) {
      const auto row = static_cast<std::uint32_t>(~key);
      hits.push_back({row, row, static_cast<float>(key >> 32) / query.scale});
    }
    return hits;
  }

 private:
  using Term = Bm25Scratch::State::Term;

  /// Orders hits: higher score first, then smaller row.
  static std::uint64_t key(std::uint32_t sum, std::uint32_t row) {
    return std::uint64_t{sum} << 32 | static_cast<std::uint32_t>(~row);
  }
  [[nodiscard]] Error damage() const {
    return {ErrorCode::Corrupt,
            index_.path_ + ": byte " +
                std::to_string(index_.footer_.sections[kPostings].offset + damaged_at_) +
                ": postings out of order; the file is damaged: take it away and it is built again"};
  }
  void addends(float weight, const std::uint32_t* documents, const std::uint32_t* frequencies,
               std::size_t count, std::uint32_t* out) {
    const auto call = bm25_addends(index_.rows());
    call(index_.norm_, weight, index_.lengths(), documents, frequencies, count, out);
  }
  [[nodiscard]] static std::size_t count_of(const Bm25TermEntry& entry, std::size_t block) {
    return std::min<std::size_t>(kBm25Block, entry.frequency - block * kBm25Block);
  }

  bool decode(Term& term, std::size_t block, std::size_t place) {
    damaged_at_ = term.entry->postings;
    return index_.decode(*term.entry, block, term.documents.data() + place,
                         term.frequencies.data() + place);
  }

  /// Holds `block` of a long list in documents[0..127], frequencies[0..127].
  bool hold(Term& term, std::size_t block) {
    if (term.holds && term.held_block == block) return true;
    if (!decode(term, block, 0)) return false;
    const std::size_t count = count_of(*term.entry, block);
    std::fill(term.documents.begin() + static_cast<std::ptrdiff_t>(count),
              term.documents.begin() + kBm25Block, 0xffffffffU);
    term.held_block = block;
    term.holds = true;
    return true;
  }

  /// The addend of `row`, which is at most the last document of the held block; 0 if not in it.
  [[nodiscard]] std::uint32_t addend_in_held(const Term& term, std::uint32_t row) const {
    const std::uint32_t* documents = term.documents.data();
    std::size_t at = 0;
    for (std::size_t step = kBm25Block / 2; step > 0; step /= 2)
      at += documents[at + step - 1] < row ? step : 0;
    if (documents[at] != row) return 0;
    return bm25_addend(term.weight,
                       index_.norm_.impact(term.frequencies[at] + 1, index_.lengths()[row]));
  }

  bool prepare(const Bm25Query& query) {
    const std::size_t windows = (index_.rows() + kWindow - 1) >> kWindowBits;
    const std::size_t n = query.terms.size();
    if (s_.terms.size() < n) s_.terms.resize(n);
    term_count_ = n;
    windows_ = windows;
    s_.window_max.assign(n * windows, 0);
    s_.window_begin.resize(n * windows);
    s_.window_bound.assign(windows, 0);
    s_.best.clear();
    if (!s_.clean) s_.sums.assign(kWindow, 0);
    s_.clean = true;
    for (std::size_t t = 0; t < n; ++t) {
      Term& term = s_.terms[t];
      term.entry = &index_.term_entries()[query.terms[t].entry];
      term.weight = query.terms[t].scaled_weight;
      term.whole = term.entry->frequency <= kShortList;
      term.holds = false;
      if (!(term.whole ? prepare_short(t) : prepare_long(t))) return false;
      for (std::size_t w = 0; w < windows; ++w)
        s_.window_bound[w] += s_.window_max[t * windows + w];
    }
    s_.order.resize(windows);
    std::iota(s_.order.begin(), s_.order.end(), 0U);
    std::sort(s_.order.begin(), s_.order.end(), [&](std::uint32_t a, std::uint32_t b) {
      return s_.window_bound[a] != s_.window_bound[b] ? s_.window_bound[a] > s_.window_bound[b]
                                                      : a < b;
    });
    return true;
  }

  bool prepare_short(std::size_t t) {
    Term& term = s_.terms[t];
    const std::size_t blocks = index_.blocks_of(*term.entry), room = blocks * kBm25Block;
    if (term.documents.size() < room) {
      term.documents.resize(room);
      term.frequencies.resize(room);
      term.addends.resize(room);
    }
    for (std::size_t block = 0; block < blocks; ++block)
      if (!decode(term, block, block * kBm25Block)) return false;
    addends(term.weight, term.documents.data(), term.frequencies.data(), term.entry->frequency,
            term.addends.data());
    std::uint32_t* most = s_.window_max.data() + t * windows_;
    std::uint32_t* begin = s_.window_begin.data() + t * windows_;
    for (std::size_t i = 0; i < term.entry->frequency;) {
      const std::size_t w = term.documents[i] >> kWindowBits;
      begin[w] = static_cast<std::uint32_t>(i);
      std::uint32_t best = 0;
      for (; i < term.entry->frequency && term.documents[i] >> kWindowBits == w; ++i)
        best = std::max(best, term.addends[i]);
      most[w] = best;
    }
    return true;
  }

  bool prepare_long(std::size_t t) {
    Term& term = s_.terms[t];
    if (term.documents.size() < kBm25Block) {
      term.documents.resize(kBm25Block);
      term.frequencies.resize(kBm25Block);
    }
    std::uint32_t* most = s_.window_max.data() + t * windows_;
    std::uint32_t* begin = s_.window_begin.data() + t * windows_;
    const Bm25BlockEntry* blocks = index_.block_entries() + term.entry->first_block;
    std::size_t next = 0;  // first window that no block has begun
    std::uint32_t from = 0;
    for (std::size_t block = 0; block < index_.blocks_of(*term.entry); ++block) {
      const std::uint32_t last = blocks[block].last;
      damaged_at_ = term.entry->postings;
      if (last < from || last >= index_.rows()) return false;
      const std::uint32_t bound =
          bm25_addend(term.weight, index_.bound(term.entry->first_block + block));
      for (std::size_t w = from >> kWindowBits; w <= last >> kWindowBits; ++w) {
        if (w >= next) {
          begin[w] = static_cast<std::uint32_t>(block);
          next = w + 1;
        }
        most[w] = std::max(most[w], bound);
      }
      from = last + 1;
    }
    return true;
  }

  [[nodiscard]] std::uint32_t most(std::size_t t, std::size_t window) const {
    return s_.window_max[t * windows_ + window];
  }

  /// The postings of term `t` in a window: a part of the decoded list, or blocks decoded into
  /// s_.documents and s_.addends from place `at` on.
  bool slice(std::size_t t, std::uint32_t window, std::size_t& at,
             Bm25Scratch::State::Slice& made) {
    Term& term = s_.terms[t];
    const std::uint32_t base = window << kWindowBits;
    const std::size_t begin = s_.window_begin[t * windows_ + window];
    if (term.whole) {
      const auto from = term.documents.begin() + static_cast<std::ptrdiff_t>(begin);
      const auto end = term.documents.begin() + static_cast<std::ptrdiff_t>(term.entry->frequency);
      const auto to = window + 1 == windows_ ? end : std::lower_bound(from, end, base + kWindow);
      made = {term.documents.data() + begin, term.addends.data() + begin,
              static_cast<std::size_t>(to - from)};
      return true;
    }
    const Bm25BlockEntry* blocks = index_.block_entries() + term.entry->first_block;
    const std::size_t count = index_.blocks_of(*term.entry);
    std::size_t end = begin;
    while (end < count && (end == begin || blocks[end - 1].last - base < kWindow - 1)) ++end;
    std::size_t held = 0;
    damaged_at_ = term.entry->postings;
    for (std::size_t block = begin; block < end; ++block) {
      if (!index_.decode(*term.entry, block, s_.documents.data() + at + held,
                         s_.frequencies.data() + at + held))
        return false;
      held += count_of(*term.entry, block);
    }
    addends(term.weight, s_.documents.data() + at, s_.frequencies.data() + at, held,
            s_.addends.data() + at);
    std::size_t skip = 0;
    while (skip < held && s_.documents[at + skip] < base) ++skip;
    std::size_t last = held;
    while (last > skip && s_.documents[at + last - 1] - base >= kWindow) --last;
    made = {s_.documents.data() + at + skip, s_.addends.data() + at + skip, last - skip};
    at += held;
    return true;
  }

  void add(const Bm25Scratch::State::Slice& slice, std::uint32_t base) {
    std::uint32_t* sums = s_.sums.data();
    for (std::size_t i = 0; i < slice.count; ++i)
      sums[slice.documents[i] - base] += slice.addends[i];
  }

  /// Adds only where something was added before.
  void add_to_present(const Bm25Scratch::State::Slice& slice, std::uint32_t base) {
    std::uint32_t* sums = s_.sums.data();
    for (std::size_t i = 0; i < slice.count; ++i) {
      std::uint32_t& sum = sums[slice.documents[i] - base];
      sum += sum != 0 ? slice.addends[i] : 0;
    }
  }

  /// Takes the sums of at least `needed` (1 or more) out as candidates and leaves zeros.
  void take_candidates(std::uint32_t base, std::uint32_t needed) {
    std::size_t room = 1, n = 0;
    for (const auto& slice : s_.slices) room += slice.count;
    if (s_.candidates.size() < room) s_.candidates.resize(room);
    auto* out = s_.candidates.data();
    std::uint32_t* sums = s_.sums.data();
    for (const auto& slice : s_.slices)
      for (std::size_t i = 0; i < slice.count; ++i) {
        const std::uint32_t row = slice.documents[i];
        const std::uint32_t sum = std::exchange(sums[row - base], 0);
        out[n] = {row, sum};
        n += sum >= needed ? 1U : 0U;
      }
    candidate_count_ = n;
  }

  /// Sums without the long lists are at most the scores: the k-th best of them excludes as well.
  void raise_least_by_partial_sums(std::uint32_t base) {
    take_candidates(base, 1);
    s_.keys = s_.best;
    for (std::size_t c = 0; c < candidate_count_; ++c) {
      const auto [row, sum] = s_.candidates[c];
      s_.sums[row - base] = sum;
      if (counts(row)) s_.keys.push_back(key(sum, row));
    }
    if (s_.keys.size() < k_) return;
    const auto nth = s_.keys.begin() + static_cast<std::ptrdiff_t>(k_ - 1);
    std::nth_element(s_.keys.begin(), nth, s_.keys.end(), std::greater<>());
    least_ = std::max(least_, *nth >> 32 << 32);
  }

  /// Looks a long list up for the candidates (ascending); keeps those that can still be among the
  /// best when all further terms add at most `rest`.
  bool look_up(Term& term, std::size_t at, std::uint32_t rest) {
    const Bm25BlockEntry* blocks = index_.block_entries() + term.entry->first_block;
    const std::size_t block_count = index_.blocks_of(*term.entry);
    std::size_t kept = 0;
    for (std::size_t c = 0; c < candidate_count_; ++c) {
      auto [row, sum] = s_.candidates[c];
      while (at < block_count && blocks[at].last < row) ++at;
      if (at < block_count) {
        const std::uint32_t bound =
            bm25_addend(term.weight, index_.bound(term.entry->first_block + at));
        if (key(sum + rest + bound, row) <= least_) continue;
        if (!hold(term, at)) return false;
        sum += addend_in_held(term, row);
      }
      if (key(sum + rest, row) > least_) s_.candidates[kept++] = {row, sum};
    }
    candidate_count_ = kept;
    return true;
  }

  /// How many terms of by_bound, from the weakest, cannot reach the k-th best even together.
  [[nodiscard]] std::size_t weak_terms(std::uint32_t window) const {
    std::uint32_t total = 0;
    std::size_t weak = 0;
    while (weak < s_.by_bound.size()) {
      total += most(s_.by_bound[weak], window);
      if (total >= least_ >> 32) break;
      ++weak;
    }
    return weak;
  }

  bool search_window(std::uint32_t window) {
    const std::uint32_t base = window << kWindowBits;
    if (key(s_.window_bound[window], base) <= least_) return true;
    s_.by_bound.clear();
    for (std::uint32_t t = 0; t < term_count_; ++t)
      if (most(t, window) > 0) s_.by_bound.push_back(t);
    std::sort(s_.by_bound.begin(), s_.by_bound.end(), [&](std::uint32_t a, std::uint32_t b) {
      return most(a, window) != most(b, window) ? most(a, window) < most(b, window) : a < b;
    });
    std::size_t weak = weak_terms(window), at = 0;
    s_.slices.clear();
    s_.clean = false;
    // Short lists first: they are decoded already, and what they sum to may spare the long ones.
    bool long_lists = false;
    for (std::size_t i = weak; i < s_.by_bound.size(); ++i) {
      if (!s_.terms[s_.by_bound[i]].whole) {
        long_lists = true;
      } else if (!add_slice(s_.by_bound[i], window, at)) {
        return false;
      }
    }
    const std::size_t shorts_from = weak;
    if (long_lists) {
      raise_least_by_partial_sums(base);
      weak = weak_terms(window);
      if (!make_room(weak, window)) return false;
      for (std::size_t i = weak; i < s_.by_bound.size(); ++i)
        if (!s_.terms[s_.by_bound[i]].whole && !add_slice(s_.by_bound[i], window, at)) return false;
    }
    std::uint32_t rest = 0;  // what the long lists among the weak terms can add
    for (std::size_t i = 0; i < weak; ++i) {
      const std::uint32_t t = s_.by_bound[i];
      if (!s_.terms[t].whole) {
        rest += most(t, window);
      } else if (i < shorts_from) {
        Bm25Scratch::State::Slice present{};
        if (!slice(t, window, at, present)) return false;
        add_to_present(present, base);
      }
    }
    const auto threshold = static_cast<std::uint32_t>(least_ >> 32);
    take_candidates(base, threshold > rest + 1 ? threshold - rest : 1U);
    s_.clean = true;
    if (rest > 0)
      std::sort(s_.candidates.begin(),
                s_.candidates.begin() + static_cast<std::ptrdiff_t>(candidate_count_),
                [](const auto& a, const auto& b) { return a.row < b.row; });
    for (std::size_t i = weak; i-- > 0 && candidate_count_ > 0;) {
      const std::uint32_t t = s_.by_bound[i];
      if (s_.terms[t].whole) continue;
      rest -= most(t, window);
      if (!look_up(s_.terms[t], s_.window_begin[t * windows_ + window], rest)) return false;
    }
    collect();
    return true;
  }

  bool add_slice(std::uint32_t t, std::uint32_t window, std::size_t& at) {
    s_.slices.emplace_back();
    if (!slice(t, window, at, s_.slices.back())) return false;
    add(s_.slices.back(), window << kWindowBits);
    return true;
  }

  /// Room for the postings of the long lists that a window needs as a whole.
  bool make_room(std::size_t weak, std::uint32_t window) {
    std::size_t room = 0;
    for (std::size_t i = weak; i < s_.by_bound.size(); ++i) {
      const Term& term = s_.terms[s_.by_bound[i]];
      if (term.whole) continue;
      const std::size_t begin = s_.window_begin[s_.by_bound[i] * windows_ + window];
      // Rows ascend, so a window has at most as many postings as rows, and two blocks stick out.
      const std::size_t blocks =
          std::min(index_.blocks_of(*term.entry) - begin, kWindow / kBm25Block + 2);
      room += (std::max(blocks, kWindow / kBm25Block + 2)) * kBm25Block;
    }
    if (s_.documents.size() < room) {
      s_.documents.resize(room);
      s_.frequencies.resize(room);
      s_.addends.resize(room);
    }
    return true;
  }

  [[nodiscard]] bool counts(std::uint32_t row) const {
    return counts_.empty() || (counts_[row / 64] >> (row % 64) & 1) != 0;
  }

  void collect() {
    for (std::size_t c = 0; c < candidate_count_; ++c) {
      const std::uint64_t made = key(s_.candidates[c].sum, s_.candidates[c].row);
      if (made > least_ && counts(s_.candidates[c].row)) s_.best.push_back(made);
    }
    shrink();
  }

  /// Keeps the k best keys; the least of them is what others must exceed.
  void shrink() {
    if (s_.best.size() < k_) return;
    const auto nth = s_.best.begin() + static_cast<std::ptrdiff_t>(k_ - 1);
    std::nth_element(s_.best.begin(), nth, s_.best.end(), std::greater<>());
    s_.best.resize(k_);
    least_ = std::max(least_, s_.best[k_ - 1]);
  }

  const Bm25Index& index_;
  Bm25Scratch::State& s_;
  std::size_t k_;
  std::span<const std::uint64_t> counts_;
  std::size_t term_count_ = 0, windows_ = 0, candidate_count_ = 0;
  std::uint64_t least_ = 0;  ///< keys up to this are out
  std::uint64_t damaged_at_ = 0;
};

Result<std::vector<Hit>> Bm25Index::search(const Bm25Query& query, std::size_t k,
                                           Bm25Scratch& scratch,
                                           std::span<const std::uint64_t> counts) const {
  if (k == 0) return Error{ErrorCode::InvalidArgument, "k must be at least 1"};
  if (!counts.empty() && counts.size() < (rows() + 63) / 64)
    return Error{ErrorCode::InvalidArgument, "the filter has fewer bits than there are rows"};
  if (query.terms.empty()) return std::vector<Hit>{};
  return Bm25Search(*this, scratch.state(), std::min(k, rows()), counts).run(query);
}

}  // namespace crosstail::index
