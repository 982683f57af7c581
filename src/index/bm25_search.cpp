// Bm25Index::search(): windows of rows, best bound first, MaxScore within a window.

#include <algorithm>
#include <array>
#include <bit>
#include <functional>
#include <numeric>
#include <utility>

#include "index/bm25.h"

namespace crosstail::index {
namespace {

constexpr unsigned kBinBits = 9;
constexpr std::size_t kBins = std::size_t{1} << kBinBits;
/// Searching a list for one row costs as much as comparing so many postings with all rows.
constexpr std::size_t kSearchesPerPosting = 16;

}  // namespace

struct Bm25Scratch::State {
  /// One term of the query.
  struct Term {
    const Bm25TermEntry* entry = nullptr;
    std::span<const Bm25SliceEntry> slices;
    std::span<const Bm25RarePosting> rare;
    float weight = 0;
  };
  /// One term in one window.
  struct Part {
    std::uint32_t slice = 0;
    std::uint32_t bound = 0;  ///< of an addend; 0 where the term is not in the window
  };
  std::vector<Term> terms;
  std::vector<Part> parts;                  ///< terms × windows
  std::vector<std::uint32_t> window_bound;  ///< sums of bounds
  std::vector<std::uint32_t> order;         ///< windows, best bound first
  /// By place in the window: 1 + what was added to a row, 0 where nothing was. Zeros between
  /// windows.
  std::vector<std::uint32_t> dense = std::vector<std::uint32_t>(kBm25Window, 0);
  bool clean = true;  ///< dense are zeros
  /// Rows of the window that can still be among the best: their places, each once, and what was
  /// added to them.
  std::vector<std::uint16_t> touched;
  std::vector<std::uint32_t> sums;
  std::size_t touched_count = 0;
  std::vector<std::uint16_t> room;  ///< places of a bitmap
  /// Bits of touched places, while a list is compared with them; else zeros.
  std::array<std::uint64_t, kBm25Window / 64> bits{};
  std::vector<std::uint32_t> found;  ///< postings of a list whose places were touched
  /// Neighbours are often in one bin; by turns in two tables, they need not wait for each other.
  std::array<std::array<std::uint32_t, kBins>, 2> bins{};
  std::vector<std::uint32_t> by_bound;  ///< terms of a window, weakest first
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
      : index_(index), s_(state), impacts_(index.impacts_.data()), k_(k), counts_(counts) {}

