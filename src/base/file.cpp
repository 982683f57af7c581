#include "base/file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "base/interrupt.h"

namespace crosstail {
namespace {

/// Some files cannot be synced (pipes, /dev/null); that is no failure.
bool sync_unsupported(int errno_value) {
  return errno_value == EINVAL || errno_value == EROFS;
}

Status sync_folder(const std::filesystem::path& folder) {
  const std::string name = folder.empty() ? "." : folder.string();
  const int fd = ::open(name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return system_error(name, "open the folder", errno);
  const bool failed = ::fsync(fd) != 0 && !sync_unsupported(errno);
  const int saved = errno;
  ::close(fd);
  if (failed) return system_error(name, "sync the folder", saved);
  return {};
}

}  // namespace

Error system_error(std::string_view path, std::string_view what, int errno_value) {
  if (errno_value == EINTR && interrupt_requested())
    return {ErrorCode::Interrupted, std::string(path) + ": interrupted"};
  const bool full = errno_value == ENOSPC || errno_value == EDQUOT;
  const bool missing = errno_value == ENOENT || errno_value == ENOTDIR;
  std::string message =
      std::string(path) + ": cannot " + std::string(what) + ": " + std::strerror(errno_value);
  if (full)
    message += "; make space and run the same command again (with --resume where it has one)";
  return {full      ? ErrorCode::NoSpace
          : missing ? ErrorCode::NotFound
                    : ErrorCode::Io,
          std::move(message)};
}

Result<MappedFile> MappedFile::open(const std::filesystem::path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return system_error(path.string(), "open for reading", errno);
  struct stat info {};
  if (::fstat(fd, &info) != 0) {
    const int saved = errno;
    ::close(fd);
    return system_error(path.string(), "stat", saved);
  }
  MappedFile file;
  file.size_ = static_cast<std::size_t>(info.st_size);
  if (file.size_ > 0) {
    void* data = ::mmap(nullptr, file.size_, PROT_READ, MAP_PRIVATE, fd, 0);
    const int saved = errno;
    ::close(fd);
    if (data == MAP_FAILED) {
      file.size_ = 0;
      return system_error(path.string(), "map", saved);
    }
    file.data_ = static_cast<const char*>(data);
  } else {
    ::close(fd);
  }
  return file;
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(const_cast<char*>(data_), size_);
}

void MappedFile::advise_sequential() const {
  if (data_ != nullptr) ::madvise(const_cast<char*>(data_), size_, MADV_SEQUENTIAL);
}

Result<std::string_view> FileReader::read(const std::string& path, std::size_t max_bytes) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return system_error(path, "open for reading", errno);
  struct stat info {};
  const bool sized = ::fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
  // One byte more than the size, so that the read that finds the end needs no more room.
  std::size_t wanted = sized ? static_cast<std::size_t>(info.st_size) + 1 : std::size_t{1} << 16;
  std::size_t size = 0;
  while (true) {
    wanted = std::min(wanted, max_bytes);
    if (wanted > capacity_) {
      auto larger = std::unique_ptr<char[]>(new char[wanted]);  // not zeroed
      if (size > 0) std::memcpy(larger.get(), buffer_.get(), size);
      buffer_ = std::move(larger);
      capacity_ = wanted;
    }
    const ssize_t got = ::read(fd, buffer_.get() + size, wanted - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      const int saved = errno;
      ::close(fd);
      return system_error(path, "read", saved);
    }
    size += static_cast<std::size_t>(got);
    if (got == 0 || size == max_bytes) break;
    if (size == wanted) wanted *= 2;
  }
  ::close(fd);
  return std::string_view(buffer_.get(), size);
}

Result<std::string> read_file(const std::filesystem::path& path, std::uint64_t max_bytes) {
  FileReader reader;
  CT_TRY(const std::string_view bytes, reader.read(path.string(), max_bytes + 1));
  if (bytes.size() > max_bytes)
    return Error{ErrorCode::Limit, path.string() + ": larger than the limit of " +
                                       std::to_string(max_bytes) + " bytes"};
  return std::string(bytes);
}

Result<OutputFile> OutputFile::create(const std::filesystem::path& path) {
  OutputFile file;
  file.path_ = path.string();
  file.fd_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (file.fd_ < 0) return system_error(file.path_, "open for writing", errno);
  return file;
}

Result<OutputFile> OutputFile::reopen(const std::filesystem::path& path, std::uint64_t length) {
  OutputFile file;
  file.path_ = path.string();
  file.fd_ = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (file.fd_ < 0) return system_error(file.path_, "open for writing", errno);
  struct stat info {};
  if (::fstat(file.fd_, &info) != 0) return system_error(file.path_, "stat", errno);
  if (static_cast<std::uint64_t>(info.st_size) < length)
    return Error{ErrorCode::Corrupt, file.path_ + ": holds " + std::to_string(info.st_size) +
                                         " bytes where the journal says " + std::to_string(length) +
                                         "; start again without --resume"};
  if (::ftruncate(file.fd_, static_cast<off_t>(length)) != 0)
    return system_error(file.path_, "cut back", errno);
  if (::lseek(file.fd_, 0, SEEK_END) < 0) return system_error(file.path_, "seek", errno);
  file.size_ = length;
  return file;
}

OutputFile OutputFile::standard_output() {
  OutputFile file;
  file.path_ = "standard output";
  file.fd_ = STDOUT_FILENO;
  file.owned_ = false;
  return file;
}

OutputFile::OutputFile(OutputFile&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      owned_(other.owned_),
      size_(other.size_),
      path_(std::move(other.path_)) {}

OutputFile& OutputFile::operator=(OutputFile&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(owned_, other.owned_);
  std::swap(size_, other.size_);
  std::swap(path_, other.path_);
  return *this;
}

OutputFile::~OutputFile() {
  if (fd_ >= 0 && owned_) ::close(fd_);
}

Status OutputFile::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::write(fd_, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return system_error(path_, "write", errno);
    size_ += static_cast<std::uint64_t>(put);
    bytes.remove_prefix(static_cast<std::size_t>(put));
  }
  return {};
}

Status OutputFile::sync() {
  if (::fdatasync(fd_) != 0 && !sync_unsupported(errno)) return system_error(path_, "sync", errno);
  return {};
}

Status OutputFile::close() {
  if (fd_ < 0) return {};
  const int fd = std::exchange(fd_, -1);
  if (owned_ && ::close(fd) != 0) return system_error(path_, "close", errno);
  return {};
}

Status commit_rename(const std::filesystem::path& from, const std::filesystem::path& to) {
  const int fd = ::open(from.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return system_error(from.string(), "open", errno);
  const bool failed = ::fsync(fd) != 0 && !sync_unsupported(errno);
  const int saved = errno;
  ::close(fd);
  if (failed) return system_error(from.string(), "sync", saved);
  if (::rename(from.c_str(), to.c_str()) != 0)
    return system_error(to.string(), "put in place", errno);
  return sync_folder(to.parent_path());
}

Status write_file_atomic(const std::filesystem::path& path, std::string_view bytes) {
  const std::filesystem::path part = path.string() + ".part";
  CT_TRY(OutputFile file, OutputFile::create(part));
  CT_CHECK(file.write(bytes));
  CT_CHECK(file.close());
  return commit_rename(part, path);
}

}  // namespace crosstail
