#pragma once
/// Files: memory-mapped for reading, atomic for writing. A file of ours is either complete under
/// its name or not there; what is being written lies beside it as `NAME.part` until commit().

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace crosstail {

/// `Io`, `NoSpace` (ENOSPC, EDQUOT) or `Interrupted` (EINTR): "PATH: cannot WHAT: <system's
/// words>".
Error system_error(std::string_view path, std::string_view what, int errno_value);

/// A whole file mapped read-only. Movable; the mapping lives as long as the object.
/// Thread-safe once opened. A file that another process truncates meanwhile raises SIGBUS, as for
/// every user of mmap; our own files are replaced by rename and never truncated.
class MappedFile {
 public:
  static Result<MappedFile> open(const std::filesystem::path& path);
  MappedFile() = default;
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile();

  [[nodiscard]] std::string_view text() const { return {data_, size_}; }
  [[nodiscard]] std::span<const std::byte> bytes() const {
    return {reinterpret_cast<const std::byte*>(data_), size_};
  }
  [[nodiscard]] std::size_t size() const { return size_; }
  /// Tells the kernel the file will be read once, front to back.
  void advise_sequential() const;

 private:
  const char* data_ = nullptr;
  std::size_t size_ = 0;
};

/// The whole of a small file. Fails with Limit when it is larger than `max_bytes`.
Result<std::string> read_file(const std::filesystem::path& path,
                              std::uint64_t max_bytes = std::uint64_t{1} << 30);

/// The same into a buffer that is used again and again; `bytes` is valid until the next call.
class FileReader {
 public:
  /// At most `max_bytes` of the file, from its start. Any readable file, also one without a size.
  Result<std::string_view> read(const std::string& path, std::size_t max_bytes);

 private:
  std::unique_ptr<char[]> buffer_;
  std::size_t capacity_ = 0;
};

/// A file descriptor for writing; every failure is a value that names the path. Not thread-safe.
class OutputFile {
 public:
  /// Creates or truncates.
  static Result<OutputFile> create(const std::filesystem::path& path);
  /// Opens for appending after cutting the file to `length` bytes (resume). Fails with Corrupt when
  /// the file is shorter than that.
  static Result<OutputFile> reopen(const std::filesystem::path& path, std::uint64_t length);
  /// Standard output; sync() and size() do what they can.
  static OutputFile standard_output();

  OutputFile() = default;
  OutputFile(OutputFile&& other) noexcept;
  OutputFile& operator=(OutputFile&& other) noexcept;
  ~OutputFile();  ///< closes without a word; call close() to learn of errors

  Status write(std::string_view bytes);
  Status sync();
  Status close();
  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] bool is_open() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
  bool owned_ = true;
  std::uint64_t size_ = 0;
  std::string path_;
};

/// fsync of `from` and its folder, then rename onto `to`.
Status commit_rename(const std::filesystem::path& from, const std::filesystem::path& to);

/// Writes `bytes` to PATH.part, syncs and renames. An existing file is replaced, never
/// half-written.
Status write_file_atomic(const std::filesystem::path& path, std::string_view bytes);

}  // namespace crosstail
