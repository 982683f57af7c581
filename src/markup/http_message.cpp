#include "markup/http_message.h"

#include <brotli/decode.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <utility>

#include "base/gzip.h"
#include "base/zstd_frames.h"

namespace crosstail::markup {

namespace {

constexpr std::size_t kMaxHead = std::size_t{256} << 10;
constexpr std::size_t kMaxCodings = 4;
constexpr std::size_t kFirstRoom = std::size_t{64} << 10;

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}

bool equals_ignoring_case(std::string_view text, std::string_view lower_case) {
  return text.size() == lower_case.size() &&
         std::equal(text.begin(), text.end(), lower_case.begin(),
                    [](char a, char b) { return lower(a) == b; });
}

std::string_view trim(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

void set_field(HttpHead& head, std::string_view field, std::string_view value) {
  if (field.size() < 12 || field.size() > 17) return;
  if (equals_ignoring_case(field, "content-type")) head.content_type = value;
  if (equals_ignoring_case(field, "content-encoding")) head.content_encoding = value;
  if (equals_ignoring_case(field, "content-language")) head.content_language = value;
  if (equals_ignoring_case(field, "transfer-encoding")) head.transfer_encoding = value;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char l = lower(c);
  return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

/// "1a2b; extension\r\n": the number, and `body` behind the line. False if it is no such line.
bool take_chunk_size(std::string_view& body, std::uint64_t& size) {
  const std::size_t end = body.substr(0, 4096).find('\n');
  if (end == std::string_view::npos) return false;
  size = 0;
  std::size_t digits = 0;
  while (digits < end && digits < 15 && hex_digit(body[digits]) >= 0)
    size = size << 4 | static_cast<unsigned>(hex_digit(body[digits++]));
  const std::string_view rest = trim(body.substr(digits, end - digits));
  if (digits == 0 || (!rest.empty() && rest.front() != ';')) return false;
  body.remove_prefix(end + 1);
  return true;
}

/// A buffer that is not cleared when it grows.
class Bytes {
 public:
  char* room(std::size_t count) {
    if (capacity_ - size_ < count) {
      const std::size_t wanted = std::max(size_ + count, 2 * capacity_);
      auto grown = std::make_unique_for_overwrite<char[]>(wanted);
      if (size_ > 0) std::memcpy(grown.get(), data_.get(), size_);
      data_ = std::move(grown);
      capacity_ = wanted;
    }
    return data_.get() + size_;
  }
  [[nodiscard]] std::size_t capacity_left() const { return capacity_ - size_; }
  void append(std::size_t count) { size_ += count; }
  void clear() { size_ = 0; }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::string_view view() const { return {data_.get(), size_}; }

 private:
  std::unique_ptr<char[]> data_;
  std::size_t size_ = 0, capacity_ = 0;
};

struct FreeBrotli {
  void operator()(BrotliDecoderState* state) const { BrotliDecoderDestroyInstance(state); }
};

bool is_zlib(std::string_view body) {
  if (body.size() < 2) return false;
  const auto cmf = static_cast<unsigned char>(body[0]);
  const auto flags = static_cast<unsigned char>(body[1]);
  return (cmf & 0x0f) == 8 && (cmf * 256u + flags) % 31 == 0;
}

}  // namespace

bool read_http_head(std::string_view message, HttpHead& head) {
  head = {};
  if (!message.starts_with("HTTP/")) return false;
  const std::string_view all = message.substr(0, kMaxHead);
  std::size_t at = std::min(all.find('\n'), all.size() - 1) + 1;
  const std::string_view status_line = all.substr(0, at);
  const std::size_t space = status_line.find(' ');
  for (std::size_t i = space;
       i != std::string_view::npos && i + 1 < status_line.size() && i < space + 3; ++i) {
    if (hex_digit(status_line[i + 1]) < 0 || hex_digit(status_line[i + 1]) > 9) break;
    head.status = head.status * 10 + hex_digit(status_line[i + 1]);
  }
  while (at < all.size()) {
    const std::size_t end = std::min(all.find('\n', at), all.size());
    const std::string_view line = all.substr(at, end - at);
    at = std::min(end + 1, all.size());
    if (line.empty() || line == "\r") break;
    const std::size_t colon = line.find(':');
    if (colon != std::string_view::npos)
      set_field(head, trim(line.substr(0, colon)), trim(line.substr(colon + 1)));
  }
  head.size = at;
  return true;
}

bool lists_token(std::string_view list, std::string_view token) {
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    if (equals_ignoring_case(trim(list.substr(0, comma)), token)) return true;
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return false;
}

struct BodyDecoder::State {
  explicit State(std::size_t limit) : max_bytes(limit) {}

  std::size_t max_bytes;
  WholeInflater inflate_whole;
  std::unique_ptr<PieceInflater> inflater;
  std::unique_ptr<ZstdInflater> zstd;
  Bytes dechunked, decoded[2];

  Outcome dechunk(std::string_view& body) {
    std::string_view rest = body;
    std::uint64_t size = 0;
    if (!take_chunk_size(rest, size)) return Outcome::Whole;  // undone by the crawler
    dechunked.clear();
    Outcome outcome = Outcome::Truncated;
    do {
      const auto take = static_cast<std::size_t>(std::min<std::uint64_t>(size, rest.size()));
      if (dechunked.size() + take > max_bytes) return Outcome::TooLarge;
      if (take > 0) std::memcpy(dechunked.room(take), rest.data(), take);
      dechunked.append(take);
      rest.remove_prefix(take);
      if (size == 0) outcome = Outcome::Whole;
      if (size == 0 || rest.empty()) break;
      if (rest.starts_with('\r')) rest.remove_prefix(1);
      if (rest.starts_with('\n')) rest.remove_prefix(1);
    } while (take_chunk_size(rest, size));
    body = dechunked.view();
    return outcome;
  }

  Outcome inflate(DeflateFormat format, std::string_view& body, Bytes& out) {
    out.clear();
    const std::size_t guess =
        std::clamp(body.size() * 6, kFirstRoom, std::max(kFirstRoom, max_bytes));
    out.room(guess);
    const auto whole = inflate_whole.inflate(format, body, out.room(1), out.capacity_left());
    if (whole.outcome == WholeInflater::Outcome::Done && whole.consumed == body.size()) {
      if (whole.produced > max_bytes) return Outcome::TooLarge;
      out.append(whole.produced);
      body = out.view();
      return Outcome::Whole;
    }
    return inflate_pieces(format, body, out);
  }

  /// Large, cut off, damaged, or several members.
  Outcome inflate_pieces(DeflateFormat format, std::string_view& body, Bytes& out) {
    using Step = PieceInflater::Outcome;
    if (!inflater) inflater = std::make_unique<PieceInflater>();
    inflater->reset(format);
    std::string_view rest = body;
    Outcome outcome = Outcome::Truncated;
    for (;;) {
      char* to = out.room(kFirstRoom);
      const auto step = inflater->inflate(rest, to, out.capacity_left());
      rest.remove_prefix(step.consumed);
      out.append(step.produced);
      if (out.size() > max_bytes) return Outcome::TooLarge;
      if (step.outcome == Step::OutputFull) continue;
      if (step.outcome != Step::Done) break;
      outcome = Outcome::Whole;
      if (format != DeflateFormat::Gzip || !gzip_header_length(rest)) break;
      inflater->reset(format);
      outcome = Outcome::Truncated;
    }
    if (out.size() == 0 && outcome == Outcome::Truncated) return Outcome::Damaged;
    body = out.view();
    return outcome;
  }

  Outcome unbrotli(std::string_view& body, Bytes& out) {
    const std::unique_ptr<BrotliDecoderState, FreeBrotli> state(
        BrotliDecoderCreateInstance(nullptr, nullptr, nullptr));
    out.clear();
    std::size_t left = body.size();
    const auto* next = reinterpret_cast<const std::uint8_t*>(body.data());
    for (;;) {
      auto* to = reinterpret_cast<std::uint8_t*>(out.room(kFirstRoom));
      std::size_t room = out.capacity_left();
      const std::size_t before = room;
      const auto result =
          BrotliDecoderDecompressStream(state.get(), &left, &next, &room, &to, nullptr);
      out.append(before - room);
      if (out.size() > max_bytes) return Outcome::TooLarge;
      if (result == BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT) continue;
      const bool whole = result == BROTLI_DECODER_RESULT_SUCCESS;
      if (!whole && out.size() == 0) return Outcome::Damaged;
      body = out.view();
      return whole ? Outcome::Whole : Outcome::Truncated;
    }
  }

  Outcome unzstd(std::string_view& body, Bytes& out) {
    using Step = ZstdInflater::Outcome;
    if (!zstd) zstd = std::make_unique<ZstdInflater>();
    zstd->reset();
    out.clear();
    std::string_view rest = body;
    for (;;) {
      char* to = out.room(kFirstRoom);
      const auto step = zstd->inflate(rest, to, out.capacity_left());
      rest.remove_prefix(step.consumed);
      out.append(step.produced);
      if (out.size() > max_bytes) return Outcome::TooLarge;
      if (step.outcome == Step::OutputFull) continue;
      if (step.outcome == Step::FrameDone && is_zstd_frame(rest)) continue;
      const bool whole = step.outcome == Step::FrameDone;
      if (!whole && out.size() == 0) return Outcome::Damaged;
      body = out.view();
      return whole ? Outcome::Whole : Outcome::Truncated;
    }
  }

  Outcome undo(std::string_view coding, std::string_view& body, Bytes& out) {
    if (equals_ignoring_case(coding, "gzip") || equals_ignoring_case(coding, "x-gzip"))
      return body.starts_with("\x1f\x8b") ? inflate(DeflateFormat::Gzip, body, out)
                                          : Outcome::Whole;
    if (equals_ignoring_case(coding, "deflate")) {
      if (is_zlib(body)) return inflate(DeflateFormat::Zlib, body, out);
      // Text is no deflate stream; some servers send the stream without zlib's header.
      if (body.empty() || body.front() == '<' || body.front() == '\n') return Outcome::Whole;
      return inflate(DeflateFormat::Raw, body, out);
    }
    if (equals_ignoring_case(coding, "br"))
      return body.empty() || body.front() == '<' ? Outcome::Whole : unbrotli(body, out);
    if (equals_ignoring_case(coding, "zstd"))
      return is_zstd_frame(body) ? unzstd(body, out) : Outcome::Whole;
    return Outcome::Whole;
  }
};

BodyDecoder::BodyDecoder(std::size_t max_bytes) : state_(new State(max_bytes)) {}
BodyDecoder::~BodyDecoder() = default;
BodyDecoder::BodyDecoder(BodyDecoder&&) noexcept = default;
BodyDecoder& BodyDecoder::operator=(BodyDecoder&&) noexcept = default;

BodyDecoder::Outcome BodyDecoder::decode(const HttpHead& head, std::string_view& body) {
  Outcome outcome = Outcome::Whole;
  if (lists_token(head.transfer_encoding, "chunked")) outcome = state_->dechunk(body);
  std::string_view codings = head.content_encoding;
  for (std::size_t i = 0; i < kMaxCodings && !codings.empty(); ++i) {
    if (outcome == Outcome::TooLarge || outcome == Outcome::Damaged) return outcome;
    const std::size_t comma = codings.rfind(',');
    const std::size_t begin = comma == std::string_view::npos ? 0 : comma + 1;
    const Outcome step = state_->undo(trim(codings.substr(begin)), body, state_->decoded[i % 2]);
    if (step != Outcome::Whole) outcome = step;
    codings = codings.substr(0, comma == std::string_view::npos ? 0 : comma);
  }
  if (body.size() > state_->max_bytes) return Outcome::TooLarge;
  return outcome;
}

}  // namespace crosstail::markup
