#include "text/tokenizer_blob.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <numeric>

#include "text/tokenizer_archive.h"
#include "text/tokenizer_sections.h"
#include "text/utf8.h"

namespace crosstail::text {

namespace {

bool fits_f32(double value) {
  return static_cast<double>(static_cast<float>(value)) == value;
}

/// Ids without a piece sort first; the order of equal pieces is that of their ids.
std::vector<std::uint32_t> order_of(const std::vector<std::string>& pieces) {
  std::vector<std::uint32_t> order(pieces.size());
  std::iota(order.begin(), order.end(), 0U);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::uint32_t a, std::uint32_t b) { return pieces[a] < pieces[b]; });
  return order;
}

std::array<std::uint32_t, 256> byte_ids_of(const TokenizerMeta& meta, std::uint32_t size) {
  std::array<std::uint32_t, 256> ids;
  ids.fill(UnigramModel::kNoId);
  for (std::size_t b = 0; b < meta.byte_ids.size(); ++b) {
    if (meta.byte_ids[b] < size) ids[b] = meta.byte_ids[b];
  }
  return ids;
}

void make_model(Tokenizer::Parts& parts, const BlobViews& views) {
  const TokenizerMeta& meta = parts.meta;
  const SubwordTrie trie{as<SubwordTrie::Unit>(views[kTrie])};
  const auto scores32 = as<float>(views[kScores32]);
  switch (meta.kind) {
    case SubwordKind::Unigram:
      parts.unigram = UnigramModel({.trie = trie,
                                    .scores32 = scores32,
                                    .scores64 = as<double>(views[kScores64]),
                                    .unknown_score = meta.unknown_score,
                                    .unknown_id = meta.unknown_id,
                                    .byte_ids = byte_ids_of(meta, parts.size),
                                    .byte_fallback = meta.byte_fallback});
      break;
    case SubwordKind::Bpe:
      parts.bpe = BpeModel({.trie = trie,
                            .merges = as<BpeMerge>(views[kMerges]),
                            .scores = scores32,
                            .unknown_id = meta.unknown_id,
                            .byte_ids = byte_ids_of(meta, parts.size),
                            .byte_fallback = meta.byte_fallback,
                            .fuse_unknown = meta.fuse_unknown,
                            .ignore_merges = meta.ignore_merges,
                            .continuation = meta.continuation,
                            .end_of_word = meta.end_of_word,
                            .user_defined = SubwordTrie{as<SubwordTrie::Unit>(views[kUserTrie])},
                            .size = parts.size});
      break;
    case SubwordKind::WordPiece:
      parts.wordpiece = WordPieceModel({.trie = trie,
                                        .continuation = meta.continuation,
                                        .unknown_id = meta.unknown_id,
                                        .max_word_chars = meta.max_word_chars,
                                        .size = parts.size});
      break;
  }
}

Status make_pipeline(Tokenizer::Parts& parts, const BlobViews& views) {
  const TokenizerMeta& meta = parts.meta;
  CT_TRY(Charsmap charsmap, Charsmap::open(views[kCharsmap]));
  if (meta.sentencepiece) {
    parts.sentencepiece = SentencePieceNormalizer(
        {.charsmap = std::move(charsmap),
         .user_defined = SubwordTrie{as<SubwordTrie::Unit>(views[kUserTrie])},
         .add_dummy_prefix = meta.add_dummy_prefix,
         .remove_extra_whitespaces = meta.remove_extra_whitespaces,
         .escape_whitespaces = meta.escape_whitespaces,
         .whitespace_as_suffix = meta.whitespace_as_suffix});
    return {};
  }
  parts.normalizer = NormalizerChain(meta.normalizer, std::move(charsmap));
  CT_TRY(parts.added, AddedTokenFinder::build(meta.added, false));
  CT_TRY(parts.added_normalized, AddedTokenFinder::build(meta.added, true));
  parts.needs_tracking =
      std::any_of(meta.splits.begin(), meta.splits.end(),
                  [](const SplitStep& s) { return s.prefix == SplitStep::Prefix::First; });
  if (cuts_at_white_space_first(meta.splits) && parts.added_normalized.empty() &&
      !parts.needs_tracking) {
    for (const char c : {' ', '\n', '\t'}) {
      parts.separator[static_cast<unsigned char>(c)] = parts.normalizer.separates_words(c);
    }
    parts.word_by_word = parts.separator[static_cast<unsigned char>(' ')];
  }
  return {};
}

}  // namespace

