#pragma once
/// R@kt of XOR-Retrieve (Asai et al. 2021; papers.md §1): is an answer among the first k tokens of
/// the retrieved passages? Tokens are NLTK's word_tokenize, joined by single blanks; an answer is
/// searched as it stands, upper and lower case told apart; questions whose answers are all yes or
/// no are not counted.

#include <cstddef>
#include <string>
#include <vector>

#include "base/pool.h"
#include "data/queries.h"
#include "data/xor_predictions.h"
#include "eval/punkt.h"

namespace crosstail::eval {

struct XorOptions {
  std::vector<std::size_t> tokens = {2000, 5000};
  /// As the official script: only questions that have a prediction count, under the prediction's
  /// language. Otherwise a question without a prediction is a miss.
  bool official = false;
};

struct XorRecall {
  /// The questions that count: their place in `questions`, their language, and per cut-off 1 or 0.
  std::vector<std::size_t> question;
  std::vector<std::string> language;
  std::vector<double> hits;      ///< questions × cut-offs
  std::size_t missing = 0;       ///< questions with span answers that have no prediction
  std::size_t without_span = 0;  ///< questions whose answers are all yes or no, or absent
  std::size_t unknown = 0;       ///< predictions for no question of the file
};

/// Fails when an id is predicted twice, or no prediction belongs to a question.
Result<XorRecall> xor_recall(const data::Queries& questions,
                             const std::vector<data::XorPrediction>& predictions,
                             const Punkt& punkt, const XorOptions& options, Pool* pool = nullptr);

}  // namespace crosstail::eval
