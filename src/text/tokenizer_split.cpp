#include "text/tokenizer_split.h"

#include <algorithm>

#include "text/normalizer.h"

namespace crosstail::text {

namespace {

using Kind = SplitStep::Kind;
using unicode::FlagTable;
using Matches = std::vector<SplitScratch::Match>;

std::uint16_t flags_of(char32_t c) {
  return FlagTable::get()[c];
}

void add_match(Matches& matches, std::size_t begin, std::size_t end, bool is_match) {
  if (begin == end) return;
  matches.push_back(
      {{static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)}, is_match});
}

/// Each code point that `is` accepts is a match of its own.
template <class F>
void match_each(std::string_view text, std::size_t offset, Matches& matches, F is) {
  const char* const begin = text.data();
  std::size_t last = 0;
  for (const char* p = begin; p < begin + text.size();) {
    const auto at = static_cast<std::size_t>(p - begin);
    if (!is(unicode::decode(p))) continue;
    const auto end = static_cast<std::size_t>(p - begin);
    add_match(matches, offset + last, offset + at, false);
    add_match(matches, offset + at, offset + end, true);
    last = end;
  }
  add_match(matches, offset + last, offset + text.size(), false);
}

/// \w+|[^\w\s]+
void match_words(std::string_view text, std::size_t offset, Matches& matches) {
  const auto kind_of = [](char32_t c) {
    const std::uint16_t flags = flags_of(c);
    return (flags & unicode::kWord) != 0 ? 1 : (flags & unicode::kSpace) != 0 ? 0 : 2;
  };
  const char* const begin = text.data();
  std::size_t run = 0;
  int kind = -1;
  for (const char* p = begin; p < begin + text.size();) {
    const auto at = static_cast<std::size_t>(p - begin);
    const int here = kind_of(unicode::decode(p));
    if (here == kind) continue;
    add_match(matches, offset + run, offset + at, kind == 0);
    run = at;
    kind = here;
  }
  add_match(matches, offset + run, offset + text.size(), kind == 0);
}

void match_text(std::string_view text, std::size_t offset, std::string_view pattern,
                Matches& matches) {
  std::size_t last = 0;
  for (std::size_t at = text.find(pattern); at != std::string_view::npos;
       at = text.find(pattern, last)) {
    add_match(matches, offset + last, offset + at, false);
    last = at + pattern.size();
    add_match(matches, offset + at, offset + last, true);
  }
  add_match(matches, offset + last, offset + text.size(), false);
}

std::size_t contraction(std::string_view rest) {
  for (const char* s : {"'s", "'t", "'re", "'ve", "'m", "'ll", "'d"}) {
    if (rest.starts_with(s)) return std::string_view(s).size();
  }
  return 0;
}

/// The end of the match of GPT-2's expression at `at`; there always is one:
/// 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
std::size_t gpt2_match_end(std::string_view text, std::size_t at) {
  constexpr std::uint16_t kClasses = unicode::kLetter | unicode::kNumber | unicode::kRegexSpace;
  if (const std::size_t n = contraction(text.substr(at)); n != 0) return at + n;
  const char* const end = text.data() + text.size();
  const auto class_at = [&](const char* p) {
    return static_cast<std::uint16_t>(flags_of(unicode::decode(p)) & kClasses);
  };
  const char* p = text.data() + at;
  if (*p == ' ' && p + 1 < end && (class_at(p + 1) & unicode::kRegexSpace) == 0) ++p;
  const std::uint16_t kind = class_at(p);
  if ((kind & unicode::kRegexSpace) == 0) {
    while (p < end && class_at(p) == kind) unicode::decode(p);
    return static_cast<std::size_t>(p - text.data());
  }
  const char* last = p;
  std::size_t count = 0;
  while (p < end && (class_at(p) & unicode::kRegexSpace) != 0) {
    last = p;
    unicode::decode(p);
    ++count;
  }
  if (p < end && count > 1) p = last;
  return static_cast<std::size_t>(p - text.data());
}

void match_gpt2(std::string_view text, std::size_t offset, Matches& matches) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = gpt2_match_end(text, at);
    add_match(matches, offset + at, offset + end, true);
    at = end;
  }
}

