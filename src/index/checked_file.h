#pragma once
/// Files of ours that are mapped into memory: a payload, then the XXH3 checksum of each MiB of it,
/// then the XXH3 of those checksums, which identifies the contents. Written front to back, put in
/// place atomically; the payload can be checked piece by piece.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/pool.h"
#include "base/result.h"

namespace crosstail::index {

inline constexpr std::size_t kCheckedPiece = std::size_t{1} << 20;

/// Not thread-safe. Until finish() the file lies beside its place as PATH.part; the destructor
/// takes an unfinished one away.
class CheckedWriter {
 public:
  static Result<CheckedWriter> create(const std::filesystem::path& path);
  CheckedWriter(CheckedWriter&&) = default;
  CheckedWriter& operator=(CheckedWriter&&) = default;
  ~CheckedWriter();
  Status write(std::string_view bytes);
  /// Zeros up to the next multiple of 64 bytes.
  Status align();
  /// Checksums, sync, rename. Returns the identity.
  Result<std::uint64_t> finish();
  [[nodiscard]] std::uint64_t size() const { return written_; }

 private:
  CheckedWriter() = default;
  Status flush();

  std::filesystem::path path_;
  OutputFile file_;
  std::string piece_;
  std::vector<std::uint64_t> checksums_;
  std::uint64_t written_ = 0;
};

/// The size of a whole file with a payload of that size.
[[nodiscard]] std::uint64_t checked_size(std::uint64_t payload);
/// What the last 8 bytes say, after checking that `file` has the size for `payload` bytes and that
/// its checksums have the checksum they should. `name` is for messages.
Result<std::uint64_t> checked_identity(std::span<const std::byte> file, std::uint64_t payload,
                                       std::string_view name);
/// Reads the payload; Corrupt names the first piece that is damaged. Without a pool the calling
/// thread does everything.
Status verify_payload(std::span<const std::byte> file, std::uint64_t payload, std::string_view name,
                      Pool* pool = nullptr);

}  // namespace crosstail::index
