#pragma once
/// WebFAQ's ten types of questions (papers.md §2), told by rule where a language has clear question
/// words.

#include <cstdint>
#include <string_view>

namespace crosstail::curate {

enum class QuestionType : std::uint8_t {
  Unknown,  ///< no rule for the language, or none that fits: left to a classifier
  What,
  When,
  Where,
  Which,
  Who,  ///< Who/Whom/Whose
  Why,
  How,
  Is,   ///< Is, are, do, does
  Can,  ///< Can, could, will, would, may, might, shall, should
  NoQuestionWord,
};
constexpr std::size_t kQuestionTypes = 11;

/// The name that WebFAQ gives it ("Who/Whom/Whose"); empty for Unknown.
std::string_view name_of(QuestionType type);

/// `language` is ISO 639-3, `question` valid UTF-8. The question word is looked for at the
/// beginning (after a preposition, an article or a greeting), in languages that put it elsewhere
/// (Chinese, Japanese, Korean, Thai, Turkish, Hindi, Bengali, Tamil, Vietnamese, Indonesian …)
/// anywhere. A text without a question word and without a question mark has no question word; one
/// with a question mark is left to a classifier, unless the language marks yes-or-no questions.
QuestionType question_type(std::string_view question, std::string_view language);

}  // namespace crosstail::curate