/// The parts that matches and what lies between make, by the rules of tokenizers.
void apply_behavior(const Matches& matches, SplitBehavior behavior, std::vector<TextSpan>& spans) {
  const std::size_t first = spans.size();
  const auto extend_or_add = [&](TextSpan span, bool extend) {
    if (extend && spans.size() > first) {
      spans.back().end = span.end;
    } else {
      spans.push_back(span);
    }
  };
  bool before = false;
  switch (behavior) {
    case SplitBehavior::Removed:
      for (const auto& [span, is_match] : matches) {
        if (!is_match) spans.push_back(span);
      }
      break;
    case SplitBehavior::Isolated:
      for (const auto& [span, is_match] : matches) spans.push_back(span);
      break;
    case SplitBehavior::Contiguous:
      for (const auto& [span, is_match] : matches) {
        extend_or_add(span, is_match == before);
        before = is_match;
      }
      break;
    case SplitBehavior::MergedWithPrevious:
      for (const auto& [span, is_match] : matches) {
        extend_or_add(span, is_match && !before);
        before = is_match;
      }
      break;
    case SplitBehavior::MergedWithNext:
      for (std::size_t i = matches.size(); i-- > 0;) {
        const auto& [span, is_match] = matches[i];
        if (is_match && !before && spans.size() > first) {
          spans.back().begin = span.begin;
        } else {
          spans.push_back(span);
        }
        before = is_match;
      }
      std::reverse(spans.begin() + static_cast<std::ptrdiff_t>(first), spans.end());
      break;
  }
}

void find_matches(const SplitStep& step, std::string_view text, std::size_t offset,
                  Matches& matches) {
  switch (step.kind) {
    case Kind::WhiteSpace:
      match_each(text, offset, matches,
                 [](char32_t c) { return (flags_of(c) & unicode::kSpace) != 0; });
      break;
    case Kind::Punctuation:
      match_each(text, offset, matches,
                 [](char32_t c) { return (flags_of(c) & unicode::kPunctuation) != 0; });
      break;
    case Kind::Digits:
      match_each(text, offset, matches,
                 [](char32_t c) { return (flags_of(c) & unicode::kNumber) != 0; });
      break;
    case Kind::Words:
      match_words(text, offset, matches);
      break;
    case Kind::Gpt2:
    case Kind::ByteLevel:
      match_gpt2(text, offset, matches);
      break;
    case Kind::Text:
    case Kind::Metaspace:
      match_text(text, offset, step.pattern, matches);
      break;
  }
  if (step.invert) {
    for (auto& match : matches) match.is_match = !match.is_match;
  }
}

SplitBehavior behavior_of(const SplitStep& step) {
  switch (step.kind) {
    case Kind::WhiteSpace:
    case Kind::Words:
      return SplitBehavior::Removed;
    case Kind::Digits:
      return step.individual ? SplitBehavior::Isolated : SplitBehavior::Contiguous;
    case Kind::ByteLevel:
      return SplitBehavior::Isolated;
    case Kind::Metaspace:
      return SplitBehavior::MergedWithNext;
    default:
      return step.behavior;
  }
}

/// Copies a part out of the text, so that it can be rewritten.
void take_part(const AlignedText& text, TextSpan span, AlignedText& part, bool track) {
  part.text.assign(text.text, span.begin, span.end - span.begin);
  part.align.clear();
  if (track) {
    part.align.assign(text.align.begin() + static_cast<std::ptrdiff_t>(span.begin),
                      text.align.begin() + static_cast<std::ptrdiff_t>(span.end));
  }
}

