#pragma once
/// A model of 8 dimensions written as a directory, and what it computes, in f64 and in the plainest
/// way (Devlin et al., 2019; Vaswani et al., 2017). Its words are ids known by hand.

#include <cmath>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "model/safetensors.h"
#include "support/temporary_folder.h"

namespace crosstail::testing {

enum class TinyFamily { Bert, Roberta, DistilBert };

struct TinyModel {
  static constexpr std::size_t kHidden = 8, kHeads = 2, kWide = 12, kLayers = 2, kPositions = 16;
  static constexpr std::uint32_t kPad = 0, kUnknown = 1, kCls = 2, kSep = 3, kOne = 4, kTwo = 5,
                                 kThree = 6, kRobertaPad = 1;
  static constexpr std::size_t kVocabulary = 7;

  struct Tensor {
    std::vector<std::size_t> shape;
    std::vector<float> values;
  };
  TinyFamily family;
  std::map<std::string, Tensor> tensors;
  std::size_t labels = 0;  ///< above 0: a classification head

  explicit TinyModel(TinyFamily f = TinyFamily::Bert, std::size_t label_count = 0)
      : family(f), labels(label_count) {
    const std::size_t h = kHidden;
    add("embeddings.word_embeddings.weight", {kVocabulary, h});
    add("embeddings.position_embeddings.weight", {kPositions, h});
    if (family != TinyFamily::DistilBert)
      add("embeddings.token_type_embeddings.weight", {types(), h});
    norm("embeddings.LayerNorm");
    for (std::size_t l = 0; l < kLayers; ++l) {
      for (const char* part : {"query", "key", "value"}) linear(name(l, part), h, h);
      linear(name(l, "attention"), h, h);
      norm(name(l, "attention_norm"));
      linear(name(l, "intermediate"), kWide, h);
      linear(name(l, "output"), h, kWide);
      norm(name(l, "output_norm"));
    }
    if (labels == 0) return;
    linear(head()[0], h, h);
    linear(head()[1], labels, h);
  }

  [[nodiscard]] std::size_t types() const { return family == TinyFamily::Bert ? 2 : 1; }
  [[nodiscard]] std::vector<std::string> head() const {
    if (family == TinyFamily::Bert) return {"bert.pooler.dense", "classifier"};
    if (family == TinyFamily::Roberta) return {"classifier.dense", "classifier.out_proj"};
    return {"pre_classifier", "classifier"};
  }
  /// The published names of a layer's parts.
  [[nodiscard]] std::string name(std::size_t layer, const std::string& part) const {
    static const std::map<std::string, std::pair<const char*, const char*>> kNames = {
        {"query", {"attention.self.query", "attention.q_lin"}},
        {"key", {"attention.self.key", "attention.k_lin"}},
        {"value", {"attention.self.value", "attention.v_lin"}},
        {"attention", {"attention.output.dense", "attention.out_lin"}},
        {"attention_norm", {"attention.output.LayerNorm", "sa_layer_norm"}},
        {"intermediate", {"intermediate.dense", "ffn.lin1"}},
        {"output", {"output.dense", "ffn.lin2"}},
        {"output_norm", {"output.LayerNorm", "output_layer_norm"}}};
    const bool distil = family == TinyFamily::DistilBert;
    return (distil ? "transformer.layer." : "encoder.layer.") + std::to_string(layer) + "." +
           (distil ? kNames.at(part).second : kNames.at(part).first);
  }

