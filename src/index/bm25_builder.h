#pragma once
/// Builds a BM25 file (bm25.h) from documents that come one by one, in row order. Memory: the
/// buffer of Bm25BuildOptions, 4 bytes a document, and for words the vocabulary. What does not fit
/// goes to sorted runs beside the output, which are merged at the end. The file's bytes depend on
/// the documents, k1, b and label alone.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "index/bm25_format.h"

namespace crosstail::index {

/// Robertson and Zaragoza 2009; the defaults are those of Anserini.
struct Bm25Parameters {
  float k1 = 0.9F;  ///< how fast further occurrences stop to count; at least 0
  float b = 0.4F;   ///< how much a long document counts less, 0 to 1
  bool operator==(const Bm25Parameters&) const = default;
};

/// InvalidArgument where a parameter is out of its range.
Status check(const Bm25Parameters& parameters);

struct Bm25BuildOptions {
  Bm25Terms terms = Bm25Terms::Ids;
  Bm25Parameters parameters;              ///< bounds are kept for these
  std::string label;                      ///< at most 127 bytes; given back by Bm25Index::label()
  std::size_t buffer_bytes = 256U << 20;  ///< at least 64 KiB is used
};

/// Not thread-safe. Until finish(), the output is `PATH.part` and its runs `PATH.run-N`; the
/// destructor takes unfinished ones away.
class Bm25Builder {
 public:
  static Result<Bm25Builder> create(const std::filesystem::path& path,
                                    const Bm25BuildOptions& options);
  Bm25Builder(Bm25Builder&&) noexcept;
  Bm25Builder& operator=(Bm25Builder&&) noexcept;
  ~Bm25Builder();

  /// The next document's terms with repeats, in any order; may be empty. Only for Bm25Terms::Ids.
  Status add(std::span<const std::uint32_t> ids);
  /// Only for Bm25Terms::Words.
  Status add(std::span<const std::string> words);

  [[nodiscard]] std::uint64_t documents() const;
  Status finish();

 private:
  struct State;
  explicit Bm25Builder(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace crosstail::index
