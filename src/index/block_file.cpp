#include "index/block_file.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "base/hash.h"

namespace crosstail::index {
namespace {

constexpr std::string_view kMagic{"CTBLOCKS"};
constexpr std::string_view kEndMagic{"CTBLKEND"};
constexpr std::uint32_t kVersion = 1;

struct Header {
  char magic[8];
  std::uint32_t version;
  char kind[4];
  std::uint32_t record_bytes, type, dimension, block_bytes;
  std::uint64_t zero[3];
  std::uint64_t checksum;
};
static_assert(sizeof(Header) == kBlockFileHeader);

struct Trailer {
  char magic[8];
  std::uint64_t data_bytes, records, blocks;
  std::uint64_t sums_checksum, header_checksum, zero;
  std::uint64_t checksum;
};
static_assert(sizeof(Trailer) == kBlockFileTrailer);

template <class T>
std::string_view raw(const T& value, std::size_t bytes = sizeof(T)) {
  return {reinterpret_cast<const char*>(&value), bytes};
}

Header header_of(const BlockFileKind& kind) {
  Header header{};
  std::memcpy(header.magic, kMagic.data(), kMagic.size());
  header.version = kVersion;
  std::memcpy(header.kind, kind.kind.data(), kind.kind.size());
  header.record_bytes = kind.record_bytes;
  header.type = kind.type;
  header.dimension = kind.dimension;
  header.block_bytes = kBlockBytes;
  header.checksum = xxh3(raw(header, sizeof(Header) - sizeof(header.checksum)));
  return header;
}

std::uint64_t padded(std::uint64_t bytes) {
  return (bytes + 7) / 8 * 8;
}

std::uint64_t blocks_of(std::uint64_t bytes) {
  return (bytes + kBlockBytes - 1) / kBlockBytes;
}

std::filesystem::path part_of(const std::filesystem::path& path) {
  return path.string() + ".part";
}
std::filesystem::path sums_of(const std::filesystem::path& path) {
  return path.string() + ".sums";
}

Error corrupt(const std::string& path, std::uint64_t offset, std::string_view what) {
  return {ErrorCode::Corrupt,
          path + ": byte " + std::to_string(offset) + ": " + std::string(what) +
              "; the file is damaged or cut off: copy it again, or build this shard again"};
}

}  // namespace

Result<BlockFileWriter> BlockFileWriter::create(const std::filesystem::path& path,
                                                const BlockFileKind& kind) {
  BlockFileWriter writer;
  writer.path_ = path;
  writer.kind_ = kind;
  CT_TRY(writer.data_, OutputFile::create(part_of(path)));
  CT_TRY(writer.sums_, OutputFile::create(sums_of(path)));
  CT_CHECK(writer.data_.write(raw(header_of(kind))));
  return writer;
}

Result<BlockFileWriter> BlockFileWriter::reopen(const std::filesystem::path& path,
                                                const BlockFileKind& kind,
                                                std::uint64_t data_bytes) {
  // A kill while the files were put in place: the finished file becomes the unfinished one again.
  std::error_code ignored;
  if (std::filesystem::exists(path, ignored) && !std::filesystem::exists(part_of(path), ignored)) {
    CT_TRY(const auto finished, BlockFile::open(path, kind.name()));
    if (finished.data_bytes() < data_bytes || !(finished.kind() == kind))
      return Error{ErrorCode::Corrupt,
                   path.string() + ": holds " + std::to_string(finished.data_bytes()) +
                       " bytes of data where the journal says " + std::to_string(data_bytes) +
                       "; start again without --resume"};
    const std::uint64_t sums = kBlockFileHeader + padded(finished.data_bytes());
    CT_TRY(const auto mapped, MappedFile::open(path));
    CT_CHECK(write_file_atomic(
        sums_of(path),
        mapped.text().substr(sums, data_bytes / kBlockBytes * sizeof(std::uint64_t))));
    std::filesystem::rename(path, part_of(path), ignored);
    if (ignored)
      return Error{ErrorCode::Io, path.string() + ": cannot rename: " + ignored.message()};
  }
  BlockFileWriter writer;
  writer.path_ = path;
  writer.kind_ = kind;
  const std::uint64_t whole = data_bytes / kBlockBytes;
  CT_TRY(writer.data_, OutputFile::reopen(part_of(path), kBlockFileHeader + data_bytes));
  CT_TRY(writer.sums_, OutputFile::reopen(sums_of(path), whole * sizeof(std::uint64_t)));
  CT_TRY(const auto mapped, MappedFile::open(part_of(path)));
  const std::string_view bytes = mapped.text();
  if (bytes.substr(0, kBlockFileHeader) != raw(header_of(kind)))
    return corrupt(part_of(path).string(), 0, "another header than this build writes");
  if (whole > 0) {
    CT_TRY(const auto sums, MappedFile::open(sums_of(path)));
    std::uint64_t expected = 0;
    std::memcpy(&expected, sums.text().data() + (whole - 1) * sizeof expected, sizeof expected);
    const std::uint64_t at = kBlockFileHeader + (whole - 1) * kBlockBytes;
    if (xxh3(bytes.substr(at, kBlockBytes)) != expected)
      return corrupt(part_of(path).string(), at, "the last whole block has another checksum");
  }
  writer.pending_.reserve(kBlockBytes);
  writer.pending_ = bytes.substr(kBlockFileHeader + whole * kBlockBytes);
  writer.on_disk_ = writer.pending_.size();
  writer.data_bytes_ = data_bytes;
  return writer;
}

Status BlockFileWriter::end_block() {
  CT_CHECK(data_.write(std::string_view(pending_).substr(on_disk_)));
  on_disk_ = pending_.size();
  if (pending_.size() < kBlockBytes) return {};
  const std::uint64_t sum = xxh3(pending_);
  CT_CHECK(sums_.write(raw(sum)));
  pending_.clear();
  on_disk_ = 0;
  return {};
}

Status BlockFileWriter::append(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t now = std::min(bytes.size(), kBlockBytes - pending_.size());
    pending_.append(bytes.substr(0, now));
    bytes.remove_prefix(now);
    data_bytes_ += now;
    if (pending_.size() == kBlockBytes) CT_CHECK(end_block());
  }
  return {};
}

