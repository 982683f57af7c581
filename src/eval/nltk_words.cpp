#include "eval/nltk_words.h"

#include <array>
#include <bitset>

namespace crosstail::eval {
namespace {

bool in(CodePointView set, char32_t c) {
  return set.find(c) != CodePointView::npos;
}

/// What Python's IGNORECASE takes for one ASCII letter.
char32_t fold(char32_t c) {
  if (c >= U'A' && c <= U'Z') return c + 32;
  if (c == 0x17f) return U's';
  if (c == 0x130 || c == 0x131) return U'i';
  return c == 0x212a ? U'k' : c;
}

/// The sentence as it is rewritten, one rule after another; each rule is one pass that either
/// copies a code point or writes its replacement.
class Rewriter {
 public:
  explicit Rewriter(CodePointView text) : text_(text) { note(); }

  std::vector<std::string> tokens() {
    starting_quotes();
    punctuation();
    pad_any(U"[](){}<>");
    pad_sequence(U"--");
    text_ = U" " + text_ + U" ";
    ending_quotes();
    contractions();
    return split();
  }

 private:
  /// Remembers which ASCII characters occur, so that most rules are passed over.
  void note() {
    for (const char32_t c : text_) seen_.set(c < 0x80 ? c : 0);
  }
  [[nodiscard]] bool has(char32_t c) const { return seen_.test(c < 0x80 ? c : 0); }

  [[nodiscard]] char32_t at(std::size_t i) const { return i < text_.size() ? text_[i] : U'\0'; }
  [[nodiscard]] bool matches(std::size_t i, CodePointView what) const {
    return CodePointView(text_).substr(std::min(i, text_.size())).starts_with(what);
  }
  [[nodiscard]] bool matches_folded(std::size_t i, CodePointView what) const {
    if (i + what.size() > text_.size()) return false;
    for (std::size_t k = 0; k < what.size(); ++k)
      if (fold(text_[i + k]) != what[k]) return false;
    return true;
  }
  [[nodiscard]] bool word_at(std::size_t i) const {
    return i < text_.size() && is_regex_word(text_[i]);
  }
  /// A word border, for `is_word` of the rule's library.
  template <class IsWord>
  [[nodiscard]] bool border(std::size_t i, const IsWord& is_word) const {
    return (i > 0 && is_word(text_[i - 1])) != (i < text_.size() && is_word(text_[i]));
  }

  /// `rule(i)` writes a replacement to out_ and returns how much it took; 0 copies one code point.
  template <class Rule>
  void pass(const Rule& rule) {
    out_.clear();
    for (std::size_t i = 0; i < text_.size();) {
      const std::size_t taken = rule(i);
      if (taken == 0) out_ += text_[i];
      i += taken == 0 ? 1 : taken;
    }
    text_.swap(out_);
  }

  std::size_t padded(std::size_t i, std::size_t length) {
    out_ += U' ';
    out_.append(text_, i, length);
    out_ += U' ';
    return length;
  }

  void pad_any(CodePointView set) {
    bool any = false;
    for (const char32_t c : set) any = any || has(c);
    if (any) pass([&](std::size_t i) { return in(set, text_[i]) ? padded(i, 1) : 0; });
  }

  void pad_sequence(CodePointView what) {
    if (has(what[0]))
      pass([&](std::size_t i) { return matches(i, what) ? padded(i, what.size()) : 0; });
  }

  void starting_quotes() {
    pass([&](std::size_t i) -> std::size_t {
      if (in(U"«“‘„", text_[i])) return padded(i, 1);
      std::size_t run = 0;
      while (at(i + run) == U'`') ++run;
      return run == 0 ? 0 : padded(i, run);
    });
    if (at(0) == U'"') {
      text_.replace(0, 1, U"``");
      seen_.set(U'`');
    }
    pad_sequence(U"``");
    if (has(U'"') || has(U'\'')) {
      pass([&](std::size_t i) -> std::size_t {
        if (!in(U" ([{<", text_[i])) return 0;
        const std::size_t quote = at(i + 1) == U'"' ? 1 : matches(i + 1, U"''") ? 2 : 0;
        if (quote == 0) return 0;
        out_ += text_[i];
        out_ += U" `` ";
        return 1 + quote;
      });
    }
    if (has(U'\'')) {
      pass([&](std::size_t i) -> std::size_t {
        if (text_[i] != U'\'' || (i > 0 && word_at(i - 1)) || !word_at(i + 1)) return 0;
        for (const CodePointView clitic :
             {CodePointView(U"re"), CodePointView(U"ve"), CodePointView(U"ll"), CodePointView(U"m"),
              CodePointView(U"t"), CodePointView(U"s"), CodePointView(U"d"), CodePointView(U"n")})
          if (matches_folded(i + 1, clitic) && border(i + 1 + clitic.size(), is_regex_word))
            return 0;
        out_ += U"' ";
        return 1;
      });
    }
  }

  /// ([^.])(.)([closers]*)\s*$: the last period, if nothing but closers and blanks follow it.
  void final_period(CodePointView closers, bool space_before_closers) {
    const auto period = text_.rfind(U'.');
    if (period == CodePoints::npos || period == 0 || text_[period - 1] == U'.') return;
    std::size_t closed = period + 1;
    while (closed < text_.size() && in(closers, text_[closed])) ++closed;
    for (std::size_t i = closed; i < text_.size(); ++i)
      if (!is_regex_space(text_[i])) return;
    CodePoints tail = U" .";
    if (space_before_closers) tail += U' ';
    tail.append(text_, period + 1, closed - period - 1);
    tail += U' ';
    text_.replace(period, CodePoints::npos, tail);
  }

