#pragma once
/// Pages out of WARC and ARC archives of any size (plain, gzip, zstd with or without dictionary),
/// in the three stages of run_ordered (base/pool.h):
///
///   read   ArchiveChunker::next() cuts the archive into chunks of about 4 MiB, where a gzip
///   member,
///          zstd frame or plain record starts that begins with a record's head. Cheap.
///   work   ArchiveChunk::read() reads a chunk's pages, as if the chunk before ended at its start.
///   write  ArchiveJoin::follows() says whether that was so. If not (a record goes on over the cut,
///          one archive is stored inside another), what `work` found is void: clear it and call
///          ArchiveJoin::read(), which goes on where the chunk before stopped.
///
/// Pages, order, damage and counts are those of reading from front to back, whatever the threads:
///
///   chunk = chunker.next();                                  // read
///   chunk->read(visitor);                                    // work
///   if (!join.follows(*chunk)) { clear(); join.read(*chunk, visitor); }   // write
///   join.leave(*chunk);                                      // write; then join.position()
///
/// Damage (a broken member, a wrong Content-Length, a cut-off record) is reported with its place,
/// and reading goes on at the next record. Records over the limit are passed over without being
/// kept.

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/stream.h"
#include "base/zstd_frames.h"
#include "markup/warc_page.h"
#include "markup/warc_record.h"

namespace crosstail::markup {

struct ArchiveLimits {
  std::size_t max_record_bytes = std::size_t{16}
                                 << 20;                ///< larger records are passed over, counted
  std::size_t max_body_bytes = std::size_t{16} << 20;  ///< of a page after decoding
};

/// Where an archive can be entered again: chunks start at `offset` of the file, and the first
/// `skip` of them were already written.
struct ArchivePosition {
  std::uint64_t offset = 0;
  std::uint64_t skip = 0;
};

struct ArchiveDamage {
  std::uint64_t offset = 0;  ///< byte of the file
  std::string message;       ///< "gzip member: wrong checksum", without the file's name
};

/// All records = pages + not_html + no_payload + record_too_large + body_too_large + body_damaged.
struct ArchiveCounts {
  std::uint64_t records = 0, pages = 0, not_html = 0, no_payload = 0;
  std::uint64_t record_too_large = 0, body_too_large = 0, body_damaged = 0;
  std::uint64_t damages = 0;
  std::uint64_t bytes = 0;  ///< decompressed
  std::array<std::uint64_t, static_cast<std::size_t>(RecordType::Count_)> by_type{};
  ArchiveCounts& operator+=(const ArchiveCounts& other);
};

class ArchiveVisitor {
 public:
  virtual ~ArchiveVisitor() = default;
  virtual void page(const ArchivePage& page) = 0;
  virtual void damage(const ArchiveDamage& damage) = 0;
};

class RecordFinder;
class RecordReader;

/// A stretch of an archive and, once read, what reading it left behind.
class ArchiveChunk {
 public:
  ArchiveChunk();
  ~ArchiveChunk();
  ArchiveChunk(const ArchiveChunk&) = delete;
  ArchiveChunk& operator=(const ArchiveChunk&) = delete;

  /// Any thread. Visits nothing if the chunk starts in the middle of something (then follows() is
  /// false).
  void read(ArchiveVisitor& visitor);

  [[nodiscard]] const ArchiveCounts& counts() const { return counts_; }
  [[nodiscard]] std::uint64_t offset() const { return offset_; }  ///< in the file
  [[nodiscard]] std::size_t size() const { return size_; }        ///< bytes of the file
  /// After a resume: was written before; read and join it, but write nothing.
  [[nodiscard]] bool written() const { return written_; }

 private:
  friend class ArchiveChunker;
  friend class ArchiveJoin;
  std::unique_ptr<char[]> bytes_;
  std::uint64_t offset_ = 0;
  std::size_t size_ = 0;
  bool starts_record_ = false, ends_at_record_ = false, last_ = false, written_ = false;
  Compression compression_ = Compression::None;
  ArchiveFormat format_ = ArchiveFormat::Warc;
  ArchiveLimits limits_;
  std::shared_ptr<const ZstdDictionary> dictionary_;
  std::unique_ptr<RecordReader> reader_;
  ArchiveCounts counts_;
};

/// Not thread-safe.
class ArchiveChunker {
 public:
  /// `raw` is the file as it is on disk, from its start (also when resuming; a pipe is re-read).
  /// Messages do not name the file; see Error::at().
  static Result<ArchiveChunker> open(std::unique_ptr<ByteSource> raw, ArchiveLimits limits = {},
                                     ArchivePosition from = {});
  ArchiveChunker(ArchiveChunker&&) noexcept;
  ArchiveChunker& operator=(ArchiveChunker&&) noexcept;
  ~ArchiveChunker();
  /// Null at the end. An empty source has one empty chunk.
  Result<std::unique_ptr<ArchiveChunk>> next();

 private:
  ArchiveChunker();
  Status start(ArchivePosition from);
  Status fill();

  std::unique_ptr<ByteSource> raw_;
  std::unique_ptr<RecordFinder> finder_;  ///< null for a plain archive
  ArchiveLimits limits_;
  Compression compression_ = Compression::None;
  ArchiveFormat format_ = ArchiveFormat::Warc;
  std::shared_ptr<const ZstdDictionary> dictionary_;
  std::unique_ptr<char[]> bytes_;
  std::size_t size_ = 0;
  std::uint64_t offset_ = 0, skip_ = 0;
  bool starts_record_ = true, source_ended_ = false, ended_ = false;
};

/// The ordered end of it. One per archive; used by one thread at a time.
class ArchiveJoin {
 public:
  explicit ArchiveJoin(ArchivePosition from = {});
  ~ArchiveJoin();
  ArchiveJoin(const ArchiveJoin&) = delete;
  ArchiveJoin& operator=(const ArchiveJoin&) = delete;

  /// True if what chunk.read() visited holds.
  [[nodiscard]] bool follows(const ArchiveChunk& chunk) const;
  /// Reads the chunk from the state that the one before left; replaces chunk.counts().
  void read(ArchiveChunk& chunk, ArchiveVisitor& visitor);
  /// Takes over the chunk's state; called once for every chunk, in order.
  void leave(ArchiveChunk& chunk);
  /// Where to enter again when everything up to the last chunk left is written.
  [[nodiscard]] ArchivePosition position() const { return position_; }

 private:
  std::unique_ptr<RecordReader> reader_;  ///< null before the first chunk
  ArchivePosition position_;
};

}  // namespace crosstail::markup
