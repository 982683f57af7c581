#include "markup/warc_chunks.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "markup/warc_input.h"
#include "markup/warc_reader.h"

namespace crosstail::markup {

namespace {

constexpr std::size_t kChunk = std::size_t{4} << 20;
constexpr std::size_t kHeadBytes = std::size_t{64} << 10;

std::unique_ptr<ArchiveInput> make_input(Compression compression,
                                         const std::shared_ptr<const ZstdDictionary>& dictionary) {
  switch (compression) {
    case Compression::Gzip:
      return gzip_input();
    case Compression::Zstd:
      return zstd_input(dictionary);
    case Compression::None:
      break;
  }
  return plain_input();
}

void count(ArchiveCounts& counts, RecordUse use) {
  switch (use) {
    case RecordUse::Page:
      ++counts.pages;
      break;
    case RecordUse::NotHtml:
      ++counts.not_html;
      break;
    case RecordUse::NoPayload:
      ++counts.no_payload;
      break;
    case RecordUse::BodyTooLarge:
      ++counts.body_too_large;
      break;
    case RecordUse::BodyDamaged:
      ++counts.body_damaged;
      break;
  }
}

/// Everything the reader finds until it wants more.
ArchiveCounts visit(RecordReader& reader, std::size_t max_body_bytes, ArchiveVisitor& visitor) {
  PageDecoder decoder(max_body_bytes);
  ArchiveCounts counts;
  const std::uint64_t decoded = reader.decoded();
  for (;;) {
    switch (reader.next()) {
      case RecordReader::Event::Record: {
        ++counts.records;
        ++counts.by_type[static_cast<std::size_t>(reader.head().type)];
        ArchivePage page;
        const RecordUse use = decoder.decode(reader.head(), reader.block(), page);
        count(counts, use);
        page.offset = reader.offset();
        if (use == RecordUse::Page) visitor.page(page);
        break;
      }
      case RecordReader::Event::TooLarge:
        ++counts.records;
        ++counts.by_type[static_cast<std::size_t>(reader.head().type)];
        ++counts.record_too_large;
        break;
      case RecordReader::Event::Damage:
        ++counts.damages;
        visitor.damage(reader.damage());
        break;
      case RecordReader::Event::Starved:
      case RecordReader::Event::Ended:
        reader.suspend();
        counts.bytes = reader.decoded() - decoded;
        return counts;
    }
  }
}

}  // namespace

ArchiveCounts& ArchiveCounts::operator+=(const ArchiveCounts& other) {
  records += other.records;
  pages += other.pages;
  not_html += other.not_html;
  no_payload += other.no_payload;
  record_too_large += other.record_too_large;
  body_too_large += other.body_too_large;
  body_damaged += other.body_damaged;
  damages += other.damages;
  bytes += other.bytes;
  for (std::size_t i = 0; i < by_type.size(); ++i) by_type[i] += other.by_type[i];
  return *this;
}

ArchiveChunk::ArchiveChunk() = default;
ArchiveChunk::~ArchiveChunk() = default;

void ArchiveChunk::read(ArchiveVisitor& visitor) {
  if (!starts_record_) return;
  reader_ = std::make_unique<RecordReader>(make_input(compression_, dictionary_), format_,
                                           limits_.max_record_bytes);
  reader_->feed({bytes_.get(), size_}, offset_, last_);
  counts_ = visit(*reader_, limits_.max_body_bytes, visitor);
}

Result<ArchiveChunker> ArchiveChunker::open(std::unique_ptr<ByteSource> raw, ArchiveLimits limits,
                                            ArchivePosition from) {
  ArchiveChunker chunker;
  chunker.raw_ = std::move(raw);
  chunker.limits_ = limits;
  CT_CHECK(chunker.start(from));
  return chunker;
}

ArchiveChunker::ArchiveChunker() = default;
ArchiveChunker::ArchiveChunker(ArchiveChunker&&) noexcept = default;
ArchiveChunker& ArchiveChunker::operator=(ArchiveChunker&&) noexcept = default;
ArchiveChunker::~ArchiveChunker() = default;

/// Reads the first chunk, learns from it what the archive is, then moves to where to go on.
Status ArchiveChunker::start(ArchivePosition from) {
  CT_CHECK(fill());
  const std::string_view head(bytes_.get(), size_);
  compression_ = detect_compression(head);
  if (const auto frame = zstd_dictionary_frame(head)) {
    if (*frame > head.size())
      return Error{ErrorCode::Corrupt, "the zstd dictionary at the start is cut off or too large"};
    CT_TRY(dictionary_, ZstdDictionary::make(head.substr(8, *frame - 8)));
  }
  RecordHead record;
  if (read_record_head(decompressed_head(head.substr(0, kHeadBytes), kHeadBytes), record) ==
      HeadOutcome::Complete)
    format_ = record.format;
  if (compression_ == Compression::Gzip) finder_ = gzip_record_finder();
  if (compression_ == Compression::Zstd) finder_ = zstd_record_finder(dictionary_);
  skip_ = from.skip;
  while (offset_ + size_ < from.offset && !source_ended_) {
    offset_ += size_;
    size_ = 0;
    CT_CHECK(fill());
  }
  const auto passed =
      static_cast<std::size_t>(std::min<std::uint64_t>(from.offset - offset_, size_));
  std::memmove(bytes_.get(), bytes_.get() + passed, size_ - passed);
  offset_ += passed;
  size_ -= passed;
  return {};
}

Status ArchiveChunker::fill() {
  if (!bytes_) bytes_ = std::make_unique_for_overwrite<char[]>(kChunk);
  while (size_ < kChunk && !source_ended_) {
    CT_TRY(const std::size_t n, raw_->read(bytes_.get() + size_, kChunk - size_));
    size_ += n;
    source_ended_ = n == 0;
  }
  return {};
}

Result<std::unique_ptr<ArchiveChunk>> ArchiveChunker::next() {
  if (ended_) return std::unique_ptr<ArchiveChunk>();
  CT_CHECK(fill());
  const std::string_view bytes(bytes_.get(), size_);
  std::size_t cut = std::string_view::npos;
  if (!source_ended_) cut = finder_ ? finder_->last(bytes) : find_last_record_start(bytes, format_);
  const bool at_record = cut != std::string_view::npos;
  cut = std::min(cut, bytes.size());

  auto chunk = std::make_unique<ArchiveChunk>();
  auto rest = std::make_unique_for_overwrite<char[]>(kChunk);
  std::memcpy(rest.get(), bytes.data() + cut, bytes.size() - cut);
  chunk->bytes_ = std::exchange(bytes_, std::move(rest));
  chunk->offset_ = std::exchange(offset_, offset_ + cut);
  chunk->size_ = cut;
  size_ -= cut;
  chunk->starts_record_ = std::exchange(starts_record_, at_record);
  chunk->ends_at_record_ = at_record;
  chunk->last_ = ended_ = source_ended_;
  chunk->written_ = skip_ > 0;
  if (skip_ > 0) --skip_;
  chunk->compression_ = compression_;
  chunk->format_ = format_;
  chunk->limits_ = limits_;
  chunk->dictionary_ = dictionary_;
  return chunk;
}

ArchiveJoin::ArchiveJoin(ArchivePosition from) : position_{from.offset, 0} {}
ArchiveJoin::~ArchiveJoin() = default;

bool ArchiveJoin::follows(const ArchiveChunk& chunk) const {
  return chunk.starts_record_ && (!reader_ || reader_->between_records());
}

void ArchiveJoin::read(ArchiveChunk& chunk, ArchiveVisitor& visitor) {
  if (!reader_)
    reader_ = std::make_unique<RecordReader>(make_input(chunk.compression_, chunk.dictionary_),
                                             chunk.format_, chunk.limits_.max_record_bytes);
  reader_->feed({chunk.bytes_.get(), chunk.size_}, chunk.offset_, chunk.last_);
  chunk.counts_ = visit(*reader_, chunk.limits_.max_body_bytes, visitor);
  chunk.reader_ = std::move(reader_);
}

void ArchiveJoin::leave(ArchiveChunk& chunk) {
  reader_ = std::move(chunk.reader_);
  if (chunk.ends_at_record_ && reader_ && reader_->between_records()) {
    position_ = {chunk.offset_ + chunk.size_, 0};
  } else {
    ++position_.skip;
  }
}

}  // namespace crosstail::markup