  void punctuation() {
    final_period(U"])}>\"'»”’ ", true);
    if (has(U':') || has(U',')) {
      pass([&](std::size_t i) -> std::size_t {
        if (!in(U":,", text_[i]) || i + 1 >= text_.size() || is_regex_digit(text_[i + 1])) return 0;
        padded(i, 1);
        out_ += text_[i + 1];
        return 2;
      });
      const std::size_t back = text_.ends_with(U'\n') ? 2 : 1;
      if (text_.size() >= back && in(U":,", text_[text_.size() - back])) {
        text_.insert(text_.size() - back + 1, 1, U' ');
        text_.insert(text_.size() - back - 1, 1, U' ');
      }
    }
    if (has(U'.')) {
      pass([&](std::size_t i) {
        std::size_t run = 0;
        while (at(i + run) == U'.') ++run;
        return run < 2 ? 0 : padded(i, run);
      });
    }
    pad_any(U";@#$%&");
    pad_any(U"\u2012\u2013\u2014\u2015");
    final_period(U"])}>\"'", false);
    pad_any(U"?!");
    if (has(U'\'')) {
      pass([&](std::size_t i) -> std::size_t {
        if (text_[i] == U'\'' || !matches(i + 1, U"' ")) return 0;
        out_ += text_[i];
        out_ += U" ' ";
        return 3;
      });
    }
    pad_any(U"*");
  }

  /// A character that is no blank or apostrophe, one of `clitics`, a blank.
  template <std::size_t N>
  void split_clitics(const std::array<CodePointView, N>& clitics) {
    pass([&](std::size_t i) -> std::size_t {
      if (text_[i] == U'\'' || text_[i] == U' ') return 0;
      for (const CodePointView clitic : clitics) {
        if (!matches(i + 1, clitic) || at(i + 1 + clitic.size()) != U' ') continue;
        out_ += text_[i];
        out_ += U' ';
        out_ += clitic;
        out_ += U' ';
        return clitic.size() + 2;
      }
      return 0;
    });
  }

  void ending_quotes() {
    pad_any(U"»”’");
    pad_sequence(U"''");
    if (has(U'"')) {
      pass([&](std::size_t i) -> std::size_t {
        if (text_[i] != U'"') return 0;
        out_ += U" '' ";
        return 1;
      });
      seen_.set(U'\'');
    }
    pass([&](std::size_t i) -> std::size_t {
      std::size_t run = 0;
      while (i + run < text_.size() && is_regex_space(text_[i + run])) ++run;
      if (run != 0) out_ += U' ';
      return run;
    });
    if (!has(U'\'')) return;
    split_clitics(std::array<CodePointView, 7>{U"'s", U"'S", U"'m", U"'M", U"'d", U"'D", U"'"});
    split_clitics(std::array<CodePointView, 8>{U"'ll", U"'LL", U"'re", U"'RE", U"'ve", U"'VE",
                                               U"n't", U"N'T"});
  }

  void contraction(CodePointView first, CodePointView second, bool before_blank) {
    pass([&](std::size_t i) -> std::size_t {
      const std::size_t length = first.size() + second.size();
      if (!matches_folded(i, first) || !matches_folded(i + first.size(), second) ||
          !border(i, is_re_word))
        return 0;
      const bool ends =
          before_blank ? is_python_space(at(i + length)) : border(i + length, is_re_word);
      return ends ? two_words(i, first.size(), second.size()) : 0;
    });
  }

  std::size_t two_words(std::size_t i, std::size_t first, std::size_t second) {
    out_ += U' ';
    out_.append(text_, i, first);
    out_ += U' ';
    out_.append(text_, i + first, second);
    out_ += U' ';
    return first + second;
  }

  /// " 'tis" and " 'twas".
  void archaic(CodePointView verb) {
    pass([&](std::size_t i) -> std::size_t {
      if (text_[i] != U' ' || !matches_folded(i + 1, U"'t") || !matches_folded(i + 3, verb) ||
          !border(i + 3 + verb.size(), is_re_word))
        return 0;
      two_words(i + 1, 2, verb.size());
      return 3 + verb.size();
    });
  }

  void contractions() {
    contraction(U"can", U"not", false);
    contraction(U"d", U"'ye", false);
    contraction(U"gim", U"me", false);
    contraction(U"gon", U"na", false);
    contraction(U"got", U"ta", false);
    contraction(U"lem", U"me", false);
    contraction(U"more", U"'n", false);
    contraction(U"wan", U"na", true);
    if (!has(U'\'')) return;
    archaic(U"is");
    archaic(U"was");
  }

  [[nodiscard]] std::vector<std::string> split() const {
    std::vector<std::string> out;
    for (std::size_t i = 0; i < text_.size();) {
      std::size_t end = i;
      while (end < text_.size() && !is_python_space(text_[end])) ++end;
      if (end > i) out.push_back(to_utf8(CodePointView(text_).substr(i, end - i)));
      i = end + 1;
    }
    return out;
  }

  CodePoints text_, out_;
  std::bitset<128> seen_;  ///< bit 0: something beyond ASCII
};

}  // namespace

std::vector<std::string> nltk_sentence_words(CodePointView sentence) {
  return Rewriter(sentence).tokens();
}

std::vector<std::string> nltk_words(const Punkt& punkt, std::string_view utf8) {
  const CodePoints text = to_code_points(utf8);
  std::vector<std::string> out;
  for (const Sentence& sentence : punkt.sentences(text)) {
    auto words = nltk_sentence_words(
        CodePointView(text).substr(sentence.begin, sentence.end - sentence.begin));
    out.insert(out.end(), std::make_move_iterator(words.begin()),
               std::make_move_iterator(words.end()));
  }
  return out;
}

}  // namespace crosstail::eval
