#pragma once
/// The words of a text in any language, by Unicode's word breaks (UAX #29, with ICU's dictionaries
/// for scripts without spaces). White space and punctuation are no words.

#include <functional>
#include <string_view>

namespace crosstail::text {

/// Calls `word` with each word of valid UTF-8, front to back, as a view into `valid`. Thread-safe.
void for_each_word(std::string_view valid, const std::function<void(std::string_view)>& word);

}  // namespace crosstail::text
