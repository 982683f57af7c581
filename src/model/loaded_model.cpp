#include "model/loaded_model.h"

#include "model/converted.h"
#include "model/identity.h"
#include "model/layout.h"
#include "model/locate.h"
#include "model/transformer_weights.h"
#include "nn/fast_precision.h"

namespace crosstail::model {
namespace {

namespace fs = std::filesystem;

/// A trailing slash is no name.
std::string name_of_path(const fs::path& path) {
  const fs::path normal = fs::absolute(path).lexically_normal();
  return (normal.has_filename() ? normal : normal.parent_path()).filename().string();
}

Status check_vocabulary(const LoadedModel& model, const fs::path& folder) {
  if (model.tokenizer.size() <= model.description.shape.vocabulary) return {};
  return Error{ErrorCode::Corrupt,
               folder.string() + ": the tokenizer has ids up to " +
                   std::to_string(model.tokenizer.size() - 1) + ", the model has " +
                   std::to_string(model.description.shape.vocabulary) +
                   " token embeddings: tokenizer (" + std::string(model.tokenizer.source()) +
                   ") and weights do not belong together"};
}

Status load_layers(const fs::path& folder, const Weights& weights, LoadedModel& model) {
  const ModelDescription& d = model.description;
  if (d.task != Task::Encoder) {
    CT_TRY(model.layers, read_classification_head(weights, d));
    return {};
  }
  for (const Step& step : d.steps) {
    if (step.kind != Step::Kind::Dense) continue;
    CT_TRY(const Weights own, Weights::open(folder / step.folder));
    CT_TRY(auto layer, read_dense(own, step));
    model.layers.push_back(std::move(layer));
  }
  return {};
}

Status load_table(const Weights& weights, LoadedModel& model) {
  const auto& shape = model.description.shape;
  CT_TRY(const std::string name, static_table_name(weights));
  CT_TRY(const FloatArray table, weights.floats(name, {shape.vocabulary, shape.hidden}));
  model.table = FloatArray(std::vector<float>(table.view().begin(), table.view().end()));
  return {};
}

Result<std::shared_ptr<const LoadedModel>> load_folder(const fs::path& folder,
                                                       nn::Precision precision,
                                                       const std::optional<nn::WordStorage>& words,
                                                       nn::LayerFormat layers) {
  CT_TRY(ModelDescription description, read_layout(folder));
  const fs::path own = folder / description.folder;
  CT_TRY(text::Tokenizer tokenizer, text::load_tokenizer(own));
  limit_length(description, tokenizer.model_max_length());
  auto model = std::make_shared<LoadedModel>(
      LoadedModel{.path = folder, .description = description, .tokenizer = tokenizer});
  model->name = name_of_path(folder);
  model->precision = precision;
  CT_CHECK(check_vocabulary(*model, folder));
  CT_TRY(const Weights weights, Weights::open(own));
  if (description.family == Family::Static) {
    CT_CHECK(load_table(weights, *model));
    model->precision = nn::Precision::F32;
  } else {
    CT_TRY(const auto floats, read_transformer_weights(weights, description));
    auto transformer = nn::Transformer::build(description.shape, floats.weights, precision,
                                              nn::default_isa(), words, layers);
    if (!transformer.ok()) return transformer.error().at(weights.name());
    model->transformer = *std::move(transformer);
  }
  CT_CHECK(load_layers(folder, weights, *model));
  CT_TRY(model->identity, model_identity(folder));
  return std::shared_ptr<const LoadedModel>(std::move(model));
}

}  // namespace

nn::Precision automatic_precision() {
  return nn::fast_precision();
}

Result<std::shared_ptr<const LoadedModel>> load_model(const fs::path& path,
                                                      std::optional<nn::Precision> precision,
                                                      const std::optional<nn::WordStorage>& words,
                                                      nn::LayerFormat layers) {
  CT_TRY(const fs::path found, locate_model(path));
  std::error_code ignored;
  if (fs::is_directory(found, ignored))
    return load_folder(found, precision.value_or(automatic_precision()), words, layers);
  CT_TRY(auto model, load_converted(found));
  if (precision && *precision != model->precision && model->transformer)
    return Error{ErrorCode::InvalidArgument, found.string() + ": was converted to " +
                                                 std::string(nn::name_of(model->precision)) +
                                                 ", not " + std::string(nn::name_of(*precision)) +
                                                 "; convert the source again with --precision " +
                                                 std::string(nn::name_of(*precision))};
  return model;
}

}  // namespace crosstail::model