  [[nodiscard]] std::string config() const {
    const std::string type = family == TinyFamily::Bert      ? "bert"
                             : family == TinyFamily::Roberta ? "xlm-roberta"
                                                             : "distilbert";
    std::string text =
        R"({"model_type":")" + type + R"(","vocab_size":7,"max_position_embeddings":16)";
    text += family == TinyFamily::DistilBert
                ? R"(,"dim":8,"n_layers":2,"n_heads":2,"hidden_dim":12,"activation":"gelu")"
                : R"(,"hidden_size":8,"num_hidden_layers":2,"num_attention_heads":2,)"
                  R"("intermediate_size":12,"hidden_act":"gelu","layer_norm_eps":1e-12,)"
                  R"("type_vocab_size":)" +
                      std::to_string(types());
    text += R"(,"pad_token_id":)" + std::to_string(family == TinyFamily::Roberta ? 1 : 0);
    if (labels > 0) {
      text += R"(,"architectures":["XForSequenceClassification"],"id2label":{)";
      for (std::size_t i = 0; i < labels; ++i)
        text +=
            (i == 0 ? "\"" : ",\"") + std::to_string(i) + "\":\"label " + std::to_string(i) + "\"";
      text += "}";
    }
    return text + "}";
  }

  /// Names as in a file: with the base model's prefix where there is a head.
  [[nodiscard]] std::string safetensors() const {
    std::vector<model::NamedFloats> named;
    for (const auto& [key, tensor] : tensors) {
      const bool of_head =
          key.find("classifier") != std::string::npos || key.find("pooler") != std::string::npos;
      const char* prefix = family == TinyFamily::Bert      ? "bert."
                           : family == TinyFamily::Roberta ? "roberta."
                                                           : "distilbert.";
      named.push_back({(labels > 0 && !of_head ? prefix : "") + key, tensor.shape, tensor.values});
    }
    std::string bytes = model::safetensors_header(named);
    for (const auto& tensor : named)
      bytes.append(reinterpret_cast<const char*>(tensor.values.data()), tensor.values.size_bytes());
    return bytes;
  }

  static void write_file(const std::filesystem::path& path, std::string_view text) {
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
  }
  void write(const std::filesystem::path& folder) const {
    write_file(folder / "config.json", config());
    write_file(folder / "vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\none\ntwo\nthree\n");
    write_file(folder / "model.safetensors", safetensors());
  }

  /// The last layer's states, tokens × 8, of ids with their token types; `layers` are gone through.
  [[nodiscard]] std::vector<std::vector<double>> states(const std::vector<std::uint32_t>& ids,
                                                        const std::vector<int>& type = {},
                                                        const std::vector<std::size_t>& layers = {
                                                            0, 1}) const {
    std::vector<std::vector<double>> x;
    std::size_t position = family == TinyFamily::Roberta ? kRobertaPad + 1 : 0;
    for (std::size_t t = 0; t < ids.size(); ++t) {
      std::vector<double> row(kHidden);
      const bool padding = family == TinyFamily::Roberta && ids[t] == kRobertaPad;
      const std::size_t at = padding ? kRobertaPad : position++;
      for (std::size_t c = 0; c < kHidden; ++c) {
        row[c] = value("embeddings.word_embeddings.weight", ids[t], c) +
                 value("embeddings.position_embeddings.weight", at, c);
        if (family != TinyFamily::DistilBert)
          row[c] += value("embeddings.token_type_embeddings.weight",
                          type.empty() ? 0 : static_cast<std::size_t>(type[t]), c);
      }
      x.push_back(normed(row, "embeddings.LayerNorm"));
    }
    for (const std::size_t l : layers) x = layer(l, x);
    return x;
  }
  /// y = W x + b.
  [[nodiscard]] std::vector<double> dense(const std::string& key,
                                          const std::vector<double>& x) const {
    const auto& weight = tensors.at(key + ".weight");
    std::vector<double> y(weight.shape[0]);
    for (std::size_t o = 0; o < y.size(); ++o) {
      y[o] = tensors.at(key + ".bias").values[o];
      for (std::size_t i = 0; i < x.size(); ++i)
        y[o] += double(weight.values[o * x.size() + i]) * x[i];
    }
    return y;
  }
  [[nodiscard]] std::vector<double> logits(const std::vector<std::uint32_t>& ids,
                                           const std::vector<int>& type = {}) const {
    auto hidden = dense(head()[0], states(ids, type)[0]);
    for (double& v : hidden) v = family == TinyFamily::DistilBert ? std::max(v, 0.0) : std::tanh(v);
    return dense(head()[1], hidden);
  }

