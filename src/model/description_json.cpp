/// ModelDescription as the JSON section of a converted model (docs/formats/model.md).

#include "base/json_writer.h"
#include "model/description.h"
#include "model/json_file.h"

namespace crosstail::model {
namespace {

std::string_view activation_name(nn::Activation activation) {
  switch (activation) {
    case nn::Activation::Identity:
      return "identity";
    case nn::Activation::Relu:
      return "relu";
    case nn::Activation::Gelu:
      return "gelu";
    case nn::Activation::GeluTanh:
      return "gelu_new";
    case nn::Activation::Tanh:
      return "tanh";
    case nn::Activation::Silu:
      return "silu";
  }
  return "";
}

/// The value of an enumeration by its name.
template <class T>
Result<T> named(const std::string& name, std::size_t count, std::string_view field) {
  for (std::size_t i = 0; i < count; ++i)
    if (name == name_of(static_cast<T>(i))) return static_cast<T>(i);
  return Error{ErrorCode::Corrupt, std::string(field) + ": \"" + name + "\" is not known"};
}

Result<nn::Activation> read_activation(const std::string& name) {
  const auto found = nn::activation_from(name);
  if (!found) return Error{ErrorCode::Corrupt, "activation: \"" + name + "\" is not known"};
  return *found;
}

void write_steps(JsonWriter& json, const std::vector<Step>& steps) {
  json.key("steps").begin_array();
  for (const Step& s : steps) {
    json.begin_object().member("type", s.kind == Step::Kind::Dense ? "dense" : "normalize");
    if (s.kind == Step::Kind::Dense)
      json.member("in", std::uint64_t{s.in})
          .member("out", std::uint64_t{s.out})
          .member("bias", s.bias)
          .member("activation", activation_name(s.activation))
          .member("folder", std::string_view(s.folder));
    json.end_object();
  }
  json.end_array();
}

Result<Step> read_step(const text::JsonField& field) {
  Step step;
  CT_TRY(const std::string type, field.text_at("type"));
  if (type == "normalize") return step;
  if (type != "dense") return field.wrong("type: expected dense or normalize");
  step.kind = Step::Kind::Dense;
  CT_TRY(step.in, field.number_at("in", 0));
  CT_TRY(step.out, field.number_at("out", 0));
  CT_TRY(step.bias, field.boolean_at("bias", false));
  CT_TRY(step.folder, field.text_at("folder", ""));
  CT_TRY(const std::string activation, field.text_at("activation"));
  CT_TRY(step.activation, read_activation(activation));
  return step;
}

template <class Each>
Status for_each_item(const text::JsonField& top, std::string_view key, const Each& each) {
  CT_TRY(const auto field, top.member(key));
  CT_TRY(const auto items, field.items());
  for (const auto& item : items) CT_CHECK(each(item));
  return {};
}

Status read_sizes(const text::JsonField& top, ModelDescription& d) {
  CT_TRY(d.shape.layers, top.number_at("layers", 0));
  CT_TRY(d.shape.hidden, top.number_at("hidden", 0));
  CT_TRY(d.shape.heads, top.number_at("heads", 0));
  CT_TRY(d.shape.intermediate, top.number_at("intermediate", 0));
  CT_TRY(d.shape.vocabulary, top.number_at("vocabulary", 0));
  CT_TRY(d.shape.positions, top.number_at("positions", 0));
  CT_TRY(d.shape.types, top.number_at("types", 0));
  CT_TRY(const std::string activation, top.text_at("activation"));
  CT_TRY(d.shape.activation, read_activation(activation));
  CT_TRY(const auto epsilon, top.member("epsilon"));
  double value = 0;
  if (!epsilon.get(value) || !(value > 0 && value < 1))
    return epsilon.wrong("expected a number between 0 and 1");
  d.shape.epsilon = static_cast<float>(value);
  CT_TRY(d.pad_id, top.number_at("pad_id", 0));
  CT_TRY(d.max_length, top.number_at("max_length", 0));
  return {};
}

Status read_lists(const text::JsonField& top, ModelDescription& d) {
  CT_CHECK(for_each_item(top, "pooling", [&](const text::JsonField& item) -> Status {
    CT_TRY(const std::string name, item.text());
    CT_TRY(const auto mode, named<PoolingMode>(name, 6, "pooling"));
    d.pooling.push_back(mode);
    return {};
  }));
  CT_CHECK(for_each_item(top, "steps", [&](const text::JsonField& item) -> Status {
    CT_TRY(Step step, read_step(item));
    d.steps.push_back(std::move(step));
    return {};
  }));
  CT_CHECK(for_each_item(top, "labels", [&](const text::JsonField& item) -> Status {
    CT_TRY(std::string label, item.text());
    d.labels.push_back(std::move(label));
    return {};
  }));
  CT_TRY(const auto languages, top.member("languages"));  // since version 2
  if (!languages.is_null())
    CT_CHECK(for_each_item(top, "languages", [&](const text::JsonField& item) -> Status {
      CT_TRY(std::string tag, item.text());
      d.languages.push_back(std::move(tag));
      return {};
    }));
  return for_each_item(top, "prompts", [&](const text::JsonField& item) -> Status {
    CT_TRY(std::string name, item.text_at("name"));
    CT_TRY(d.prompts[name], item.text_at("text"));
    return {};
  });
}

Result<ModelDescription> read(const text::JsonField& top) {
  ModelDescription d;
  CT_TRY(const std::string family, top.text_at("family"));
  CT_TRY(d.family, named<Family>(family, 4, "family"));
  CT_TRY(const std::string task, top.text_at("task"));
  CT_TRY(d.task, named<Task>(task, 3, "task"));
  CT_TRY(d.model_type, top.text_at("model_type"));
  CT_TRY(d.folder, top.text_at("folder", ""));
  CT_CHECK(read_sizes(top, d));
  CT_TRY(d.use_types, top.boolean_at("use_types", false));
  CT_TRY(d.lower_case, top.boolean_at("lower_case", false));
  CT_TRY(d.truncate_left, top.boolean_at("truncate_left", false));
  CT_TRY(d.pooling_stated, top.boolean_at("pooling_stated", false));
  CT_TRY(d.include_prompt, top.boolean_at("include_prompt", true));
  CT_TRY(d.default_prompt, top.text_at("default_prompt", ""));
  CT_TRY(const std::string activation, top.text_at("label_activation"));
  CT_TRY(d.label_activation, named<LabelActivation>(activation, 3, "label_activation"));
  CT_CHECK(read_lists(top, d));
  CT_CHECK(check(d));
  if (d.family != Family::Static && d.max_length == 0)
    return Error{ErrorCode::Corrupt, "max_length: expected a number from 1"};
  return d;
}

}  // namespace

std::string to_json(const ModelDescription& d) {
  std::string text;
  JsonWriter json(text);
  json.begin_object().member("family", name_of(d.family)).member("task", name_of(d.task));
  json.member("model_type", std::string_view(d.model_type));
  json.member("folder", std::string_view(d.folder));
  for (const auto& [key, value] : {std::pair("layers", d.shape.layers),
                                   {"hidden", d.shape.hidden},
                                   {"heads", d.shape.heads},
                                   {"intermediate", d.shape.intermediate},
                                   {"vocabulary", d.shape.vocabulary},
                                   {"positions", d.shape.positions},
                                   {"types", d.shape.types},
                                   {"max_length", d.max_length}})
    json.member(key, std::uint64_t{value});
  json.member("activation", activation_name(d.shape.activation));
  json.member("epsilon", double{d.shape.epsilon}).member("pad_id", d.pad_id);
  json.member("use_types", d.use_types).member("lower_case", d.lower_case);
  json.member("truncate_left", d.truncate_left).member("pooling_stated", d.pooling_stated);
  json.member("include_prompt", d.include_prompt);
  json.key("pooling").begin_array();
  for (const PoolingMode mode : d.pooling) json.value(name_of(mode));
  json.end_array();
  write_steps(json, d.steps);
  json.key("prompts").begin_array();
  for (const auto& [name, prompt] : d.prompts)
    json.begin_object()
        .member("name", std::string_view(name))
        .member("text", std::string_view(prompt))
        .end_object();
  json.end_array().member("default_prompt", std::string_view(d.default_prompt));
  json.key("labels").begin_array();
  for (const auto& label : d.labels) json.value(std::string_view(label));
  json.end_array().key("languages").begin_array();
  for (const auto& tag : d.languages) json.value(std::string_view(tag));
  json.end_array().member("label_activation", name_of(d.label_activation)).end_object();
  return text;
}

Result<ModelDescription> description_from_json(std::string_view json, const std::string& name) {
  CT_TRY(const JsonFile file, JsonFile::parse(json, name));
  auto description = read(file.top());
  if (!description.ok()) return description.error().at(name);
  return description;
}

}  // namespace crosstail::model
