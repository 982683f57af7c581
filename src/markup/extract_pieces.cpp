#include "markup/extract_pieces.h"

#include <charconv>
#include <filesystem>

#include "base/file.h"

namespace crosstail::markup {
namespace {

constexpr std::uint64_t kBatchBytes = std::uint64_t{1} << 20;
constexpr std::size_t kBatchFiles = 64;
/// Files up to this size are read whole by a worker, whatever they are.
constexpr std::uint64_t kSmallFile = std::uint64_t{4} << 20;
constexpr std::size_t kHead = std::size_t{64} << 10;

/// What was read to recognise a source, then the source itself.
class ResumedSource : public ByteSource {
 public:
  ResumedSource(std::string head, std::unique_ptr<ByteSource> rest)
      : head_(std::move(head)), rest_(std::move(rest)) {}

  Result<std::size_t> read(char* buffer, std::size_t capacity) override {
    if (done_ == head_.size()) return rest_->read(buffer, capacity);
    const std::size_t count = head_.copy(buffer, capacity, done_);
    done_ += count;
    return count;
  }

 private:
  std::string head_;
  std::size_t done_ = 0;
  std::unique_ptr<ByteSource> rest_;
};

/// Up to `wanted` bytes; fewer only at the end.
Result<std::string> read_head(ByteSource& source, std::size_t wanted) {
  std::string head(wanted, '\0');
  std::size_t size = 0;
  while (size < wanted) {
    CT_TRY(const std::size_t count, source.read(head.data() + size, wanted - size));
    if (count == 0) break;
    size += count;
  }
  head.resize(size);
  return head;
}

/// The size of a regular file; a pipe or device counts as large, since nobody knows.
std::uint64_t size_of(const InputFile& file) {
  std::error_code failure;
  if (file.path == "-" || !std::filesystem::is_regular_file(file.path, failure)) return UINT64_MAX;
  const auto size = std::filesystem::file_size(file.path, failure);
  return failure ? 0 : size;
}

}  // namespace

std::string ExtractPosition::to_text() const {
  return std::to_string(files) + " " + std::to_string(offset) + " " + std::to_string(skip);
}

Result<ExtractPosition> ExtractPosition::from_text(std::string_view text) {
  ExtractPosition position;
  const char* at = text.data();
  const char* const end = at + text.size();
  for (std::uint64_t* number : {&position.files, &position.offset, &position.skip}) {
    while (at < end && *at == ' ') ++at;
    const auto [next, failure] = std::from_chars(at, end, *number);
    if (failure != std::errc())
      return Error{ErrorCode::Corrupt,
                   "journal: expected three numbers, found '" + std::string(text) + "'"};
    at = next;
  }
  return position;
}

PieceReader::PieceReader(const ExtractOptions& options, const ExtractPosition& from)
    : options_(options), from_(from), walk_(options.inputs) {}

Result<std::optional<InputFile>> PieceReader::next_file() {
  while (true) {
    CT_TRY(std::optional<InputFile> file, walk_.next());
    if (!file) return std::optional<InputFile>();
    const std::uint64_t index = files_seen_++;
    if (index < from_.files) continue;
    if (index % options_.shard_count != options_.shard_index) continue;
    waiting_index_ = index;
    return file;
  }
}

Result<std::unique_ptr<ExtractPiece>> PieceReader::next() {
  if (archive_ || quads_) return next_chunk();
  auto batch = std::make_unique<ExtractPiece>();
  while (true) {
    if (!waiting_) {
      CT_TRY(waiting_, next_file());
      if (!waiting_) break;
      waiting_bytes_ = size_of(*waiting_);
    }
    const bool large = waiting_bytes_ > kSmallFile;
    if (!batch->files.empty() && (large || batch->bytes + waiting_bytes_ > kBatchBytes ||
                                  batch->files.size() == kBatchFiles))
      break;
    InputFile file = *std::move(waiting_);
    waiting_.reset();
    if (large) return open_large(std::move(file));
    if (batch->files.empty()) batch->files_before = waiting_index_;
    batch->bytes += waiting_bytes_;
    batch->files.push_back(std::move(file));
    batch->files_after = waiting_index_ + 1;
  }
  if (batch->files.empty()) return std::unique_ptr<ExtractPiece>();
  return batch;
}

Result<std::unique_ptr<ExtractPiece>> PieceReader::open_large(InputFile file) {
  current_ = std::move(file);
  current_index_ = waiting_index_;
  current_first_ = true;
  const bool resumed = current_index_ == from_.files;
  CT_TRY(auto raw, open_raw(current_.path));
  CT_TRY(std::string head, read_head(*raw, kHead));
  const ContentKind kind = recognise(decompressed_head(head, kHead));
  const Compression compression = detect_compression(head);
  auto whole = std::make_unique<ResumedSource>(std::move(head), std::move(raw));
  if (kind == ContentKind::Warc || kind == ContentKind::Arc) {
    const ArchiveLimits limits{options_.max_record_bytes, options_.limits.max_bytes};
    const ArchivePosition from =
        resumed ? ArchivePosition{from_.offset, from_.skip} : ArchivePosition{};
    CT_TRY(archive_, ArchiveChunker::open(std::move(whole), limits, from));
    return next_chunk();
  }
  if (kind == ContentKind::NQuads) {
    auto lines = compression == Compression::None
                     ? std::unique_ptr<ByteSource>(std::move(whole))
                     : decompress(std::move(whole), compression, current_.path);
    const NQuadsPosition from = resumed ? NQuadsPosition{from_.offset} : NQuadsPosition{};
    CT_TRY(quads_, NQuadsChunker::open(std::move(lines),
                                       {.max_page_bytes = options_.max_record_bytes}, from));
    return next_chunk();
  }
  // One page (or nothing we know) that is large: a worker reads as much of it as a page may have.
  auto piece = std::make_unique<ExtractPiece>();
  piece->files_before = current_index_;
  piece->files_after = current_index_ + 1;
  piece->bytes = options_.limits.max_bytes;
  piece->source = compression == Compression::None
                      ? std::unique_ptr<ByteSource>(std::move(whole))
                      : decompress(std::move(whole), compression, current_.path);
  piece->files.push_back(std::move(current_));
  return piece;
}

Result<std::unique_ptr<ExtractPiece>> PieceReader::next_chunk() {
  auto piece = std::make_unique<ExtractPiece>();
  piece->files.push_back(current_);
  piece->files_before = current_index_;
  piece->files_after = current_index_;
  piece->first_of_file = std::exchange(current_first_, false);
  Status failed;
  if (archive_) {
    auto chunk = archive_->next();
    if (chunk.ok()) {
      piece->archive = *std::move(chunk);
    } else {
      failed = std::move(chunk).error();
    }
  } else {
    auto chunk = quads_->next();
    if (chunk.ok()) {
      piece->quads = *std::move(chunk);
    } else {
      failed = std::move(chunk).error();
    }
  }
  if (piece->archive || piece->quads) {
    piece->bytes = piece->archive ? piece->archive->size() : piece->quads->size();
    return piece;
  }
  archive_.reset();
  quads_.reset();
  piece->last_of_file = true;
  piece->files_after = current_index_ + 1;
  // What came before the damage was delivered; the rest of this file is lost, the others are not.
  if (!failed.ok()) piece->damage.push_back({current_.path, failed.error().message});
  return piece;
}

}  // namespace crosstail::markup
