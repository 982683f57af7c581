#include "base/gzip.h"

#include <isa-l/igzip_lib.h>
#include <libdeflate.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

namespace crosstail {

namespace {

constexpr unsigned kHeaderCrc = 2, kExtra = 4, kName = 8, kComment = 16, kReserved = 0xe0;
constexpr std::size_t kInputBlock = std::size_t{256} << 10;

unsigned byte_at(std::string_view bytes, std::size_t i) {
  return static_cast<unsigned char>(bytes[i]);
}

std::string_view words(int code) {
  switch (code) {
    case ISAL_INVALID_BLOCK:
      return "invalid deflate block";
    case ISAL_INVALID_SYMBOL:
      return "invalid deflate symbol";
    case ISAL_INVALID_LOOKBACK:
      return "a copy from before the start";
    case ISAL_INVALID_WRAPPER:
      return "not a gzip header";
    case ISAL_UNSUPPORTED_METHOD:
      return "not deflate";
    case ISAL_INCORRECT_CHECKSUM:
      return "wrong checksum";
    default:
      return "damaged deflate data";
  }
}

std::uint32_t clamp32(std::size_t n) {
  return static_cast<std::uint32_t>(std::min<std::size_t>(n, std::size_t{1} << 30));
}

}  // namespace

std::optional<std::size_t> gzip_header_length(std::string_view bytes) {
  if (bytes.size() < 10 || byte_at(bytes, 0) != 0x1f || byte_at(bytes, 1) != 0x8b ||
      byte_at(bytes, 2) != 8)
    return std::nullopt;
  const unsigned flags = byte_at(bytes, 3);
  if ((flags & kReserved) != 0) return std::nullopt;
  std::size_t at = 10;
  if ((flags & kExtra) != 0) {
    if (bytes.size() < at + 2) return std::nullopt;
    at += 2 + (byte_at(bytes, at) | byte_at(bytes, at + 1) << 8);
  }
  for (const unsigned text : {kName, kComment}) {
    if ((flags & text) == 0) continue;
    at = at > bytes.size() ? std::string_view::npos : bytes.find('\0', at);
    if (at == std::string_view::npos) return std::nullopt;
    ++at;
  }
  if ((flags & kHeaderCrc) != 0) at += 2;
  if (at > bytes.size()) return std::nullopt;
  return at;
}

WholeInflater::WholeInflater() : decompressor_(libdeflate_alloc_decompressor()) {}
WholeInflater::~WholeInflater() {
  libdeflate_free_decompressor(decompressor_);
}

WholeInflater::Progress WholeInflater::inflate(DeflateFormat format, std::string_view input,
                                               char* output, std::size_t capacity) {
  Progress progress{Outcome::Damaged, 0, 0};
  const auto call = format == DeflateFormat::Gzip   ? libdeflate_gzip_decompress_ex
                    : format == DeflateFormat::Zlib ? libdeflate_zlib_decompress_ex
                                                    : libdeflate_deflate_decompress_ex;
  switch (call(decompressor_, input.data(), input.size(), output, capacity, &progress.consumed,
               &progress.produced)) {
    case LIBDEFLATE_SUCCESS:
      progress.outcome = Outcome::Done;
      break;
    case LIBDEFLATE_INSUFFICIENT_SPACE:
      progress.outcome = Outcome::OutputTooSmall;
      break;
    default:
      break;
  }
  return progress;
}

namespace {

/// Passes over a member's header, however it is split. (isal 2.30's own parser takes a header
/// checksum that arrives byte by byte for a wrong one.) Name and comment may be of any length.
class HeaderSkipper {
 public:
  /// Takes bytes off the front of `input`. False if this is no deflate member.
  bool skip(std::string_view& input) {
    while (!done() && !input.empty()) {
      const unsigned byte = byte_at(input, 0);
      input.remove_prefix(1);
      if (!take(byte)) return false;
    }
    return true;
  }
  [[nodiscard]] bool done() const { return part_ == Part::Done; }

 private:
  enum class Part { Fixed, ExtraLength, Extra, Name, Comment, Crc, Done };

  bool take(unsigned byte) {
    switch (part_) {
      case Part::Fixed:
        if ((count_ == 0 && byte != 0x1f) || (count_ == 1 && byte != 0x8b) ||
            (count_ == 2 && byte != 8) || (count_ == 3 && (byte & kReserved) != 0))
          return false;
        if (count_ == 3) flags_ = byte;
        if (++count_ == 10) enter(Part::ExtraLength);
        break;
      case Part::ExtraLength:
        extra_ |= byte << (8 * count_);
        if (++count_ == 2) enter(Part::Extra);
        break;
      case Part::Extra:
        if (++count_ == extra_) enter(Part::Name);
        break;
      case Part::Name:
        if (byte == 0) enter(Part::Comment);
        break;
      case Part::Comment:
        if (byte == 0) enter(Part::Crc);
        break;
      case Part::Crc:
        if (++count_ == 2) enter(Part::Done);
        break;
      case Part::Done:
        break;
    }
    return true;
  }

