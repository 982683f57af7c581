#include "base/zstd_frames.h"

#include <zstd.h>

#include <algorithm>
#include <cstdint>
#include <utility>

namespace crosstail {

namespace {

constexpr std::uint32_t kFrameMagic = 0xFD2FB528, kSkippableMagic = 0x184D2A50,
                        kDictionaryMagic = 0x184D2A5D;
constexpr std::size_t kMaxDictionary = std::size_t{16} << 20;
constexpr std::size_t kInputBlock = std::size_t{256} << 10;

std::uint32_t little32(std::string_view bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 4; i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

Result<std::string> inflate_dictionary(std::string_view frame) {
  const unsigned long long size = ZSTD_getFrameContentSize(frame.data(), frame.size());
  if (size != ZSTD_CONTENTSIZE_UNKNOWN && size != ZSTD_CONTENTSIZE_ERROR && size > kMaxDictionary)
    return Error{ErrorCode::Limit, "the zstd dictionary is larger than 16 MiB"};
  ZstdInflater inflater;
  std::string bytes;
  for (;;) {
    const std::size_t before = bytes.size();
    bytes.resize(before + kInputBlock);
    const auto step = inflater.inflate(frame, bytes.data() + before, kInputBlock);
    bytes.resize(before + step.produced);
    frame.remove_prefix(step.consumed);
    if (step.outcome == ZstdInflater::Outcome::FrameDone) return bytes;
    if (step.outcome != ZstdInflater::Outcome::OutputFull)
      return Error{ErrorCode::Corrupt, "the compressed zstd dictionary is damaged"};
    if (bytes.size() > kMaxDictionary)
      return Error{ErrorCode::Limit, "the zstd dictionary is larger than 16 MiB"};
  }
}

}  // namespace

Result<std::shared_ptr<const ZstdDictionary>> ZstdDictionary::make(std::string_view bytes) {
  std::string inflated;
  if (bytes.size() >= 4 && little32(bytes, 0) == kFrameMagic) {
    CT_TRY(inflated, inflate_dictionary(bytes));
    bytes = inflated;
  }
  if (bytes.size() > kMaxDictionary)
    return Error{ErrorCode::Limit, "the zstd dictionary is larger than 16 MiB"};
  ZSTD_DDict* prepared = ZSTD_createDDict(bytes.data(), bytes.size());
  if (prepared == nullptr)
    return Error{ErrorCode::Corrupt, "the zstd dictionary at the start of the file is damaged"};
  return std::shared_ptr<const ZstdDictionary>(new ZstdDictionary(prepared));
}

ZstdDictionary::~ZstdDictionary() {
  ZSTD_freeDDict(prepared_);
}

std::optional<std::size_t> zstd_dictionary_frame(std::string_view first_bytes) {
  if (first_bytes.size() < 8 || little32(first_bytes, 0) != kDictionaryMagic) return std::nullopt;
  return std::size_t{8} + little32(first_bytes, 4);
}

bool is_zstd_frame(std::string_view bytes) {
  if (bytes.size() < 4) return false;
  const std::uint32_t magic = little32(bytes, 0);
  return magic == kFrameMagic || (magic & 0xfffffff0) == kSkippableMagic;
}

ZstdInflater::ZstdInflater(std::shared_ptr<const ZstdDictionary> dictionary)
    : dictionary_(std::move(dictionary)), context_(ZSTD_createDCtx()) {
  if (dictionary_) ZSTD_DCtx_refDDict(context_, dictionary_->get());
}

ZstdInflater::~ZstdInflater() {
  ZSTD_freeDCtx(context_);
}

void ZstdInflater::reset() {
  ZSTD_DCtx_reset(context_, ZSTD_reset_session_only);
}

ZstdInflater::Progress ZstdInflater::inflate(std::string_view input, char* output,
                                             std::size_t capacity) {
  ZSTD_inBuffer in{input.data(), input.size(), 0};
  ZSTD_outBuffer out{output, capacity, 0};
  for (;;) {
    const std::size_t in_before = in.pos, out_before = out.pos;
    const std::size_t code = ZSTD_decompressStream(context_, &out, &in);
    Progress progress{Outcome::NeedInput, in.pos, out.pos};
    if (ZSTD_isError(code) != 0U) {
      problem_ = ZSTD_getErrorName(code);
      progress.outcome = Outcome::Damaged;
      reset();
      return progress;
    }
    if (code == 0) {
      progress.outcome = Outcome::FrameDone;
      return progress;
    }
    if (out.pos == capacity) {
      progress.outcome = Outcome::OutputFull;
      return progress;
    }
    if (in.pos == in.size) return progress;
    if (in.pos == in_before && out.pos == out_before) {
      problem_ = "zstd makes no progress";
      progress.outcome = Outcome::Damaged;
      reset();
      return progress;
    }
  }
}

namespace {

class ZstdSource : public ByteSource {
 public:
  ZstdSource(std::unique_ptr<ByteSource> inner, std::string name)
      : inner_(std::move(inner)), name_(std::move(name)) {}

