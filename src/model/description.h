#pragma once
/// What a model directory says it computes, apart from the numbers: family, sizes, pooling, heads,
/// prompts, limits. Read from Hugging Face and sentence-transformers directories, kept in converted
/// models.

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "nn/transformer.h"

namespace crosstail::model {

enum class Family {
  Bert,        ///< positions from 0, token types, a pooler
  Roberta,     ///< positions from pad_id + 1, over the tokens that are not pad_id
  DistilBert,  ///< positions from 0, no token types, no pooler
  Static,      ///< a table of token vectors, no transformer
};

enum class Task {
  Encoder,       ///< a vector a text
  CrossEncoder,  ///< one number a pair
  Classifier,    ///< a number for each label
};

enum class PoolingMode { Cls, Max, Mean, MeanSqrtLength, WeightedMean, Last };

enum class LabelActivation { Identity, Sigmoid, Softmax };

/// A step after pooling, in the order of modules.json.
struct Step {
  enum class Kind { Dense, Normalize } kind = Kind::Normalize;
  std::size_t in = 0, out = 0;  ///< Dense
  bool bias = false;
  nn::Activation activation = nn::Activation::Identity;
  std::string folder;  ///< where the source keeps its weights
};

struct ModelDescription {
  Family family = Family::Bert;
  Task task = Task::Encoder;
  std::string model_type;      ///< as config.json has it: "xlm-roberta"
  nn::TransformerShape shape;  ///< Static: hidden and vocabulary only
  std::uint32_t pad_id = 0;
  std::size_t max_length = 0;  ///< tokens with specials; 0: no limit (Static)
  bool use_types = false;      ///< whether the tokenizer's type ids go into the model
  bool lower_case = false;     ///< lower the text before it is tokenized (do_lower_case)
  bool truncate_left = false;
  std::string folder;  ///< of config, weights and tokenizer, relative to the model directory

  // Encoder
  std::vector<PoolingMode> pooling;  ///< more than one are put side by side
  bool pooling_stated = false;       ///< false: the directory has no modules.json; mean is assumed
  bool include_prompt = true;        ///< false: the prompt's tokens are left out of pooling
  std::vector<Step> steps;
  std::map<std::string, std::string> prompts;
  std::string default_prompt;  ///< a name in `prompts`, or empty

  std::vector<std::string> languages;  ///< tags, as the card states them; empty: it does not

  // CrossEncoder and Classifier
  std::vector<std::string> labels;
  LabelActivation label_activation = LabelActivation::Identity;

  /// Numbers in a vector, or labels.
  [[nodiscard]] std::size_t outputs() const;
  [[nodiscard]] bool normalises() const;
};

std::string_view name_of(Family family);
std::string_view name_of(PoolingMode mode);
std::string_view name_of(Task task);
std::string_view name_of(LabelActivation activation);

/// The members of a JSON object and back, for converted models. from_json fails with Corrupt or
/// Unsupported.
std::string to_json(const ModelDescription& description);
Result<ModelDescription> description_from_json(std::string_view json, const std::string& name);

/// How many tokens the positions are enough for; 0 for Static: any number.
std::size_t position_limit(const ModelDescription& description);

/// Whether all sizes are in the ranges that the rest relies on. Corrupt if not.
Status check(const ModelDescription& description);

}  // namespace crosstail::model
