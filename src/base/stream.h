#pragma once
/// Byte streams over plain, gzip and zstd data, both ways. The kind of a source is recognised by
/// its first bytes, never by its name.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace crosstail {

/// Bytes to be read front to back. Not thread-safe.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  /// Up to `capacity` bytes into `buffer`; 0 at the end. Damaged data is an error that names the
  /// source and the offset in it.
  virtual Result<std::size_t> read(char* buffer, std::size_t capacity) = 0;
};

enum class Compression { None, Gzip, Zstd };

/// By magic number: 1f 8b, 28 b5 2f fd (and zstd's skippable frames 5? 2a 4d 18).
Compression detect_compression(std::string_view first_bytes);

/// At most `max_bytes` of what the first bytes of a source decompress to, damaged or cut off as
/// they may be: enough to recognise what is inside.
std::string decompressed_head(std::string_view first_bytes, std::size_t max_bytes);

/// A file, or standard input for "-", as it is on disk.
Result<std::unique_ptr<ByteSource>> open_raw(const std::filesystem::path& path);

/// The same, decompressed if it is compressed: concatenated gzip members and zstd frames are one
/// stream. A truncated tail is a Corrupt error *after* all bytes before it were delivered.
Result<std::unique_ptr<ByteSource>> open_source(const std::filesystem::path& path);

/// Bytes in memory, which must outlive the source.
std::unique_ptr<ByteSource> memory_source(std::string_view bytes);

/// Decompresses `inner`; `name` is for messages.
std::unique_ptr<ByteSource> decompress(std::unique_ptr<ByteSource> inner, Compression kind,
                                       std::string name);

/// Lines of a source with their numbers, without the line end (LF or CRLF); the last line need not
/// end. A line longer than `max_bytes` is a Limit error that names its number.
class LineReader {
 public:
  LineReader(std::unique_ptr<ByteSource> source, std::string name,
             std::size_t max_bytes = std::size_t{64} << 20);
  /// False at the end. `line` is valid until the next call.
  Result<bool> next(std::string_view& line);
  [[nodiscard]] std::uint64_t number() const { return number_; }  ///< of the last line, from 1
  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  std::unique_ptr<ByteSource> source_;
  std::string name_;
  std::size_t max_bytes_;
  std::string buffer_;
  std::size_t begin_ = 0;
  bool ended_ = false;
  std::uint64_t number_ = 0;
};

Result<LineReader> open_lines(const std::filesystem::path& path);

/// One complete, independent compressed frame (gzip member or zstd frame) holding `bytes`.
std::string compress_frame(std::string_view bytes, Compression kind);
/// A zstd frame as small as can be made, which takes a hundred times as long; for what is written
/// once and kept.
std::string smallest_zstd_frame(std::string_view bytes);

/// By the last extension of an output name: .gz, .zst, else none.
Compression compression_for_name(std::string_view name);

}  // namespace crosstail
