#include "index/text_store.h"

#include <zstd.h>

#include <algorithm>
#include <utility>

#include "base/stream.h"

namespace crosstail::index {
namespace {

constexpr std::size_t kFrameText = std::size_t{64} << 10;
/// A frame holds at most one string more than it needs; readers bound those at 64 MiB.
constexpr std::uint64_t kMaxFrameText = std::uint64_t{96} << 20;

constexpr BlockFileKind kStringData{{'S', 'T', 'R', 'D'}, 1, 0, 0};
constexpr BlockFileKind kStringEnds{{'S', 'T', 'R', 'O'}, 8, 0, 0};
constexpr BlockFileKind kTextData{{'T', 'X', 'T', 'D'}, 1, 0, 0};
constexpr BlockFileKind kTextFrames{{'T', 'X', 'T', 'F'}, 16, 0, 0};
constexpr BlockFileKind kTextEnds{{'T', 'X', 'T', 'O'}, 8, 0, 0};

struct FrameRecord {
  std::uint64_t compressed_end, raw_end;
};

std::filesystem::path with(const std::filesystem::path& name, std::string_view ending) {
  return name.string() + std::string(ending);
}

Status append_number(BlockFileWriter& file, std::uint64_t value) {
  return file.append({reinterpret_cast<const char*>(&value), sizeof value});
}

Error damaged(const BlockFile& file, std::uint64_t record, std::string_view what) {
  return {ErrorCode::Corrupt,
          file.path() + ": byte " +
              std::to_string(kBlockFileHeader + record * file.kind().record_bytes) + ": " +
              std::string(what)};
}

/// Begin and end of string `i`, from the file of ends.
Result<std::pair<std::uint64_t, std::uint64_t>> span_of(const BlockFile& ends, std::uint64_t i) {
  const auto* end = ends.record<std::uint64_t>(i);
  const auto* begin = i == 0 ? end : ends.record<std::uint64_t>(i - 1);
  if (end == nullptr || begin == nullptr) {
    CT_CHECK(ends.health());
    return damaged(ends, i, "no such record");
  }
  const std::uint64_t from = i == 0 ? 0 : *begin;
  if (from > *end) return damaged(ends, i, "ends go backwards");
  return std::pair(from, *end);
}

}  // namespace

Result<StringStoreWriter> StringStoreWriter::create(const std::filesystem::path& name) {
  StringStoreWriter writer;
  CT_TRY(writer.data_, BlockFileWriter::create(with(name, ".dat"), kStringData));
  CT_TRY(writer.offsets_, BlockFileWriter::create(with(name, ".off"), kStringEnds));
  return writer;
}

Result<StringStoreWriter> StringStoreWriter::reopen(const std::filesystem::path& name,
                                                    std::uint64_t bytes, std::uint64_t strings) {
  StringStoreWriter writer;
  CT_TRY(writer.data_, BlockFileWriter::reopen(with(name, ".dat"), kStringData, bytes));
  CT_TRY(writer.offsets_, BlockFileWriter::reopen(with(name, ".off"), kStringEnds, strings * 8));
  return writer;
}

Status StringStoreWriter::append(std::string_view text) {
  CT_CHECK(data_.append(text));
  return append_number(offsets_, data_.data_bytes());
}

Status StringStoreWriter::sync() {
  CT_CHECK(data_.sync());
  return offsets_.sync();
}

Status StringStoreWriter::finish() {
  CT_CHECK(data_.finish());
  return offsets_.finish();
}

Result<StringStore> StringStore::open(const std::filesystem::path& name) {
  StringStore store;
  CT_TRY(store.data_, BlockFile::open(with(name, ".dat"), kStringData.name()));
  CT_TRY(store.offsets_, BlockFile::open(with(name, ".off"), kStringEnds.name()));
  if (store.offsets_.kind() != kStringEnds || store.data_.kind() != kStringData)
    return damaged(store.offsets_, 0, "another record size than this program reads");
  return store;
}

Result<std::string_view> StringStore::get(std::uint64_t i) const {
  CT_TRY(const auto span, span_of(offsets_, i));
  const std::byte* bytes = data_.touch(span.first, span.second);
  if (bytes == nullptr) return data_.health().error();
  return std::string_view(reinterpret_cast<const char*>(bytes), span.second - span.first);
}

Result<TextStoreWriter> TextStoreWriter::create(const std::filesystem::path& name) {
  TextStoreWriter writer;
  CT_TRY(writer.data_, BlockFileWriter::create(with(name, ".zst"), kTextData));
  CT_TRY(writer.frames_, BlockFileWriter::create(with(name, ".frm"), kTextFrames));
  CT_TRY(writer.offsets_, BlockFileWriter::create(with(name, ".off"), kTextEnds));
  return writer;
}

Result<TextStoreWriter> TextStoreWriter::reopen(const std::filesystem::path& name,
                                                const Position& position) {
  TextStoreWriter writer;
  CT_TRY(writer.data_, BlockFileWriter::reopen(with(name, ".zst"), kTextData, position.compressed));
  CT_TRY(writer.frames_,
         BlockFileWriter::reopen(with(name, ".frm"), kTextFrames, position.frames * 16));
  CT_TRY(writer.offsets_,
         BlockFileWriter::reopen(with(name, ".off"), kTextEnds, position.strings * 8));
  writer.pending_ = position.pending;
  writer.raw_ = position.raw;
  return writer;
}

TextStoreWriter::Position TextStoreWriter::position() const {
  return {data_.data_bytes(), frames_.data_bytes() / 16, offsets_.data_bytes() / 8, raw_, pending_};
}

Status TextStoreWriter::append(std::string_view text) {
  pending_ += text;
  raw_ += text.size();
  CT_CHECK(append_number(offsets_, raw_));
  if (pending_.size() >= kFrameText) return end_frame();
  return {};
}

Status TextStoreWriter::end_frame() {
  CT_CHECK(data_.append(compress_frame(pending_, Compression::Zstd)));
  pending_.clear();
  CT_CHECK(append_number(frames_, data_.data_bytes()));
  return append_number(frames_, raw_);
}

Status TextStoreWriter::sync() {
  CT_CHECK(data_.sync());
  CT_CHECK(frames_.sync());
  return offsets_.sync();
}

Status TextStoreWriter::finish() {
  if (!pending_.empty()) CT_CHECK(end_frame());
  CT_CHECK(data_.finish());
  CT_CHECK(frames_.finish());
  return offsets_.finish();
}

/// The frame that was read last.
struct TextStore::Cache {
  std::mutex mutex;
  std::uint64_t frame = UINT64_MAX;
  std::string text;
};

TextStore::TextStore() = default;
TextStore::TextStore(TextStore&&) noexcept = default;
TextStore& TextStore::operator=(TextStore&&) noexcept = default;
TextStore::~TextStore() = default;

Result<TextStore> TextStore::open(const std::filesystem::path& name) {
  TextStore store;
  CT_TRY(store.data_, BlockFile::open(with(name, ".zst"), kTextData.name()));
  CT_TRY(store.frames_, BlockFile::open(with(name, ".frm"), kTextFrames.name()));
  CT_TRY(store.offsets_, BlockFile::open(with(name, ".off"), kTextEnds.name()));
  if (store.offsets_.kind() != kTextEnds || store.frames_.kind() != kTextFrames)
    return damaged(store.offsets_, 0, "another record size than this program reads");
  store.cache_ = std::make_unique<Cache>();
  return store;
}

Result<std::string> TextStore::get(std::uint64_t i) const {
  CT_TRY(const auto span, span_of(offsets_, i));
  if (span.first == span.second) return std::string();
  // The first frame whose text ends after the string's begin.
  std::uint64_t low = 0, high = frames_.records();
  while (low < high) {
    const std::uint64_t middle = low + (high - low) / 2;
    const auto* frame = frames_.record<FrameRecord>(middle);
    if (frame == nullptr) return frames_.health().error();
    if (frame->raw_end <= span.first)
      low = middle + 1;
    else
      high = middle;
  }
  const auto* frame = frames_.record<FrameRecord>(low);
  const auto* before = low == 0 ? nullptr : frames_.record<FrameRecord>(low - 1);
  if (frame == nullptr || (low > 0 && before == nullptr)) {
    CT_CHECK(frames_.health());
    return damaged(offsets_, i, "points beyond the texts");
  }
  const std::uint64_t raw_begin = before == nullptr ? 0 : before->raw_end;
  const std::uint64_t begin = before == nullptr ? 0 : before->compressed_end;
  if (raw_begin > frame->raw_end || span.second > frame->raw_end ||
      frame->raw_end - raw_begin > kMaxFrameText || begin > frame->compressed_end)
    return damaged(frames_, low, "impossible sizes");
  const std::lock_guard lock(cache_->mutex);
  if (cache_->frame != low) {
    const std::byte* bytes = data_.touch(begin, frame->compressed_end);
    if (bytes == nullptr) return data_.health().error();
    cache_->frame = UINT64_MAX;
    cache_->text.resize(frame->raw_end - raw_begin);
    const std::size_t got = ZSTD_decompress(cache_->text.data(), cache_->text.size(), bytes,
                                            frame->compressed_end - begin);
    if (ZSTD_isError(got) != 0 || got != cache_->text.size())
      return damaged(data_, begin, "cannot decompress this block of texts");
    cache_->frame = low;
  }
  return cache_->text.substr(span.first - raw_begin, span.second - span.first);
}

}  // namespace crosstail::index
