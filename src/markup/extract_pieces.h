#pragma once
/// The pieces of work that `extract` cuts its inputs into: a batch of small files, or a chunk of
/// one archive or of one N-Quads file. Where cuts fall depends on the inputs alone.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/pool.h"
#include "base/stream.h"
#include "markup/extract.h"
#include "markup/input_walk.h"
#include "markup/nquads.h"
#include "markup/warc_chunks.h"

namespace crosstail::markup {

/// Where a run can go on: so many files of the walk are done, and of the next one this much.
struct ExtractPosition {
  std::uint64_t files = 0;
  std::uint64_t offset = 0;  ///< ArchivePosition or NQuadsPosition of the file in work
  std::uint64_t skip = 0;

  [[nodiscard]] std::string to_text() const;
  static Result<ExtractPosition> from_text(std::string_view text);
};

struct DamagedPlace {
  std::string place;    ///< "crawl.warc.gz: byte 1234"
  std::string message;  ///< what is wrong there
};

/// One item of run_ordered.
struct ExtractPiece : WorkItem {
  std::vector<InputFile> files;  ///< a batch; or the one file of `archive` or `quads`
  std::unique_ptr<ArchiveChunk> archive;
  std::unique_ptr<NQuadsChunk> quads;
  std::unique_ptr<ByteSource> source;                ///< of a large page: its decompressed bytes
  bool first_of_file = false, last_of_file = false;  ///< of a file that is cut into chunks
  std::uint64_t files_before = 0;  ///< files of the walk that were done before this piece
  std::uint64_t files_after = 0;   ///< and that are done with it
  std::size_t bytes = 0;           ///< of input held or to be read

  OutputLines lines;
  std::vector<DamagedPlace> damage;
  void clear_result() {
    lines = {};
    damage.clear();
  }
};

/// Not thread-safe: run_ordered's read stage.
class PieceReader {
 public:
  PieceReader(const ExtractOptions& options, const ExtractPosition& from);
  /// Null at the end.
  Result<std::unique_ptr<ExtractPiece>> next();

 private:
  Result<std::optional<InputFile>> next_file();  ///< sets waiting_index_
  Result<std::unique_ptr<ExtractPiece>> open_large(InputFile file);
  Result<std::unique_ptr<ExtractPiece>> next_chunk();

  const ExtractOptions& options_;
  ExtractPosition from_;
  InputWalk walk_;
  std::uint64_t files_seen_ = 0;      ///< by the walk, of all shards
  std::optional<InputFile> waiting_;  ///< too large for the batch it came after
  std::uint64_t waiting_bytes_ = 0;
  std::uint64_t waiting_index_ = 0;
  InputFile current_;  ///< being cut into chunks
  std::uint64_t current_index_ = 0;
  bool current_first_ = false;
  std::optional<ArchiveChunker> archive_;
  std::optional<NQuadsChunker> quads_;
};

}  // namespace crosstail::markup
