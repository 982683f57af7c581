#include "model/transformer_weights.h"

#include <array>

namespace crosstail::model {
namespace {

/// The names of a layer's parts; BERT and RoBERTa share theirs.
struct LayerNames {
  const char *layer, *query, *key, *value, *attention_output, *attention_norm, *intermediate,
      *output, *output_norm;
};

constexpr LayerNames kBert = {
    "encoder.layer.",       "attention.self.query",   "attention.self.key",
    "attention.self.value", "attention.output.dense", "attention.output.LayerNorm",
    "intermediate.dense",   "output.dense",           "output.LayerNorm"};
constexpr LayerNames kDistilBert = {"transformer.layer.", "attention.q_lin",   "attention.k_lin",
                                    "attention.v_lin",    "attention.out_lin", "sa_layer_norm",
                                    "ffn.lin1",           "ffn.lin2",          "output_layer_norm"};

class Reader {
 public:
  Reader(const Weights& weights, std::string prefix)
      : weights_(weights), prefix_(std::move(prefix)) {}

  Result<std::span<const float>> floats(const std::string& name,
                                        std::initializer_list<std::size_t> shape) {
    CT_TRY(FloatArray array, weights_.floats(prefix_ + name, shape));
    arrays_.push_back(std::move(array));
    return arrays_.back().view();
  }
  Status linear(const std::string& name, std::size_t out, std::size_t in, nn::LinearWeights& to) {
    CT_TRY(to.weight, floats(name + ".weight", {out, in}));
    CT_TRY(to.bias, floats(name + ".bias", {out}));
    return {};
  }
  Status norm(const std::string& name, std::size_t size, nn::NormWeights& to) {
    const bool old =
        !weights_.has(prefix_ + name + ".weight") && weights_.has(prefix_ + name + ".gamma");
    CT_TRY(to.gamma, floats(name + (old ? ".gamma" : ".weight"), {size}));
    CT_TRY(to.beta, floats(name + (old ? ".beta" : ".bias"), {size}));
    return {};
  }
  std::vector<FloatArray> take() { return std::move(arrays_); }

