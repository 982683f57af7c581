#pragma once
/// A model in memory, ready to compute: what Encoder, CrossEncoder and Classifier stand on.

#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "model/description.h"
#include "model/tensor.h"
#include "nn/linear.h"
#include "nn/transformer.h"
#include "text/tokenizer.h"

namespace crosstail::model {

/// Immutable once loaded; may borrow from `file`.
struct LoadedModel {
  std::filesystem::path path;
  std::string name;      ///< the last part of the path
  std::string identity;  ///< SHA-256 (model/identity.h)
  bool converted = false;
  ModelDescription description;
  text::Tokenizer tokenizer;
  nn::Precision precision = nn::Precision::F32;
  std::optional<nn::Transformer> transformer;  ///< unless Static
  FloatArray table;                            ///< Static: vocabulary × hidden
  std::vector<nn::Linear> layers;  ///< Encoder: the Dense steps in order; else: the head's two
  MappedFile file;                 ///< of a converted model
};

/// `precision`: nothing means auto: bf16 where the processor computes it fast, else f32; a
/// converted model keeps its own, and another one asked for is an error. `words` and
/// `layers`: how a directory's word embeddings are kept (nothing: as goes with the precision) and
/// its layers.
Result<std::shared_ptr<const LoadedModel>> load_model(
    const std::filesystem::path& path, std::optional<nn::Precision> precision,
    const std::optional<nn::WordStorage>& words = std::nullopt,
    nn::LayerFormat layers = nn::LayerFormat::AsComputed);

/// bf16 where the processor computes it faster than f32 (nn/fast_precision.h), else f32.
nn::Precision automatic_precision();

}  // namespace crosstail::model
