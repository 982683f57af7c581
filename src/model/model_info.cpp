#include "model/model_info.h"

#include "base/json_writer.h"
#include "model/engine.h"

namespace crosstail::model {

Result<ModelInfo> model_info(const std::filesystem::path& path, const ModelOptions& options) {
  CT_TRY(const auto engine, Engine::open(path, options));
  return engine->info();
}

std::string info_text(const ModelInfo& info) {
  std::string out;
  const auto line = [&](std::string name, const std::string& value) {
    name.resize(16, ' ');
    out += name + value + "\n";
  };
  line("name", info.name);
  line("path", info.path + (info.converted ? " (converted)" : ""));
  line("identity", info.identity);
  line("task", info.task);
  line("architecture", info.architecture);
  if (info.layers > 0)
    line("layers", std::to_string(info.layers) + ", hidden " + std::to_string(info.hidden) +
                       ", heads " + std::to_string(info.heads));
  line("parameters", std::to_string(info.parameters));
  line(info.task == "encoder" ? "dimensions" : "labels", std::to_string(info.dim));
  line("max length",
       info.max_length == 0 ? "no limit" : std::to_string(info.max_length) + " tokens");
  if (info.task == "encoder") {
    line("pooling", info.pooling + (info.pooling_stated ? "" : " (assumed: no modules.json)"));
    line("normalise", info.normalise ? "yes, to length 1" : "no");
    for (const auto& [name, text] : info.prompts)
      line("prompt " + name,
           "\"" + text + "\"" + (name == info.default_prompt ? " (default)" : ""));
    if (info.prompts.empty()) line("prompts", "none");
  } else {
    std::string names;
    for (const auto& label : info.labels) names += (names.empty() ? "" : ", ") + label;
    line("label names", names);
    line("scores", info.label_activation);
  }
  line("tokenizer", info.tokenizer + ", " + std::to_string(info.vocabulary) + " embeddings, from " +
                        info.tokenizer_source);
  std::string languages;
  for (const auto& tag : info.languages) languages += (languages.empty() ? "" : ", ") + tag;
  line("languages", languages.empty() ? "not stated"
                                      : std::to_string(info.languages.size()) + ": " + languages +
                                            "; others are not supported");
  line("precision", info.precision + " on " + info.processor);
  return out;
}

std::string info_json(const ModelInfo& info) {
  std::string out;
  JsonWriter json(out, 2);
  json.begin_object();
  for (const auto& [key, value] : {std::pair("name", &info.name),
                                   {"path", &info.path},
                                   {"identity", &info.identity},
                                   {"task", &info.task},
                                   {"architecture", &info.architecture}})
    json.member(key, std::string_view(*value));
  json.member("converted", info.converted);
  for (const auto& [key, value] : {std::pair("dim", info.dim),
                                   {"layers", info.layers},
                                   {"hidden", info.hidden},
                                   {"heads", info.heads},
                                   {"vocabulary", info.vocabulary},
                                   {"parameters", info.parameters},
                                   {"max_length", info.max_length}})
    json.member(key, std::uint64_t{value});
  json.member("pooling", std::string_view(info.pooling));
  json.member("pooling_stated", info.pooling_stated).member("normalise", info.normalise);
  json.key("prompts").begin_object();
  for (const auto& [name, text] : info.prompts) json.member(name, std::string_view(text));
  json.end_object().member("default_prompt", std::string_view(info.default_prompt));
  json.key("languages").begin_array();
  for (const auto& tag : info.languages) json.value(std::string_view(tag));
  json.end_array().key("labels").begin_array();
  for (const auto& label : info.labels) json.value(std::string_view(label));
  json.end_array();
  for (const auto& [key, value] : {std::pair("label_activation", &info.label_activation),
                                   {"precision", &info.precision},
                                   {"processor", &info.processor},
                                   {"tokenizer", &info.tokenizer},
                                   {"tokenizer_source", &info.tokenizer_source}})
    json.member(key, std::string_view(*value));
  json.end_object();
  return out + "\n";
}

}  // namespace crosstail::model
