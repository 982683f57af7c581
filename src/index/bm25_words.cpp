#include "index/bm25_words.h"

#include <unicode/brkiter.h>
#include <unicode/ubrk.h>
#include <unicode/unistr.h>

#include <memory>

#include "text/normal_form.h"

namespace crosstail::index {

void bm25_words(std::string_view utf8, std::vector<std::string>& out) {
  out.clear();
  UErrorCode status = U_ZERO_ERROR;
  // The root locale's rules hold for all languages; an iterator belongs to one thread.
  thread_local const std::unique_ptr<icu::BreakIterator> words(
      icu::BreakIterator::createWordInstance(icu::Locale::getRoot(), status));
  if (!words) return;
  const auto wide = icu::UnicodeString::fromUTF8(
      icu::StringPiece(utf8.data(), static_cast<std::int32_t>(utf8.size())));
  words->setText(wide);
  std::string word, normal;
  for (std::int32_t begin = words->first(), end = words->next(); end != icu::BreakIterator::DONE;
       begin = end, end = words->next()) {
    if (words->getRuleStatus() < UBRK_WORD_NONE_LIMIT) continue;
    word.clear();
    normal.clear();
    wide.tempSubStringBetween(begin, end).toUTF8String(word);
    text::append_normal_form(normal, word);
    if (!normal.empty()) out.push_back(normal);
  }
}

}  // namespace crosstail::index
