#pragma once
/// Words as BM25 terms: ICU's word breaks (dictionaries for Chinese, Japanese, Thai, Khmer and the
/// like), each word in the normal form of text/normal_form.h.

#include <string>
#include <string_view>
#include <vector>

namespace crosstail::index {

/// The words of `utf8` in order, with repeats, into `out` (cleared first). Thread-safe.
void bm25_words(std::string_view utf8, std::vector<std::string>& out);

}  // namespace crosstail::index
