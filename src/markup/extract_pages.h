#pragma once
/// The work stage of `extract`: from a piece of input to lines of output, on any thread.

#include <memory>
#include <mutex>
#include <vector>

#include "base/file.h"
#include "markup/extract_pieces.h"

namespace crosstail::markup {

/// Thread-safe: each call takes a PageReader of its own.
class PieceWorker {
 public:
  explicit PieceWorker(const ExtractOptions& options) : options_(options) {}

  /// Fills piece.lines and piece.damage.
  void work(ExtractPiece& piece);
  /// Reads an archive's chunk again, from where the one before ended (see warc_chunks.h).
  void work_again(ExtractPiece& piece, ArchiveJoin& join);

 private:
  class Visitor;
  class Lease;
  void read_file(const InputFile& file, FileReader& files, ExtractPiece& piece, PageReader& reader);
  void read_streamed_page(const InputFile& file, ByteSource& source, ExtractPiece& piece,
                          PageReader& reader);
  void read_bytes(const InputFile& file, std::string_view bytes, ExtractPiece& piece,
                  PageReader& reader);
  void drop_file(const InputFile& file, std::string_view reason, ExtractPiece& piece);
  void read_archive_whole(const InputFile& file, std::string_view raw, Visitor& visitor,
                          ExtractPiece& piece);
  void read_quads_whole(const InputFile& file, std::string_view raw, Visitor& visitor,
                        ExtractPiece& piece);
  void add_html(const InputFile& file, std::string_view html, ExtractPiece& piece,
                PageReader& reader);

  const ExtractOptions& options_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<PageReader>> idle_;
};

}  // namespace crosstail::markup
