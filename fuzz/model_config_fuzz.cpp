/// The JSON files of a model directory. The first byte says which: c config.json, m modules.json
/// (beside a good config.json), p 1_Pooling/config.json, d 2_Dense/config.json, s
/// config_sentence_transformers.json, t sentence_bert_config.json, k tokenizer_config.json, j the
/// description in a converted model, h a hub's answer.

#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include "model/hub.h"
#include "model/layout.h"

namespace {

using namespace crosstail::model;  // NOLINT: a fuzz target
namespace fs = std::filesystem;

constexpr const char* kConfig =
    R"({"model_type":"bert","hidden_size":8,"num_hidden_layers":1,"num_attention_heads":2,
        "intermediate_size":8,"vocab_size":9,"max_position_embeddings":16})";
constexpr const char* kModules =
    R"([{"path":"","type":"a.Transformer"},{"path":"1_Pooling","type":"a.Pooling"},
        {"path":"2_Dense","type":"a.Dense"},{"path":"3_Normalize","type":"a.Normalize"}])";
constexpr const char* kDense = R"({"in_features":8,"out_features":4,"bias":true})";

void write(const fs::path& path, std::string_view text) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
}

/// A directory in which one file is the fuzzer's.
struct Folder {
  fs::path path = fs::temp_directory_path() / ("crosstail-fuzz-" + std::to_string(::getpid()));
  const std::map<char, std::pair<const char*, const char*>> files = {
      {'c', {"config.json", kConfig}},
      {'m', {"modules.json", kModules}},
      {'p', {"1_Pooling/config.json", R"({"pooling_mode":"mean"})"}},
      {'d', {"2_Dense/config.json", kDense}},
      {'s', {"config_sentence_transformers.json", "{}"}},
      {'t', {"sentence_bert_config.json", "{}"}},
      {'k', {"tokenizer_config.json", "{}"}}};

  Folder() {
    for (const char* name : {"1_Pooling", "2_Dense"}) fs::create_directories(path / name);
    for (const auto& [kind, file] : files) write(path / file.first, file.second);
  }
  ~Folder() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
};

void survive(ModelDescription description) {
  limit_length(description, 12);
  if (description.max_length > position_limit(description)) std::abort();
  const std::string json = to_json(description);
  const auto back = description_from_json(json, "test");
  if (back.ok() && to_json(*back) != json) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view rest{reinterpret_cast<const char*>(data) + 1, size - 1};
  const char kind = static_cast<char>(data[0]);
  if (kind == 'j') {
    const auto description = description_from_json(rest, "test");
    if (description.ok()) survive(*description);
    return 0;
  }
  if (kind == 'h') {
    std::string commit;
    const auto files = read_listing(rest, commit);
    if (files.ok()) [[maybe_unused]]
      const auto needed = needed_files(*files);
    return 0;
  }
  static const Folder folder;
  const auto found = folder.files.find(kind);
  if (found == folder.files.end()) return 0;
  write(folder.path / found->second.first, rest);
  const auto description = read_layout(folder.path);
  if (description.ok()) survive(*description);
  write(folder.path / found->second.first, found->second.second);
  return 0;
}