Status BlockFileWriter::sync() {
  CT_CHECK(end_block());
  CT_CHECK(data_.sync());
  return sums_.sync();
}

Status BlockFileWriter::finish() {
  CT_CHECK(end_block());
  CT_CHECK(sums_.close());
  CT_TRY(const auto whole_sums, MappedFile::open(sums_of(path_)));
  std::string sums(whole_sums.text());
  if (!pending_.empty()) sums += raw(xxh3(pending_));
  Trailer trailer{};
  std::memcpy(trailer.magic, kEndMagic.data(), kEndMagic.size());
  trailer.data_bytes = data_bytes_;
  trailer.records = data_bytes_ / kind_.record_bytes;
  trailer.blocks = blocks_of(data_bytes_);
  trailer.sums_checksum = xxh3(sums);
  trailer.header_checksum = header_of(kind_).checksum;
  trailer.checksum = xxh3(raw(trailer, sizeof(Trailer) - sizeof(trailer.checksum)));
  CT_CHECK(data_.write(std::string(padded(data_bytes_) - data_bytes_, '\0')));
  CT_CHECK(data_.write(sums));
  CT_CHECK(data_.write(raw(trailer)));
  CT_CHECK(data_.sync());
  CT_CHECK(data_.close());
  CT_CHECK(commit_rename(part_of(path_), path_));
  std::error_code ignored;
  std::filesystem::remove(sums_of(path_), ignored);
  return {};
}

