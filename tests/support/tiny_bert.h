#pragma once
/// A BERT encoder small enough to train in a test: 30 words, 2 layers of 32 numbers, random
/// weights.

#include <cmath>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "model/safetensors.h"

namespace crosstail::testing {

/// The words w0 … w24, each a token.
inline std::string tiny_word(std::size_t i) {
  return "w" + std::string(1, static_cast<char>('a' + i));
}

/// Writes config.json, vocab.txt, tokenizer_config.json, model.safetensors (and, for a classifier,
/// the head of `labels` labels).
inline void write_tiny_bert(const std::filesystem::path& folder, std::size_t labels = 0) {
  std::filesystem::create_directories(folder);
  const auto write = [&](const char* name, const std::string& text) {
    std::ofstream(folder / name, std::ios::binary) << text;
  };
  std::string vocabulary = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n";
  for (std::size_t i = 0; i < 25; ++i) vocabulary += tiny_word(i) + "\n";
  write("vocab.txt", vocabulary);
  write("tokenizer_config.json",
        R"({"tokenizer_class":"BertTokenizer","do_lower_case":false,"model_max_length":16})");
  std::string config =
      R"({"architectures":[")" +
      std::string(labels > 0 ? "BertForSequenceClassification" : "BertModel") +
      R"("],"model_type":"bert","hidden_size":32,"num_hidden_layers":2,"num_attention_heads":4,)"
      R"("intermediate_size":64,"vocab_size":30,"max_position_embeddings":16,"type_vocab_size":2,)"
      R"("hidden_act":"gelu","layer_norm_eps":1e-12,"pad_token_id":0)";
  if (labels > 0) {
    config += R"(,"id2label":{)";
    for (std::size_t i = 0; i < labels; ++i)
      config +=
          (i > 0 ? "," : "") + ("\"" + std::to_string(i) + "\":\"L" + std::to_string(i) + "\"");
    config += "}";
  }
  write("config.json", config + "}");
  std::mt19937 random(3);
  std::vector<model::NamedFloats> tensors;
  std::vector<std::vector<float>> values;
  values.reserve(200);
  const std::string prefix = labels > 0 ? "bert." : "";
  const auto add = [&](const std::string& name, std::vector<std::size_t> shape) {
    std::size_t count = 1;
    for (const auto n : shape) count *= n;
    std::normal_distribution<float> normal(name.ends_with("LayerNorm.weight") ? 1.0F : 0.0F,
                                           name.ends_with("bias") ? 0.02F : 0.1F);
    auto& own = values.emplace_back(count);
    for (auto& v : own) v = normal(random);
    tensors.push_back({name, std::move(shape), own});
  };
  const std::string e = prefix + "embeddings.";
  add(e + "word_embeddings.weight", {30, 32});
  add(e + "position_embeddings.weight", {16, 32});
  add(e + "token_type_embeddings.weight", {2, 32});
  add(e + "LayerNorm.weight", {32});
  add(e + "LayerNorm.bias", {32});
  for (int l = 0; l < 2; ++l) {
    const std::string at = prefix + "encoder.layer." + std::to_string(l) + ".";
    for (const char* name : {"attention.self.query", "attention.self.key", "attention.self.value",
                             "attention.output.dense"}) {
      add(at + name + ".weight", {32, 32});
      add(at + name + ".bias", {32});
    }
    for (const char* name : {"attention.output.LayerNorm", "output.LayerNorm"}) {
      add(at + name + ".weight", {32});
      add(at + name + ".bias", {32});
    }
    add(at + "intermediate.dense.weight", {64, 32});
    add(at + "intermediate.dense.bias", {64});
    add(at + "output.dense.weight", {32, 64});
    add(at + "output.dense.bias", {32});
  }
  add(prefix + "pooler.dense.weight", {32, 32});
  add(prefix + "pooler.dense.bias", {32});
  if (labels > 0) {
    add("classifier.weight", {labels, 32});
    add("classifier.bias", {labels});
  }
  std::ofstream file(folder / "model.safetensors", std::ios::binary);
  file << model::safetensors_header(tensors);
  for (const auto& t : tensors)
    file.write(reinterpret_cast<const char*>(t.values.data()),
               static_cast<std::streamsize>(t.values.size_bytes()));
}

}  // namespace crosstail::testing