  /// `part`, or the next one that this header has.
  void enter(Part part) {
    count_ = 0;
    if (part == Part::ExtraLength && (flags_ & kExtra) == 0) part = Part::Name;
    if (part == Part::Extra && extra_ == 0) part = Part::Name;
    if (part == Part::Name && (flags_ & kName) == 0) part = Part::Comment;
    if (part == Part::Comment && (flags_ & kComment) == 0) part = Part::Crc;
    if (part == Part::Crc && (flags_ & kHeaderCrc) == 0) part = Part::Done;
    part_ = part;
  }

  Part part_ = Part::Fixed;
  unsigned flags_ = 0, count_ = 0, extra_ = 0;
};

}  // namespace

/// isal keeps up to eight bytes of the input in a bit buffer and gives them back at the end of a
/// member by moving its input pointer backwards, past the start of the last piece if need be. So
/// after every call the whole bytes of the bit buffer are taken out again: what isal could not use
/// for want of input waits in `tail` and goes first next time.
struct PieceInflater::State {
  inflate_state isal;
  std::array<char, 8> tail;
  std::size_t tail_size = 0;
  bool done = false;
  bool has_header = false;
  HeaderSkipper header;

  /// One call of isal; returns its code and how much of `input` was used up.
  int step(std::string_view input, char* output, std::size_t capacity, std::size_t& used,
           std::size_t& produced) {
    const std::uint32_t in = clamp32(input.size()), out = clamp32(capacity);
    // isal's interface is not const-correct; it only reads.
    isal.next_in = reinterpret_cast<std::uint8_t*>(const_cast<char*>(input.data()));
    isal.avail_in = in;
    isal.next_out = reinterpret_cast<std::uint8_t*>(output);
    isal.avail_out = out;
    const int code = isal_inflate(&isal);
    if (isal.tmp_in_size == 0 && isal.read_in_length >= 8) {
      const auto bytes = static_cast<std::uint32_t>(isal.read_in_length / 8);
      isal.avail_in += bytes;
      isal.read_in_length -= static_cast<std::int32_t>(bytes * 8);
      isal.read_in &= (std::uint64_t{1} << isal.read_in_length) - 1;
    }
    used = in - std::min(isal.avail_in, in);
    produced = out - isal.avail_out;
    done = isal.block_state == ISAL_BLOCK_FINISH;
    return code;
  }
};

PieceInflater::PieceInflater() : state_(new State) {
  reset(DeflateFormat::Gzip);
}
PieceInflater::~PieceInflater() = default;
PieceInflater::PieceInflater(PieceInflater&&) noexcept = default;
PieceInflater& PieceInflater::operator=(PieceInflater&&) noexcept = default;

void PieceInflater::reset(DeflateFormat format) {
  isal_inflate_init(&state_->isal);
  state_->isal.crc_flag = format == DeflateFormat::Gzip   ? ISAL_GZIP_NO_HDR_VER
                          : format == DeflateFormat::Zlib ? ISAL_ZLIB
                                                          : ISAL_DEFLATE;
  state_->tail_size = 0;
  state_->done = false;
  state_->has_header = format == DeflateFormat::Gzip;
  state_->header = {};
  problem_ = {};
}

PieceInflater::Progress PieceInflater::inflate(std::string_view input, char* output,
                                               std::size_t capacity) {
  Progress progress{Outcome::NeedInput, 0, 0};
  State& s = *state_;
  if (s.has_header && !s.header.done()) {
    std::string_view rest = input;
    const bool valid = s.header.skip(rest);
    progress.consumed = input.size() - rest.size();
    if (!valid) {
      problem_ = words(ISAL_INVALID_WRAPPER);
      progress.outcome = Outcome::Damaged;
    }
    if (!s.header.done()) return progress;
  }
  for (;;) {
    // The tail and the first bytes behind it; then the input itself.
    std::array<char, 64> joined;
    std::string_view piece = input.substr(progress.consumed);
    const std::size_t tail = s.tail_size;
    if (tail > 0) {
      const std::size_t more = std::min(piece.size(), joined.size() - tail);
      std::memcpy(joined.data(), s.tail.data(), tail);
      if (more > 0) std::memcpy(joined.data() + tail, piece.data(), more);
      piece = {joined.data(), tail + more};
    }
    std::size_t used = 0, produced = 0;
    const int code =
        s.step(piece, output + progress.produced, capacity - progress.produced, used, produced);
    progress.produced += produced;
    if (code < 0 || code > ISAL_OUT_OVERFLOW) {
      problem_ = words(code);
      progress.outcome = Outcome::Damaged;
      progress.consumed += std::max(used, tail) - tail;
      return progress;
    }
    const std::size_t rest = piece.size() - used;
    const bool at_end = progress.consumed + (piece.size() - tail) == input.size();
    const bool starved = !s.done && progress.produced < capacity && at_end && rest <= s.tail.size();
    if (starved) {
      std::memmove(s.tail.data(), piece.data() + used, rest);
      s.tail_size = rest;
      progress.consumed = input.size();
      return progress;
    }
    if (used >= tail) {
      progress.consumed += used - tail;
      s.tail_size = 0;
    } else {
      s.tail_size = tail - used;
      std::memmove(s.tail.data(), s.tail.data() + used, s.tail_size);
    }
    if (s.done || progress.produced == capacity) {
      progress.outcome = s.done ? Outcome::Done : Outcome::OutputFull;
      return progress;
    }
    if (used == 0 && produced == 0) {  // isal neither moves nor complains: never loop
      problem_ = words(0);
      progress.outcome = Outcome::Damaged;
      return progress;
    }
  }
}

namespace {

class GzipSource : public ByteSource {
 public:
  GzipSource(std::unique_ptr<ByteSource> inner, std::string name)
      : inner_(std::move(inner)), name_(std::move(name)), buffer_(new char[kInputBlock]) {}