Result<BlockFile> BlockFile::open(const std::filesystem::path& path, std::string_view kind) {
  BlockFile file;
  file.path_ = path.string();
  CT_TRY(file.file_, MappedFile::open(path));
  const std::string_view bytes = file.file_.text();
  if (bytes.size() < kBlockFileHeader + kBlockFileTrailer)
    return corrupt(file.path_, bytes.size(), "the file ends here, inside its header");
  Header header{};
  std::memcpy(&header, bytes.data(), sizeof header);
  if (std::string_view(header.magic, 8) != kMagic)
    return corrupt(file.path_, 0, "not a file of a Crosstail index (expected CTBLOCKS)");
  if (header.version != kVersion)
    return Error{ErrorCode::Unsupported, file.path_ + ": byte 8: format version " +
                                             std::to_string(header.version) +
                                             "; this program reads version 1"};
  if (header.checksum != xxh3(raw(header, sizeof(Header) - sizeof(header.checksum))))
    return corrupt(file.path_, 56, "the header's checksum does not match");
  if (std::string_view(header.kind, 4) != kind)
    return corrupt(file.path_, 12,
                   "expected a file of kind " + std::string(kind) + ", this is " +
                       std::string(header.kind, 4));
  if (header.block_bytes != kBlockBytes || header.record_bytes == 0)
    return corrupt(file.path_, 16, "impossible record or block size");
  Trailer trailer{};
  const std::size_t at = bytes.size() - sizeof trailer;
  std::memcpy(&trailer, bytes.data() + at, sizeof trailer);
  if (std::string_view(trailer.magic, 8) != kEndMagic ||
      trailer.checksum != xxh3(raw(trailer, sizeof(Trailer) - sizeof(trailer.checksum))))
    return corrupt(file.path_, at, "no valid trailer (CTBLKEND) at the end of the file");
  if (trailer.header_checksum != header.checksum || trailer.data_bytes > bytes.size() ||
      trailer.data_bytes % header.record_bytes != 0 ||
      trailer.records != trailer.data_bytes / header.record_bytes ||
      trailer.blocks != blocks_of(trailer.data_bytes) ||
      bytes.size() != kBlockFileHeader + padded(trailer.data_bytes) +
                          trailer.blocks * sizeof(std::uint64_t) + kBlockFileTrailer)
    return corrupt(file.path_, at, "the trailer's sizes do not fit the file");
  file.kind_ = {{header.kind[0], header.kind[1], header.kind[2], header.kind[3]},
                header.record_bytes,
                header.type,
                header.dimension};
  file.records_ = trailer.records;
  file.data_bytes_ = trailer.data_bytes;
  file.blocks_ = trailer.blocks;
  file.checksum_ = trailer.checksum;
  file.checked_ = std::make_unique<std::atomic<std::uint64_t>[]>(trailer.blocks / 64 + 1);
  file.damaged_ = std::make_unique<std::atomic<std::uint64_t>>(0);
  return file;
}

bool BlockFile::check_block(std::uint64_t block) const {
  auto& word = checked_[block / 64];
  const std::uint64_t bit = std::uint64_t{1} << (block % 64);
  if ((word.load(std::memory_order_acquire) & bit) != 0) return true;
  const std::string_view bytes = file_.text();
  const std::uint64_t begin = block * kBlockBytes;
  const std::uint64_t size = std::min<std::uint64_t>(kBlockBytes, data_bytes_ - begin);
  std::uint64_t expected = 0;
  std::memcpy(&expected,
              bytes.data() + kBlockFileHeader + padded(data_bytes_) + block * sizeof expected,
              sizeof expected);
  if (xxh3(bytes.substr(kBlockFileHeader + begin, size)) != expected) {
    std::uint64_t none = 0;
    damaged_->compare_exchange_strong(none, block + 1);
    return false;
  }
  word.fetch_or(bit, std::memory_order_acq_rel);
  return true;
}

const std::byte* BlockFile::touch(std::uint64_t begin, std::uint64_t end) const {
  if (begin > end || end > data_bytes_) {
    if (damaged_) {
      std::uint64_t none = 0;
      damaged_->compare_exchange_strong(none, blocks_ + 1);
    }
    return nullptr;
  }
  if (begin < end)
    for (std::uint64_t block = begin / kBlockBytes; block <= (end - 1) / kBlockBytes; ++block)
      if (!check_block(block)) return nullptr;
  return data() + begin;
}

Status BlockFile::health() const {
  if (!damaged_) return {};
  const std::uint64_t damaged = damaged_->load();
  if (damaged == 0) return {};
  if (damaged == blocks_ + 1)
    return corrupt(path_, kBlockFileHeader + data_bytes_,
                   "another file of the index points beyond the end of this one's data");
  const std::uint64_t begin = kBlockFileHeader + (damaged - 1) * kBlockBytes;
  const std::uint64_t end =
      std::min<std::uint64_t>(begin + kBlockBytes, kBlockFileHeader + data_bytes_);
  return corrupt(path_, begin,
                 "checksum mismatch in block " + std::to_string(damaged - 1) + " (bytes " +
                     std::to_string(begin) + ".." + std::to_string(end) + ")");
}

Status BlockFile::verify() const {
  const std::string_view bytes = file_.text();
  const std::uint64_t sums = kBlockFileHeader + padded(data_bytes_);
  Trailer trailer{};
  std::memcpy(&trailer, bytes.data() + bytes.size() - sizeof trailer, sizeof trailer);
  if (xxh3(bytes.substr(sums, blocks_ * sizeof(std::uint64_t))) != trailer.sums_checksum)
    return corrupt(path_, sums, "the checksums of the blocks are damaged");
  for (std::uint64_t at = kBlockFileHeader + data_bytes_; at < sums; ++at)
    if (bytes[at] != 0) return corrupt(path_, at, "expected zeros after the data");
  for (std::uint64_t block = 0; block < blocks_; ++block)
    if (!check_block(block)) return health();
  return {};
}

}  // namespace crosstail::index
