#include "base/stream.h"

#include <fcntl.h>
#include <libdeflate.h>
#include <unistd.h>
#include <zstd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/file.h"
#include "base/gzip.h"
#include "base/zstd_frames.h"

namespace crosstail {

namespace {

constexpr std::size_t kLineBlock = std::size_t{256} << 10;
constexpr int kGzipLevel = 6, kZstdLevel = 3, kSmallestZstdLevel = 22;

class FileSource : public ByteSource {
 public:
  FileSource(int fd, std::string name) : fd_(fd), name_(std::move(name)) {}
  ~FileSource() override {
    if (fd_ > STDIN_FILENO) ::close(fd_);
  }
  FileSource(const FileSource&) = delete;
  FileSource& operator=(const FileSource&) = delete;

  Result<std::size_t> read(char* buffer, std::size_t capacity) override {
    for (;;) {
      const ssize_t n = ::read(fd_, buffer, capacity);
      if (n >= 0) return static_cast<std::size_t>(n);
      if (errno != EINTR) return system_error(name_, "read", errno);
    }
  }

 private:
  int fd_;
  std::string name_;
};

class MemorySource : public ByteSource {
 public:
  explicit MemorySource(std::string_view bytes) : rest_(bytes) {}
  Result<std::size_t> read(char* buffer, std::size_t capacity) override {
    const std::size_t n = std::min(capacity, rest_.size());
    if (n > 0) std::memcpy(buffer, rest_.data(), n);
    rest_.remove_prefix(n);
    return n;
  }

 private:
  std::string_view rest_;
};

/// What was read ahead to recognise a source, then the source itself.
class PrefixedSource : public ByteSource {
 public:
  PrefixedSource(std::string prefix, std::unique_ptr<ByteSource> rest)
      : prefix_(std::move(prefix)), rest_(std::move(rest)) {}
  Result<std::size_t> read(char* buffer, std::size_t capacity) override {
    const std::size_t n = std::min(capacity, prefix_.size() - given_);
    if (n == 0) return rest_->read(buffer, capacity);
    std::memcpy(buffer, prefix_.data() + given_, n);
    given_ += n;
    return n;
  }

 private:
  std::string prefix_;
  std::size_t given_ = 0;
  std::unique_ptr<ByteSource> rest_;
};

std::string gzip_member(std::string_view bytes) {
  libdeflate_compressor* compressor = libdeflate_alloc_compressor(kGzipLevel);
  std::string out(libdeflate_gzip_compress_bound(compressor, bytes.size()), '\0');
  out.resize(
      libdeflate_gzip_compress(compressor, bytes.data(), bytes.size(), out.data(), out.size()));
  libdeflate_free_compressor(compressor);
  return out;
}

std::string zstd_frame(std::string_view bytes, int level) {
  std::string out(ZSTD_compressBound(bytes.size()), '\0');
  ZSTD_CCtx* context = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level);
  ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
  out.resize(ZSTD_compress2(context, out.data(), out.size(), bytes.data(), bytes.size()));
  ZSTD_freeCCtx(context);
  return out;
}

}  // namespace

Compression detect_compression(std::string_view first_bytes) {
  if (first_bytes.starts_with("\x1f\x8b")) return Compression::Gzip;
  return is_zstd_frame(first_bytes) ? Compression::Zstd : Compression::None;
}

std::string decompressed_head(std::string_view first_bytes, std::size_t max_bytes) {
  auto source = decompress(memory_source(first_bytes), detect_compression(first_bytes), "");
  std::string head(max_bytes, '\0');
  std::size_t size = 0;
  while (size < max_bytes) {
    auto n = source->read(head.data() + size, max_bytes - size);
    if (!n.ok() || *n == 0) break;
    size += *n;
  }
  head.resize(size);
  return head;
}

Result<std::unique_ptr<ByteSource>> open_raw(const std::filesystem::path& path) {
  if (path == "-") return std::unique_ptr<ByteSource>(new FileSource(STDIN_FILENO, "-"));
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return system_error(path.string(), "open", errno);
  ::posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
  return std::unique_ptr<ByteSource>(new FileSource(fd, path.string()));
}

Result<std::unique_ptr<ByteSource>> open_source(const std::filesystem::path& path) {
  CT_TRY(auto raw, open_raw(path));
  std::string head;
  while (head.size() < 4) {
    char bytes[4];
    CT_TRY(const std::size_t n, raw->read(bytes, sizeof bytes - head.size()));
    if (n == 0) break;
    head.append(bytes, n);
  }
  const Compression kind = detect_compression(head);
  return decompress(std::make_unique<PrefixedSource>(std::move(head), std::move(raw)), kind,
                    path.string());
}

std::unique_ptr<ByteSource> memory_source(std::string_view bytes) {
  return std::make_unique<MemorySource>(bytes);
}

std::unique_ptr<ByteSource> decompress(std::unique_ptr<ByteSource> inner, Compression kind,
                                       std::string name) {
  switch (kind) {
    case Compression::Gzip:
      return gzip_source(std::move(inner), std::move(name));
    case Compression::Zstd:
      return zstd_source(std::move(inner), std::move(name));
    case Compression::None:
      break;
  }
  return inner;
}

LineReader::LineReader(std::unique_ptr<ByteSource> source, std::string name, std::size_t max_bytes)
    : source_(std::move(source)), name_(std::move(name)), max_bytes_(max_bytes) {}

Result<bool> LineReader::next(std::string_view& line) {
  std::size_t searched = begin_;
  for (;;) {
    const std::size_t end = buffer_.find('\n', searched);
    const bool complete = end != std::string::npos;
    const std::size_t size = (complete ? end : buffer_.size()) - begin_;
    if (size > max_bytes_)
      return Error{ErrorCode::Limit, name_ + ": line " + std::to_string(number_ + 1) +
                                         " is longer than " + std::to_string(max_bytes_) +
                                         " bytes"};
    if (complete || (ended_ && size > 0)) {
      line = std::string_view(buffer_).substr(begin_, size);
      if (complete && line.ends_with('\r')) line.remove_suffix(1);
      begin_ += size + (complete ? 1 : 0);
      ++number_;
      return true;
    }
    if (ended_) return false;
    buffer_.erase(0, begin_);
    begin_ = 0;
    searched = buffer_.size();
    buffer_.resize(searched + kLineBlock);
    auto n = source_->read(buffer_.data() + searched, kLineBlock);
    buffer_.resize(searched + (n.ok() ? *n : 0));
    if (!n.ok()) return std::move(n).error();
    ended_ = *n == 0;
  }
}

Result<LineReader> open_lines(const std::filesystem::path& path) {
  CT_TRY(auto source, open_source(path));
  return LineReader(std::move(source), path.string());
}

std::string compress_frame(std::string_view bytes, Compression kind) {
  switch (kind) {
    case Compression::Gzip:
      return gzip_member(bytes);
    case Compression::Zstd:
      return zstd_frame(bytes, kZstdLevel);
    case Compression::None:
      break;
  }
  return std::string(bytes);
}

std::string smallest_zstd_frame(std::string_view bytes) {
  return zstd_frame(bytes, kSmallestZstdLevel);
}

Compression compression_for_name(std::string_view name) {
  if (name.ends_with(".gz")) return Compression::Gzip;
  if (name.ends_with(".zst")) return Compression::Zstd;
  return Compression::None;
}

}  // namespace crosstail
