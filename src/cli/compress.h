#pragma once
/// `crosstail model compress`: a smaller model from a model directory (docs/models.md).

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/options.h"
#include "nn/word_storage.h"

namespace crosstail::cli {

struct CompressArguments {
  std::string source, output;  ///< a model directory (or its name in the cache); what to write
  std::string layers;          ///< "4" or "0,3,7,11"; empty: all
  std::vector<std::string> vocabulary_from;  ///< files and folders of texts; none: no trimming
  std::string text_field = "text", language_field;
  std::uint64_t vocabulary_size = 0;   ///< pieces; 0: all that the texts have
  double balance = 0.5;                ///< between languages: 0 as the texts are, 1 all alike
  double prior = 0;                    ///< say of the tokenizer's own probabilities
  bool unseen = false;                 ///< pieces that no text has may stay too
  bool compact = false;                ///< ConvertOptions
  std::vector<std::string> languages;  ///< for the card; texts of others do not count
  /// Of a converted file; empty: a directory.
  std::string weights, layer_weights = "auto";
  std::optional<nn::WordStorage> embedding_weights;  ///< nothing: as `weights`
  std::string texts, prompt;  ///< what steps are measured on, after which prompt
  std::uint64_t max_texts = 2000;
  std::uint64_t threads = 0;
  bool json = false;

  /// The options that no other action of `model` has.
  void declare(OptionTable& options);
};

/// Prints what was done. Fails as the parts do; nothing is written then.
Result<int> compress(const CompressArguments& arguments);

}  // namespace crosstail::cli
