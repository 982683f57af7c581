#include "text/tokenizer_archive.h"

#include <algorithm>

namespace crosstail::text {

namespace {

template <class Archive>
void fields(Archive& a, std::optional<std::uint32_t>& id) {
  std::uint32_t value = id.value_or(UnigramModel::kNoId);
  a(value);
  id = value == UnigramModel::kNoId ? std::nullopt : std::optional(value);
}

template <class Archive>
void fields(Archive& a, SpecialIds& s) {
  for (auto* id : {&s.bos, &s.eos, &s.cls, &s.sep, &s.pad, &s.unk, &s.mask}) fields(a, *id);
}

template <class Archive>
void fields(Archive& a, std::uint32_t& value) {
  a(value);
}

template <class Archive>
void fields(Archive& a, NormalizerStep& s) {
  a(s.kind), a(s.pattern), a(s.content), a(s.least), a(s.left), a(s.right);
}

template <class Archive>
void fields(Archive& a, SplitStep& s) {
  a(s.kind), a(s.behavior), a(s.prefix), a(s.pattern), a(s.split), a(s.individual), a(s.invert);
}

template <class Archive>
void fields(Archive& a, AddedToken& t) {
  a(t.content), a(t.pattern), a(t.id), a(t.special), a(t.single_word), a(t.lstrip), a(t.rstrip);
  a(t.normalized);
}

template <class Archive>
void fields(Archive& a, FrameItem& f) {
  a(f.kind), a(f.type_id), a(f.id);
}

template <class Archive>
void fields(Archive& a, TrimOffsets& t) {
  a(t.add_prefix_space);
}

template <class Archive>
void fields(Archive& a, DecodeStep& s) {
  a(s.kind), a(s.a), a(s.b), a(s.start), a(s.stop), a(s.flag);
}

template <class Archive, class T>
void list(Archive& a, std::vector<T>& values) {
  const std::size_t n = a.count(values);
  for (std::size_t i = 0; i < n; ++i) fields(a, values[i]);
}

}  // namespace

template <class Archive>
void archive(Archive& a, TokenizerMeta& m) {
  a(m.kind), a(m.sentencepiece), a(m.source), a(m.model_max_length), fields(a, m.special);
  a(m.unknown_id), a(m.unknown_score), list(a, m.byte_ids), a(m.byte_fallback);
  a(m.fuse_unknown), a(m.ignore_merges), a(m.continuation), a(m.end_of_word), a(m.max_word_chars);
  list(a, m.normalizer), list(a, m.splits), list(a, m.added), list(a, m.single), list(a, m.pair);
  list(a, m.trims), list(a, m.decoder);
  a(m.add_dummy_prefix), a(m.remove_extra_whitespaces), a(m.escape_whitespaces);
  a(m.whitespace_as_suffix), a(m.spaces_inside_pieces), a(m.surface_unknown);
}

template void archive(ArchiveWriter& a, TokenizerMeta& meta);
template void archive(ArchiveReader& a, TokenizerMeta& meta);

bool is_sane(const TokenizerMeta& m, std::uint32_t size) {
  const auto within = [](auto value, auto last) { return value <= last; };
  const auto frame_ok = [&](const std::vector<FrameItem>& frame) {
    return std::all_of(frame.begin(), frame.end(), [&](const FrameItem& f) {
      return within(f.kind, FrameItem::Kind::Second) &&
             (f.kind != FrameItem::Kind::Special || f.id < size);
    });
  };
  // A byte-level BPE needs no unknown token; all others give its id out.
  const bool unknown_ok = m.unknown_id < size || (m.kind == SubwordKind::Bpe && !m.sentencepiece &&
                                                  m.unknown_id == UnigramModel::kNoId);
  return unknown_ok && within(m.kind, SubwordKind::WordPiece) && frame_ok(m.single) &&
         frame_ok(m.pair) && (m.byte_ids.empty() || m.byte_ids.size() == 256) &&
         std::all_of(m.normalizer.begin(), m.normalizer.end(),
                     [&](const NormalizerStep& s) {
                       return within(s.kind, NormalizerStep::Kind::ByteLevel) &&
                              (s.kind != NormalizerStep::Kind::ReplaceText || !s.pattern.empty());
                     }) &&
         std::all_of(m.splits.begin(), m.splits.end(),
                     [&](const SplitStep& s) {
                       const bool needs_pattern =
                           s.kind == SplitStep::Kind::Text || s.kind == SplitStep::Kind::Metaspace;
                       return within(s.kind, SplitStep::Kind::ByteLevel) &&
                              within(s.behavior, SplitBehavior::Contiguous) &&
                              within(s.prefix, SplitStep::Prefix::Never) &&
                              (!needs_pattern || !s.pattern.empty());
                     }) &&
         std::all_of(m.added.begin(), m.added.end(),
                     [&](const AddedToken& t) { return t.id < size; }) &&
         std::all_of(m.decoder.begin(), m.decoder.end(), [&](const DecodeStep& s) {
           const bool needs_text = s.kind == DecodeStep::Kind::Replace ||
                                   s.kind == DecodeStep::Kind::Suffix ||
                                   s.kind == DecodeStep::Kind::Strip;
           return within(s.kind, DecodeStep::Kind::SentencePiece) && (!needs_text || !s.a.empty());
         });
}

}  // namespace crosstail::text