  Result<std::size_t> read(char* output, std::size_t capacity) override {
    if (!inflater_) CT_CHECK(start());
    for (;;) {
      if (failed_) return *failed_;
      if (capacity == 0) return std::size_t{0};
      if (rest_.empty() && !input_ended_) CT_CHECK(refill());
      if (rest_.empty() && input_ended_ && !in_frame_) return std::size_t{0};
      in_frame_ = true;
      const auto step = inflater_->inflate(rest_, output, capacity);
      rest_.remove_prefix(step.consumed);
      using Outcome = ZstdInflater::Outcome;
      if (step.outcome == Outcome::FrameDone) in_frame_ = false;
      if (step.outcome == Outcome::Damaged) fail(inflater_->problem());
      if (step.outcome == Outcome::NeedInput && input_ended_) fail("the file ends too early");
      if (step.produced > 0) return step.produced;
    }
  }

 private:
  /// Reads the first bytes and, if they are one, the dictionary.
  Status start() {
    while (buffer_.size() < 8 && !input_ended_) CT_CHECK(append());
    std::shared_ptr<const ZstdDictionary> dictionary;
    if (const auto size = zstd_dictionary_frame(buffer_)) {
      if (*size > kMaxDictionary)
        return Error{ErrorCode::Limit, name_ + ": the zstd dictionary is larger than 16 MiB"};
      while (buffer_.size() < *size && !input_ended_) CT_CHECK(append());
      if (buffer_.size() < *size)
        return Error{ErrorCode::Corrupt, name_ + ": the file ends inside its zstd dictionary"};
      auto made = ZstdDictionary::make(std::string_view(buffer_).substr(8, *size - 8));
      if (!made.ok()) return made.error().at(name_);
      dictionary = *std::move(made);
      rest_ = std::string_view(buffer_).substr(*size);
    } else {
      rest_ = buffer_;
    }
    inflater_ = std::make_unique<ZstdInflater>(std::move(dictionary));
    return {};
  }

  Status append() {
    const std::size_t before = buffer_.size();
    buffer_.resize(before + kInputBlock);
    CT_TRY(const std::size_t n, inner_->read(buffer_.data() + before, kInputBlock));
    buffer_.resize(before + n);
    offset_ += n;
    input_ended_ = n == 0;
    return {};
  }

  Status refill() {
    buffer_.clear();
    CT_CHECK(append());
    rest_ = buffer_;
    return {};
  }

  void fail(std::string_view what) {
    failed_ = Error{ErrorCode::Corrupt,
                    name_ + ": zstd data at byte " + std::to_string(offset_ - rest_.size()) + ": " +
                        std::string(what) + "; the file is damaged or incomplete"};
  }

  std::unique_ptr<ByteSource> inner_;
  std::string name_;
  std::unique_ptr<ZstdInflater> inflater_;
  std::string buffer_;
  std::string_view rest_;
  std::uint64_t offset_ = 0;
  bool input_ended_ = false, in_frame_ = false;
  std::optional<Error> failed_;
};

}  // namespace

std::unique_ptr<ByteSource> zstd_source(std::unique_ptr<ByteSource> inner, std::string name) {
  return std::make_unique<ZstdSource>(std::move(inner), std::move(name));
}

}  // namespace crosstail
