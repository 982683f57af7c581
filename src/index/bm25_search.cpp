// Bm25Index::search(): windows of rows, best bound first, MaxScore within a window.

#include <immintrin.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <functional>
#include <numeric>

#include "index/bm25.h"
#include "index/bm25_block.h"

namespace crosstail::index {
namespace {

constexpr unsigned kWindowBits = 12;
constexpr std::size_t kWindow = std::size_t{1} << kWindowBits;
/// Lists up to this long are decoded as a whole, once a query; longer ones block by block.
constexpr std::size_t kShortList = 8192;

/// out[i] = bm25_addend(weight, impact(frequencies[i] + 1, lengths[documents[i]])), i < count;
/// count may be rounded up to a multiple of 8 where all arrays have the room.
void addends_portable(const Bm25Norm& norm, float weight, const std::uint32_t* lengths,
                      const std::uint32_t* documents, const std::uint32_t* frequencies,
                      std::size_t count, std::uint32_t* out) {
  for (std::size_t i = 0; i < count; ++i)
    out[i] = bm25_addend(weight, norm.impact(frequencies[i] + 1, lengths[documents[i]]));
}

__attribute__((target("avx2"))) void addends_avx2(const Bm25Norm& norm, float weight,
                                                  const std::uint32_t* lengths,
                                                  const std::uint32_t* documents,
                                                  const std::uint32_t* frequencies,
                                                  std::size_t count, std::uint32_t* out) {
  const __m256 base = _mm256_set1_ps(norm.base), slope = _mm256_set1_ps(norm.slope),
               w = _mm256_set1_ps(weight);
  const __m256i most = _mm256_set1_epi32(0x7fffffff), one = _mm256_set1_epi32(1);
  std::size_t i = 0;
  for (; i + 8 <= count; i += 8) {
    const __m256i d = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(documents + i));
    // Rows beyond 2^31 would be negative to the gather.
    const __m256i length =
        _mm256_min_epu32(most, _mm256_i32gather_epi32(reinterpret_cast<const int*>(lengths), d, 4));
    const __m256i frequency = _mm256_min_epu32(
        most, _mm256_add_epi32(
                  one, _mm256_loadu_si256(reinterpret_cast<const __m256i*>(frequencies + i))));
    const __m256 f = _mm256_cvtepi32_ps(frequency);
    const __m256 n = _mm256_add_ps(base, _mm256_mul_ps(slope, _mm256_cvtepi32_ps(length)));
    const __m256 impact = _mm256_div_ps(f, _mm256_add_ps(f, n));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + i),
                        _mm256_cvtps_epi32(_mm256_mul_ps(w, impact)));
  }
  addends_portable(norm, weight, lengths, documents + i, frequencies + i, count - i, out + i);
}

/// Places i < kWindow where sums[i] is at least `least` (1 or more), ascending.
std::size_t places_portable(const std::uint32_t* sums, std::uint32_t least, std::uint16_t* out) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < kWindow; ++i) {
    out[count] = static_cast<std::uint16_t>(i);
    count += sums[i] >= least ? 1U : 0U;
  }
  return count;
}

__attribute__((target("avx2"))) std::size_t places_avx2(const std::uint32_t* sums,
                                                        std::uint32_t least, std::uint16_t* out) {
  // Sums are below 2^24, so signed comparison serves.
  const __m256i below = _mm256_set1_epi32(static_cast<int>(least) - 1);
  std::size_t count = 0;
  for (std::size_t i = 0; i < kWindow; i += 16) {
    const auto* at = reinterpret_cast<const __m256i*>(sums + i);
    const __m256i a = _mm256_cmpgt_epi32(_mm256_loadu_si256(at), below);
    const __m256i b = _mm256_cmpgt_epi32(_mm256_loadu_si256(at + 1), below);
    auto bits = static_cast<std::uint32_t>(_mm256_movemask_ps(_mm256_castsi256_ps(a))) |
                static_cast<std::uint32_t>(_mm256_movemask_ps(_mm256_castsi256_ps(b))) << 8;
    for (; bits != 0; bits &= bits - 1)
      out[count++] = static_cast<std::uint16_t>(i + static_cast<unsigned>(__builtin_ctz(bits)));
  }
  return count;
}

