#include "text/sentencepiece_file.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <unordered_set>

namespace crosstail::text {

namespace {

constexpr std::string_view kSpaceSymbol = "\xE2\x96\x81";
constexpr std::uint32_t kNoId = UnigramModel::kNoId;

enum class PieceType : std::uint64_t { Normal = 1, Unknown, Control, UserDefined, Unused, Byte };

struct Piece {
  std::string text;
  float score = 0;
  PieceType type = PieceType::Normal;
};

struct ModelFile {
  std::vector<Piece> pieces;
  std::uint64_t model_type = 1;
  bool byte_fallback = false;
  bool whitespace_as_suffix = false;
  std::string charsmap;
  bool add_dummy_prefix = true, remove_extra_whitespaces = true, escape_whitespaces = true;
};

/// One protocol buffer message, field by field.
class Message {
 public:
  struct Field {
    std::uint64_t number = 0;
    std::uint64_t value = 0;  ///< varint, or the bits of a 32-bit field
    std::string_view bytes;   ///< length-delimited
    unsigned type = 0;
  };
  Message(std::string_view bytes, std::size_t offset) : bytes_(bytes), offset_(offset) {}

  [[nodiscard]] bool at_end() const { return at_ == bytes_.size(); }
  [[nodiscard]] std::size_t position() const { return offset_ + at_; }
  [[nodiscard]] Error wrong(std::string_view what) const {
    return {ErrorCode::Corrupt, "offset " + std::to_string(position()) + ": " + std::string(what) +
                                    "; this is no SentencePiece model, or it is cut short"};
  }

  Result<Field> next() {
    Field field;
    std::uint64_t key = 0;
    if (!varint(key)) return wrong("bad field key");
    field.number = key >> 3;
    field.type = static_cast<unsigned>(key & 7);
    switch (field.type) {
      case 0:
        if (!varint(field.value)) return wrong("bad number");
        return field;
      case 1:
        return fixed(8, field);
      case 5:
        return fixed(4, field);
      case 2:
        break;
      default:
        return wrong("unknown field type");
    }
    std::uint64_t size = 0;
    if (!varint(size) || size > bytes_.size() - at_) return wrong("field reaches beyond the end");
    field.bytes = bytes_.substr(at_, static_cast<std::size_t>(size));
    at_ += static_cast<std::size_t>(size);
    return field;
  }

 private:
  bool varint(std::uint64_t& value) {
    value = 0;
    for (unsigned shift = 0; shift < 64 && at_ < bytes_.size(); shift += 7) {
      const auto byte = static_cast<unsigned char>(bytes_[at_++]);
      value |= std::uint64_t{byte & 0x7FU} << shift;
      if (byte < 0x80) return true;
    }
    return false;
  }
  Result<Field> fixed(std::size_t size, Field& field) {
    if (bytes_.size() - at_ < size) return wrong("number reaches beyond the end");
    std::memcpy(&field.value, bytes_.data() + at_, size);
    at_ += size;
    return field;
  }

