#include "text/tokenizer_compact.h"

#include <algorithm>
#include <cstring>

#include "base/hash.h"
#include "base/stream.h"
#include "text/subword_trie.h"
#include "text/tokenizer_blob.h"
#include "text/tokenizer_sections.h"

namespace crosstail::text {

namespace {

constexpr std::uint32_t kCompactVersion = 2;
constexpr std::size_t kMaxExpanded = std::size_t{1} << 28, kReadBlock = std::size_t{1} << 20;

/// As of a blob, and the size of what is in the frame that follows.
struct Header {
  char magic[8];
  std::uint32_t version, zero;
  std::uint64_t size, checksum, content;
};
static_assert(sizeof(Header) == 40);

/// Sections that are kept as they are.
constexpr BlobSection kKept[] = {kMeta, kScores64, kMerges, kCharsmap, kUserTrie};

class Writer {
 public:
  void number(std::uint64_t value) {
    for (; value >= 128; value >>= 7) bytes_ += static_cast<char>(value | 128);
    bytes_ += static_cast<char>(value);
  }
  void text(std::string_view bytes) {
    number(bytes.size());
    bytes_ += bytes;
  }
  /// Byte k of all values, for each k from the highest: like stands by like.
  void planes(const std::vector<std::uint32_t>& values) {
    for (int shift = 24; shift >= 0; shift -= 8)
      for (const std::uint32_t value : values) bytes_ += static_cast<char>(value >> shift & 0xFF);
  }
  std::string& bytes() { return bytes_; }

 private:
  std::string bytes_;
};

class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  std::uint64_t number() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 63; shift += 7) {
      if (rest_.empty()) break;
      const auto byte = static_cast<unsigned char>(rest_.front());
      rest_.remove_prefix(1);
      value |= std::uint64_t{byte & 127U} << shift;
      if (byte < 128) return value;
    }
    ok_ = false;
    return 0;
  }
  std::string_view text() { return take(number()); }
  std::string_view take(std::uint64_t size) {
    if (size > rest_.size()) ok_ = false;
    if (!ok_) return {};
    const std::string_view bytes = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return bytes;
  }
  std::vector<std::uint32_t> planes(std::uint64_t count) {
    if (count > rest_.size() / 4) ok_ = false;
    if (!ok_) return {};
    std::vector<std::uint32_t> values(count);
    for (int plane = 0; plane < 4; ++plane) {
      const std::string_view bytes = take(count);
      for (std::size_t i = 0; i < count; ++i)
        values[i] = values[i] << 8 | static_cast<unsigned char>(bytes[i]);
    }
    return values;
  }
  [[nodiscard]] bool ok() const { return ok_; }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

struct Pieces {
  std::span<const std::uint32_t> offsets, order;
  std::string_view bytes;

  [[nodiscard]] std::size_t size() const { return order.size(); }
  [[nodiscard]] std::string_view operator[](std::uint32_t id) const {
    return bytes.substr(offsets[id], offsets[id + 1] - offsets[id]);
  }
};

/// What expanding relies on; true of every blob that write_blob() made.
bool fits(const Pieces& pieces) {
  const std::size_t count = pieces.size();
  if (pieces.offsets.size() != count + 1 || pieces.offsets.back() != pieces.bytes.size())
    return false;
  return std::is_sorted(pieces.offsets.begin(), pieces.offsets.end()) &&
         std::all_of(pieces.order.begin(), pieces.order.end(),
                     [&](std::uint32_t id) { return id < count; });
}

