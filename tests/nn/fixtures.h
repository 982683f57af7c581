#pragma once
/// The tiny encoders of ../shared/fixtures: weights, and what the original implementation computes.

#include <gtest/gtest.h>
#include <simdjson.h>

#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "nn/transformer.h"
#include "support/shared.h"

namespace crosstail::nn::testing {

/// One text and what it must become. All states row-major.
struct ExpectedText {
  std::vector<std::int32_t> ids, positions;
  std::size_t padded = 0;            ///< columns of the padded batch it was computed in
  std::vector<double> states;        ///< tokens × hidden
  std::vector<double> pooler;        ///< BERT only
  std::vector<double> first_of_two;  ///< tiny-bert only: type 1 from column padded / 2 on
};

struct TinyModel {
  TransformerShape shape;
  TransformerWeights weights;  ///< views into `tensors`
  std::map<std::string, std::vector<float>> tensors;
  std::vector<ExpectedText> texts;
};

namespace internal {

using simdjson::dom::element;

inline std::vector<double> numbers(element list) {
  std::vector<double> out;
  for (const element item : list.get_array()) {
    if (item.is_array())
      for (const double number : numbers(item)) out.push_back(number);
    else
      out.push_back(item.get_double());
  }
  return out;
}

inline std::map<std::string, std::vector<float>> read_safetensors(const std::string& path) {
  const auto bytes = simdjson::padded_string::load(path).value();
  std::uint64_t length = 0;
  std::memcpy(&length, bytes.data(), 8);
  simdjson::dom::parser parser;
  std::map<std::string, std::vector<float>> tensors;
  const simdjson::dom::object header = parser.parse(bytes.data() + 8, length);
  for (const auto [name, tensor] : header) {
    if (name == "__metadata__") continue;
    const auto offsets = numbers(tensor["data_offsets"]);
    const auto begin = static_cast<std::size_t>(offsets[0]);
    std::vector<float> values((static_cast<std::size_t>(offsets[1]) - begin) / 4);
    std::memcpy(values.data(), bytes.data() + 8 + length + begin, values.size() * 4);
    tensors.emplace(name, std::move(values));
  }
  return tensors;
}

inline TransformerWeights view(const std::map<std::string, std::vector<float>>& tensors,
                               std::size_t layers) {
  const auto tensor = [&](const std::string& name) {
    return std::span<const float>(tensors.at(name));
  };
  const auto linear = [&](const std::string& name) {
    return LinearWeights{tensor(name + ".weight"), tensor(name + ".bias")};
  };
  const auto norm = [&](const std::string& name) {
    return NormWeights{tensor(name + ".weight"), tensor(name + ".bias")};
  };
  TransformerWeights weights;
  weights.embeddings = {tensor("embeddings.word_embeddings.weight"),
                        tensor("embeddings.position_embeddings.weight"),
                        tensor("embeddings.token_type_embeddings.weight")};
  weights.embedding_norm = norm("embeddings.LayerNorm");
  for (std::size_t i = 0; i < layers; ++i) {
    const std::string at = "encoder.layer." + std::to_string(i);
    weights.layers.push_back(
        {linear(at + ".attention.self.query"), linear(at + ".attention.self.key"),
         linear(at + ".attention.self.value"), linear(at + ".attention.output.dense"),
         norm(at + ".attention.output.LayerNorm"), linear(at + ".intermediate.dense"),
         linear(at + ".output.dense"), norm(at + ".output.LayerNorm")});
  }
  return weights;
}

}  // namespace internal

/// `name`: a folder of ../shared/fixtures, "tiny-bert" or "tiny-xlmr".
inline TinyModel tiny_model(const std::string& name) {
  using internal::element;
  const std::string folder = (*crosstail::testing::shared_dir() / "fixtures" / name).string();
  simdjson::dom::parser parser, second;
  const element config = parser.load(folder + "/config.json");
  const auto size = [&](const char* field) {
    return static_cast<std::size_t>(config[field].get_uint64().value());
  };
  TinyModel model;
  model.shape = {size("num_hidden_layers"),
                 size("hidden_size"),
                 size("num_attention_heads"),
                 size("intermediate_size"),
                 size("vocab_size"),
                 size("max_position_embeddings"),
                 size("type_vocab_size"),
                 Activation::Gelu,
                 static_cast<float>(config["layer_norm_eps"].get_double().value())};
  model.tensors = internal::read_safetensors(folder + "/model.safetensors");
  model.weights = internal::view(model.tensors, model.shape.layers);
  const std::int32_t first = name == "tiny-xlmr" ? 2 : 0;  // RoBERTa counts from padding + 1
  const element expected = second.load(folder + "/expected.json");
  for (std::size_t i = 0; i < expected["input_ids"].get_array().size(); ++i) {
    ExpectedText text;
    const auto ids = internal::numbers(expected["input_ids"].at(i));
    const auto mask = internal::numbers(expected["attention_mask"].at(i));
    text.padded = ids.size();
    for (std::size_t t = 0; t < ids.size() && mask[t] != 0; ++t) {
      text.ids.push_back(static_cast<std::int32_t>(ids[t]));
      text.positions.push_back(first + static_cast<std::int32_t>(t));
    }
    text.states = internal::numbers(expected["last_hidden_state_valid"].at(i));
    if (name == "tiny-bert") {
      text.pooler = internal::numbers(expected["pooler_output"].at(i));
      text.first_of_two = internal::numbers(expected["token_type_ids_second_half"].at(i));
    }
    model.texts.push_back(std::move(text));
  }
  return model;
}

/// The tolerance of ../shared/fixtures/README.md: 1e-5 + 1e-4 |expected|.
inline void expect_close(std::span<const float> got, std::span<const double> expected) {
  ASSERT_EQ(got.size(), expected.size());
  for (std::size_t i = 0; i < got.size(); ++i)
    ASSERT_NEAR(static_cast<double>(got[i]), expected[i], 1e-5 + 1e-4 * std::abs(expected[i]))
        << "number " << i;
}

}  // namespace crosstail::nn::testing
