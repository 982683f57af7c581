#include "text/words.h"

#include <unicode/brkiter.h>
#include <unicode/ubrk.h>
#include <unicode/unistr.h>

#include <memory>

namespace crosstail::text {

void for_each_word(std::string_view valid, const std::function<void(std::string_view)>& word) {
  UErrorCode status = U_ZERO_ERROR;
  // The root locale's rules hold for all languages; an iterator belongs to one thread.
  thread_local const std::unique_ptr<icu::BreakIterator> breaks(
      icu::BreakIterator::createWordInstance(icu::Locale::getRoot(), status));
  if (!breaks) return;
  const auto wide = icu::UnicodeString::fromUTF8(
      icu::StringPiece(valid.data(), static_cast<std::int32_t>(valid.size())));
  breaks->setText(wide);
  std::size_t at = 0;
  for (std::int32_t begin = breaks->first(), end = breaks->next(); end != icu::BreakIterator::DONE;
       begin = end, end = breaks->next()) {
    // The same stretch in bytes: a code point of four is two units of UTF-16, any other is one.
    const std::size_t first = at;
    for (std::int32_t unit = begin; unit < end && at < valid.size(); ++unit) {
      const auto lead = static_cast<unsigned char>(valid[at]);
      at += lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
      if (lead >= 0xF0) ++unit;
    }
    if (breaks->getRuleStatus() >= UBRK_WORD_NONE_LIMIT) word(valid.substr(first, at - first));
  }
}

}  // namespace crosstail::text
