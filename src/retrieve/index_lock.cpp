#include "retrieve/index_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>
#include <utility>

#include "base/file.h"
#include "index/manifest.h"

namespace crosstail::retrieve {
namespace {

namespace fs = std::filesystem;

/// Rounds against others that let go, and remove the file, between our opening and locking it.
constexpr int kRounds = 100;

void close_both(int dir, int file) {
  if (file >= 0) ::close(file);
  if (dir >= 0) ::close(dir);
}

/// What the process that holds the file has written there; empty where it had no time to.
std::string holder_of(int file) {
  std::array<char, 32> text{};
  const ssize_t size = ::pread(file, text.data(), text.size(), 0);
  std::string digits(text.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
  digits.resize(std::min(digits.find_first_not_of("0123456789"), digits.size()));
  return digits;
}

Error in_use(const fs::path& dir, const std::string& holder) {
  return {ErrorCode::Io,
          dir.string() + ": " + (holder.empty() ? "another process" : "process " + holder) +
              " is building or changing this index; wait until it has ended, or end it (what a "
              "killed one left behind is in nobody's way)"};
}

/// Whether `name` in `dir` still is the open file.
bool still_there(int dir, int file) {
  struct stat ours {};
  struct stat there {};
  return ::fstat(file, &ours) == 0 && ::fstatat(dir, kLockFile, &there, 0) == 0 &&
         ours.st_ino == there.st_ino && ours.st_dev == there.st_dev;
}

bool without_locks(int failure) {
  return failure == ENOLCK || failure == ENOSYS || failure == EOPNOTSUPP;
}

}  // namespace

Result<IndexLock> IndexLock::take(const fs::path& path) {
  for (int round = 0; round < kRounds; ++round) {
    const int dir = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0) {
      if (errno == ENOENT || errno == ENOTDIR)
        return Error{ErrorCode::NotFound, path.string() + ": no such index directory"};
      return system_error(path.string(), "open", errno);
    }
    const int file = ::openat(dir, kLockFile, O_CREAT | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (file < 0) {
      const int failure = errno;
      ::close(dir);
      if (failure == ENOENT) continue;  // the directory was removed meanwhile
      return system_error((path / kLockFile).string(), "open for writing", failure);
    }
    if (::flock(file, LOCK_EX | LOCK_NB) != 0 && !without_locks(errno)) {
      const int failure = errno;
      const std::string holder = holder_of(file);
      close_both(dir, file);
      if (failure == EWOULDBLOCK) return in_use(path, holder);
      return system_error((path / kLockFile).string(), "lock", failure);
    }
    if (!still_there(dir, file)) {
      close_both(dir, file);
      continue;
    }
    // On a full disk the number is missing; the lock holds all the same.
    const std::string number = std::to_string(::getpid()) + "\n";
    if (::ftruncate(file, 0) == 0 && ::pwrite(file, number.data(), number.size(), 0) < 0) errno = 0;
    IndexLock lock;
    lock.dir_ = dir;
    lock.file_ = file;
    return lock;
  }
  return in_use(path, "");
}

Result<IndexLock> IndexLock::take_index(const fs::path& dir) {
  CT_CHECK(index::read_manifest(dir));
  return take(dir);
}

IndexLock::IndexLock(IndexLock&& other) noexcept
    : dir_(std::exchange(other.dir_, -1)), file_(std::exchange(other.file_, -1)) {}

IndexLock& IndexLock::operator=(IndexLock&& other) noexcept {
  std::swap(dir_, other.dir_);
  std::swap(file_, other.file_);
  return *this;
}

IndexLock::~IndexLock() {
  // Removed while it is still held, so nobody else's file can be hit; not after a rename brought
  // another index to where this one was.
  if (dir_ >= 0 && still_there(dir_, file_)) ::unlinkat(dir_, kLockFile, 0);
  close_both(dir_, file_);
}

}  // namespace crosstail::retrieve
