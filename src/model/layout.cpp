#include "model/layout.h"

#include <algorithm>
#include <array>

#include "model/config.h"
#include "model/json_file.h"
#include "model/model_card.h"
#include "model/transformer_weights.h"

namespace crosstail::model {
namespace {

namespace fs = std::filesystem;

bool is_file(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored);
}

struct Module {
  std::string type;    ///< the last part of its name: "Pooling"
  std::string folder;  ///< relative to the model directory; empty: the directory itself
};

/// A folder named by a file must stay inside the directory.
bool stays_inside(const std::string& folder) {
  const fs::path path(folder);
  return !path.is_absolute() &&
         std::none_of(path.begin(), path.end(), [](const fs::path& part) { return part == ".."; });
}

Result<std::vector<Module>> read_modules(const JsonFile& file) {
  auto items = file.top().items();
  if (!items.ok()) return items.error().at(file.name());
  std::vector<Module> modules;
  for (const auto& item : *items) {
    auto type = item.text_at("type");
    if (!type.ok()) return type.error().at(file.name());
    auto folder = item.text_at("path", "");
    if (!folder.ok()) return folder.error().at(file.name());
    if (!stays_inside(*folder))
      return Error{ErrorCode::Corrupt, file.name() + ": " + item.path() + ".path \"" + *folder +
                                           "\" leads out of the directory"};
    modules.push_back({type->substr(type->rfind('.') + 1), *folder});
  }
  return modules;
}

constexpr std::array<std::pair<const char*, PoolingMode>, 6> kLegacyModes = {{
    {"pooling_mode_cls_token", PoolingMode::Cls},
    {"pooling_mode_max_tokens", PoolingMode::Max},
    {"pooling_mode_mean_tokens", PoolingMode::Mean},
    {"pooling_mode_mean_sqrt_len_tokens", PoolingMode::MeanSqrtLength},
    {"pooling_mode_weightedmean_tokens", PoolingMode::WeightedMean},
    {"pooling_mode_lasttoken", PoolingMode::Last},
}};

Result<PoolingMode> pooling_mode(const JsonFile& file, const std::string& name) {
  for (const auto& [key, mode] : kLegacyModes)
    if (name == name_of(mode)) return mode;
  return file.unsupported("pooling_mode", "\"" + name + "\"",
                          "expected cls, max, mean, mean_sqrt_len_tokens, weightedmean or "
                          "lasttoken");
}

/// Version 6 names one mode or a list; before, there was a flag for each, put side by side in the
/// order of kLegacyModes, and none meant the mean.
Status read_pooling(const fs::path& folder, ModelDescription& d) {
  CT_TRY(const JsonFile file, JsonFile::read(folder / "config.json"));
  CT_TRY(const auto field, file.member("pooling_mode"));
  std::string_view name;
  if (field.is_null()) {
    for (const auto& [key, mode] : kLegacyModes) {
      CT_TRY(const bool set, file.boolean_at(key, false));
      if (set) d.pooling.push_back(mode);
    }
    if (d.pooling.empty()) d.pooling.push_back(PoolingMode::Mean);
  } else if (field.get(name)) {
    CT_TRY(const auto mode, pooling_mode(file, std::string(name)));
    d.pooling.push_back(mode);
  } else {
    auto items = field.items();
    if (!items.ok()) return items.error().at(file.name());
    for (const auto& item : *items) {
      auto text = item.text();
      if (!text.ok()) return text.error().at(file.name());
      CT_TRY(const auto mode, pooling_mode(file, *text));
      d.pooling.push_back(mode);
    }
    if (d.pooling.empty() || d.pooling.size() > kLegacyModes.size())
      return Error{ErrorCode::Corrupt, file.name() + ": pooling_mode: expected 1 to 6 modes"};
  }
  const char* key = "embedding_dimension";
  CT_TRY(std::uint32_t width, file.number_at(key, 0));
  if (width == 0) {
    CT_TRY(width, file.number_at(key = "word_embedding_dimension", 0));
  }
  if (width != 0 && width != d.shape.hidden)
    return Error{ErrorCode::Corrupt, file.name() + ": " + key + " is " + std::to_string(width) +
                                         "; the transformer gives " +
                                         std::to_string(d.shape.hidden)};
  CT_TRY(d.include_prompt, file.boolean_at("include_prompt", true));
  return {};
}

Result<nn::Activation> dense_activation(const JsonFile& file) {
  constexpr const char* kKey = "activation_function";
  CT_TRY(const std::string name, file.text_at(kKey, "torch.nn.modules.activation.Tanh"));
  const std::string last = name.substr(name.rfind('.') + 1);
  if (last == "Tanh") return nn::Activation::Tanh;
  if (last == "Identity") return nn::Activation::Identity;
  if (last == "ReLU") return nn::Activation::Relu;
  if (last == "GELU") return nn::Activation::Gelu;
  if (last == "SiLU") return nn::Activation::Silu;
  return file.unsupported(kKey, file.shown(kKey), "expected Tanh, Identity, ReLU, GELU or SiLU");
}

/// Modules of version 6 may read and write other features than the sentence's vector.
Status check_features(const JsonFile& file) {
  for (const char* key : {"module_input_name", "module_output_name"}) {
    CT_TRY(const std::string name, file.text_at(key, "sentence_embedding"));
    if (name != "sentence_embedding")
      return file.unsupported(key, file.shown(key), "only sentence_embedding is");
  }
  return {};
}

Status add_dense(const fs::path& folder, const Module& module, ModelDescription& d) {
  CT_TRY(const JsonFile file, JsonFile::read(folder / "config.json"));
  CT_CHECK(check_features(file));
  CT_TRY(const bool residual, file.boolean_at("use_residual", false));
  if (residual) return file.unsupported("use_residual", "true", "only false is");
  Step step;
  step.kind = Step::Kind::Dense;
  step.folder = module.folder;
  CT_TRY(step.in, file.size_at("in_features"));
  CT_TRY(step.out, file.size_at("out_features"));
  CT_TRY(step.bias, file.boolean_at("bias", true));
  CT_TRY(step.activation, dense_activation(file));
  const std::size_t width = d.outputs();
  if (step.in != width)
    return Error{ErrorCode::Corrupt, file.name() + ": in_features is " + std::to_string(step.in) +
                                         "; the module before gives " + std::to_string(width)};
  d.steps.push_back(std::move(step));
  return {};
}

/// What the first module's own file says: lengths, lower case, and which states it hands on.
Status read_transformer_options(const fs::path& folder, ModelDescription& d) {
  fs::path path = folder / "sentence_bert_config.json";
  // Older versions named the file by the class of the model.
  for (const char* name : {"sentence_roberta_config.json", "sentence_distilbert_config.json",
                           "sentence_camembert_config.json", "sentence_xlm-roberta_config.json"})
    if (!is_file(path) && is_file(folder / name)) path = folder / name;
  CT_TRY(const JsonFile file, JsonFile::read_if_there(path));
  CT_TRY(d.max_length, file.number_at("max_seq_length", 0));
  for (const char* key : {"processor_kwargs", "tokenizer_args"}) {
    CT_TRY(const auto section, file.member(key));
    if (section.is_null() || d.max_length != 0) continue;
    auto length = section.number_at("model_max_length", 0);
    if (!length.ok()) return length.error().at(file.name());
    d.max_length = *length;
  }
  CT_TRY(d.lower_case, file.boolean_at("do_lower_case", false));
  CT_TRY(const std::string task, file.text_at("transformer_task", "feature-extraction"));
  if (task != "feature-extraction")
    return file.unsupported("transformer_task", file.shown("transformer_task"),
                            "only feature-extraction is");
  CT_TRY(const std::string output, file.text_at("module_output_name", "token_embeddings"));
  if (output != "token_embeddings")
    return file.unsupported("module_output_name", file.shown("module_output_name"),
                            "only token_embeddings is");
  CT_TRY(const auto modality, file.member("modality_config"));
  if (modality.is_null()) return {};
  auto text = modality.member("text");
  if (!text.ok()) return text.error().at(file.name());
  if (text->is_null()) return {};
  auto states = text->text_at("method_output_name", "last_hidden_state");
  if (!states.ok()) return states.error().at(file.name());
  if (*states != "last_hidden_state")
    return file.unsupported("modality_config.text.method_output_name", "\"" + *states + "\"",
                            "only last_hidden_state is");
  return {};
}

Status read_tokenizer_options(const fs::path& folder, ModelDescription& d) {
  CT_TRY(const JsonFile file, JsonFile::read_if_there(folder / "tokenizer_config.json"));
  CT_TRY(const std::string side, file.text_at("truncation_side", "right"));
  if (side != "right" && side != "left")
    return file.unsupported("truncation_side", file.shown("truncation_side"),
                            "expected right or left");
  d.truncate_left = side == "left";
  d.use_types = d.family == Family::Bert && d.shape.types > 1;
  CT_TRY(const auto names, file.member("model_input_names"));
  if (names.is_null()) return {};
  auto items = names.items();
  if (!items.ok()) return items.error().at(file.name());
  const bool stated = std::any_of(items->begin(), items->end(), [](const text::JsonField& item) {
    std::string_view name;
    return item.get(name) && name == "token_type_ids";
  });
  d.use_types = d.use_types && stated;
  return {};
}

Status read_prompts(const fs::path& folder, ModelDescription& d) {
  CT_TRY(const JsonFile file,
         JsonFile::read_if_there(folder / "config_sentence_transformers.json"));
  CT_TRY(const auto field, file.member("prompts"));
  simdjson::dom::object prompts;
  if (!field.is_null() && !field.get(prompts))
    return field.wrong("expected an object of names and texts").at(file.name());
  if (!field.is_null()) {
    for (const auto& [name, value] : prompts) {
      std::string_view text;
      if (value.get(text) != simdjson::SUCCESS)
        return Error{ErrorCode::Corrupt,
                     file.name() + ": prompts." + std::string(name) + ": expected a string"};
      d.prompts.insert_or_assign(std::string(name), std::string(text));
    }
  }
  CT_TRY(d.default_prompt, file.text_at("default_prompt_name", ""));
  if (!d.default_prompt.empty() && !d.prompts.contains(d.default_prompt))
    return Error{ErrorCode::Corrupt, file.name() + ": default_prompt_name \"" + d.default_prompt +
                                         "\" is not one of the prompts"};
  return {};
}

Result<ModelDescription> read_transformer(const fs::path& folder) {
  if (!is_file(folder / "config.json"))
    return Error{ErrorCode::NotFound, folder.string() +
                                          ": no config.json: expected a Hugging Face model "
                                          "directory"};
  CT_TRY(const JsonFile config, JsonFile::read(folder / "config.json"));
  CT_TRY(ModelDescription d, read_config(config));
  CT_CHECK(read_tokenizer_options(folder, d));
  return d;
}

/// A table of token vectors: its sizes are those of the weights.
Result<ModelDescription> read_static(const fs::path& folder) {
  ModelDescription d;
  d.family = Family::Static;
  d.model_type = "static";
  CT_TRY(const Weights weights, Weights::open(folder));
  CT_TRY(const std::string name, static_table_name(weights));
  const auto& shape = weights.tensors().find(name)->second.shape;
  if (shape.size() != 2)
    return Error{ErrorCode::Corrupt, weights.name() + ": tensor " + name + ": has the shape " +
                                         shape_text(shape) + "; expected rows and columns"};
  d.shape.vocabulary = shape[0];
  d.shape.hidden = shape[1];
  auto status = check(d);
  if (!status.ok()) return status.error().at(weights.name());
  return d;
}

Status add_module(const fs::path& folder, const Module& module, ModelDescription& d) {
  const fs::path own = folder / module.folder;
  if (module.type == "Pooling") {
    if (!d.pooling.empty() || d.family == Family::Static)
      return Error{ErrorCode::Unsupported, folder.string() + "/modules.json: a second Pooling"};
    return read_pooling(own, d);
  }
  if (module.type == "Dense") return add_dense(own, module, d);
  if (module.type == "Normalize") {
    CT_TRY(const JsonFile file, JsonFile::read_if_there(own / "config.json"));
    // In the layout of versions 2 to 5 the folder may be the model's own.
    if (!module.folder.empty()) CT_CHECK(check_features(file));
    d.steps.push_back({});
    return {};
  }
  if (module.type == "Dropout") return {};  // nothing when encoding
  return Error{ErrorCode::Unsupported,
               (folder / "modules.json").string() + ": module type " + module.type +
                   " is not supported; expected Transformer or StaticEmbedding, then Pooling, "
                   "Dense, Normalize"};
}

Result<ModelDescription> read_sentence_layout(const fs::path& folder) {
  CT_TRY(const JsonFile file, JsonFile::read(folder / "modules.json"));
  CT_TRY(const auto modules, read_modules(file));
  if (modules.empty())
    return Error{ErrorCode::Corrupt, file.name() + ": no modules; expected Transformer first"};
  ModelDescription d;
  if (modules.front().type == "StaticEmbedding") {
    CT_TRY(d, read_static(folder / modules.front().folder));
  } else if (modules.front().type == "Transformer") {
    CT_TRY(d, read_transformer(folder / modules.front().folder));
    d.task = Task::Encoder;
    d.labels.clear();
    CT_CHECK(read_transformer_options(folder / modules.front().folder, d));
  } else {
    return Error{ErrorCode::Unsupported, file.name() + ": the first module is of type " +
                                             modules.front().type +
                                             "; expected Transformer or StaticEmbedding"};
  }
  d.folder = modules.front().folder;
  d.pooling_stated = true;
  for (std::size_t i = 1; i < modules.size(); ++i) CT_CHECK(add_module(folder, modules[i], d));
  if (d.pooling.empty() && d.family != Family::Static)
    return Error{ErrorCode::Unsupported,
                 file.name() + ": no Pooling module; a vector a token is not supported"};
  return d;
}

}  // namespace

Result<ModelDescription> read_layout(const fs::path& folder) {
  if (!is_file(folder / "modules.json")) {
    CT_TRY(ModelDescription d, read_transformer(folder));
    if (d.task == Task::Encoder) d.pooling.push_back(PoolingMode::Mean);
    CT_CHECK(read_prompts(folder, d));
    d.languages = read_card_languages(folder);
    return d;
  }
  CT_TRY(ModelDescription d, read_sentence_layout(folder));
  d.languages = read_card_languages(folder);
  CT_CHECK(read_prompts(folder, d));
  return d;
}

void limit_length(ModelDescription& d, std::size_t tokenizer_limit) {
  if (d.family == Family::Static) {
    d.max_length = 0;
    return;
  }
  if (d.max_length == 0) d.max_length = tokenizer_limit;
  if (d.max_length == 0) d.max_length = d.shape.positions;
  d.max_length = std::min(d.max_length, position_limit(d));
}

}  // namespace crosstail::model
