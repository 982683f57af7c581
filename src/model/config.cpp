#include "model/config.h"

#include <algorithm>
#include <array>

namespace crosstail::model {
namespace {

constexpr std::array<std::pair<std::string_view, Family>, 5> kTypes = {{
    {"bert", Family::Bert},
    {"roberta", Family::Roberta},
    {"xlm-roberta", Family::Roberta},
    {"camembert", Family::Roberta},
    {"distilbert", Family::DistilBert},
}};

Result<Family> family_of(const JsonFile& config, const std::string& type) {
  for (const auto& [name, family] : kTypes)
    if (name == type) return family;
  return config.unsupported("model_type", config.shown("model_type"),
                            "expected bert, roberta, xlm-roberta, camembert or distilbert");
}

/// Fields whose other values ask for another computation.
Status check_fields(const JsonFile& config) {
  for (const char* key : {"is_decoder", "add_cross_attention", "is_encoder_decoder"}) {
    CT_TRY(const bool set, config.boolean_at(key, false));
    if (set) return config.unsupported(key, "true", "only encoders are");
  }
  CT_TRY(const std::string positions, config.text_at("position_embedding_type", "absolute"));
  if (positions != "absolute")
    return config.unsupported("position_embedding_type", config.shown("position_embedding_type"),
                              "only absolute is");
  CT_TRY(const auto quantised, config.member("quantization_config"));
  if (!quantised.is_null())
    return config.unsupported("quantization_config", config.shown("quantization_config"),
                              "take the original weights and give --precision");
  CT_TRY(const auto pruned, config.member("pruned_heads"));
  simdjson::dom::object heads;
  if (!pruned.is_null() && (!pruned.get(heads) || heads.size() != 0))
    return config.unsupported("pruned_heads", config.shown("pruned_heads"),
                              "all heads must be there");
  return {};
}

Status read_sizes(const JsonFile& config, ModelDescription& d) {
  const bool distil = d.family == Family::DistilBert;
  const auto key = [&](const char* usual, const char* in_distil) {
    return distil ? in_distil : usual;
  };
  CT_TRY(d.shape.hidden, config.size_at(key("hidden_size", "dim")));
  CT_TRY(d.shape.layers, config.size_at(key("num_hidden_layers", "n_layers")));
  CT_TRY(d.shape.heads, config.size_at(key("num_attention_heads", "n_heads")));
  CT_TRY(d.shape.intermediate, config.size_at(key("intermediate_size", "hidden_dim")));
  CT_TRY(d.shape.vocabulary, config.size_at("vocab_size"));
  CT_TRY(d.shape.positions, config.size_at("max_position_embeddings"));
  // Where a field is missing, transformers takes the value of the original model.
  if (!distil) {
    CT_TRY(d.shape.types, config.number_at("type_vocab_size", 2));
    CT_TRY(const std::uint32_t embedded,
           config.number_at("embedding_size", static_cast<std::uint32_t>(d.shape.hidden)));
    if (embedded != d.shape.hidden)
      return config.unsupported("embedding_size", config.shown("embedding_size"),
                                "only hidden_size is");
  }
  CT_TRY(const double epsilon, config.real_at("layer_norm_eps", 1e-12));
  if (!(epsilon > 0 && epsilon < 1))
    return Error{ErrorCode::Corrupt, config.name() + ": layer_norm_eps is " +
                                         config.shown("layer_norm_eps") +
                                         "; expected a number between 0 and 1"};
  d.shape.epsilon = static_cast<float>(epsilon);
  CT_TRY(d.pad_id, config.number_at("pad_token_id", d.family == Family::Roberta ? 1 : 0));
  return {};
}

Status read_activation(const JsonFile& config, ModelDescription& d) {
  const char* key = d.family == Family::DistilBert ? "activation" : "hidden_act";
  CT_TRY(std::string name, config.text_at(key, "gelu"));
  if (name == "gelu_python") name = "gelu";
  const auto activation = nn::activation_from(name);
  if (!activation)
    return config.unsupported(key, config.shown(key), "expected gelu, gelu_new, relu or silu");
  d.shape.activation = *activation;
  return {};
}

Result<Task> task_of(const JsonFile& config) {
  CT_TRY(const auto field, config.member("architectures"));
  if (field.is_null()) return Task::Encoder;
  auto items = field.items();
  if (!items.ok()) return items.error().at(config.name());
  for (const auto& item : *items) {
    auto name = item.text();
    if (!name.ok()) return name.error().at(config.name());
    if (name->find("ForSequenceClassification") != std::string::npos) return Task::Classifier;
  }
  return Task::Encoder;
}

/// id2label: {"0": "LABEL_0", …}, every id from 0 once. Without it transformers has two labels.
Result<std::vector<std::string>> read_labels(const JsonFile& config) {
  CT_TRY(const auto field, config.member("id2label"));
  std::vector<std::string> labels;
  if (field.is_null()) {
    CT_TRY(const std::uint32_t count, config.number_at("num_labels", 2));
    for (std::uint32_t i = 0; i < std::min<std::uint32_t>(count, 100'000); ++i)
      labels.push_back("LABEL_" + std::to_string(i));
    return labels;
  }
  simdjson::dom::object map;
  const Error wrong{ErrorCode::Corrupt,
                    config.name() + ": id2label: expected the ids from 0 with a name each"};
  if (!field.get(map)) return wrong;
  labels.resize(map.size());
  std::vector<bool> seen(map.size());
  for (const auto& [id, value] : map) {
    std::string_view label;
    const std::string text(id);
    std::size_t number = labels.size();
    if (!text.empty() && text.size() < 7 &&
        text.find_first_not_of("0123456789") == std::string::npos)
      number = static_cast<std::size_t>(std::stoul(text));
    if (number >= labels.size() || seen[number] || value.get(label) != simdjson::SUCCESS)
      return wrong;
    labels[number] = label;
    seen[number] = true;
  }
  if (labels.empty()) return wrong;
  return labels;
}

/// What turns logits into scores: what sentence-transformers saved, else a sigmoid for one label;
/// for more, what `problem_type` says.
Result<LabelActivation> read_label_activation(const JsonFile& config, const ModelDescription& d) {
  std::string key = "sbert_ce_default_activation_function";
  CT_TRY(std::string name, config.text_at(key, ""));
  CT_TRY(const auto section, config.member("sentence_transformers"));
  if (!section.is_null()) {
    auto nested = section.text_at("activation_fn", "");
    if (!nested.ok()) return nested.error().at(config.name());
    if (!nested->empty()) {
      name = *nested;
      key = "sentence_transformers.activation_fn";
    }
  }
  if (!name.empty()) {
    if (name.ends_with(".Identity")) return LabelActivation::Identity;
    if (name.ends_with(".Sigmoid")) return LabelActivation::Sigmoid;
    return config.unsupported(key, "\"" + name + "\"", "expected Identity or Sigmoid");
  }
  CT_TRY(const std::string problem, config.text_at("problem_type", ""));
  if (problem == "regression") return LabelActivation::Identity;
  if (problem == "multi_label_classification" || d.labels.size() == 1)
    return LabelActivation::Sigmoid;
  if (problem.empty() || problem == "single_label_classification") return LabelActivation::Softmax;
  return config.unsupported("problem_type", config.shown("problem_type"),
                            "expected single_label_classification, multi_label_classification or "
                            "regression");
}

}  // namespace

Result<ModelDescription> read_config(const JsonFile& config) {
  ModelDescription d;
  if (!config.top().member("model_type").ok())
    return Error{ErrorCode::Corrupt, config.name() + ": expected an object"};
  CT_TRY(d.model_type, config.text_at("model_type", ""));
  CT_TRY(d.family, family_of(config, d.model_type));
  CT_CHECK(check_fields(config));
  CT_CHECK(read_sizes(config, d));
  CT_CHECK(read_activation(config, d));
  CT_TRY(d.task, task_of(config));
  if (d.task == Task::Classifier) {
    CT_TRY(d.labels, read_labels(config));
    if (d.labels.size() == 1) d.task = Task::CrossEncoder;
    CT_TRY(d.label_activation, read_label_activation(config, d));
  }
  auto status = check(d);
  if (!status.ok()) return status.error().at(config.name());
  return d;
}

}  // namespace crosstail::model
