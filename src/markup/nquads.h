#pragma once
/// Pages out of N-Quads (W3C, 2014) as Web Data Commons writes them: the quads of one page follow
/// each other, and the fourth term is the page. Only what questions and answers need is kept.
///
/// The stages are those of warc_chunks.h, but nothing is ever read twice: chunks end between pages.
///
///   chunk = chunker.next();      // read: one thread; inflates gzip or zstd, finds the last page
///   end chunk->read(visitor);        // work: any thread
///
/// A page whose quads exceed a limit keeps what came before and is counted. Lines that cannot be
/// understood are skipped and counted; an IRI may hold what it should not (spaces, quotes, braces)
/// as long as the line's four terms can be told apart. Ill-formed UTF-8 and escapes become U+FFFD.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/stream.h"
#include "markup/graph.h"

namespace crosstail::markup {

struct NQuadsLimits {
  std::size_t max_page_bytes = std::size_t{16} << 20;  ///< of one page's lines
  std::size_t max_page_quads = 1'000'000;              ///< of those that are kept
};

/// As ArchivePosition: `offset` counts decompressed bytes.
struct NQuadsPosition {
  std::uint64_t offset = 0;
};

/// lines = kept + irrelevant + blank + bad + over_limit. A line longer than a page may be is one
/// line over the limit.
struct NQuadsCounts {
  std::uint64_t lines = 0;
  std::uint64_t kept = 0;        ///< quads that went into a page's graph
  std::uint64_t irrelevant = 0;  ///< quads of other vocabulary
  std::uint64_t blank = 0;       ///< empty lines and comments
  std::uint64_t bad = 0;         ///< not understood, skipped
  std::uint64_t over_limit = 0;  ///< of pages that hit a limit
  std::uint64_t odd_iris = 0;    ///< understood although an IRI holds what it must not
  std::uint64_t repaired = 0;    ///< literals with ill-formed UTF-8 or escapes
  std::uint64_t pages = 0, pages_limited = 0;
  std::uint64_t bytes = 0;
  NQuadsCounts& operator+=(const NQuadsCounts& other);
};

struct NQuadsPage {
  std::string_view url;      ///< the graph's IRI, valid UTF-8; empty for quads without a graph
  std::uint64_t offset = 0;  ///< of its first line, in decompressed bytes
  bool limited = false;
};

class NQuadsVisitor {
 public:
  virtual ~NQuadsVisitor() = default;
  /// A page with at least one quad that was kept. `graph` is valid during the visit.
  virtual void page(const NQuadsPage& page, const Graph& graph) = 0;
  /// A line that was skipped; `offset` in decompressed bytes.
  virtual void bad_line(std::uint64_t offset, std::string_view line) = 0;
};

class NQuadsChunk {
 public:
  /// Any thread.
  void read(NQuadsVisitor& visitor);
  [[nodiscard]] const NQuadsCounts& counts() const { return counts_; }
  [[nodiscard]] std::uint64_t offset() const { return offset_; }
  [[nodiscard]] std::uint64_t size() const { return size_ + passed_bytes_; }
  /// Where to enter again when everything up to this chunk is written.
  [[nodiscard]] NQuadsPosition end() const { return {offset_ + size()}; }

 private:
  friend class NQuadsChunker;
  std::unique_ptr<char[]> bytes_;
  std::size_t size_ = 0;
  std::uint64_t offset_ = 0;
  NQuadsLimits limits_;
  NQuadsCounts counts_;
  std::uint64_t passed_lines_ = 0, passed_bytes_ = 0;  ///< behind the bytes, not kept
};

/// Not thread-safe.
class NQuadsChunker {
 public:
  /// `source`: decompressed bytes from the start (open_source()); when resuming they are skipped.
  static Result<NQuadsChunker> open(std::unique_ptr<ByteSource> source, NQuadsLimits limits = {},
                                    NQuadsPosition from = {});
  /// Null at the end. After damage in the source, the chunk before it comes first, then the error.
  Result<std::unique_ptr<NQuadsChunk>> next();

 private:
  NQuadsChunker() = default;
  void fill(std::size_t wanted);
  std::size_t find_cut();
  void pass_rest_of_page(NQuadsChunk& chunk);
  [[nodiscard]] std::string_view bytes() const { return {bytes_.get(), size_}; }

  std::unique_ptr<ByteSource> source_;
  NQuadsLimits limits_;
  std::unique_ptr<char[]> bytes_;
  std::size_t size_ = 0, capacity_ = 0;
  std::uint64_t offset_ = 0;
  bool ended_ = false, done_ = false;
  std::optional<Error> failed_;
};

}  // namespace crosstail::markup