const bool kAvx2 = __builtin_cpu_supports("avx2") != 0;

}  // namespace

struct Bm25Scratch::State {
  /// One term of the query.
  struct Term {
    const Bm25TermEntry* entry = nullptr;
    float weight = 0;
    bool whole = false;  ///< decoded as a whole into documents, addends
    std::vector<std::uint32_t> documents, addends, frequencies;
    std::size_t held_block = 0;  ///< the block in documents, addends where not whole
    bool holds = false;
    std::size_t cursor = 0;  ///< of lookups: a place (whole) or a block
  };
  std::vector<Term> terms;
  std::vector<std::uint32_t> window_max;    ///< terms × windows: bound of an addend
  std::vector<std::uint32_t> window_begin;  ///< terms × windows: first place or block
  std::vector<std::uint32_t> window_bound;  ///< sums of window_max
  std::vector<std::uint32_t> order;         ///< windows, best bound first
  alignas(64) std::array<std::uint32_t, kWindow> sums{};
  std::array<std::uint16_t, kWindow + 16> places{};
  std::vector<std::uint32_t> by_bound, rest;  ///< terms of a window, and sums of bounds up to each
  std::vector<std::uint64_t> best;            ///< keys; see Bm25Search::key
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
  void addends(const Term& term, std::size_t begin, std::size_t count) {
    const auto call = kAvx2 && index_.rows() < 0x80000000U ? addends_avx2 : addends_portable;
    auto& t = s_.terms[static_cast<std::size_t>(&term - s_.terms.data())];
    call(index_.norm_, t.weight, index_.lengths(), t.documents.data() + begin,
         t.frequencies.data() + begin, count, t.addends.data() + begin);
  }
  [[nodiscard]] static std::size_t count_of(const Bm25TermEntry& entry, std::size_t block) {
    return std::min<std::size_t>(kBm25Block, entry.frequency - block * kBm25Block);
  }

  bool decode(Term& term, std::size_t block, std::size_t place) {
    damaged_at_ = term.entry->postings;
    return index_.decode(*term.entry, block, term.documents.data() + place,
                         term.frequencies.data() + place);
  }

