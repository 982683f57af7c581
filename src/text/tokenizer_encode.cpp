/// Text to ids, without frame and truncation.

#include <algorithm>
#include <cmath>
#include <limits>

#include "text/normalizer_unicode.h"
#include "text/tokenizer_parts.h"

namespace crosstail::text {

namespace {

using State = TokenizerScratch::State;
using Ids = State::Ids;
using Parts = Tokenizer::Parts;

constexpr std::string_view kSpaceSymbol = "\xE2\x96\x81";

/// What the text between two added tokens is encoded with.
struct Job {
  const Parts& parts;
  State& state;
  Ids& out;
  std::size_t enough;
  bool offsets;

  [[nodiscard]] bool done() const { return out.ids.size() >= enough; }
};

void put_added(const Job& job, std::uint32_t id, TokenOffset offset) {
  job.out.ids.push_back(id);
  if (job.offsets) job.out.offsets.push_back(offset);
}

/// Tokens of a part of state.text, which starts there at `begin`.
void put_tokens(const Job& job, std::uint32_t begin) {
  const auto& align = job.state.text.align;
  for (const SubwordToken& token : job.state.tokens) {
    job.out.ids.push_back(token.id);
    if (!job.offsets) continue;
    if (token.begin == token.end) {
      job.out.offsets.push_back({});
      continue;
    }
    job.out.offsets.push_back({align[begin + token.begin].begin, align[begin + token.end - 1].end});
  }
}

/// A part, out of the cache where it is there.
void encode_part(const Job& job, std::string_view part, std::uint32_t begin, bool cached) {
  auto& tokens = job.state.tokens;
  WordCache::Entry* entry = nullptr;
  if (cached && !job.offsets && part.size() <= WordCache::kMaxWord) {
    entry = &job.state.cache.place(part);
    if (WordCache::holds(*entry, part)) {
      job.out.ids.insert(job.out.ids.end(), entry->ids.begin(),
                         entry->ids.begin() + entry->ids_size);
      return;
    }
  }
  const std::size_t first = job.out.ids.size();
  tokens.clear();
  segment_part(job.parts, part, job.state, tokens);
  put_tokens(job, begin);
  if (entry != nullptr && job.out.ids.size() - first <= WordCache::kMaxIds) {
    WordCache::fill(*entry, part, std::span(job.out.ids).subspan(first));
  }
}

/// The tail of the pipeline: state.text is normalised, has no added tokens any more.
void encode_normalized(const Job& job, bool cached) {
  State& s = job.state;
  const bool track = job.offsets || job.parts.needs_tracking;
  split_text(job.parts.meta.splits, s.text, s.split, track);
  for (const TextSpan span : s.split.spans) {
    if (job.done()) return;
    encode_part(job, std::string_view(s.text.text).substr(span.begin, span.end - span.begin),
                span.begin, cached);
  }
}

/// Cuts the tokens out that are looked for in the normalised text.
void encode_around_normalized_added(const Job& job) {
  State& s = job.state;
  s.inner_matches.clear();
  job.parts.added_normalized.find(s.text.text, s.inner_matches);
  if (s.inner_matches.empty()) return encode_normalized(job, true);
  const AlignedText whole = s.text;
  const bool track = !whole.align.empty();
  const auto encode_between = [&](std::size_t begin, std::size_t end) {
    if (begin >= end) return;
    s.text.text.assign(whole.text, begin, end - begin);
    if (track) {
      s.text.align.assign(whole.align.begin() + static_cast<std::ptrdiff_t>(begin),
                          whole.align.begin() + static_cast<std::ptrdiff_t>(end));
    }
    encode_normalized(job, true);
  };
  std::size_t done = 0;
  for (const auto& match : s.inner_matches) {
    encode_between(done, match.begin);
    TokenOffset offset{};
    if (track && match.begin < match.end) {
      offset = {whole.align[match.begin].begin, whole.align[match.end - 1].end};
    }
    put_added(job, match.id, offset);
    done = match.end;
  }
  encode_between(done, whole.text.size());
}

/// The whole pipeline for [begin, begin + raw.size()) of the original.
void encode_raw(const Job& job, std::string_view raw, std::size_t begin, bool cached) {
  State& s = job.state;
  const bool track = job.offsets || job.parts.needs_tracking;
  s.text.text.assign(raw);
  s.text.align.clear();
  if (track) {
    s.text.align.reserve(raw.size());
    for (std::size_t at = 0; at < raw.size();) {
      const std::size_t size = unicode::sequence_size(raw[at]);
      const TokenOffset here{static_cast<std::uint32_t>(begin + at),
                             static_cast<std::uint32_t>(begin + at + size)};
      s.text.align.insert(s.text.align.end(), size, here);
      at += size;
    }
  }
  job.parts.normalizer.apply(s.text, s.spare, track);
  if (job.parts.added_normalized.empty()) {
    encode_normalized(job, cached);
  } else {
    encode_around_normalized_added(job);
  }
}

/// A word between separators; its ids are remembered under its raw bytes.
void encode_word(const Job& job, std::string_view word) {
  if (word.size() > WordCache::kMaxWord) return encode_raw(job, word, 0, false);
  WordCache::Entry& entry = job.state.cache.place(word);
  auto& ids = job.out.ids;
  if (WordCache::holds(entry, word)) {
    const std::size_t size = ids.size();
    ids.resize(size + entry.ids_size);
    std::copy_n(entry.ids.begin(), entry.ids_size, ids.begin() + static_cast<std::ptrdiff_t>(size));
    return;
  }
  const std::size_t first = ids.size();
  Job all = job;
  all.enough = std::numeric_limits<std::size_t>::max();
  encode_raw(all, word, 0, false);
  if (ids.size() - first <= WordCache::kMaxIds) {
    WordCache::fill(entry, word, std::span(ids).subspan(first));
  }
}

/// True if the code point at `at` belongs to the grapheme cluster before it.
bool joins_at(std::string_view text, std::size_t at) {
  if (at >= text.size() || static_cast<unsigned char>(text[at]) < 0x80) return false;
  const char* p = text.data() + at;
  return (unicode::FlagTable::get()[unicode::decode(p)] & unicode::kJoins) != 0;
}

void encode_words(const Job& job, std::string_view raw) {
  const bool* const separator = job.parts.separator;
  const auto separates = [&](std::size_t i) {
    return separator[static_cast<unsigned char>(raw[i])];
  };
  for (std::size_t at = 0; at < raw.size() && !job.done();) {
    if (separates(at) && !joins_at(raw, at + 1)) {
      ++at;
      continue;
    }
    std::size_t end = at + 1;
    while (end < raw.size() && (!separates(end) || joins_at(raw, end + 1))) ++end;
    encode_word(job, raw.substr(at, end - at));
    at = end;
  }
}

void encode_between_added(const Job& job, std::string_view text, std::size_t begin,
                          std::size_t end) {
  if (begin >= end || job.done()) return;
  const std::string_view raw = text.substr(begin, end - begin);
  if (job.parts.word_by_word && !job.offsets) {
    encode_words(job, raw);
  } else {
    encode_raw(job, raw, begin, true);
  }
}

// --- the SentencePiece library's way ---

/// Bytes of the normalised text as offsets into the original, as the library reports surfaces.
void put_sentencepiece_tokens(const Job& job, std::size_t begin) {
  const auto& origin = job.state.origin;
  for (const SubwordToken& token : job.state.tokens) {
    job.out.ids.push_back(token.id);
    if (job.offsets) {
      job.out.offsets.push_back({origin[begin + token.begin], origin[begin + token.end]});
    }
  }
}

/// One word of a unigram model whose pieces do not cross words. `score` is the sum before it.
void encode_sentencepiece_word(const Job& job, std::string_view word, std::size_t begin,
                               float& score) {
  State& s = job.state;
  auto& ids = job.out.ids;
  WordCache::Entry* entry = nullptr;
  if (!job.offsets && word.size() <= WordCache::kMaxWord) {
    entry = &s.cache.place(word);
    const float largest = std::abs(score) + std::abs(entry->word_score);
    if (WordCache::holds(*entry, word) && largest < UnigramModel::kScoreReset &&
        entry->margin > UnigramModel::tolerance(score, entry->word_score, entry->ids_size)) {
      ids.insert(ids.end(), entry->ids.begin(), entry->ids.begin() + entry->ids_size);
      score = job.parts.unigram.add_scores({entry->ids.data(), entry->ids_size}, score);
      return;
    }
  }
  const std::size_t first = ids.size();
  s.tokens.clear();
  const float before = score;
  const float margin = job.parts.unigram.segment_onward(word, score, s.unigram, s.tokens);
  put_sentencepiece_tokens(job, begin);
  const std::span<const std::uint32_t> fresh = std::span(ids).subspan(first);
  // Unknown characters are joined, or bytes are written for them; then the sum cannot be told from
  // the ids, and the word is not remembered.
  if (entry == nullptr || fresh.size() > WordCache::kMaxIds ||
      job.parts.unigram.add_scores(fresh, before) != score) {
    return;
  }
  WordCache::fill(*entry, word, fresh);
  entry->word_score = score - before;
  entry->margin = margin - UnigramModel::tolerance(before, entry->word_score, fresh.size());
}

/// The end of the word that starts at `at`: the next space symbol.
std::size_t word_end(std::string_view text, std::size_t at) {
  const std::size_t end = text.find(kSpaceSymbol, at + 1);
  return end == std::string_view::npos ? text.size() : end;
}

void encode_sentencepiece(const Job& job, std::string_view text) {
  State& s = job.state;
  job.parts.sentencepiece.apply(text, s.text.text, job.offsets ? &s.origin : nullptr);
  const std::string_view normal = s.text.text;
  if (normal.empty()) return;
  const TokenizerMeta& meta = job.parts.meta;
  if (meta.kind == SubwordKind::Bpe) {
    s.tokens.clear();
    job.parts.bpe.segment(normal, s.bpe, s.tokens);
    return put_sentencepiece_tokens(job, 0);
  }
  float score = 0;
  if (meta.spaces_inside_pieces || meta.whitespace_as_suffix) {
    s.tokens.clear();
    job.parts.unigram.segment_onward(normal, score, s.unigram, s.tokens);
    return put_sentencepiece_tokens(job, 0);
  }
  for (std::size_t at = 0; at < normal.size() && !job.done();) {
    const std::size_t end = word_end(normal, at);
    encode_sentencepiece_word(job, normal.substr(at, end - at), at, score);
    at = end;
  }
}

}  // namespace

void segment_part(const Parts& parts, std::string_view part, State& state,
                  std::vector<SubwordToken>& tokens) {
  switch (parts.meta.kind) {
    case SubwordKind::Unigram:
      parts.unigram.segment(part, state.unigram, tokens);
      break;
    case SubwordKind::Bpe:
      parts.bpe.segment(part, state.bpe, tokens);
      break;
    case SubwordKind::WordPiece:
      parts.wordpiece.segment(part, tokens);
      break;
  }
}

void encode_body(const Parts& parts, std::string_view text, std::size_t enough, bool offsets,
                 State& state, Ids& out) {
  const Job job{parts, state, out, enough, offsets};
  state.cache.bind(parts.serial);
  if (parts.meta.sentencepiece) return encode_sentencepiece(job, text);
  state.matches.clear();
  if (!parts.added.empty()) parts.added.find(text, state.matches);
  std::size_t done = 0;
  for (const auto& match : state.matches) {
    encode_between_added(job, text, done, match.begin);
    put_added(job, match.id,
              {static_cast<std::uint32_t>(match.begin), static_cast<std::uint32_t>(match.end)});
    done = match.end;
    if (job.done()) return;
  }
  encode_between_added(job, text, done, text.size());
}

}  // namespace crosstail::text
