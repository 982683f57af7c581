#pragma once
/// The container of every binary file of an index (docs/formats/index.md): a header of 64 bytes,
/// records back to back, checksums of the data in blocks of 256 KiB, a trailer of 64 bytes. Data is
/// appended only; where it is cut, the rest can be appended again with the same bytes.
/// Little-endian.

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/file.h"
#include "base/result.h"

namespace crosstail::index {

inline constexpr std::size_t kBlockBytes = std::size_t{256} << 10;
inline constexpr std::size_t kBlockFileHeader = 64;
inline constexpr std::size_t kBlockFileTrailer = 64;

/// What a file holds. `kind`: four letters. Data is a whole number of records.
struct BlockFileKind {
  std::array<char, 4> kind{};
  std::uint32_t record_bytes = 1;
  std::uint32_t type = 0;       ///< of vectors: VectorType; else 0
  std::uint32_t dimension = 0;  ///< of vectors, else 0
  [[nodiscard]] std::string name() const { return {kind.data(), kind.size()}; }
  bool operator==(const BlockFileKind&) const = default;
};

/// Appends to NAME.part, with the blocks' checksums beside it in NAME.sums; finish() puts both
/// together under NAME. Not thread-safe.
class BlockFileWriter {
 public:
  static Result<BlockFileWriter> create(const std::filesystem::path& path,
                                        const BlockFileKind& kind);
  /// Cuts the data back to `data_bytes`. Fails with Corrupt where the files hold less, or where the
  /// last whole block is not what its checksum says.
  static Result<BlockFileWriter> reopen(const std::filesystem::path& path,
                                        const BlockFileKind& kind, std::uint64_t data_bytes);

  Status append(std::string_view bytes);
  template <class T>
  Status append_records(std::span<const T> records) {
    static_assert(std::is_trivially_copyable_v<T>);
    return append({reinterpret_cast<const char*>(records.data()), records.size_bytes()});
  }
  /// Everything appended so far is on disk when it returns.
  Status sync();
  [[nodiscard]] std::uint64_t data_bytes() const { return data_bytes_; }
  /// Writes checksums and trailer and renames. May be repeated after a kill: reopen() with the same
  /// length, then finish() again.
  Status finish();

 private:
  Status end_block();
  std::filesystem::path path_;
  BlockFileKind kind_;
  OutputFile data_, sums_;
  std::string pending_;      ///< bytes of the block that is not full
  std::size_t on_disk_ = 0;  ///< of `pending_`
  std::uint64_t data_bytes_ = 0;
};

/// A finished file, mapped. open() checks header, trailer and sizes, and touches nothing else;
/// blocks are checked when they are touched first. Thread-safe.
class BlockFile {
 public:
  /// Fails with Corrupt (names file, byte and what was expected) or Unsupported (newer version).
  static Result<BlockFile> open(const std::filesystem::path& path, std::string_view kind);
  BlockFile() = default;

  [[nodiscard]] const BlockFileKind& kind() const { return kind_; }
  [[nodiscard]] std::uint64_t records() const { return records_; }
  [[nodiscard]] std::uint64_t data_bytes() const { return data_bytes_; }
  [[nodiscard]] const std::string& path() const { return path_; }
  /// Of the whole content: what the manifest holds.
  [[nodiscard]] std::uint64_t checksum() const { return checksum_; }
  [[nodiscard]] bool is_open() const { return !path_.empty(); }

  /// All data, unchecked.
  [[nodiscard]] const std::byte* data() const { return file_.bytes().data() + kBlockFileHeader; }
  /// Bytes [begin, end) after checking their blocks; nothing when they are damaged or out of range
  /// (health() says where).
  [[nodiscard]] const std::byte* touch(std::uint64_t begin, std::uint64_t end) const;
  /// Record `i` as T; nothing as above.
  template <class T>
  [[nodiscard]] const T* record(std::uint64_t i) const {
    return reinterpret_cast<const T*>(touch(i * sizeof(T), (i + 1) * sizeof(T)));
  }
  /// The first damage that touch() met, if any.
  [[nodiscard]] Status health() const;
  /// Checks every block that was not checked yet.
  Status verify() const;
  void advise_sequential() const { file_.advise_sequential(); }

 private:
  [[nodiscard]] bool check_block(std::uint64_t block) const;
  std::string path_;
  MappedFile file_;
  BlockFileKind kind_;
  std::uint64_t records_ = 0, data_bytes_ = 0, blocks_ = 0, checksum_ = 0;
  /// A bit a block: it was checked.
  std::unique_ptr<std::atomic<std::uint64_t>[]> checked_;
  /// Damaged block + 1, the first met.
  std::unique_ptr<std::atomic<std::uint64_t>> damaged_;
};

}  // namespace crosstail::index
