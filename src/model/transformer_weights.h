#pragma once
/// Which tensor of a weight file is which part of the model, by the names that Hugging Face gives
/// them.

#include <array>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/description.h"
#include "model/weights.h"
#include "nn/linear.h"
#include "nn/transformer.h"

namespace crosstail::model {

/// f32 views of all weights of a transformer and what keeps them alive (the Weights must live too).
struct TransformerFloats {
  nn::TransformerWeights weights;
  std::vector<FloatArray> arrays;
};

/// Prefixes `bert.`, `roberta.`, `distilbert.` or none; LayerNorm's `gamma` and `beta` of old files
/// are its weight and bias. Fails with Corrupt: missing tensor, wrong shape, NaN.
Result<TransformerFloats> read_transformer_weights(const Weights& weights,
                                                   const ModelDescription& description);

/// The tensors of a transformer under their names in a Hugging Face file, each with `prefix`.
std::vector<NamedFloats> name_weights(const ModelDescription& description,
                                      const nn::TransformerWeights& weights,
                                      const std::string& prefix);

/// The names of a classifier's two layers, without ".weight".
std::array<std::string, 2> head_names(const ModelDescription& description);

/// The layers after the states of the first token, for classifiers: pooler or dense, then the
/// labels.
Result<std::vector<nn::Linear>> read_classification_head(const Weights& weights,
                                                         const ModelDescription& description);

/// A Dense module's layer.
Result<nn::Linear> read_dense(const Weights& weights, const Step& step);

/// "embedding.weight", or "embeddings" as model2vec writes it. Fails with Corrupt, or Unsupported
/// (a mapping or weights a token beside it).
Result<std::string> static_table_name(const Weights& weights);

}  // namespace crosstail::model