  /// Holds `block` of a long list in documents[0..127], addends[0..127].
  bool hold(Term& term, std::size_t block) {
    if (term.holds && term.held_block == block) return true;
    if (!decode(term, block, 0)) return false;
    addends(term, 0, count_of(*term.entry, block));
    term.held_block = block;
    term.holds = true;
    return true;
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
    addends(term, 0, term.entry->frequency);
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
      term.addends.resize(kBm25Block);
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

  /// Adds a term's addends in the window to sums.
  bool accumulate(Term& term, std::uint32_t begin_place, std::uint32_t base) {
    const std::size_t frequency = term.entry->frequency;
    if (term.whole) {
      for (std::size_t i = begin_place; i < frequency; ++i) {
        const std::uint32_t place = term.documents[i] - base;
        if (place >= kWindow) break;
        s_.sums[place] += term.addends[i];
      }
      return true;
    }
    const Bm25BlockEntry* blocks = index_.block_entries() + term.entry->first_block;
    const std::size_t count = index_.blocks_of(*term.entry);
    for (std::size_t block = begin_place; block < count; ++block) {
      if (!hold(term, block)) return false;
      const std::size_t held = count_of(*term.entry, block);
      for (std::size_t i = 0; i < held; ++i) {
        const std::uint32_t place = term.documents[i] - base;
        if (place < kWindow) s_.sums[place] += term.addends[i];
      }
      if (blocks[block].last - base >= kWindow - 1) break;
    }
    return true;
  }

  /// Looks a term up for the documents at s_.places; keeps those that can still be among the best
  /// when all further terms add at most `rest`.
  bool look_up(Term& term, std::uint32_t begin_place, std::uint32_t base, std::uint32_t rest,
               std::size_t& candidates) {
    const Bm25BlockEntry* blocks = index_.block_entries() + term.entry->first_block;
    const std::size_t block_count = index_.blocks_of(*term.entry);
    const std::size_t frequency = term.entry->frequency;
    std::size_t kept = 0, at = begin_place;
    for (std::size_t c = 0; c < candidates; ++c) {
      const std::uint16_t place = s_.places[c];
      const std::uint32_t row = base + place;
      std::uint32_t sum = s_.sums[place];
      if (term.whole) {
        while (at < frequency && term.documents[at] < row) ++at;
        if (at < frequency && term.documents[at] == row) sum += term.addends[at];
      } else {
        while (at < block_count && blocks[at].last < row) ++at;
        if (at < block_count) {
          const bool worth =
              (term.holds && term.held_block == at) ||
              key(sum + rest + bm25_addend(term.weight, index_.bound(term.entry->first_block + at)),
                  row) > least_;
          if (!worth) continue;
          if (!hold(term, at)) return false;
          const auto end =
              term.documents.begin() + static_cast<std::ptrdiff_t>(count_of(*term.entry, at));
          const auto found = std::lower_bound(term.documents.begin(), end, row);
          if (found != end && *found == row)
            sum += term.addends[static_cast<std::size_t>(found - term.documents.begin())];
        }
      }
      s_.sums[place] = sum;
      if (key(sum + rest, row) > least_) s_.places[kept++] = place;
    }
    candidates = kept;
    return true;
  }

  bool search_window(std::uint32_t window) {
    const std::uint32_t base = window << kWindowBits;
    if (key(s_.window_bound[window], base) <= least_) return true;
    const auto most = [&](std::size_t t) { return s_.window_max[t * windows_ + window]; };
    const auto begin = [&](std::size_t t) { return s_.window_begin[t * windows_ + window]; };
    s_.by_bound.clear();
    for (std::uint32_t t = 0; t < term_count_; ++t)
      if (most(t) > 0) s_.by_bound.push_back(t);
    std::sort(s_.by_bound.begin(), s_.by_bound.end(), [&](std::uint32_t a, std::uint32_t b) {
      return most(a) != most(b) ? most(a) < most(b) : a < b;
    });
    // rest[i]: what terms 0 … i-1 can add. Those that cannot reach the k-th best need no sums.
    const auto threshold = static_cast<std::uint32_t>(least_ >> 32);
    std::size_t first = 0;
    std::uint32_t total = 0;
    s_.rest.assign(1, 0);
    for (std::size_t i = 0; i < s_.by_bound.size(); ++i) {
      total += most(s_.by_bound[i]);
      s_.rest.push_back(total);
      if (total < threshold) first = i + 1;
    }
    std::memset(s_.sums.data(), 0, sizeof s_.sums);
    for (std::size_t i = first; i < s_.by_bound.size(); ++i)
      if (!accumulate(s_.terms[s_.by_bound[i]], begin(s_.by_bound[i]), base)) return false;
    const std::uint32_t needed =
        threshold > s_.rest[first] ? std::max(1U, threshold - s_.rest[first]) : 1U;
    std::size_t candidates =
        (kAvx2 ? places_avx2 : places_portable)(s_.sums.data(), needed, s_.places.data());
    for (std::size_t i = first; i-- > 0 && candidates > 0;)
      if (!look_up(s_.terms[s_.by_bound[i]], begin(s_.by_bound[i]), base, s_.rest[i], candidates))
        return false;
    collect(base, candidates);
    return true;
  }

  void collect(std::uint32_t base, std::size_t candidates) {
    for (std::size_t c = 0; c < candidates; ++c) {
      const std::uint32_t row = base + s_.places[c];
      const std::uint64_t made = key(s_.sums[s_.places[c]], row);
      if (made <= least_) continue;
      if (!counts_.empty() && (counts_[row / 64] >> (row % 64) & 1) == 0) continue;
      s_.best.push_back(made);
      // Many more than k would make the threshold wait too long.
      if (s_.best.size() >= 2 * k_ + kWindow / 4) shrink();
    }
    shrink();
  }

  /// Keeps the k best keys; the least of them is what others must exceed.
  void shrink() {
    if (s_.best.size() < k_) return;
    const auto nth = s_.best.begin() + static_cast<std::ptrdiff_t>(k_ - 1);
    std::nth_element(s_.best.begin(), nth, s_.best.end(), std::greater<>());
    s_.best.resize(k_);
    least_ = s_.best[k_ - 1];
  }

  const Bm25Index& index_;
  Bm25Scratch::State& s_;
  std::size_t k_;
  std::span<const std::uint64_t> counts_;
  std::size_t term_count_ = 0, windows_ = 0;
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