 private:
  const Weights& weights_;
  std::string prefix_;
  std::vector<FloatArray> arrays_;
};

Status read_layer(Reader& reader, const LayerNames& names, const nn::TransformerShape& shape,
                  std::size_t index, nn::LayerWeights& layer) {
  const std::string at = names.layer + std::to_string(index) + ".";
  const std::size_t h = shape.hidden, wide = shape.intermediate;
  CT_CHECK(reader.linear(at + names.query, h, h, layer.query));
  CT_CHECK(reader.linear(at + names.key, h, h, layer.key));
  CT_CHECK(reader.linear(at + names.value, h, h, layer.value));
  CT_CHECK(reader.linear(at + names.attention_output, h, h, layer.attention_output));
  CT_CHECK(reader.norm(at + names.attention_norm, h, layer.attention_norm));
  CT_CHECK(reader.linear(at + names.intermediate, wide, h, layer.intermediate));
  CT_CHECK(reader.linear(at + names.output, h, wide, layer.output));
  return reader.norm(at + names.output_norm, h, layer.output_norm);
}

Result<nn::Linear> head_layer(const Weights& weights, const std::string& name, std::size_t out,
                              std::size_t in, nn::Activation activation) {
  CT_TRY(const FloatArray weight, weights.floats(name + ".weight", {out, in}));
  CT_TRY(const FloatArray bias, weights.floats(name + ".bias", {out}));
  return nn::Linear::build(in, out, {weight.view(), bias.view()}, activation);
}

}  // namespace

Result<TransformerFloats> read_transformer_weights(const Weights& weights,
                                                   const ModelDescription& d) {
  const std::string words = "embeddings.word_embeddings.weight";
  CT_TRY(const std::string prefix,
         weights.prefix_of(words, {"", "bert.", "roberta.", "distilbert.", "camembert."}));
  Reader reader(weights, prefix);
  const auto& shape = d.shape;
  TransformerFloats out;
  auto& e = out.weights.embeddings;
  CT_TRY(e.word, reader.floats(words, {shape.vocabulary, shape.hidden}));
  CT_TRY(e.position,
         reader.floats("embeddings.position_embeddings.weight", {shape.positions, shape.hidden}));
  if (shape.types > 0) {
    CT_TRY(e.type,
           reader.floats("embeddings.token_type_embeddings.weight", {shape.types, shape.hidden}));
  }
  CT_CHECK(reader.norm("embeddings.LayerNorm", shape.hidden, out.weights.embedding_norm));
  const LayerNames& names = d.family == Family::DistilBert ? kDistilBert : kBert;
  out.weights.layers.resize(shape.layers);
  for (std::size_t i = 0; i < shape.layers; ++i)
    CT_CHECK(read_layer(reader, names, shape, i, out.weights.layers[i]));
  out.arrays = reader.take();
  return out;
}

std::vector<NamedFloats> name_weights(const ModelDescription& d, const nn::TransformerWeights& w,
                                      const std::string& prefix) {
  std::vector<NamedFloats> out;
  const std::size_t h = d.shape.hidden, wide = d.shape.intermediate;
  const auto add = [&](const std::string& name, std::vector<std::size_t> shape,
                       std::span<const float> values) {
    out.push_back({prefix + name, std::move(shape), values});
  };
  const auto linear = [&](const std::string& name, std::size_t rows, std::size_t columns,
                          const nn::LinearWeights& from) {
    add(name + ".weight", {rows, columns}, from.weight);
    add(name + ".bias", {rows}, from.bias);
  };
  const auto norm = [&](const std::string& name, const nn::NormWeights& from) {
    add(name + ".weight", {h}, from.gamma);
    add(name + ".bias", {h}, from.beta);
  };
  add("embeddings.word_embeddings.weight", {d.shape.vocabulary, h}, w.embeddings.word);
  add("embeddings.position_embeddings.weight", {d.shape.positions, h}, w.embeddings.position);
  if (d.shape.types > 0)
    add("embeddings.token_type_embeddings.weight", {d.shape.types, h}, w.embeddings.type);
  norm("embeddings.LayerNorm", w.embedding_norm);
  const LayerNames& names = d.family == Family::DistilBert ? kDistilBert : kBert;
  for (std::size_t i = 0; i < w.layers.size(); ++i) {
    const std::string at = names.layer + std::to_string(i) + ".";
    const nn::LayerWeights& layer = w.layers[i];
    linear(at + names.query, h, h, layer.query);
    linear(at + names.key, h, h, layer.key);
    linear(at + names.value, h, h, layer.value);
    linear(at + names.attention_output, h, h, layer.attention_output);
    norm(at + names.attention_norm, layer.attention_norm);
    linear(at + names.intermediate, wide, h, layer.intermediate);
    linear(at + names.output, h, wide, layer.output);
    norm(at + names.output_norm, layer.output_norm);
  }
  return out;
}

std::array<std::string, 2> head_names(const ModelDescription& d) {
  if (d.family == Family::Roberta) return {"classifier.dense", "classifier.out_proj"};
  if (d.family == Family::DistilBert) return {"pre_classifier", "classifier"};
  return {"bert.pooler.dense", "classifier"};
}

Result<std::vector<nn::Linear>> read_classification_head(const Weights& weights,
                                                         const ModelDescription& d) {
  const std::size_t h = d.shape.hidden;
  const auto names = head_names(d);
  const auto first = d.family == Family::DistilBert ? nn::Activation::Relu : nn::Activation::Tanh;
  std::vector<nn::Linear> layers;
  CT_TRY(auto dense, head_layer(weights, names[0], h, h, first));
  layers.push_back(std::move(dense));
  CT_TRY(auto out, head_layer(weights, names[1], d.labels.size(), h, nn::Activation::Identity));
  layers.push_back(std::move(out));
  return layers;
}

Result<nn::Linear> read_dense(const Weights& weights, const Step& step) {
  CT_TRY(const FloatArray weight, weights.floats("linear.weight", {step.out, step.in}));
  FloatArray bias;
  if (step.bias) {
    CT_TRY(bias, weights.floats("linear.bias", {step.out}));
  }
  return nn::Linear::build(step.in, step.out, {weight.view(), bias.view()}, step.activation);
}

Result<std::string> static_table_name(const Weights& weights) {
  if (weights.has("embedding.weight")) return std::string("embedding.weight");
  for (const char* extra : {"mapping", "weights"})
    if (weights.has(extra))
      return Error{ErrorCode::Unsupported,
                   weights.name() + ": tensor " + extra +
                       ": a table of token vectors with a mapping or weights is not supported; "
                       "save it once with sentence-transformers, which folds them"};
  if (weights.has("embeddings")) return std::string("embeddings");
  return Error{ErrorCode::Corrupt,
               weights.name() + ": no tensor of these names: embedding.weight, embeddings"};
}

}  // namespace crosstail::model
