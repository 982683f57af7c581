#include "curate/filters.h"

#include <unicode/uchar.h>

#include <algorithm>
#include <string>
#include <unordered_set>

#include "text/decode.h"
#include "text/normal_form.h"
#include "text/script.h"
#include "text/utf8.h"

namespace crosstail::curate {
namespace {

#include "curate/filter_phrases.inc"

constexpr std::size_t kShortestQuestion = 10, kShortestAnswer = 30;
constexpr std::size_t kWebFaqMostLines = 10;
constexpr std::size_t kLongestPhrase = 120;  ///< bytes; in filter_phrases.inc
constexpr double kLongestQuestion = 1000, kLongestAnswer = 20000;

using PhraseSet = std::unordered_set<std::string>;

/// The phrases as normal forms of themselves, so that a phrase may be written with spaces above.
template <std::size_t N>
PhraseSet phrase_set(const std::string_view (&phrases)[N]) {
  PhraseSet set;
  for (const auto phrase : phrases) set.insert(text::normal_form(phrase));
  return set;
}

const PhraseSet& template_questions() {
  static const PhraseSet set = phrase_set(kTemplateQuestions);
  return set;
}
const PhraseSet& pointing_answers() {
  static const PhraseSet set = phrase_set(kPointingAnswers);
  return set;
}

double weight_of(char32_t c) {
  if (c < 0x300) return 1;
  switch (text::script_of(c)) {
    case text::Script::Han:
      return 3;
    case text::Script::Japanese:
    case text::Script::Hangul:
      return 2.5;
    case text::Script::Thai:
    case text::Script::Lao:
    case text::Script::Khmer:
    case text::Script::Myanmar:
      return (U_MASK(u_charType(static_cast<UChar32>(c))) & U_GC_MN_MASK) != 0 ? 0 : 1.3;
    default:
      return (U_MASK(u_charType(static_cast<UChar32>(c))) & U_GC_MN_MASK) != 0 ? 0 : 1;
  }
}

bool has_letter(std::string_view valid) {
  for (std::size_t at = 0; at < valid.size();) {
    const char32_t c = text::decode_next(valid, at);
    if (c < 0x80 ? ((c | 0x20U) >= 'a' && (c | 0x20U) <= 'z')
                 : u_isalpha(static_cast<UChar32>(c)) != 0)
      return true;
  }
  return false;
}

bool contains_placeholder(std::string_view text) {
  for (const std::string_view sign :
       {"{{", "}}", "<%", "%>", "[question", "[Question", "[your ", "[Your "})
    if (text.find(sign) != std::string_view::npos) return true;
  return false;
}

bool is_template(std::string_view question, std::string_view answer, std::string_view form) {
  if (contains_placeholder(question)) return true;
  for (const auto text : {question, answer})
    if (text.size() >= 11 &&
        (text.substr(0, 11) == "Lorem ipsum" || text.substr(0, 11) == "lorem ipsum"))
      return true;
  if (form.size() > kLongestPhrase) return false;
  if (template_questions().contains(std::string(form))) return true;
  // The same with a number: "Question 1", "FAQ #12".
  std::string_view base = form;
  while (!base.empty() && base.back() >= '0' && base.back() <= '9') base.remove_suffix(1);
  return base.size() != form.size() && !base.empty() &&
         template_questions().contains(std::string(base));
}

/// True if there is a question mark (of any script, or Greek's ';') near the end.
bool ends_with_question_mark(std::string_view text) {
  constexpr std::size_t tail = 16;
  std::size_t at = text.size() - std::min(text.size(), tail);
  while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U) ++at;
  while (at < text.size())
    if (is_question_mark(text::decode_next(text, at), true)) return true;
  return false;
}

/// True if the text is one or more questions and nothing else.
bool only_asks(std::string_view answer) {
  if (!ends_with_question_mark(answer)) return false;
  const bool greek = text::dominant_script(answer) == text::Script::Greek;
  bool asked = false;
  std::size_t after = 0;  // letters since the last question mark
  for (std::size_t at = 0; at < answer.size();) {
    const char32_t c = text::decode_next(answer, at);
    if (is_question_mark(c, greek)) {
      asked = true;
      after = 0;
      continue;
    }
    if (c == '.' || c == '!' || c == 0x3002 || c == 0x0964 || c == 0x06D4 || c == 0xFF01)
      return false;
    if (c >= 0x80 || ((c | 0x20U) >= 'a' && (c | 0x20U) <= 'z')) ++after;
  }
  return asked && after < 3;
}

Reason filter_webfaq(std::string_view question, std::string_view answer) {
  if (answer.find('?') != std::string_view::npos) return Reason::AnswerWithQuestion;
  if (static_cast<std::size_t>(std::count(answer.begin(), answer.end(), '\n')) >= kWebFaqMostLines)
    return Reason::TooManyLines;
  if (text::count_code_points(question) < kShortestQuestion) return Reason::QuestionTooShort;
  if (text::count_code_points(answer) < kShortestAnswer) return Reason::AnswerTooShort;
  return Reason::Kept;
}

/// No character counts for more than it has bytes.
bool is_longer(std::string_view text, double most) {
  return static_cast<double>(text.size()) > most && measured_length(text, most + 1) > most;
}

Reason filter_default(std::string_view question, std::string_view answer, PairForms& forms) {
  if (is_longer(question, kLongestQuestion)) return Reason::QuestionTooLong;
  if (is_longer(answer, kLongestAnswer)) return Reason::AnswerTooLong;
  if (!has_letter(question) || !has_letter(answer)) return Reason::NoLetters;
  forms.question.clear();
  forms.answer.clear();
  text::append_normal_form(forms.question, question);
  text::append_normal_form(forms.answer, answer);
  if (is_template(question, answer, forms.question)) return Reason::Template;
  if (forms.answer == forms.question) return Reason::AnswerIsQuestion;
  if (forms.answer.size() <= kLongestPhrase && pointing_answers().contains(forms.answer))
    return Reason::PointsElsewhere;
  if (measured_length(question, kShortestQuestion) < kShortestQuestion)
    return Reason::QuestionTooShort;
  if (measured_length(answer, kShortestAnswer) < kShortestAnswer) return Reason::AnswerTooShort;
  if (only_asks(answer)) return Reason::AnswerWithQuestion;
  return Reason::Kept;
}

}  // namespace

