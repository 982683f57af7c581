#pragma once
/// Sentence boundaries as NLTK's PunktTokenizer finds them (Kiss and Strunk 2006, "Unsupervised
/// Multilingual Sentence Boundary Detection"), from the four parameter files of NLTK's `punkt_tab`.
///
/// The parameters were learnt from a corpus whose licence does not clearly allow them to be passed
/// on, so they do not come with Crosstail: the user points to a copy (docs/evaluate.md says where
/// one is).

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/result.h"

namespace crosstail::eval {

/// Text as code points: what NLTK's rules count in.
using CodePoints = std::u32string;
using CodePointView = std::u32string_view;

struct PunktParameters {
  std::unordered_set<std::string> abbreviations, sentence_starters;
  std::unordered_set<std::string> collocations;  ///< "first TAB second"
  std::unordered_map<std::string, int> orthography;

  /// Reads abbrev_types.txt, sent_starters.txt, collocations.tab and ortho_context.tab from a
  /// folder such as `nltk_data/tokenizers/punkt_tab/english`.
  static Result<PunktParameters> read(const std::filesystem::path& folder);
  /// The folder named by $NLTK_DATA or in NLTK's usual places; NotFound says how to get one.
  static Result<std::filesystem::path> find_folder();
};

struct Sentence {
  std::size_t begin, end;  ///< code points
};

/// Thread-safe.
class Punkt {
 public:
  explicit Punkt(PunktParameters parameters) : parameters_(std::move(parameters)) {}

  /// Linear in the length of `text`.
  [[nodiscard]] std::vector<Sentence> sentences(CodePointView text) const;

 private:
  struct Token;
  [[nodiscard]] bool contains_break(CodePointView context) const;
  void first_pass(Token& token) const;
  void second_pass(Token& token, const Token& next) const;
  enum class Starter { Yes, No, Unknown };
  [[nodiscard]] Starter orthographic(const Token& token) const;
  [[nodiscard]] int context_of(const std::string& type) const;

  PunktParameters parameters_;
};

/// Valid UTF-8 to code points and back.
CodePoints to_code_points(std::string_view utf8);
std::string to_utf8(CodePointView text);

/// NLTK (3.10) compiles most rules with PyPI's `regex`, a few with Python's `re`, and splits with
/// str.split; the three differ in what they call a word character or a blank.
bool is_python_space(char32_t c);  ///< str.isspace
bool is_regex_space(char32_t c);   ///< \s of `regex`
bool is_regex_word(char32_t c);    ///< \w of `regex`: letters, marks, decimal digits, connectors
bool is_re_word(char32_t c);       ///< \w of `re`: letters, numbers and _
bool is_regex_digit(char32_t c);   ///< \d of both

}  // namespace crosstail::eval
