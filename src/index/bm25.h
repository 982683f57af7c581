#pragma once
/// Okapi BM25 over token ids or words: a memory-mapped inverted file (docs/formats/bm25.md) and
/// exact top-k search in it. The score's definition is in bm25_score.h; top-k equals scoring every
/// document, ties to the smaller row, whatever is passed over on the way.
///
/// Search goes through windows of 65,536 rows, best bound first, and in each by MaxScore (Turtle
/// and Flood 1995): terms are added to the rows' sums from the strongest on; when what is left
/// cannot lift a row over the k-th best, the rest is only looked up for rows that still can get
/// there. The k-th best of the sums so far, from a histogram, says so early.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "index/bm25_builder.h"
#include "index/bm25_format.h"
#include "index/bm25_score.h"
#include "index/bm25_slice.h"
#include "index/hits.h"

namespace crosstail::index {

/// A distinct term of a query that the file knows.
struct Bm25QueryTerm {
  std::uint32_t entry = 0;  ///< its place in the file's table
  float scaled_weight = 0;  ///< occurrences in the query · idf · Bm25Query::scale
};

/// A query made ready; empty where no term is known.
struct Bm25Query {
  std::vector<Bm25QueryTerm> terms;  ///< ascending entries
  float scale = 1;
};

class Bm25Scratch;

/// Immutable and thread-safe once opened; many processes may map one file.
class Bm25Index {
 public:
  /// `parameters`: other k1 and b than the file was built for; the bounds are then computed anew,
  /// in one pass over the postings. Checks the footer and the sections' places, not their bytes
  /// (verify() does); damaged postings that are met in a search are errors.
  /// Fails with Corrupt, naming the offset, and with Unsupported for another version.
  static Result<Bm25Index> open(const std::filesystem::path& path,
                                std::optional<Bm25Parameters> parameters = std::nullopt);

  /// Compares the sections' checksums. Corrupt names the section and its bytes.
  [[nodiscard]] Status verify() const;

  [[nodiscard]] Bm25Terms terms() const { return footer_.terms; }
  [[nodiscard]] std::size_t rows() const { return footer_.documents; }
  [[nodiscard]] std::uint64_t postings() const { return footer_.posting_count; }
  [[nodiscard]] const Bm25Parameters& parameters() const { return parameters_; }
  [[nodiscard]] double mean_length() const;
  [[nodiscard]] std::string_view label() const;

  /// The place of a term in the table; nothing where no document holds it.
  [[nodiscard]] std::optional<std::uint32_t> find(std::uint32_t id) const;
  [[nodiscard]] std::optional<std::uint32_t> find(std::string_view word) const;
  /// Documents that hold the term.
  [[nodiscard]] std::uint32_t frequency(std::uint32_t entry) const {
    return term_entries()[entry].frequency;
  }

  /// Terms with repeats, in any order.
  [[nodiscard]] Bm25Query query(std::span<const std::uint32_t> ids) const;
  [[nodiscard]] Bm25Query query(std::span<const std::string> words) const;

  /// The k best documents with a score above 0, best first; `counts` as in exact_search.h. Fails
  /// with InvalidArgument when k is 0 or `counts` too short, with Corrupt for damaged postings.
  Result<std::vector<Hit>> search(const Bm25Query& query, std::size_t k, Bm25Scratch& scratch,
                                  std::span<const std::uint64_t> counts = {}) const;

  /// The score of a document that need not be in the file: `frequencies` by term of the query,
  /// `length` its number of terms. The same bits as search() gives a document in the file.
  [[nodiscard]] float score(const Bm25Query& query, std::span<const std::uint32_t> frequencies,
                            std::uint32_t length) const;

 private:
  friend class Bm25Search;
  /// The slices of a term, ascending by window; none where the table is damaged.
  [[nodiscard]] std::span<const Bm25SliceEntry> slices(std::size_t entry) const;
  /// Nothing where it lies outside the file or its window beyond the rows.
  [[nodiscard]] std::optional<Bm25Slice> slice(const Bm25TermEntry& entry,
                                               const Bm25SliceEntry& slice) const;
  /// The rare postings of a term, ascending by document.
  [[nodiscard]] std::span<const Bm25RarePosting> rare(std::uint32_t entry) const;
  [[nodiscard]] std::span<const Bm25TermEntry> term_entries() const {
    return table<Bm25TermEntry>(kTermEntries);
  }
  template <class T>
  [[nodiscard]] std::span<const T> table(Bm25SectionName name) const {
    return {reinterpret_cast<const T*>(section(name)), footer_.sections[name].bytes / sizeof(T)};
  }
  [[nodiscard]] float bound(const Bm25SliceEntry& slice) const {
    return bounds_.empty()
               ? slice.bound
               : bounds_[static_cast<std::size_t>(&slice - table<Bm25SliceEntry>(kSlices).data())];
  }
  [[nodiscard]] const std::byte* section(Bm25SectionName name) const {
    return file_.bytes().data() + footer_.sections[name].offset;
  }
  [[nodiscard]] std::string_view word(std::size_t entry) const;
  [[nodiscard]] Bm25Query weigh(std::vector<std::uint32_t>& entries) const;
  void compute_impacts();
  Status compute_bounds();

  std::string path_;
  MappedFile file_;
  Bm25Footer footer_;
  Bm25Parameters parameters_;
  Bm25Norm norm_;
  std::vector<float> impacts_;  ///< by code, 65,536; 0 for codes that stand for nothing
  std::vector<float> bounds_;   ///< by slice, where k1 and b are not the file's
};

/// Working memory of searches, to be used again; belongs to one thread at a time.
class Bm25Scratch {
 public:
  Bm25Scratch();
  Bm25Scratch(Bm25Scratch&&) noexcept;
  Bm25Scratch& operator=(Bm25Scratch&&) noexcept;
  ~Bm25Scratch();
  struct State;
  State& state() { return *state_; }

 private:
  std::unique_ptr<State> state_;
};

}  // namespace crosstail::index
