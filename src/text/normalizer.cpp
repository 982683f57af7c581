#include "text/normalizer.h"

#include <algorithm>
#include <array>

namespace crosstail::text {

namespace {

using Kind = NormalizerStep::Kind;
using unicode::FlagTable;

bool has_flag(const AlignedText& text, std::uint16_t mask) {
  const FlagTable& flags = FlagTable::get();
  const char* const end = text.text.data() + text.text.size();
  for (const char* p = text.text.data(); p < end;) {
    if ((flags[unicode::decode(p)] & mask) != 0) return true;
  }
  return false;
}

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return (c & 0x80) == 0; });
}

/// Calls `rewrite(rewriter)`, which returns how many characters at the start went away.
template <class F>
void rewrite(AlignedText& text, AlignedText& spare, bool track, F rewrite) {
  if (track) {
    Rewriter<true> out(text, spare);
    out.finish(rewrite(out));
  } else {
    Rewriter<false> out(text, spare);
    out.finish(rewrite(out));
  }
  std::swap(text, spare);
}

template <class F>
void for_each_code_point(std::string_view text, F f) {
  for (const char* p = text.data(); p < text.data() + text.size();) f(unicode::decode(p));
}

/// Keeps what `keep` says; what goes away is swallowed by the character before it.
template <class F>
void filter(AlignedText& text, AlignedText& spare, bool track, F keep) {
  rewrite(text, spare, track, [&](auto& out) {
    std::size_t removed_first = 0;
    bool any = false;
    for_each_code_point(text.text, [&](char32_t c) {
      if (keep(c)) {
        out.put(c, 0);
        any = true;
      } else if (any) {
        out.swallow(1);
      } else {
        ++removed_first;
      }
    });
    return any ? removed_first : 0;
  });
}

template <class F>
void map(AlignedText& text, AlignedText& spare, bool track, F f) {
  rewrite(text, spare, track, [&](auto& out) {
    for_each_code_point(text.text, [&](char32_t c) { out.put(f(c), 0); });
    return std::size_t{0};
  });
}

void put_all(AlignedText& text, AlignedText& spare, bool track,
             const std::vector<unicode::Change>& changes) {
  rewrite(text, spare, track, [&](auto& out) {
    for (const auto& [c, change] : changes) out.put(c, change);
    return std::size_t{0};
  });
}

void to_form(AlignedText& text, AlignedText& spare, bool track, unicode::Form form) {
  if (is_ascii(text.text)) return;
  std::vector<unicode::Change> changes;
  unicode::normalize(text.text, form, changes);
  put_all(text, spare, track, changes);
}

void lowercase(AlignedText& text, AlignedText& spare, bool track) {
  if (!has_flag(text, unicode::kHasLower)) return;
  rewrite(text, spare, track, [&](auto& out) {
    for_each_code_point(text.text, [&](char32_t c) {
      char32_t small[2];
      const int n = unicode::lower(c, small);
      out.put(small[0], 0);
      if (n == 2) out.put(small[1], 1);
    });
    return std::size_t{0};
  });
}

bool is_line_space(char32_t c) {
  return c == '\t' || c == '\n' || c == '\r';
}

void bert_clean(AlignedText& text, AlignedText& spare, bool track) {
  const FlagTable& flags = FlagTable::get();
  const auto goes = [&](char32_t c) {
    return c == 0 || c == 0xFFFD || ((flags[c] & unicode::kOther) != 0 && !is_line_space(c));
  };
  bool any_goes = false;
  bool any_space = false;
  for_each_code_point(text.text, [&](char32_t c) {
    any_goes |= goes(c);
    any_space |= c != ' ' && (flags[c] & unicode::kSpace) != 0;
  });
  if (any_goes) filter(text, spare, track, [&](char32_t c) { return !goes(c); });
  if (!any_space) return;
  map(text, spare, track, [&](char32_t c) { return (flags[c] & unicode::kSpace) != 0 ? U' ' : c; });
}

void bert_chinese(AlignedText& text, AlignedText& spare, bool track) {
  if (!has_flag(text, unicode::kChinese)) return;
  const FlagTable& flags = FlagTable::get();
  rewrite(text, spare, track, [&](auto& out) {
    for_each_code_point(text.text, [&](char32_t c) {
      if ((flags[c] & unicode::kChinese) == 0) return out.put(c, 0);
      out.put(' ', 0);
      out.put(c, 1);
      out.put(' ', 1);
    });
    return std::size_t{0};
  });
}

