#include "curate/question_type.h"

#include <unicode/uchar.h>

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "curate/filters.h"
#include "text/decode.h"
#include "text/utf8.h"

namespace crosstail::curate {
namespace {

#include "curate/question_words.inc"

/// Bytes looked at: enough for the first words, or for the whole of most questions.
constexpr std::size_t kLeadBytes = 100, kMaxBytes = 400;
/// How many words may stand before the question word ("In which", "So, what").
constexpr std::size_t kMaxLead = 3;

constexpr QuestionType kTypes[9] = {QuestionType::What,  QuestionType::When, QuestionType::Where,
                                    QuestionType::Which, QuestionType::Who,  QuestionType::Why,
                                    QuestionType::How,   QuestionType::Is,   QuestionType::Can};

struct Word {
  std::string text;
  QuestionType type;
  bool initial;  ///< counts only at the very beginning
};

struct Rules {
  bool anywhere = false;
  std::vector<Word> words;  ///< of languages where the word stands anywhere
  /// Of the others: phrases of one to three words, and those that must stand first.
  std::unordered_map<std::string_view, QuestionType> phrases, initial;
};

void add_words(Rules& rules, std::string_view list, QuestionType type) {
  while (!list.empty()) {
    const std::size_t bar = std::min(list.find('|'), list.size());
    const std::string_view word = list.substr(0, bar);
    list.remove_prefix(std::min(bar + 1, list.size()));
    const bool initial = word.starts_with("^");
    if (rules.anywhere)
      rules.words.push_back({std::string(word.substr(initial ? 1 : 0)), type, initial});
    else if (initial)
      rules.initial.emplace(word.substr(1), type);
    else
      rules.phrases.emplace(word, type);
  }
}

const std::map<std::string_view, Rules>& all_rules() {
  static const auto rules = [] {
    std::map<std::string_view, Rules> out;
    for (const auto& row : kLanguageWords) {
      Rules& language = out[row.language];
      language.anywhere = row.anywhere;
      for (std::size_t type = 0; type < 9; ++type)
        add_words(language, row.words[type], kTypes[type]);
    }
    return out;
  }();
  return rules;
}

/// What a code point is in a folded question: itself in lower case, or a space.
const std::array<char16_t, 0x10000>& folds() {
  static const auto table = [] {
    std::array<char16_t, 0x10000> t{};
    for (UChar32 c = 0; c < 0x10000; ++c) {
      const bool word_mark = c == '\'' || c == '-' || c == 0x2019 || c == 0x200C;
      const bool kept =
          word_mark || u_isalnum(c) != 0 || (U_MASK(u_charType(c)) & U_GC_M_MASK) != 0;
      const UChar32 to = kept ? u_tolower(c) : ' ';
      t[static_cast<std::size_t>(c)] = static_cast<char16_t>(to > 0xFFFF ? c : to);
    }
    return t;
  }();
  return table;
}

/// The first `most` bytes of the question in lower case, with punctuation (but apostrophes and
/// hyphens inside words) as spaces, and a space at both ends.
std::string folded(std::string_view question, std::size_t most) {
  const auto& table = folds();
  std::string out(1, ' ');
  for (std::size_t at = 0; at < question.size() && out.size() < most;) {
    const char32_t c = text::decode_next(question, at);
    const char32_t to = c < table.size() ? char32_t{table[c]} : c;
    if (to == ' ' && out.back() == ' ') continue;
    if (to < 0x80)
      out += static_cast<char>(to);
    else
      text::append_utf8(out, to);
  }
  if (out.back() != ' ') out += ' ';
  return out;
}

bool has_question_mark(std::string_view question, bool greek) {
  for (std::size_t at = 0; at < question.size();)
    if (is_question_mark(text::decode_next(question, at), greek)) return true;
  return false;
}

/// The type of the phrase that stands first; of several there, of the longest.
QuestionType match_phrases(const Rules& rules, const std::string& text) {
  std::size_t begin = 1;
  for (std::size_t lead = 0; lead <= kMaxLead && begin < text.size(); ++lead) {
    std::array<std::size_t, 3> ends{};
    std::size_t count = 0;
    for (std::size_t from = begin; count < ends.size() && from < text.size(); ++count) {
      ends[count] = text.find(' ', from);
      from = ends[count] + 1;
    }
    for (std::size_t n = count; n-- > 0;) {
      const std::string_view phrase(text.data() + begin, ends[n] - begin);
      if (const auto found = rules.phrases.find(phrase); found != rules.phrases.end())
        return found->second;
      if (lead != 0) continue;
      if (const auto found = rules.initial.find(phrase); found != rules.initial.end())
        return found->second;
    }
    begin = ends[0] + 1;
  }
  return QuestionType::Unknown;
}

/// The same for languages that put the question word anywhere.
QuestionType match_anywhere(const Rules& rules, const std::string& text) {
  std::size_t best_at = std::string::npos, best_length = 0;
  QuestionType best = QuestionType::Unknown;
  for (const Word& word : rules.words) {
    std::size_t at = std::string::npos;
    if (!word.initial)
      at = text.find(word.text);
    else if (text.compare(1, word.text.size(), word.text) == 0)
      at = 0;
    if (at < best_at ||
        (at == best_at && at != std::string::npos && word.text.size() > best_length)) {
      best_at = at;
      best_length = word.text.size();
      best = word.type;
    }
  }
  return best;
}

}  // namespace

std::string_view name_of(QuestionType type) {
  constexpr std::array<std::string_view, kQuestionTypes> names = {
      "",
      "What",
      "When",
      "Where",
      "Which",
      "Who/Whom/Whose",
      "Why",
      "How",
      "Is, are, do, does",
      "Can, could, will, would, may, might, shall, should",
      "No Question Word"};
  return names[static_cast<std::size_t>(type)];
}

QuestionType question_type(std::string_view question, std::string_view language) {
  const auto rules = all_rules().find(language);
  if (rules == all_rules().end()) return QuestionType::Unknown;
  const Rules& found = rules->second;
  const std::string text = folded(question, found.anywhere ? kMaxBytes : kLeadBytes);
  const QuestionType type =
      found.anywhere ? match_anywhere(found, text) : match_phrases(found, text);
  if (type != QuestionType::Unknown) return type;
  return has_question_mark(question, language == "ell") ? QuestionType::Unknown
                                                        : QuestionType::NoQuestionWord;
}

}  // namespace crosstail::curate
