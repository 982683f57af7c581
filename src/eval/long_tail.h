#pragma once
/// The three views of the long tail (design.md §4): how dense the questions are around a query, how
/// rare its words are, how much its language was trained on. Values first, then terciles; both are
/// fixed before any system is scored.

#include <span>
#include <string>
#include <vector>

#include "base/pool.h"
#include "base/result.h"
#include "data/qrels.h"
#include "data/queries.h"
#include "eval/leakage.h"
#include "eval/slices_file.h"
#include "text/tokenizer.h"

namespace crosstail::eval {

/// Rows × dim floats, borrowed.
struct VectorRows {
  std::span<const float> values;
  std::size_t rows = 0, dim = 0;
  [[nodiscard]] std::span<const float> row(std::size_t i) const {
    return values.subspan(i * dim, dim);
  }
};

inline constexpr std::size_t kDensityNeighbours = 10;
/// Languages with fewer questions have no rarity.
inline constexpr std::size_t kRarityQuestions = 1000;

/// Mean cosine of each query to its 10 nearest questions of passages that are not relevant to it,
/// of another group, language and site. NaN for a query with fewer than 10 such questions.
/// `queries` and `questions` are the rows of the vectors; zero vectors have cosine 0 with
/// everything.
Result<std::vector<double>> density(const data::Queries& queries, VectorRows query_vectors,
                                    const std::vector<AttachedQuestion>& questions,
                                    VectorRows question_vectors, const data::Qrels& qrels,
                                    std::int32_t level, Pool* pool = nullptr);

/// Mean of the three largest inverse document frequencies, log(N / df), among a query's words,
/// counted over the questions of its language without those of its group; unseen words count as
/// seen once. NaN where the language has under 1,000 questions or the query no word. Words are
/// ICU's (dictionary-based for scripts without spaces), in normal form.
///
/// With `subwords`, languages whose questions are mostly in a script without spaces are counted by
/// that tokenizer's pieces instead, each in normal form, so that a piece at the start of a text is
/// the one inside it. `by_subwords` gets those languages' codes, sorted.
std::vector<double> rarity(const data::Queries& queries,
                           const std::vector<AttachedQuestion>& questions,
                           const text::Tokenizer* subwords = nullptr,
                           std::vector<std::string>* by_subwords = nullptr, Pool* pool = nullptr);

/// A text's words in normal form (text/normal_form.h), each once, sorted.
std::vector<std::string> distinct_words(std::string_view utf8);
/// The same of its subwords.
std::vector<std::string> distinct_subwords(std::string_view utf8, const text::Tokenizer& subwords);

/// Adds a view with terciles cut within each language. `values` by query.
void add_view(SlicesFile& out, const data::Queries& queries, SliceView view,
              const std::vector<double>& values);

/// Adds the view of languages: `pairs` of each language's code with its training pairs; terciles
/// over the languages of the queries that are in it.
void add_resource_view(SlicesFile& out, const data::Queries& queries,
                       const std::vector<std::pair<std::string, double>>& pairs,
                       const std::string& source);

/// `language TAB pairs` a line; # starts a comment. Errors name file and line.
Result<std::vector<std::pair<std::string, double>>> read_resource_table(
    const std::filesystem::path& path);

}  // namespace crosstail::eval
