#include "text/tokenizer.h"

#include <algorithm>
#include <limits>

#include "text/tokenizer_blob.h"
#include "text/tokenizer_compact.h"
#include "text/tokenizer_parts.h"
#include "text/utf8.h"

namespace crosstail::text {

namespace {

using Ids = TokenizerScratch::State::Ids;
constexpr std::size_t kAll = std::numeric_limits<std::size_t>::max();

std::string_view repaired(std::string_view text, TokenizerScratch::State& state, Encoding& out) {
  if (is_valid_utf8(text)) return text;
  state.repaired = repair_utf8(text, &out.invalid_utf8);
  return state.repaired;
}

void clear(Encoding& out) {
  out.ids.clear();
  out.type_ids.clear();
  out.offsets.clear();
  out.unknown = 0;
  out.invalid_utf8 = 0;
  out.truncated = false;
}

template <class T>
void cut(std::vector<T>& values, std::size_t keep, TruncateSide side) {
  if (values.size() <= keep) return;
  if (side == TruncateSide::Left) {
    values.erase(values.begin(), values.end() - static_cast<std::ptrdiff_t>(keep));
  } else {
    values.resize(keep);
  }
}

void cut(Ids& ids, std::size_t keep, TruncateSide side) {
  cut(ids.ids, keep, side);
  cut(ids.offsets, keep, side);
}

/// How many ids of each text remain of `first` and `second` when `room` are left for both.
std::pair<std::size_t, std::size_t> shares(std::size_t first, std::size_t second, std::size_t room,
                                           PairTruncation how) {
  if (first + second <= room) return {first, second};
  switch (how) {
    case PairTruncation::OnlyFirst:
      return {room > second ? room - second : 0, second};
    case PairTruncation::OnlySecond:
      return {first, room > first ? room - first : 0};
    case PairTruncation::LongestFirst:
      break;
  }
  const bool swapped = first > second;
  std::size_t shorter = std::min(first, second);
  std::size_t longer = shorter > room ? shorter : std::max(shorter, room - shorter);
  if (shorter + longer > room) {
    shorter = room / 2;
    longer = shorter + room % 2;
  }
  return swapped ? std::pair(longer, shorter) : std::pair(shorter, longer);
}

/// Moves `offset` inwards by so many code points at its ends, as far as it goes.
void shrink(std::string_view text, std::size_t leading, std::size_t trailing, TokenOffset& offset) {
  for (; leading > 0 && offset.begin < offset.end; --leading) {
    offset.begin += static_cast<std::uint32_t>(unicode::sequence_size(text[offset.begin]));
  }
  for (; trailing > 0 && offset.end > offset.begin; --trailing) {
    do --offset.end;
    while (offset.end > offset.begin &&
           (static_cast<unsigned char>(text[offset.end]) & 0xC0) == 0x80);
  }
}

/// White space at the start of a token as its file writes it; an added token is what it matched.
std::size_t leading_spaces(std::string_view token) {
  std::size_t count = 0;
  const char* p = token.data();
  const char* const end = p + token.size();
  while (p < end) {
    const char32_t c = unicode::decode(p);
    if (c != byte_level_char(' ') && (unicode::FlagTable::get()[c] & unicode::kSpace) == 0) break;
    ++count;
  }
  return count;
}

std::size_t trailing_spaces(std::string_view token) {
  std::size_t count = 0;
  std::size_t run = 0;
  for (const char* p = token.data(); p < token.data() + token.size();) {
    const char32_t c = unicode::decode(p);
    const bool space =
        c == byte_level_char(' ') || (unicode::FlagTable::get()[c] & unicode::kSpace) != 0;
    run = space ? run + 1 : 0;
    count = run;
  }
  return count;
}

/// The offsets of byte-level tokens without the spaces at their ends.
void trim_offsets(const Tokenizer::Parts& parts, const TrimOffsets& trim, std::string_view text,
                  Ids& ids) {
  for (std::size_t i = 0; i < ids.offsets.size(); ++i) {
    TokenOffset& offset = ids.offsets[i];
    const auto& added = parts.meta.added;
    const bool is_added = std::any_of(added.begin(), added.end(),
                                      [&](const AddedToken& t) { return t.id == ids.ids[i]; });
    const std::string_view token =
        is_added ? text.substr(offset.begin, offset.end - offset.begin) : parts.piece(ids.ids[i]);
    std::size_t leading = leading_spaces(token);
    // The space that was put before the text is no part of it.
    if ((i == 0 || offset.begin == 0) && trim.add_prefix_space && leading == 1) leading = 0;
    shrink(text, leading, trailing_spaces(token), offset);
  }
}

void put_frame(const Tokenizer::Parts& parts, const std::vector<FrameItem>& frame,
               const EncodeOptions& options, const Ids& first, const Ids& second, Encoding& out) {
  const auto put_text = [&](const Ids& text, std::uint8_t type_id) {
    out.ids.insert(out.ids.end(), text.ids.begin(), text.ids.end());
    out.offsets.insert(out.offsets.end(), text.offsets.begin(), text.offsets.end());
    out.type_ids.resize(out.ids.size(), type_id);
    out.unknown += static_cast<std::uint64_t>(
        std::count(text.ids.begin(), text.ids.end(), parts.meta.unknown_id));
  };
  for (const FrameItem& item : frame) {
    switch (item.kind) {
      case FrameItem::Kind::First:
        put_text(first, item.type_id);
        break;
      case FrameItem::Kind::Second:
        put_text(second, item.type_id);
        break;
      case FrameItem::Kind::Special:
        if (!options.add_special) break;
        out.ids.push_back(item.id);
        out.type_ids.push_back(item.type_id);
        if (options.offsets) out.offsets.push_back({});
        break;
    }
  }
}

std::size_t specials_in(const std::vector<FrameItem>& frame) {
  return static_cast<std::size_t>(std::count_if(frame.begin(), frame.end(), [](const FrameItem& f) {
    return f.kind == FrameItem::Kind::Special;
  }));
}

/// Ids that fit beside the specials; kAll without a limit.
std::size_t room_of(const std::vector<FrameItem>& frame, const EncodeOptions& options) {
  if (options.max_length == 0) return kAll;
  const std::size_t specials = options.add_special ? specials_in(frame) : 0;
  return options.max_length > specials ? options.max_length - specials : 0;
}

void encode_one(const Tokenizer::Parts& parts, std::string_view text, const EncodeOptions& options,
                std::size_t room, TokenizerScratch::State& state, Ids& ids, Encoding& out) {
  ids.ids.clear();
  ids.offsets.clear();
  // One more than there is room for tells that something was cut.
  const bool rest_matters = options.truncate == TruncateSide::Left || room == kAll;
  text = repaired(text, state, out);
  encode_body(parts, text, rest_matters ? kAll : room + 1, options.offsets, state, ids);
  if (!options.offsets) return;
  for (const TrimOffsets& trim : parts.meta.trims) trim_offsets(parts, trim, text, ids);
}

}  // namespace

TokenizerScratch::TokenizerScratch() : state_(std::make_unique<State>()) {}
TokenizerScratch::TokenizerScratch(TokenizerScratch&&) noexcept = default;
TokenizerScratch& TokenizerScratch::operator=(TokenizerScratch&&) noexcept = default;
TokenizerScratch::~TokenizerScratch() = default;

Result<Tokenizer> Tokenizer::from_blob(std::span<const std::byte> blob) {
  if (is_compact_blob(blob)) {
    CT_TRY(auto expanded, expand_blob(blob));
    return from_owned_blob(std::move(expanded));
  }
  CT_TRY(auto parts, read_blob(blob, {}));
  return Tokenizer(std::move(parts));
}

Result<Tokenizer> Tokenizer::from_owned_blob(std::vector<std::byte> blob) {
  CT_TRY(auto parts, read_blob({}, std::move(blob)));
  return Tokenizer(std::move(parts));
}

std::span<const std::byte> Tokenizer::to_blob() const {
  return parts_->blob;
}

void Tokenizer::encode(std::string_view text, const EncodeOptions& options,
                       TokenizerScratch& scratch, Encoding& out) const {
  TokenizerScratch::State& state = scratch.state();
  clear(out);
  const std::vector<FrameItem>& frame = parts_->meta.single;
  const std::size_t room = room_of(frame, options);
  encode_one(*parts_, text, options, room, state, state.first, out);
  out.truncated = state.first.ids.size() > room;
  cut(state.first, room, options.truncate);
  put_frame(*parts_, frame, options, state.first, {}, out);
}

void Tokenizer::encode_pair(std::string_view first, std::string_view second,
                            const EncodeOptions& options, TokenizerScratch& scratch,
                            Encoding& out) const {
  TokenizerScratch::State& state = scratch.state();
  clear(out);
  const std::vector<FrameItem>& frame = parts_->meta.pair;
  const std::size_t room = room_of(frame, options);
  encode_one(*parts_, first, options, room, state, state.first, out);
  encode_one(*parts_, second, options, room, state, state.second, out);
  const std::size_t all = state.first.ids.size() + state.second.ids.size();
  out.truncated = all > room;
  const auto [keep_first, keep_second] =
      shares(state.first.ids.size(), state.second.ids.size(), room, options.pair_truncation);
  cut(state.first, keep_first, options.truncate);
  cut(state.second, keep_second, options.truncate);
  put_frame(*parts_, frame, options, state.first, state.second, out);
}

std::vector<std::uint32_t> Tokenizer::encode(std::string_view text,
                                             const EncodeOptions& options) const {
  TokenizerScratch scratch;
  Encoding out;
  encode(text, options, scratch, out);
  return std::move(out.ids);
}

std::size_t Tokenizer::size() const {
  return parts_->size;
}
std::string_view Tokenizer::piece(std::uint32_t id) const {
  return parts_->piece(id);
}

std::optional<std::uint32_t> Tokenizer::id(std::string_view piece) const {
  if (piece.empty()) return std::nullopt;
  const auto order = parts_->piece_order;
  // Of equal pieces the last id, as the dictionaries of the originals keep it.
  const auto after =
      std::upper_bound(order.begin(), order.end(), piece,
                       [&](std::string_view p, std::uint32_t id) { return p < parts_->piece(id); });
  if (after == order.begin() || parts_->piece(*(after - 1)) != piece) return std::nullopt;
  return *(after - 1);
}

std::optional<double> Tokenizer::score(std::uint32_t id) const {
  if (id < parts_->scores32.size()) return static_cast<double>(parts_->scores32[id]);
  if (id < parts_->scores64.size()) return parts_->scores64[id];
  return std::nullopt;
}

std::string_view Tokenizer::character_map() const {
  return parts_->charsmap;
}

bool Tokenizer::is_special(std::uint32_t id) const {
  const auto& added = parts_->meta.added;
  return std::any_of(added.begin(), added.end(),
                     [&](const AddedToken& t) { return t.special && t.id == id; });
}

SpecialIds Tokenizer::special() const {
  return parts_->meta.special;
}

std::size_t Tokenizer::frame_size(bool pair) const {
  return specials_in(pair ? parts_->meta.pair : parts_->meta.single);
}

std::size_t Tokenizer::model_max_length() const {
  return static_cast<std::size_t>(parts_->meta.model_max_length);
}

std::string_view Tokenizer::kind() const {
  switch (parts_->meta.kind) {
    case SubwordKind::Unigram:
      return "unigram";
    case SubwordKind::Bpe:
      return "bpe";
    case SubwordKind::WordPiece:
      return "wordpiece";
  }
  return "";
}

std::string_view Tokenizer::source() const {
  return parts_->meta.source;
}

}  // namespace crosstail::text
