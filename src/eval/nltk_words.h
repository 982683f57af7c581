#pragma once
/// NLTK's word_tokenize for English: sentences by Punkt, then NLTKWordTokenizer's substitutions in
/// its order, on code points. R@kt counts and joins these tokens (papers.md §1).

#include <string>
#include <string_view>
#include <vector>

#include "eval/punkt.h"

namespace crosstail::eval {

/// The tokens of one sentence: what NLTKWordTokenizer().tokenize gives. Linear.
std::vector<std::string> nltk_sentence_words(CodePointView sentence);

/// word_tokenize(text). `utf8` must be valid. Thread-safe.
std::vector<std::string> nltk_words(const Punkt& punkt, std::string_view utf8);

}  // namespace crosstail::eval