Result<std::vector<std::byte>> write_blob(const TokenizerSpec& spec) {
  std::vector<std::uint32_t> offsets{0};
  std::string bytes;
  std::vector<std::pair<std::string_view, std::uint32_t>> matched;
  for (std::uint32_t id = 0; id < spec.pieces.size(); ++id) {
    if (!is_valid_utf8(spec.pieces[id])) {
      return Error{ErrorCode::Corrupt, "piece " + std::to_string(id) + " is not valid UTF-8"};
    }
    bytes += spec.pieces[id];
    if (bytes.size() > 0xFFFFFFF0U) {
      return Error{ErrorCode::Limit, "the pieces have more than 4 GiB"};
    }
    offsets.push_back(static_cast<std::uint32_t>(bytes.size()));
    if (spec.matched.empty() || spec.matched[id]) matched.emplace_back(spec.pieces[id], id);
  }
  CT_TRY(const auto trie, build_subword_trie(std::move(matched)));
  std::vector<SubwordTrie::Unit> user_trie;
  if (!spec.user_defined.empty()) {
    std::vector<std::pair<std::string_view, std::uint32_t>> entries;
    for (const std::string& piece : spec.user_defined) entries.emplace_back(piece, 0U);
    CT_TRY(user_trie, build_subword_trie(std::move(entries)));
  }
  std::vector<float> scores32;
  std::vector<double> scores64;
  if (std::all_of(spec.scores.begin(), spec.scores.end(), fits_f32)) {
    for (const double s : spec.scores) scores32.push_back(static_cast<float>(s));
  } else {
    scores64 = spec.scores;
  }
  const std::vector<std::uint32_t> order = order_of(spec.pieces);
  const std::vector<BpeMerge> merges =
      spec.merges.empty() ? std::vector<BpeMerge>() : build_merge_table(spec.merges);
  ArchiveWriter writer;
  TokenizerMeta meta = spec.meta;
  archive(writer, meta);
  BlobViews sections{};
  sections[kMeta] = writer.bytes();
  sections[kPieceOffsets] = bytes_of(offsets);
  sections[kPieceBytes] = bytes;
  sections[kPieceOrder] = bytes_of(order);
  sections[kTrie] = bytes_of(trie);
  sections[kScores32] = bytes_of(scores32);
  sections[kScores64] = bytes_of(scores64);
  sections[kMerges] = bytes_of(merges);
  sections[kCharsmap] = spec.charsmap;
  sections[kUserTrie] = bytes_of(user_trie);
  return assemble_blob(sections);
}

Result<std::shared_ptr<const Tokenizer::Parts>> read_blob(std::span<const std::byte> blob,
                                                          std::vector<std::byte> owned) {
  static std::atomic<std::uint64_t> next_serial{1};
  auto parts = std::make_shared<Tokenizer::Parts>();
  parts->owned = std::move(owned);
  parts->blob = parts->owned.empty() ? blob : std::span<const std::byte>(parts->owned);
  parts->serial = next_serial++;
  CT_TRY(const BlobViews views, read_blob_sections(parts->blob));
  parts->piece_offsets = as<std::uint32_t>(views[kPieceOffsets]);
  parts->piece_bytes = views[kPieceBytes];
  parts->piece_order = as<std::uint32_t>(views[kPieceOrder]);
  parts->scores32 = as<float>(views[kScores32]);
  parts->scores64 = as<double>(views[kScores64]);
  parts->charsmap = views[kCharsmap];
  if (parts->piece_offsets.empty() ||
      parts->piece_order.size() + 1 != parts->piece_offsets.size()) {
    return corrupt_blob("the sections of the pieces do not fit each other");
  }
  parts->size = static_cast<std::uint32_t>(parts->piece_offsets.size() - 1);
  ArchiveReader reader(views[kMeta]);
  archive(reader, parts->meta);
  if (!reader.ok() || !is_sane(parts->meta, parts->size)) return corrupt_blob("bad meta section");
  const std::size_t scores =
      as<float>(views[kScores32]).size() + as<double>(views[kScores64]).size();
  if (as<SubwordTrie::Unit>(views[kTrie]).empty() ||
      (parts->meta.kind == SubwordKind::Unigram && scores != parts->size)) {
    return corrupt_blob("the sections of the model do not fit each other");
  }
  CT_CHECK(make_pipeline(*parts, views));
  make_model(*parts, views);
  return std::shared_ptr<const Tokenizer::Parts>(std::move(parts));
}

}  // namespace crosstail::text