/// In their order: how much each shares with the one before, the sizes of the rests, the rests,
/// whether texts are matched against it (a bit each), and its id.
void write_pieces(Writer& out, const Pieces& pieces, const SubwordTrie& trie) {
  Writer shared_sizes, rest_sizes;
  std::string rests, matched((pieces.size() + 7) / 8, '\0');
  std::string_view before;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const std::string_view piece = pieces[pieces.order[i]];
    const auto shared = static_cast<std::size_t>(
        std::mismatch(before.begin(), before.end(), piece.begin(), piece.end()).first -
        before.begin());
    shared_sizes.number(shared);
    rest_sizes.number(piece.size() - shared);
    rests += piece.substr(shared);
    if (trie.find_plus_one(piece) == pieces.order[i] + 1)
      matched[i / 8] = static_cast<char>(matched[i / 8] | 1 << i % 8);
    before = piece;
  }
  for (const std::string_view part :
       {std::string_view(shared_sizes.bytes()), std::string_view(rest_sizes.bytes()),
        std::string_view(rests), std::string_view(matched)})
    out.text(part);
  out.planes({pieces.order.begin(), pieces.order.end()});
}

/// What the sections of the pieces are made of.
struct SortedPieces {
  std::string bytes;
  std::vector<std::size_t> begins;  ///< one more than pieces
  std::string_view matched;
  std::vector<std::uint32_t> ids;

  [[nodiscard]] std::size_t size() const { return ids.size(); }
  [[nodiscard]] std::string_view operator[](std::size_t i) const {
    return std::string_view(bytes).substr(begins[i], begins[i + 1] - begins[i]);
  }
};

Result<SortedPieces> read_pieces(Reader& in, std::size_t count) {
  const Error damaged = corrupt_blob("its pieces are damaged");
  SortedPieces pieces;
  Reader shared_sizes(in.text()), rest_sizes(in.text()), rests(in.text());
  pieces.matched = in.text();
  pieces.ids = in.planes(count);
  if (!in.ok() || pieces.matched.size() != (count + 7) / 8) return damaged;
  pieces.begins.reserve(count + 1);
  pieces.begins.push_back(0);
  std::size_t before = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint64_t shared = shared_sizes.number();
    const std::string_view rest = rests.take(rest_sizes.number());
    const std::size_t end = pieces.bytes.size();
    if (!shared_sizes.ok() || !rest_sizes.ok() || !rests.ok() || shared > end - before)
      return damaged;
    if (end + shared + rest.size() > kMaxExpanded)
      return Error{ErrorCode::Limit, "tokenizer blob: its pieces have more than 256 MiB"};
    pieces.bytes.append(pieces.bytes, before, shared);
    pieces.bytes += rest;
    pieces.begins.push_back(pieces.bytes.size());
    before = end;
  }
  return pieces;
}

/// Offsets and bytes by id. Fails where an id is none or comes twice.
Status lay_out_by_id(const SortedPieces& pieces, std::vector<std::uint32_t>& offsets,
                     std::string& bytes) {
  constexpr std::uint32_t kUnseen = 0xFFFFFFFF;
  std::vector<std::uint32_t> place(pieces.size(), kUnseen);
  for (std::uint32_t i = 0; i < pieces.size(); ++i) {
    const std::uint32_t id = pieces.ids[i];
    if (id >= place.size() || place[id] != kUnseen) return corrupt_blob("its ids are damaged");
    place[id] = i;
  }
  offsets.reserve(place.size() + 1);
  offsets.push_back(0);
  bytes.reserve(pieces.bytes.size());
  for (const std::uint32_t i : place) {
    bytes += pieces[i];
    offsets.push_back(static_cast<std::uint32_t>(bytes.size()));
  }
  return {};
}

Result<std::vector<SubwordTrie::Unit>> trie_of(const SortedPieces& pieces) {
  std::vector<std::pair<std::string_view, std::uint32_t>> entries;
  entries.reserve(pieces.size());
  for (std::size_t i = 0; i < pieces.size(); ++i)
    if ((pieces.matched[i / 8] >> i % 8 & 1) != 0) entries.emplace_back(pieces[i], pieces.ids[i]);
  return build_subword_trie(std::move(entries));
}

/// f32 numbers as the differences of their bits, which are small where scores fall from id to id.
std::vector<std::uint32_t> steps_of(std::span<const std::uint32_t> values) {
  std::vector<std::uint32_t> steps(values.size());
  for (std::size_t i = 0; i < values.size(); ++i)
    steps[i] = values[i] - (i == 0 ? 0 : values[i - 1]);
  return steps;
}

