#include "text/wordpiece_vocab.h"

#include <unordered_map>

namespace crosstail::text {

namespace {

using Ids = std::unordered_map<std::string_view, std::uint32_t>;

/// The white space tokenizers strips from the ends of lines is Unicode's.
std::string_view without_trailing_space(std::string_view line) {
  while (!line.empty()) {
    std::size_t start = line.size() - 1;
    while (start > 0 && (static_cast<unsigned char>(line[start]) & 0xC0) == 0x80) --start;
    const char* p = line.data() + start;
    if (unicode::sequence_size(*p) != line.size() - start) break;
    if ((unicode::FlagTable::get()[unicode::decode(p)] & unicode::kSpace) == 0) break;
    line = line.substr(0, start);
  }
  return line;
}

void add_pipeline(const WordPieceOptions& options, TokenizerMeta& meta) {
  using Normal = NormalizerStep::Kind;
  const bool strip = options.strip_accents < 0 ? options.lowercase : options.strip_accents != 0;
  meta.normalizer.push_back({.kind = Normal::BertClean});
  if (options.chinese) meta.normalizer.push_back({.kind = Normal::BertChinese});
  if (strip) meta.normalizer.push_back({.kind = Normal::BertStripMarks});
  if (options.lowercase) meta.normalizer.push_back({.kind = Normal::Lowercase});
  meta.splits.push_back({.kind = SplitStep::Kind::WhiteSpace});
  meta.splits.push_back(
      {.kind = SplitStep::Kind::Punctuation, .behavior = SplitBehavior::Isolated});
  DecodeStep decode;
  decode.kind = DecodeStep::Kind::WordPiece;
  decode.a = "##";
  decode.flag = true;
  meta.decoder.push_back(std::move(decode));
}

}  // namespace

Result<TokenizerSpec> read_wordpiece_vocab(std::string_view file, const WordPieceOptions& options) {
  TokenizerSpec spec;
  TokenizerMeta& meta = spec.meta;
  meta.kind = SubwordKind::WordPiece;
  meta.continuation = "##";
  for (std::size_t at = 0; at < file.size();) {
    const std::size_t end = std::min(file.find('\n', at), file.size());
    spec.pieces.emplace_back(without_trailing_space(file.substr(at, end - at)));
    at = end + 1;
  }
  Ids ids;
  for (std::uint32_t id = 0; id < spec.pieces.size(); ++id) ids[spec.pieces[id]] = id;
  const auto find = [&](const std::string& piece) -> Result<std::uint32_t> {
    const auto found = ids.find(piece);
    if (found != ids.end()) return found->second;
    return Error{ErrorCode::Corrupt, "the token " + piece + " is not in the vocabulary of " +
                                         std::to_string(spec.pieces.size()) + " lines"};
  };
  CT_TRY(meta.unknown_id, find(options.unknown));
  CT_TRY(const std::uint32_t cls, find(options.cls));
  CT_TRY(const std::uint32_t sep, find(options.sep));
  const auto optional_id = [&](const std::string& piece) -> std::optional<std::uint32_t> {
    const auto found = ids.find(piece);
    return found == ids.end() ? std::nullopt : std::optional(found->second);
  };
  meta.special = {.bos = std::nullopt,
                  .eos = std::nullopt,
                  .cls = cls,
                  .sep = sep,
                  .pad = optional_id(options.pad),
                  .unk = meta.unknown_id,
                  .mask = optional_id(options.mask)};
  const auto special = [](std::uint8_t type_id, std::uint32_t id) {
    return FrameItem{FrameItem::Kind::Special, type_id, id};
  };
  const FrameItem first{FrameItem::Kind::First, 0, 0};
  const FrameItem second{FrameItem::Kind::Second, 1, 0};
  meta.single = {special(0, cls), first, special(0, sep)};
  meta.pair = {special(0, cls), first, special(0, sep), second, special(1, sep)};
  for (const auto id : {meta.special.pad, meta.special.unk, meta.special.cls, meta.special.sep,
                        meta.special.mask}) {
    if (!id) continue;
    const std::string& piece = spec.pieces[*id];
    meta.added.push_back({.content = piece, .pattern = piece, .id = *id, .special = true});
  }
  add_pipeline(options, meta);
  return spec;
}

}  // namespace crosstail::text
