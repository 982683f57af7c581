#pragma once
/// How much two versions of a model differ on the same texts: what a lower precision costs.

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/encoder.h"

namespace crosstail::model {

/// Of the texts of one language, or of all.
struct Agreement {
  std::size_t texts = 0;
  double mean_cosine = 0, worst_cosine = 1;  ///< of a text's two vectors
  std::string worst_text;                    ///< the text whose cosine is the worst
  /// Of each text's `neighbours` nearest other texts under the first model, how many are among
  /// those of the second; and how often the nearest is the same. Over the same language's texts;
  /// ties go to the earlier text. 0 with fewer than two texts.
  double neighbours_shared = 0, nearest_same = 0;
};

struct Comparison {
  Agreement all;
  std::map<std::string, Agreement> by_language;
};

/// a, b: texts × dim vectors of both models. `languages` is empty or has one a text. Time is
/// quadratic in the texts of a language.
Comparison compare_vectors(std::span<const float> a, std::span<const float> b, std::size_t dim,
                           std::span<const std::string> texts,
                           std::span<const std::string> languages, std::size_t neighbours = 10);

/// Encodes the texts with both and compares. Fails with InvalidArgument if their dimensions differ.
Result<Comparison> compare_models(const Encoder& first, const Encoder& second,
                                  const std::string& prompt, std::span<const std::string> texts,
                                  std::span<const std::string> languages);

}  // namespace crosstail::model