  Result<std::size_t> read(char* output, std::size_t capacity) override {
    for (;;) {
      if (failed_) return *failed_;
      if (ended_ || capacity == 0) return std::size_t{0};
      if (rest_.empty() && !input_ended_) CT_CHECK(refill());
      if (!in_member_) {
        start_member();
        continue;
      }
      const auto step = inflater_.inflate(rest_, output, capacity);
      rest_.remove_prefix(step.consumed);
      settle(step.outcome);
      if (step.produced > 0) return step.produced;
    }
  }

 private:
  Status refill() {
    CT_TRY(const std::size_t n, inner_->read(buffer_.get(), kInputBlock));
    rest_ = {buffer_.get(), n};
    offset_ += n;
    input_ended_ = n == 0;
    return {};
  }

  [[nodiscard]] std::uint64_t position() const { return offset_ - rest_.size(); }

  void fail(std::string what) {
    failed_ = Error{ErrorCode::Corrupt, name_ + ": gzip data at byte " +
                                            std::to_string(position()) + ": " + std::move(what)};
  }

  void start_member() {
    const std::size_t zeros = std::min(rest_.find_first_not_of('\0'), rest_.size());
    if (members_ > 0) rest_.remove_prefix(zeros);
    if (rest_.empty()) {
      ended_ = input_ended_;
      return;
    }
    if (byte_at(rest_, 0) != 0x1f)
      return fail(members_ == 0 ? "no gzip header here"
                                : "bytes that are no gzip member follow the last one");
    inflater_.reset(DeflateFormat::Gzip);
    in_member_ = true;
    member_start_ = position();
    ++members_;
  }

  void settle(PieceInflater::Outcome outcome) {
    using Outcome = PieceInflater::Outcome;
    if (outcome == Outcome::Done) in_member_ = false;
    if (outcome == Outcome::Damaged) fail(std::string(inflater_.problem()) + in_member());
    if (outcome == Outcome::NeedInput && rest_.empty() && input_ended_)
      fail("the file ends too early" + in_member());
  }

  [[nodiscard]] std::string in_member() const {
    return ", in the member that starts at byte " + std::to_string(member_start_) +
           "; the file is damaged or incomplete";
  }

  std::unique_ptr<ByteSource> inner_;
  std::string name_;
  std::unique_ptr<char[]> buffer_;
  std::string_view rest_;
  std::uint64_t offset_ = 0, member_start_ = 0, members_ = 0;
  PieceInflater inflater_;
  bool in_member_ = false, input_ended_ = false, ended_ = false;
  std::optional<Error> failed_;
};

}  // namespace

std::unique_ptr<ByteSource> gzip_source(std::unique_ptr<ByteSource> inner, std::string name) {
  return std::make_unique<GzipSource>(std::move(inner), std::move(name));
}

}  // namespace crosstail