  std::string_view bytes_;
  std::size_t offset_;
  std::size_t at_ = 0;
};

/// Calls `f(field)` for each field; an error of either ends it.
template <class F>
Status for_each_field(std::string_view bytes, std::size_t offset, F f) {
  Message message(bytes, offset);
  while (!message.at_end()) {
    CT_TRY(const Message::Field field, message.next());
    CT_CHECK(f(message, field));
  }
  return {};
}

Status read_piece(std::string_view bytes, std::size_t offset, Piece& piece) {
  return for_each_field(bytes, offset, [&](const Message& m, const Message::Field& f) -> Status {
    if (f.number == 1 && f.type == 2) piece.text = f.bytes;
    if (f.number == 2 && f.type == 5) {
      piece.score = std::bit_cast<float>(static_cast<std::uint32_t>(f.value));
    }
    if (f.number == 3 && f.type == 0) {
      if (f.value < 1 || f.value > 6) return m.wrong("unknown type of piece");
      piece.type = static_cast<PieceType>(f.value);
    }
    return {};
  });
}

Status read_trainer(std::string_view bytes, std::size_t offset, ModelFile& file) {
  return for_each_field(bytes, offset, [&](const Message&, const Message::Field& f) -> Status {
    if (f.type != 0) return {};
    if (f.number == 3) file.model_type = f.value;
    if (f.number == 24) file.whitespace_as_suffix = f.value != 0;
    if (f.number == 35) file.byte_fallback = f.value != 0;
    return {};
  });
}

Status read_normalizer(std::string_view bytes, std::size_t offset, ModelFile& file) {
  return for_each_field(bytes, offset, [&](const Message&, const Message::Field& f) -> Status {
    if (f.number == 2 && f.type == 2) file.charsmap = f.bytes;
    if (f.number == 3 && f.type == 0) file.add_dummy_prefix = f.value != 0;
    if (f.number == 4 && f.type == 0) file.remove_extra_whitespaces = f.value != 0;
    if (f.number == 5 && f.type == 0) file.escape_whitespaces = f.value != 0;
    return {};
  });
}

Result<ModelFile> read_model(std::string_view bytes) {
  ModelFile file;
  CT_CHECK(for_each_field(bytes, 0, [&](const Message& m, const Message::Field& f) -> Status {
    if (f.type != 2) return {};
    const std::size_t offset = m.position() - f.bytes.size();
    if (f.number == 1) {
      file.pieces.emplace_back();
      return read_piece(f.bytes, offset, file.pieces.back());
    }
    if (f.number == 2) return read_trainer(f.bytes, offset, file);
    if (f.number == 3) return read_normalizer(f.bytes, offset, file);
    return {};
  }));
  return file;
}

Error wrong_piece(std::size_t i, std::string_view what) {
  return {ErrorCode::Corrupt, "piece " + std::to_string(i) + ": " + std::string(what)};
}

/// The library refuses what this refuses.
Result<std::size_t> check_pieces(const ModelFile& file) {
  std::size_t unknown = file.pieces.size();
  std::unordered_set<std::string_view> seen;
  for (std::size_t i = 0; i < file.pieces.size(); ++i) {
    const Piece& piece = file.pieces[i];
    if (piece.text.empty()) return wrong_piece(i, "is empty");
    if (!std::isfinite(piece.score)) return wrong_piece(i, "its score is not a number");
    if (!seen.insert(piece.text).second) return wrong_piece(i, "is there twice");
    if (piece.type == PieceType::Unused && file.model_type == 2) {
      return Error{ErrorCode::Unsupported,
                   "piece " + std::to_string(i) + ": UNUSED in a bpe model is not supported"};
    }
    if (piece.type != PieceType::Unknown) continue;
    if (unknown != file.pieces.size()) return wrong_piece(i, "is a second unknown piece");
    unknown = i;
  }
  if (unknown == file.pieces.size()) {
    return Error{ErrorCode::Corrupt, "there is no unknown piece (type 2)"};
  }
  return unknown;
}

/// New id of each piece of the file; the vocabulary's size in `size`.
Result<std::vector<std::uint32_t>> number_pieces(const ModelFile& file, SentencePieceIds ids,
                                                 std::size_t unknown, TokenizerSpec& spec) {
  const std::size_t n = file.pieces.size();
  std::vector<std::uint32_t> to_new(n);
  if (ids == SentencePieceIds::AsInFile) {
    spec.pieces.resize(n);
    for (std::size_t i = 0; i < n; ++i) to_new[i] = static_cast<std::uint32_t>(i);
    return to_new;
  }
  if (n < 4 || unknown != 0 || file.pieces[1].text != "<s>" || file.pieces[2].text != "</s>") {
    return Error{ErrorCode::Unsupported,
                 "an XLM-R model whose pieces do not start with <unk>, <s>, </s> is not supported"};
  }
  spec.pieces.resize(n + 2);
  spec.pieces[1] = "<pad>";
  spec.pieces[n + 1] = "<mask>";
  for (std::size_t i = 3; i < n; ++i) to_new[i] = static_cast<std::uint32_t>(i + 1);
  to_new[0] = 3;
  to_new[1] = 0;
  to_new[2] = 2;
  return to_new;
}

/// Lets <0x41> and its like write the bytes of unknown characters.
void note_byte_piece(const Piece& piece, std::uint32_t id, TokenizerMeta& meta) {
  static constexpr std::string_view kHex = "0123456789ABCDEF";
  if (piece.text.size() != 6 || !piece.text.starts_with("<0x") || piece.text[5] != '>') return;
  const std::size_t high = kHex.find(piece.text[3]);
  const std::size_t low = kHex.find(piece.text[4]);
  if (high == std::string_view::npos || low == std::string_view::npos) return;
  if (meta.byte_ids.empty()) meta.byte_ids.assign(256, kNoId);
  meta.byte_ids[high * 16 + low] = id;
}

void add_frame(SentencePieceIds ids, const ModelFile& file, TokenizerSpec& spec) {
  TokenizerMeta& meta = spec.meta;
  const FrameItem first{FrameItem::Kind::First, 0, 0};
  const FrameItem second{FrameItem::Kind::Second, 0, 0};
  const auto special = [](std::uint32_t id) { return FrameItem{FrameItem::Kind::Special, 0, id}; };
  const auto role = [&](std::string_view piece) -> std::optional<std::uint32_t> {
    const auto found = std::find(spec.pieces.begin(), spec.pieces.end(), piece);
    if (found == spec.pieces.end()) return std::nullopt;
    return static_cast<std::uint32_t>(found - spec.pieces.begin());
  };
  meta.special = {.bos = role("<s>"),
                  .eos = role("</s>"),
                  .cls = std::nullopt,
                  .sep = std::nullopt,
                  .pad = role("<pad>"),
                  .unk = meta.unknown_id,
                  .mask = role("<mask>")};
  if (ids == SentencePieceIds::Fairseq) {
    meta.special.cls = 0;
    meta.special.sep = 2;
    meta.single = {special(0), first, special(2)};
    meta.pair = {special(0), first, special(2), special(2), second, special(2)};
  } else {
    const std::uint32_t eos = meta.special.eos.value_or(0);
    meta.single = {first, special(eos)};
    meta.pair = {first, special(eos), second, special(eos)};
  }
  // Not looked for in the text; decode() leaves them out.
  const auto add_special = [&](std::uint32_t id) {
    meta.added.push_back({.content = spec.pieces[id], .pattern = {}, .id = id, .special = true});
  };
  for (std::uint32_t id = 0; id < spec.pieces.size(); ++id) {
    if (spec.pieces[id] == "<pad>" || spec.pieces[id] == "<mask>" || id == meta.unknown_id) {
      add_special(id);
    }
  }
  for (const Piece& piece : file.pieces) {
    const bool added = piece.text == "<pad>" || piece.text == "<mask>";
    if (piece.type == PieceType::Control && !added) add_special(*role(piece.text));
  }
}

}  // namespace

Result<TokenizerSpec> read_sentencepiece(std::string_view bytes, SentencePieceIds ids) {
  CT_TRY(ModelFile file, read_model(bytes));
  if (file.model_type != 1 && file.model_type != 2) {
    return Error{ErrorCode::Unsupported,
                 "trainer_spec.model_type: " + std::to_string(file.model_type) +
                     " (word or char) is not supported"};
  }
  CT_TRY(const std::size_t unknown, check_pieces(file));
  TokenizerSpec spec;
  TokenizerMeta& meta = spec.meta;
  meta.sentencepiece = true;
  meta.kind = file.model_type == 1 ? SubwordKind::Unigram : SubwordKind::Bpe;
  CT_TRY(const auto to_new, number_pieces(file, ids, unknown, spec));
  spec.matched.assign(spec.pieces.size(), false);
  spec.scores.assign(spec.pieces.size(), 0.0);
  float lowest = std::numeric_limits<float>::max();
  bool space_is_piece = false;
  for (std::size_t i = 0; i < file.pieces.size(); ++i) {
    const Piece& piece = file.pieces[i];
    const std::uint32_t id = to_new[i];
    spec.pieces[id] = piece.text;
    spec.scores[id] = piece.score;
    const bool normal = piece.type == PieceType::Normal;
    const bool user = piece.type == PieceType::UserDefined;
    spec.matched[id] = normal || user;
    if (normal) lowest = std::min(lowest, piece.score);
    if (user) {
      spec.user_defined.push_back(piece.text);
      // A bonus by length, so that it always wins (unigram_model.cc of the library, 0.2.3).
      const double bonus = 0.1 * (static_cast<double>(piece.text.size()) - 1.0);
      if (meta.kind == SubwordKind::Unigram) spec.scores[id] = static_cast<float>(bonus);
    }
    if (piece.type == PieceType::Byte) note_byte_piece(piece, id, meta);
    if (!spec.matched[id]) continue;
    space_is_piece |= piece.text == kSpaceSymbol;
    meta.spaces_inside_pieces |= piece.text.find(kSpaceSymbol, 1) != std::string::npos;
  }
  // Without it, a space may be joined to unknown characters of the word before it.
  meta.spaces_inside_pieces |= !space_is_piece;
  meta.unknown_id = to_new[unknown];
  meta.surface_unknown = meta.unknown_id;
  meta.unknown_score = lowest - 10.0F;
  meta.byte_fallback = file.byte_fallback;
  if (file.byte_fallback &&
      (meta.byte_ids.empty() ||
       std::find(meta.byte_ids.begin(), meta.byte_ids.end(), kNoId) != meta.byte_ids.end())) {
    return Error{ErrorCode::Corrupt, "trainer_spec.byte_fallback is set, but a byte has no piece"};
  }
  meta.add_dummy_prefix = file.add_dummy_prefix;
  meta.remove_extra_whitespaces = file.remove_extra_whitespaces;
  meta.escape_whitespaces = file.escape_whitespaces;
  meta.whitespace_as_suffix = file.whitespace_as_suffix;
  spec.charsmap = std::move(file.charsmap);
  meta.decoder.push_back({.kind = DecodeStep::Kind::SentencePiece});
  add_frame(ids, file, spec);
  return spec;
}

}  // namespace crosstail::text