void spaces_to_pattern(AlignedText& part, AlignedText& spare, const std::string& pattern,
                       bool track) {
  std::vector<std::pair<std::size_t, std::size_t>> spaces;
  for (std::size_t at = part.text.find(' '); at != std::string::npos;
       at = part.text.find(' ', at + 1)) {
    spaces.emplace_back(at, at + 1);
  }
  replace_ranges(part, spare, spaces, pattern, track);
}

bool wants_prefix(const SplitStep& step, const AlignedText& part, std::string_view prefix) {
  if (step.prefix == SplitStep::Prefix::Never || part.text.starts_with(prefix)) return false;
  return step.prefix == SplitStep::Prefix::Always ||
         (!part.align.empty() && part.align.front().begin == 0);
}

/// Metaspace and ByteLevel: every part is rewritten and all are joined to a new text.
void rewrite_parts(const SplitStep& step, AlignedText& text, SplitScratch& s, bool track) {
  s.joined.text.clear();
  s.joined.align.clear();
  s.fresh_spans.clear();
  const bool metaspace = step.kind == Kind::Metaspace;
  const std::string_view prefix = metaspace ? std::string_view(step.pattern) : " ";
  for (const TextSpan span : s.spans) {
    take_part(text, span, s.part, track);
    const bool starts_text =
        wants_prefix(step, s.part, metaspace ? " " : prefix) && wants_prefix(step, s.part, prefix);
    if (metaspace) spaces_to_pattern(s.part, s.spare, step.pattern, track);
    if (starts_text) prepend(s.part, prefix, track);
    s.matches.clear();
    if (step.split) {
      find_matches(step, s.part.text, 0, s.matches);
    } else {
      add_match(s.matches, 0, s.part.text.size(), false);
    }
    std::size_t first = s.fresh_spans.size();
    apply_behavior(s.matches, behavior_of(step), s.fresh_spans);
    if (metaspace) {
      const auto offset = static_cast<std::uint32_t>(s.joined.text.size());
      for (; first < s.fresh_spans.size(); ++first) {
        s.fresh_spans[first].begin += offset;
        s.fresh_spans[first].end += offset;
      }
      s.joined.text += s.part.text;
      s.joined.align.insert(s.joined.align.end(), s.part.align.begin(), s.part.align.end());
      continue;
    }
    AlignedText piece;
    const AlignedText whole = s.part;
    for (; first < s.fresh_spans.size(); ++first) {
      take_part(whole, s.fresh_spans[first], piece, track);
      to_byte_level(piece, s.spare, track);
      s.fresh_spans[first].begin = static_cast<std::uint32_t>(s.joined.text.size());
      s.joined.text += piece.text;
      s.joined.align.insert(s.joined.align.end(), piece.align.begin(), piece.align.end());
      s.fresh_spans[first].end = static_cast<std::uint32_t>(s.joined.text.size());
    }
  }
  std::swap(text, s.joined);
  std::swap(s.spans, s.fresh_spans);
}

}  // namespace

void split_text(const std::vector<SplitStep>& steps, AlignedText& text, SplitScratch& scratch,
                bool track) {
  scratch.spans.clear();
  if (!text.text.empty())
    scratch.spans.push_back({0, static_cast<std::uint32_t>(text.text.size())});
  for (const SplitStep& step : steps) {
    if (step.kind == Kind::Metaspace || step.kind == Kind::ByteLevel) {
      rewrite_parts(step, text, scratch, track);
      continue;
    }
    scratch.fresh_spans.clear();
    for (const TextSpan span : scratch.spans) {
      scratch.matches.clear();
      find_matches(step, std::string_view(text.text).substr(span.begin, span.end - span.begin),
                   span.begin, scratch.matches);
      apply_behavior(scratch.matches, behavior_of(step), scratch.fresh_spans);
    }
    std::swap(scratch.spans, scratch.fresh_spans);
  }
}

bool cuts_at_white_space_first(const std::vector<SplitStep>& steps) {
  return !steps.empty() && (steps[0].kind == Kind::WhiteSpace || steps[0].kind == Kind::Words);
}

}  // namespace crosstail::text
