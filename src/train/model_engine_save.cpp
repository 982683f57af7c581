#include <algorithm>
#include <set>

#include "base/file.h"
#include "base/json_writer.h"
#include "model/weights.h"
#include "train/model_engine.h"

namespace crosstail::train {
namespace {

namespace fs = std::filesystem;

/// Files of a module's folder that say what it is and how text is cut, but not its weights.
bool is_configuration(const fs::path& file) {
  static const std::set<std::string, std::less<>> names = {"config.json",
                                                           "modules.json",
                                                           "config_sentence_transformers.json",
                                                           "tokenizer.json",
                                                           "tokenizer_config.json",
                                                           "special_tokens_map.json",
                                                           "added_tokens.json",
                                                           "vocab.txt",
                                                           "sentencepiece.bpe.model",
                                                           "spiece.model",
                                                           "tokenizer.model",
                                                           "sentence_bert_config.json",
                                                           "vocab.json",
                                                           "merges.txt",
                                                           "sentence_xlm-roberta_config.json",
                                                           "sentence_roberta_config.json",
                                                           "sentence_distilbert_config.json"};
  return names.contains(file.filename().string());
}

/// "1_Pooling": a module's folder; some hold no file, but must be there.
bool is_module(const std::string& name) {
  return !name.empty() && name[0] >= '0' && name[0] <= '9';
}

Status io_error(const fs::path& path, const std::error_code& why) {
  return system_error(path.string(), "write", why.value());
}

Status make_folder(const fs::path& folder) {
  std::error_code why;
  fs::create_directories(folder, why);
  if (why) return io_error(folder, why);
  return {};
}

Status copy_configuration(const fs::path& from, const fs::path& to) {
  CT_CHECK(make_folder(to));
  std::error_code why;
  for (fs::directory_iterator it(from, why), end; !why && it != end; it.increment(why)) {
    if (!it->is_regular_file() || !is_configuration(it->path())) continue;
    CT_TRY(const auto bytes, read_file(it->path()));
    CT_CHECK(write_file_atomic(to / it->path().filename(), bytes));
  }
  if (why) return system_error(from.string(), "list", why.value());
  return {};
}

std::string modules_json(bool normalise) {
  std::string out;
  JsonWriter json(out, 2);
  json.begin_array();
  const auto add = [&](int index, const char* path, const char* type) {
    json.begin_object().member("idx", index).member("name", std::to_string(index));
    json.member("path", path).member("type", std::string("sentence_transformers.models.") + type);
    json.end_object();
  };
  add(0, "", "Transformer");
  add(1, "1_Pooling", "Pooling");
  if (normalise) add(2, "2_Normalize", "Normalize");
  json.end_array();
  return out + "\n";
}

std::string pooling_json(std::size_t dim) {
  std::string out;
  JsonWriter json(out, 2);
  json.begin_object().member("word_embedding_dimension", static_cast<std::uint64_t>(dim));
  json.member("pooling_mode_cls_token", false).member("pooling_mode_mean_tokens", true);
  json.member("pooling_mode_max_tokens", false).member("pooling_mode_mean_sqrt_len_tokens", false);
  json.end_object();
  return out + "\n";
}

std::string_view bytes_of(std::span<const float> floats) {
  return {reinterpret_cast<const char*>(floats.data()), floats.size_bytes()};
}

}  // namespace

/// `part`: the module's folder with a slash ("2_Dense/"), or empty for the transformer itself.
Status ModelEngine::save_tensors(const fs::path& folder, const std::string& part) const {
  std::vector<model::NamedFloats> tensors;
  std::set<std::string, std::less<>> written;
  for (const auto& p : parameters_.list) {
    const bool module = p.name.find('/') != std::string::npos;
    if (module ? part.empty() || !p.name.starts_with(part) : !part.empty()) continue;
    const bool vector = p.name.ends_with(".bias") || p.name.ends_with("LayerNorm.weight");
    std::vector<std::size_t> shape = {p.rows};
    if (!vector) shape.push_back(p.columns);
    const std::string name = module ? p.name.substr(part.size()) : file_name(p.name);
    tensors.push_back({name, shape, {parameters_.value(p.offset), p.size()}});
    written.insert(name);
  }
  // What does not learn, a pooler that nothing reads for one, stays as it was.
  CT_TRY(const auto source,
         model::Weights::open(folder_ / (part.empty() ? description_.folder : part)));
  std::vector<model::FloatArray> kept;
  for (const auto& [name, tensor] : source.tensors()) {
    const bool old_norm = name.ends_with("LayerNorm.gamma") || name.ends_with("LayerNorm.beta");
    const bool is_float = tensor.dtype == model::DType::F32 || tensor.dtype == model::DType::F16 ||
                          tensor.dtype == model::DType::BF16 || tensor.dtype == model::DType::F64;
    if (written.contains(name) || old_norm || !is_float) continue;
    CT_TRY(auto floats, model::to_floats(tensor));
    tensors.push_back({name, tensor.shape, floats.view()});
    kept.push_back(std::move(floats));
  }
  std::sort(tensors.begin(), tensors.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  const fs::path path = folder / "model.safetensors", part_path = folder / "model.safetensors.part";
  CT_TRY(auto file, OutputFile::create(part_path));
  CT_CHECK(file.write(model::safetensors_header(tensors)));
  for (const auto& tensor : tensors) CT_CHECK(file.write(bytes_of(tensor.values)));
  CT_CHECK(file.sync());
  CT_CHECK(file.close());
  return commit_rename(part_path, path);
}

Status ModelEngine::save(const fs::path& folder, bool normalise) const {
  CT_CHECK(copy_configuration(folder_, folder));
  if (!description_.folder.empty())
    CT_CHECK(copy_configuration(folder_ / description_.folder, folder / description_.folder));
  CT_CHECK(save_tensors(folder / description_.folder, ""));
  if (description_.task != model::Task::Encoder) return {};
  for (const auto& step : description_.steps) {
    if (step.folder.empty()) continue;
    CT_CHECK(make_folder(folder / step.folder));
    if (step.kind != model::Step::Kind::Dense) continue;
    CT_CHECK(copy_configuration(folder_ / step.folder, folder / step.folder));
    CT_CHECK(save_tensors(folder / step.folder, step.folder + "/"));
  }
  if (description_.pooling_stated) {
    std::error_code why;
    for (fs::directory_iterator it(folder_, why), end; !why && it != end; it.increment(why))
      if (it->is_directory() && is_module(it->path().filename().string()))
        CT_CHECK(copy_configuration(it->path(), folder / it->path().filename()));
    return {};
  }
  CT_CHECK(make_folder(folder / "1_Pooling"));
  CT_CHECK(write_file_atomic(folder / "modules.json", modules_json(normalise)));
  if (normalise) CT_CHECK(make_folder(folder / "2_Normalize"));
  return write_file_atomic(folder / "1_Pooling/config.json",
                           pooling_json(description_.shape.hidden));
}

}  // namespace crosstail::train