std::string_view name_of(Reason reason) {
  switch (reason) {
    case Reason::Kept:
      return "kept";
    case Reason::Malformed:
      return "malformed";
    case Reason::EmptyQuestion:
      return "empty-question";
    case Reason::EmptyAnswer:
      return "empty-answer";
    case Reason::QuestionTooShort:
      return "question-too-short";
    case Reason::AnswerTooShort:
      return "answer-too-short";
    case Reason::AnswerWithQuestion:
      return "answer-with-question";
    case Reason::TooManyLines:
      return "too-many-lines";
    case Reason::QuestionTooLong:
      return "question-too-long";
    case Reason::AnswerTooLong:
      return "answer-too-long";
    case Reason::NoLetters:
      return "no-letters";
    case Reason::Template:
      return "template";
    case Reason::PointsElsewhere:
      return "points-elsewhere";
    case Reason::AnswerIsQuestion:
      return "answer-is-question";
    case Reason::UnknownLanguage:
      return "unknown-language";
    case Reason::UncertainLanguage:
      return "uncertain-language";
    case Reason::OtherLanguage:
      return "other-language";
    case Reason::DuplicateSameSite:
      return "duplicate-same-site";
    case Reason::DuplicateOtherSite:
      return "duplicate-other-site";
  }
  return "";
}

double measured_length(std::string_view valid, double enough) {
  // A code point has at most four bytes, and none counts for more than three letters.
  double length = 0;
  for (std::size_t at = 0; at < valid.size() && length < enough;) {
    if (static_cast<unsigned char>(valid[at]) < 0x80) {
      ++at;
      ++length;
      continue;
    }
    length += weight_of(text::decode_next(valid, at));
  }
  return length;
}

bool is_question_mark(char32_t c, bool greek) {
  switch (c) {
    case '?':
    case 0x037E:
    case 0x055E:
    case 0x061F:
    case 0x1367:
    case 0x2047:
    case 0x2048:
    case 0x2049:
    case 0x2CFA:
    case 0x2CFB:
    case 0x2E2E:
    case 0xA60F:
    case 0xA6F7:
    case 0xFE16:
    case 0xFE56:
    case 0xFF1F:
    case 0x203D:
      return true;
    case ';':
      return greek;
    default:
      return false;
  }
}

Reason filter(std::string_view question, std::string_view answer, Preset preset, PairForms& forms) {
  if (question.empty()) return Reason::EmptyQuestion;
  if (answer.empty()) return Reason::EmptyAnswer;
  return preset == Preset::Default ? filter_default(question, answer, forms)
                                   : filter_webfaq(question, answer);
}

}  // namespace crosstail::curate