Result<std::string> content_of(std::string_view frame, std::uint64_t size) {
  auto source = decompress(memory_source(frame), Compression::Zstd, "tokenizer blob");
  std::string content;
  while (content.size() < size) {
    const std::size_t at = content.size(), some = std::min<std::size_t>(size - at, kReadBlock);
    content.resize(at + some);
    CT_TRY(const std::size_t got, source->read(content.data() + at, some));
    if (got == 0) return corrupt_blob("its frame is cut off");
    content.resize(at + got);
  }
  return content;
}

}  // namespace

std::string compact_blob(std::span<const std::byte> blob) {
  std::string plain(reinterpret_cast<const char*>(blob.data()), blob.size());
  const auto views = read_blob_sections(blob);
  if (!views.ok()) return plain;
  const Pieces pieces{as<std::uint32_t>((*views)[kPieceOffsets]),
                      as<std::uint32_t>((*views)[kPieceOrder]), (*views)[kPieceBytes]};
  if (!fits(pieces)) return plain;
  const auto scores = as<std::uint32_t>((*views)[kScores32]);
  Writer out;
  for (const BlobSection kind : kKept) out.text((*views)[kind]);
  out.number(scores.size());
  out.planes(steps_of(scores));
  out.number(pieces.size());
  write_pieces(out, pieces, SubwordTrie{as<SubwordTrie::Unit>((*views)[kTrie])});
  std::string compact(sizeof(Header), '\0');
  compact += smallest_zstd_frame(out.bytes());
  Header header{{}, kCompactVersion, 0, compact.size(), 0, out.bytes().size()};
  std::memcpy(header.magic, kBlobMagic.data(), kBlobMagic.size());
  std::memcpy(compact.data(), &header, sizeof header);
  header.checksum = xxh3(std::string_view(compact).substr(32));
  std::memcpy(compact.data(), &header, sizeof header);
  const auto again = expand_blob(std::as_bytes(std::span(compact)));
  const bool same =
      again.ok() && std::equal(again->begin(), again->end(), blob.begin(), blob.end());
  return same ? compact : plain;
}

bool is_compact_blob(std::span<const std::byte> bytes) {
  Header header{};
  if (bytes.size() < sizeof header) return false;
  std::memcpy(&header, bytes.data(), sizeof header);
  return std::string_view(header.magic, 8) == kBlobMagic && header.version == kCompactVersion;
}

Result<std::vector<std::byte>> expand_blob(std::span<const std::byte> bytes) {
  if (!is_compact_blob(bytes)) return corrupt_blob("is not a compact one");
  Header header{};
  std::memcpy(&header, bytes.data(), sizeof header);
  const std::string_view all{reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  if (header.size != all.size() || header.zero != 0 || xxh3(all.substr(32)) != header.checksum)
    return corrupt_blob("checksum or size mismatch; the file is damaged, convert the model again");
  if (header.content > kMaxExpanded)
    return Error{ErrorCode::Limit, "tokenizer blob: more than 256 MiB of content"};
  CT_TRY(const std::string content, content_of(all.substr(sizeof header), header.content));
  Reader in(content);
  BlobViews sections{};
  for (const BlobSection kind : kKept) sections[kind] = in.text();
  std::vector<std::uint32_t> scores = in.planes(in.number());
  for (std::size_t i = 1; i < scores.size(); ++i) scores[i] += scores[i - 1];
  CT_TRY(const SortedPieces pieces, read_pieces(in, in.number()));
  std::vector<std::uint32_t> offsets;
  std::string by_id;
  CT_CHECK(lay_out_by_id(pieces, offsets, by_id));
  CT_TRY(const auto trie, trie_of(pieces));
  sections[kPieceOffsets] = bytes_of(offsets);
  sections[kPieceBytes] = by_id;
  sections[kPieceOrder] = bytes_of(pieces.ids);
  sections[kTrie] = bytes_of(trie);
  sections[kScores32] = bytes_of(scores);
  return assemble_blob(sections);
}

}  // namespace crosstail::text
