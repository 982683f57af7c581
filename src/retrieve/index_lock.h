#pragma once
/// The right to change one index directory: held by at most one process at a time, and let go by
/// the kernel when that process ends in any way. Readers take no part: an index can be opened by
/// anybody at any moment.
///
/// It is an advisory lock (flock) on the file `lock` in the directory, which holds the number of
/// the process that has it and is removed with the right. The directory may be renamed meanwhile,
/// as a build does when it is put in its place. A file system without such locks keeps nobody out.

#include <filesystem>

#include "base/result.h"

namespace crosstail::retrieve {

inline constexpr const char* kLockFile = "lock";

/// Movable; lets go when it is destroyed.
class IndexLock {
 public:
  /// Does not wait: fails with Io, naming the other process, where it holds `dir`; with NotFound
  /// where `dir` is no directory.
  static Result<IndexLock> take(const std::filesystem::path& dir);
  /// The same for an index that must be there: fails as index::read_manifest where it is not.
  static Result<IndexLock> take_index(const std::filesystem::path& dir);

  IndexLock() = default;
  IndexLock(IndexLock&& other) noexcept;
  IndexLock& operator=(IndexLock&& other) noexcept;
  ~IndexLock();

  [[nodiscard]] bool held() const { return dir_ >= 0; }

 private:
  int dir_ = -1, file_ = -1;
};

}  // namespace crosstail::retrieve