  Result<std::vector<Hit>> run(const Bm25Query& query) {
    if (!prepare(query)) return damage();
    for (const std::uint32_t window : s_.order) {
      // Windows come best bound first.
      if (s_.window_bound[window] == 0 || s_.window_bound[window] < least_sum()) break;
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
  using Part = Bm25Scratch::State::Part;

  /// Orders hits: higher score first, then smaller row.
  static std::uint64_t key(std::uint32_t sum, std::uint32_t row) {
    return std::uint64_t{sum} << 32 | static_cast<std::uint32_t>(~row);
  }
  /// Rows with smaller scores are out.
  [[nodiscard]] std::uint32_t least_sum() const { return static_cast<std::uint32_t>(least_ >> 32); }
  [[nodiscard]] bool counts(std::uint32_t row) const {
    return counts_.empty() || (row < index_.rows() && (counts_[row / 64] >> (row % 64) & 1) != 0);
  }
  [[nodiscard]] Part& part(std::size_t term, std::size_t window) {
    return s_.parts[term * windows_ + window];
  }
  [[nodiscard]] Error damage() const {
    return {ErrorCode::Corrupt,
            index_.path_ + ": byte " +
                std::to_string(index_.footer_.sections[kPostings].offset + damaged_at_) +
                ": postings out of order; the file is damaged: take it away and it is built again"};
  }

  bool prepare(const Bm25Query& query) {
    windows_ = (index_.rows() + kBm25Window - 1) >> kBm25WindowBits;
    s_.terms.resize(query.terms.size());
    s_.parts.assign(query.terms.size() * windows_, {});
    s_.window_bound.assign(windows_, 0);
    s_.best.clear();
    s_.touched_count = 0;
    if (!s_.clean) std::fill(s_.dense.begin(), s_.dense.end(), 0U);
    s_.clean = true;
    for (std::size_t t = 0; t < query.terms.size(); ++t)
      if (!prepare(t, query.terms[t])) return false;
    s_.order.resize(windows_);
    std::iota(s_.order.begin(), s_.order.end(), 0U);
    std::sort(s_.order.begin(), s_.order.end(), [&](std::uint32_t a, std::uint32_t b) {
      return s_.window_bound[a] != s_.window_bound[b] ? s_.window_bound[a] > s_.window_bound[b]
                                                      : a < b;
    });
    return true;
  }

  bool prepare(std::size_t t, const Bm25QueryTerm& asked) {
    Term& term = s_.terms[t];
    term.entry = &index_.term_entries()[asked.entry];
    term.slices = index_.slices(asked.entry);
    term.rare = index_.rare(asked.entry);
    term.weight = asked.scaled_weight;
    std::size_t next = 0;
    for (std::size_t i = 0; i < term.slices.size(); ++i) {
      const Bm25SliceEntry& slice = term.slices[i];
      damaged_at_ = term.entry->postings;
      if (slice.window < next || slice.window >= windows_) return false;
      next = std::size_t{slice.window} + 1;
      // A term that adds nothing finds rows all the same, as long as others add something.
      const std::uint32_t bound = std::max(1U, bm25_addend(term.weight, index_.bound(slice)));
      part(t, slice.window) = {static_cast<std::uint32_t>(i), bound};
      s_.window_bound[slice.window] += bound;
    }
    return true;
  }

  std::optional<Bm25Slice> postings(const Term& term, const Part& part) {
    damaged_at_ = term.entry->postings;
    return index_.slice(*term.entry, term.slices[part.slice]);
  }

  [[nodiscard]] std::uint32_t rare_addend(const Term& term, std::uint32_t row) const {
    const auto found =
        std::lower_bound(term.rare.begin(), term.rare.end(), row,
                         [](const Bm25RarePosting& a, std::uint32_t b) { return a.document < b; });
    if (found == term.rare.end() || found->document != row || row >= index_.rows()) return 0;
    return bm25_addend(
        term.weight,
        index_.norm_.impact(found->frequency, index_.table<std::uint32_t>(kLengths)[row]));
  }

  /// Adds a term's postings in a window to the dense sums; rows that it is the first to be found in
  /// are passed over where it adds less than `floor`.
  bool add(const Term& term, const Part& part, std::uint32_t window, std::uint32_t floor) {
    const auto slice = postings(term, part);
    if (!slice) return false;
    if (slice->bitmap()) s_.room.resize(kBm25Window);
    const std::uint16_t* places = slice->places(s_.room.data());
    const std::size_t count = slice->size();
    const std::uint32_t base = window << kBm25WindowBits;
    if (places == nullptr) return false;
    const auto* codes = reinterpret_cast<const std::uint16_t*>(slice->codes());
    if (!term.rare.empty()) floor = 0;  // what those add is only known below
    // A damaged list may hold a place twice; so there is room for all that is in it.
    s_.touched.resize(std::max(s_.touched.size(), s_.touched_count + count + 1));
    std::uint32_t* dense = s_.dense.data();
    std::uint16_t* touched = s_.touched.data();
    std::size_t n = s_.touched_count;
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint16_t place = places[i];
      const std::uint32_t addend = bm25_addend(term.weight, impacts_[codes[i]]);
      const std::uint32_t before = dense[place];
      const std::uint32_t fresh = before == 0 ? 1U : 0U;
      const std::uint32_t counted = (fresh ^ 1U) | (addend >= floor ? 1U : 0U);
      // Without branches: which rows count cannot be foreseen.
      dense[place] = (before + addend + fresh) & (0U - counted);
      touched[n] = place;
      n += counted & fresh;
    }
    s_.touched_count = n;
    if (!term.rare.empty())
      for (std::size_t i = 0; i < count; ++i)
        if (codes[i] == kBm25Rare) dense[places[i]] += rare_addend(term, base + places[i]);
    return true;
  }

  /// What was added to the touched rows, side by side.
  void gather() {
    s_.sums.resize(s_.touched.size());
    for (std::size_t i = 0; i < s_.touched_count; ++i) s_.sums[i] = s_.dense[s_.touched[i]] - 1;
  }
  void clear_dense() {
    for (std::size_t i = 0; i < s_.touched_count; ++i) s_.dense[s_.touched[i]] = 0;
    s_.clean = true;
  }

  /// Sums without the terms still to come are at most the scores: the k-th best of them, or a
  /// little less, excludes as well.
  void raise_least(std::uint32_t window) {
    const std::uint32_t base = window << kBm25WindowBits;
    const unsigned bits = static_cast<unsigned>(std::bit_width(s_.window_bound[window]));
    const unsigned shift = bits > kBinBits ? bits - kBinBits : 0;
    const auto bin = [&](std::uint32_t sum) {
      return std::min<std::size_t>(sum >> shift, kBins - 1);
    };
    for (auto& bins : s_.bins) bins.fill(0);
    for (std::size_t i = 0; i < s_.touched_count; ++i)
      s_.bins[i % s_.bins.size()][bin(s_.sums[i])] += counts(base + s_.touched[i]) ? 1U : 0U;
    for (const std::uint64_t key : s_.best)
      ++s_.bins[0][bin(static_cast<std::uint32_t>(key >> 32))];
    std::size_t found = 0;
    for (std::size_t b = kBins; b-- > 1;) {
      for (const auto& bins : s_.bins) found += bins[b];
      if (found < k_) continue;
      least_ = std::max(least_, std::uint64_t{b} << shift << 32);
      return;
    }
  }

  /// Keeps the rows that can be among the best when terms still to come add at most `rest`.
  void narrow(std::uint32_t window, std::uint32_t rest) {
    if (s_.touched_count > 2 * k_ && s_.best.size() < k_) raise_least(window);
    select(rest);
    if (s_.touched_count <= 2 * k_ || s_.best.size() < k_) return;
    raise_least(window);
    select(rest);
  }

  void select(std::uint32_t rest) {
    const std::uint32_t needed = least_sum() > rest + 1 ? least_sum() - rest : 1;
    std::size_t n = 0;
    for (std::size_t i = 0; i < s_.touched_count; ++i) {
      const std::uint32_t sum = s_.sums[i];
      s_.touched[n] = s_.touched[i];
      s_.sums[n] = sum;
      n += sum >= needed ? 1U : 0U;
    }
    s_.touched_count = n;
  }

  /// Adds a term's postings to the rows that were touched before, and to no others.
  bool look_up(const Term& term, const Part& part, std::uint32_t window) {
    const auto slice = postings(term, part);
    if (!slice) return false;
    const std::uint32_t base = window << kBm25WindowBits;
    const std::size_t touched = s_.touched_count;
    const auto addend = [&](std::size_t posting, std::uint16_t place) {
      const std::uint16_t code = slice->code(posting);
      return code != kBm25Rare ? bm25_addend(term.weight, impacts_[code])
                               : rare_addend(term, base + place);
    };
    s_.found.resize(std::max(s_.found.size(), std::max(touched, kBm25BitmapFrom)));
    std::uint32_t* found = s_.found.data();
    if (slice->bitmap() || slice->size() > kSearchesPerPosting * touched) {
      slice->find(s_.touched.data(), touched, found);
      for (std::size_t i = 0; i < touched; ++i) {
        // Without a branch, for it could not be foreseen: what is not found is a 0 added.
        const std::uint32_t there = found[i] < slice->size() ? 1U : 0U;
        s_.sums[i] += addend(found[i] & (0U - there), s_.touched[i]) & (0U - there);
      }
      return true;
    }
    const std::uint16_t* places = slice->places(nullptr);
    for (std::size_t i = 0; i < touched; ++i) {
      const std::uint16_t place = s_.touched[i];
      s_.bits[place / 64] |= std::uint64_t{1} << (place % 64);
      s_.dense[place] = static_cast<std::uint32_t>(i);
    }
    std::size_t n = 0;
    for (std::size_t i = 0; i < slice->size(); ++i) {
      found[n] = static_cast<std::uint32_t>(i);
      n += s_.bits[places[i] / 64] >> (places[i] % 64) & 1;
    }
    for (std::size_t i = 0; i < n; ++i) {
      const std::uint16_t place = places[found[i]];
      s_.sums[s_.dense[place]] += addend(found[i], place);
    }
    for (std::size_t i = 0; i < touched; ++i) s_.bits[s_.touched[i] / 64] = 0;
    clear_dense();
    return true;
  }

  /// Terms of a window, weakest first; what they can add together.
  std::uint32_t order_terms(std::uint32_t window) {
    s_.by_bound.clear();
    for (std::uint32_t t = 0; t < s_.terms.size(); ++t)
      if (part(t, window).bound > 0) s_.by_bound.push_back(t);
    std::sort(s_.by_bound.begin(), s_.by_bound.end(), [&](std::uint32_t a, std::uint32_t b) {
      const std::uint32_t x = part(a, window).bound, y = part(b, window).bound;
      return x != y ? x < y : a < b;
    });
    return s_.window_bound[window];
  }

  bool search_window(std::uint32_t window) {
    const std::uint32_t base = window << kBm25WindowBits;
    if (key(s_.window_bound[window], base) <= least_) return true;
    std::uint32_t rest = order_terms(window);
    std::size_t weak = s_.by_bound.size(), raised_at = 0;
    s_.clean = false;
    while (weak > 0 && rest >= least_sum()) {
      const std::uint32_t t = s_.by_bound[weak - 1];
      const Part& strongest = part(t, window);
      // Looking at what there is costs less than adding as much again.
      const std::size_t count = s_.terms[t].slices[strongest.slice].count_less_1;
      if (s_.touched_count > raised_at && count >= 2 * s_.touched_count && s_.best.size() < k_ &&
          s_.touched_count + s_.best.size() >= k_) {
        gather();
        raise_least(window);
        raised_at = s_.touched_count;
        continue;
      }
      rest -= strongest.bound;
      const std::uint32_t floor = least_sum() > rest ? least_sum() - rest : 0;
      if (!add(s_.terms[t], strongest, window, floor)) return false;
      --weak;
    }
    gather();
    clear_dense();
    narrow(window, rest);
    while (weak > 0 && s_.touched_count > 0) {
      const std::uint32_t t = s_.by_bound[--weak];
      if (!look_up(s_.terms[t], part(t, window), window)) return false;
      rest -= part(t, window).bound;
      narrow(window, rest);
    }
    return collect(base);
  }

  bool collect(std::uint32_t base) {
    for (std::size_t i = 0; i < s_.touched_count; ++i) {
      const std::uint32_t row = base + s_.touched[i];
      const std::uint64_t made = key(s_.sums[i], row);
      if (made <= least_ || !counts(row)) continue;
      if (row >= index_.rows()) return false;
      s_.best.push_back(made);
    }
    s_.touched_count = 0;
    if (s_.best.size() >= k_ + k_ / 2 || least_ == 0) shrink();
    return true;
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
  const float* impacts_;
  std::size_t k_;
  std::span<const std::uint64_t> counts_;
  std::size_t windows_ = 0;
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