void bert_strip_marks(AlignedText& text, AlignedText& spare, bool track) {
  if (!has_flag(text, unicode::kNfdActive | unicode::kMarkNonspacing)) return;
  const FlagTable& flags = FlagTable::get();
  to_form(text, spare, track, unicode::Form::Nfd);
  filter(text, spare, track,
         [&](char32_t c) { return (flags[c] & unicode::kMarkNonspacing) == 0; });
}

// The lists of sentencepiece's nmt rules, as tokenizers has them.
void nmt(AlignedText& text, AlignedText& spare, bool track) {
  filter(text, spare, track, [](char32_t c) {
    return !((c >= 1 && c <= 8) || c == 0xB || (c >= 0xE && c <= 0x1F) || c == 0x7F || c == 0x8F ||
             c == 0x9F);
  });
  map(text, spare, track, [](char32_t c) {
    const bool space = c == 9 || c == 0xA || c == 0xC || c == 0xD || c == 0x1680 ||
                       (c >= 0x200B && c <= 0x200F) || c == 0x2028 || c == 0x2029 || c == 0x2581 ||
                       c == 0xFEFF || c == 0xFFFD;
    return space ? U' ' : c;
  });
}

void replace_text(AlignedText& text, AlignedText& spare, bool track, const NormalizerStep& step) {
  std::vector<std::pair<std::size_t, std::size_t>> matches;
  for (std::size_t at = text.text.find(step.pattern); at != std::string::npos;
       at = text.text.find(step.pattern, at + step.pattern.size())) {
    matches.emplace_back(at, at + step.pattern.size());
  }
  replace_ranges(text, spare, matches, step.content, track);
}

void replace_runs(AlignedText& text, AlignedText& spare, bool track, const NormalizerStep& step) {
  const FlagTable& flags = FlagTable::get();
  const bool white = step.kind == Kind::ReplaceWhiteRuns;
  std::vector<std::pair<std::size_t, std::size_t>> matches;
  std::size_t run_begin = 0;
  std::uint32_t run = 0;
  const char* const begin = text.text.data();
  const char* p = begin;
  const auto end_run = [&](std::size_t end) {
    if (run >= step.least && run > 0) matches.emplace_back(run_begin, end);
    run = 0;
  };
  while (p < begin + text.text.size()) {
    const auto at = static_cast<std::size_t>(p - begin);
    const char32_t c = unicode::decode(p);
    if (white ? (flags[c] & unicode::kRegexSpace) != 0 : c == ' ') {
      if (run++ == 0) run_begin = at;
    } else {
      end_run(at);
    }
  }
  end_run(text.text.size());
  replace_ranges(text, spare, matches, step.content, track);
}

void strip(AlignedText& text, AlignedText& spare, bool track, const NormalizerStep& step) {
  const FlagTable& flags = FlagTable::get();
  std::size_t count = 0;
  std::size_t leading = 0;
  std::size_t trailing = 0;
  for_each_code_point(text.text, [&](char32_t c) {
    ++count;
    if ((flags[c] & unicode::kSpace) == 0) {
      trailing = 0;
    } else {
      ++trailing;
      if (trailing == count) leading = count;
    }
  });
  if (!step.left) leading = 0;
  if (!step.right) trailing = 0;
  if (leading == 0 && trailing == 0) return;
  rewrite(text, spare, track, [&](auto& out) {
    std::size_t i = 0;
    for_each_code_point(text.text, [&](char32_t c) {
      if (i >= leading && i + trailing < count) out.put(c, 0);
      ++i;
    });
    return leading;
  });
}

/// Some character a text may have before a space would take the space into its cluster.
bool prepends_with_rule(const Charsmap& charsmap) {
  const FlagTable& flags = FlagTable::get();
  for (char32_t c = 0; c <= 0x10FFFF; ++c) {
    if (charsmap.starts_rule(c) && (flags[c] & unicode::kPrepends) != 0) return true;
  }
  return false;
}

}  // namespace

