#pragma once
/// Which pairs are worth keeping. Each dropped pair has one reason: the first that holds.

#include <cstdint>
#include <string>
#include <string_view>

#include "curate/options.h"

namespace crosstail::curate {

enum class Reason : std::uint8_t {
  Kept,
  Malformed,  ///< not a record; never reaches the filters
  EmptyQuestion,
  EmptyAnswer,
  QuestionTooShort,
  AnswerTooShort,
  AnswerWithQuestion,  ///< WebFAQ: the answer contains '?'. Default: it only asks
  TooManyLines,        ///< WebFAQ: 10 or more newlines in the answer
  QuestionTooLong,
  AnswerTooLong,
  NoLetters,         ///< question or answer has no letter
  Template,          ///< "Question 1", "Lorem ipsum", "{{question}}"
  PointsElsewhere,   ///< the answer is only "click here", "see above"
  AnswerIsQuestion,  ///< the question repeated as answer
  UnknownLanguage,
  UncertainLanguage,  ///< confidence under the threshold
  OtherLanguage,      ///< not among --languages
  DuplicateSameSite,
  DuplicateOtherSite,
};
constexpr std::size_t kReasons = static_cast<std::size_t>(Reason::DuplicateOtherSite) + 1;

/// Kebab-case, as in reports: "answer-too-short".
std::string_view name_of(Reason reason);

/// How long a text is in letters of an alphabet: characters of scripts that write more with one
/// count for more (Han 3, Hangul and Kana 2.5, Thai, Lao, Khmer and Myanmar 1.3), combining marks
/// for nothing. "什么是比特币" is as long as "what is bitcoin" is. Stops counting at `enough`.
double measured_length(std::string_view valid, double enough);

/// True for ? in all scripts: ?, full-width, Arabic, Greek (also `;` where `greek`), Armenian,
/// Ethiopic, Coptic, Vai, reversed, doubled, vertical forms.
bool is_question_mark(char32_t c, bool greek = false);

/// Normal forms (text/normal_form.h) of a pair; the default filters make them, duplicates need
/// them.
struct PairForms {
  std::string question, answer;
};

/// Everything but language and duplicates. `forms` is filled by the default preset. Texts are valid
/// UTF-8, already cleaned. WebFAQ's presets (papers.md §2): empty; answer contains '?'; answer has
/// 10 or more newlines; question under 10, answer under 30 characters.
Reason filter(std::string_view question, std::string_view answer, Preset preset, PairForms& forms);

}  // namespace crosstail::curate