 private:
  std::mt19937 random_{5};

  void add(const std::string& key, std::vector<std::size_t> shape) {
    std::size_t count = 1;
    for (const std::size_t n : shape) count *= n;
    std::vector<float> values(count);
    for (float& v : values) v = static_cast<float>(random_() % 2001) / 1000.0F - 1.0F;
    tensors[key] = {std::move(shape), std::move(values)};
  }
  void linear(const std::string& key, std::size_t out, std::size_t in) {
    add(key + ".weight", {out, in});
    add(key + ".bias", {out});
  }
  void norm(const std::string& key) {
    add(key + ".weight", {kHidden});
    add(key + ".bias", {kHidden});
  }
  [[nodiscard]] double value(const std::string& key, std::size_t row, std::size_t column) const {
    return tensors.at(key).values[row * kHidden + column];
  }
  [[nodiscard]] std::vector<double> normed(const std::vector<double>& x,
                                           const std::string& key) const {
    double mean = 0, variance = 0;
    for (const double v : x) mean += v / double(x.size());
    for (const double v : x) variance += (v - mean) * (v - mean) / double(x.size());
    std::vector<double> y(x.size());
    for (std::size_t c = 0; c < x.size(); ++c)
      y[c] = (x[c] - mean) / std::sqrt(variance + 1e-12) *
                 double(tensors.at(key + ".weight").values[c]) +
             double(tensors.at(key + ".bias").values[c]);
    return y;
  }
  [[nodiscard]] std::vector<std::vector<double>> layer(
      std::size_t l, const std::vector<std::vector<double>>& x) const {
    const std::size_t n = x.size(), size = kHidden / kHeads;
    std::vector<std::vector<double>> q, k, v, out;
    for (const auto& row : x) {
      q.push_back(dense(name(l, "query"), row));
      k.push_back(dense(name(l, "key"), row));
      v.push_back(dense(name(l, "value"), row));
    }
    for (std::size_t t = 0; t < n; ++t) {
      std::vector<double> context(kHidden);
      for (std::size_t head = 0; head < kHeads; ++head) {
        std::vector<double> weight(n);
        double sum = 0;
        for (std::size_t s = 0; s < n; ++s) {
          double score = 0;
          for (std::size_t c = head * size; c < (head + 1) * size; ++c) score += q[t][c] * k[s][c];
          weight[s] = std::exp(score / std::sqrt(double(size)));
          sum += weight[s];
        }
        for (std::size_t s = 0; s < n; ++s)
          for (std::size_t c = head * size; c < (head + 1) * size; ++c)
            context[c] += weight[s] / sum * v[s][c];
      }
      auto attended = dense(name(l, "attention"), context);
      for (std::size_t c = 0; c < kHidden; ++c) attended[c] += x[t][c];
      attended = normed(attended, name(l, "attention_norm"));
      auto wide = dense(name(l, "intermediate"), attended);
      for (double& u : wide) u = 0.5 * u * (1 + std::erf(u / std::sqrt(2.0)));
      auto fed = dense(name(l, "output"), wide);
      for (std::size_t c = 0; c < kHidden; ++c) fed[c] += attended[c];
      out.push_back(normed(fed, name(l, "output_norm")));
    }
    return out;
  }
};

/// The mean of the rows.
inline std::vector<double> mean_of(const std::vector<std::vector<double>>& rows) {
  std::vector<double> mean(rows[0].size());
  for (const auto& row : rows)
    for (std::size_t c = 0; c < row.size(); ++c) mean[c] += row[c] / double(rows.size());
  return mean;
}

}  // namespace crosstail::testing