char32_t byte_level_char(unsigned char byte) {
  static const std::array<char32_t, 256> table = [] {
    std::array<char32_t, 256> chars{};
    char32_t next = 256;
    for (unsigned b = 0; b < 256; ++b) {
      const bool printable = (b >= 0x21 && b <= 0x7E) || (b >= 0xA1 && b <= 0xAC) || b >= 0xAE;
      chars[b] = printable ? b : next++;
    }
    return chars;
  }();
  return table[byte];
}

void to_byte_level(AlignedText& text, AlignedText& spare, bool track) {
  rewrite(text, spare, track, [&](auto& out) {
    for (const char c : text.text) {
      const auto byte = static_cast<unsigned char>(c);
      out.put(byte_level_char(byte), (byte & 0xC0) == 0x80 ? 1 : 0);
    }
    return std::size_t{0};
  });
}

void NormalizerChain::apply(AlignedText& text, AlignedText& spare, bool track) const {
  for (const NormalizerStep& step : steps_) {
    switch (step.kind) {
      case Kind::Precompiled:
        charsmap_.apply_to_clusters(text, spare, track);
        break;
      case Kind::Nfc:
        to_form(text, spare, track, unicode::Form::Nfc);
        break;
      case Kind::Nfd:
        to_form(text, spare, track, unicode::Form::Nfd);
        break;
      case Kind::Nfkc:
        to_form(text, spare, track, unicode::Form::Nfkc);
        break;
      case Kind::Nfkd:
        to_form(text, spare, track, unicode::Form::Nfkd);
        break;
      case Kind::Lowercase:
        lowercase(text, spare, track);
        break;
      case Kind::StripAccents:
        filter(text, spare, track,
               [](char32_t c) { return (FlagTable::get()[c] & unicode::kCombining) == 0; });
        break;
      case Kind::Nmt:
        nmt(text, spare, track);
        break;
      case Kind::BertClean:
        bert_clean(text, spare, track);
        break;
      case Kind::BertChinese:
        bert_chinese(text, spare, track);
        break;
      case Kind::BertStripMarks:
        bert_strip_marks(text, spare, track);
        break;
      case Kind::ReplaceText:
        replace_text(text, spare, track, step);
        break;
      case Kind::ReplaceSpaceRuns:
      case Kind::ReplaceWhiteRuns:
        replace_runs(text, spare, track, step);
        break;
      case Kind::Strip:
        strip(text, spare, track, step);
        break;
      case Kind::Prepend:
        prepend(text, step.content, track);
        break;
      case Kind::ByteLevel:
        to_byte_level(text, spare, track);
        break;
    }
  }
}

bool NormalizerChain::step_separates_words(const NormalizerStep& step) const {
  const auto white = [](char32_t c) { return (FlagTable::get()[c] & unicode::kSpace) != 0; };
  bool only_white = true;
  bool any_white = false;
  for_each_code_point(step.kind == Kind::ReplaceText ? step.pattern : step.content,
                      [&](char32_t c) {
                        only_white &= white(c);
                        any_white |= white(c);
                      });
  switch (step.kind) {
    case Kind::Precompiled:
      return !charsmap_.starts_rule(' ') && !prepends_with_rule(charsmap_);
    case Kind::Prepend:
    case Kind::ByteLevel:
      return false;
    case Kind::ReplaceText:
      return !any_white;
    case Kind::ReplaceSpaceRuns:
    case Kind::ReplaceWhiteRuns:
      return only_white && !step.content.empty();
    default:
      return true;
  }
}

bool NormalizerChain::separates_words(char space) const {
  for (const NormalizerStep& step : steps_) {
    if (!step_separates_words(step)) return false;
  }
  // Between letters, so that nothing that strips ends applies: it must stay white space.
  AlignedText text{std::string("a") + space + "a", {}};
  AlignedText spare;
  apply(text, spare, false);
  if (text.text.size() < 3 || text.text.front() == ' ') return false;
  const FlagTable& flags = FlagTable::get();
  bool all_white = true;
  for_each_code_point(std::string_view(text.text).substr(1, text.text.size() - 2),
                      [&](char32_t c) { all_white &= (flags[c] & unicode::kSpace) != 0; });
  return all_white;
}

}  // namespace crosstail::text
