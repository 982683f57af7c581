#include "index/checked_file.h"

#include <algorithm>
#include <atomic>
#include <cstring>

#include "base/hash.h"

namespace crosstail::index {

namespace {

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::uint64_t number_at(std::span<const std::byte> file, std::uint64_t offset) {
  std::uint64_t number = 0;
  std::memcpy(&number, file.data() + offset, sizeof number);
  return number;
}

std::uint64_t pieces_of(std::uint64_t payload) {
  return (payload + kCheckedPiece - 1) / kCheckedPiece;
}

}  // namespace

Result<CheckedWriter> CheckedWriter::create(const std::filesystem::path& path) {
  CheckedWriter writer;
  writer.path_ = path;
  CT_TRY(writer.file_, OutputFile::create(path.string() + ".part"));
  writer.piece_.reserve(kCheckedPiece);
  return writer;
}

CheckedWriter::~CheckedWriter() {
  if (!file_.is_open()) return;
  std::error_code ignored;
  std::filesystem::remove(path_.string() + ".part", ignored);
}

Status CheckedWriter::write(std::string_view bytes) {
  written_ += bytes.size();
  while (!bytes.empty()) {
    const std::size_t part = std::min(bytes.size(), kCheckedPiece - piece_.size());
    piece_.append(bytes.substr(0, part));
    bytes.remove_prefix(part);
    if (piece_.size() == kCheckedPiece) CT_CHECK(flush());
  }
  return {};
}

Status CheckedWriter::align() {
  static constexpr char kZeros[64] = {};
  return write({kZeros, (64 - written_ % 64) % 64});
}

Status CheckedWriter::flush() {
  if (piece_.empty()) return {};
  checksums_.push_back(xxh3(piece_));
  CT_CHECK(file_.write(piece_));
  piece_.clear();
  return {};
}

Result<std::uint64_t> CheckedWriter::finish() {
  CT_CHECK(flush());
  const std::string_view table(reinterpret_cast<const char*>(checksums_.data()),
                               checksums_.size() * sizeof(std::uint64_t));
  const std::uint64_t identity = xxh3(table);
  CT_CHECK(file_.write(table));
  CT_CHECK(file_.write({reinterpret_cast<const char*>(&identity), sizeof identity}));
  CT_CHECK(file_.sync());
  CT_CHECK(file_.close());
  CT_CHECK(commit_rename(path_.string() + ".part", path_));
  return identity;
}

std::uint64_t checked_size(std::uint64_t payload) {
  return payload + (pieces_of(payload) + 1) * sizeof(std::uint64_t);
}

Result<std::uint64_t> checked_identity(std::span<const std::byte> file, std::uint64_t payload,
                                       std::string_view name) {
  const std::uint64_t expected = checked_size(payload);
  if (file.size() != expected)
    return Error{ErrorCode::Corrupt, std::string(name) + ": " + std::to_string(file.size()) +
                                         " bytes where the header promises " +
                                         std::to_string(expected) +
                                         ": the file is truncated or damaged; build it again"};
  const std::uint64_t table = pieces_of(payload) * sizeof(std::uint64_t);
  const std::uint64_t identity = number_at(file, payload + table);
  if (xxh3(text_of(file.subspan(payload, table))) != identity)
    return Error{ErrorCode::Corrupt, std::string(name) + ": checksum mismatch in bytes " +
                                         std::to_string(payload) + ".." + std::to_string(expected) +
                                         ": the file is damaged; build it again"};
  return identity;
}

Status verify_payload(std::span<const std::byte> file, std::uint64_t payload, std::string_view name,
                      Pool* pool) {
  const std::uint64_t pieces = pieces_of(payload);
  std::atomic<std::uint64_t> damaged{pieces};
  const auto look = [&](std::uint64_t piece) {
    const std::uint64_t begin = piece * kCheckedPiece;
    const std::uint64_t size = std::min<std::uint64_t>(kCheckedPiece, payload - begin);
    if (xxh3(text_of(file.subspan(begin, size))) == number_at(file, payload + piece * 8)) return;
    std::uint64_t first = damaged;
    while (piece < first && !damaged.compare_exchange_weak(first, piece)) {
    }
  };
  if (pool != nullptr) {
    pool->parallel_for(pieces, look);
  } else {
    for (std::uint64_t piece = 0; piece < pieces && damaged == pieces; ++piece) look(piece);
  }
  if (damaged == pieces) return {};
  const std::uint64_t begin = damaged * kCheckedPiece;
  return Error{ErrorCode::Corrupt, std::string(name) + ": checksum mismatch in bytes " +
                                       std::to_string(begin) + ".." +
                                       std::to_string(std::min(begin + kCheckedPiece, payload)) +
                                       ": the file is damaged; build it again"};
}

}  // namespace crosstail::index
