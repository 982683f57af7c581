// Whole models, forward and backward, against PyTorch's dumps: every parameter's gradient of every
// loss (../shared/fixtures/training).
#include <gtest/gtest.h>

#include <cmath>

#include "nn/pooling_backward.h"
#include "nn/trainable_encoder.h"
#include "nn/trainable_head.h"
#include "support/shared.h"
#include "support/training_dump.h"
#include "train/losses.h"

namespace crosstail::train {
namespace {

using testing::cast_to;
using testing::Dump;
using testing::read_dump;

using Ids = std::vector<std::vector<std::int32_t>>;

Ids ids_of(const simdjson::dom::element& rows) {
  Ids out;
  for (const auto row : rows.get_array()) {
    out.emplace_back();
    for (const std::int64_t id : row.get_array())
      out.back().push_back(static_cast<std::int32_t>(id));
  }
  return out;
}

/// A tiny model of ../shared/fixtures with its weights, and the texts of inputs.json packed.
template <class Real>
struct TinyModel {
  explicit TinyModel(const std::string& name, nn::ProductMode mode, std::size_t threads = 2)
      : pool(threads) {
    const auto folder = *testing::shared_dir() / "fixtures";
    weights = read_dump(folder / name / "model.safetensors");
    const bool xlmr = name.find("xlmr") != std::string::npos;
    const bool classifier = name.find("cls") != std::string::npos;
    const std::string prefix = classifier ? "roberta." : "";
    nn::TransformerShape shape;
    shape.layers = 2;
    shape.hidden = 32;
    shape.heads = 4;
    shape.intermediate = 64;
    shape.vocabulary = weights.at(prefix + "embeddings.word_embeddings.weight").shape[0];
    shape.positions = weights.at(prefix + "embeddings.position_embeddings.weight").shape[0];
    shape.types = weights.at(prefix + "embeddings.token_type_embeddings.weight").shape[0];
    shape.epsilon = xlmr ? 1e-5F : 1e-12F;
    first_position = xlmr ? 2 : 0;
    encoder = std::make_unique<nn::TrainableEncoder<Real>>(shape, mode, prefix, parameters, pool);
    std::vector<nn::DenseShape> layers;
    if (classifier)
      layers = {{"classifier.dense.weight", "classifier.dense.bias", 32, 32, nn::Activation::Tanh},
                {"classifier.out_proj.weight", "classifier.out_proj.bias", 32,
                 weights.at("classifier.out_proj.weight").shape[0]}};
    head = std::make_unique<nn::TrainableHead<Real>>(layers, 3, 100, parameters);
    parameters.allocate(true);
    for (const auto& p : parameters.list) {
      const auto values = cast_to<Real>(weights.at(p.name).values);
      std::copy(values.begin(), values.end(), parameters.value(p.offset));
    }
    encoder->weights_changed();
    pooling = xlmr && !classifier ? nn::TextPooling::Mean : nn::TextPooling::FirstToken;
  }

  std::vector<Real> forward(const Ids& texts, const nn::DropoutKey& dropout = {}) {
    ids.clear();
    positions.clear();
    offsets = {0};
    for (const auto& text : texts) {
      ids.insert(ids.end(), text.begin(), text.end());
      for (std::size_t i = 0; i < text.size(); ++i)
        positions.push_back(first_position + static_cast<std::int32_t>(i));
      offsets.push_back(static_cast<std::int32_t>(ids.size()));
    }
    numbers.resize(texts.size());
    for (std::size_t i = 0; i < texts.size(); ++i) numbers[i] = i;
    std::vector<Real> hidden(ids.size() * 32), pooled(texts.size() * 32);
    const auto status =
        encoder->forward({ids, positions, {}, offsets}, numbers, dropout, &tape, hidden.data());
    EXPECT_TRUE(status.ok());
    nn::pool_texts<Real>(pooling, hidden.data(), offsets, 32, pooled.data());
    return head->forward(std::move(pooled), numbers, dropout, &head_tape);
  }

  void backward(std::vector<Real> gradient) {
    const auto d_pooled = head->backward(head_tape, std::move(gradient));
    std::vector<Real> d_hidden(ids.size() * 32);
    nn::pool_texts_backward<Real>(pooling, d_pooled.data(), offsets, 32, d_hidden.data());
    encoder->backward(tape, d_hidden.data());
  }

  /// Compares with `grad.*`; the words' rows that the dump leaves out must be 0.
  void expect_gradients(const Dump& dump, double tolerance, double key_bias_tolerance) {
    for (const auto& p : parameters.list) {
      std::vector<Real> ours(p.size());
      if (parameters.is_word_table(p)) {
        for (std::size_t r = 0; r < p.rows; ++r)
          if (const Real* row = parameters.word_gradients.find(r))
            std::copy_n(row, p.columns, ours.data() + r * p.columns);
      } else {
        std::copy_n(parameters.gradient(p.offset), p.size(), ours.data());
      }
      std::vector<double> theirs(p.size());
      if (const auto whole = dump.find("grad." + p.name); whole != dump.end()) {
        theirs = whole->second.values;
      } else {
        const auto& rows = dump.at("grad." + p.name + ".rows").values;
        const auto& values = dump.at("grad." + p.name + ".values").values;
        for (std::size_t i = 0; i < rows.size(); ++i)
          std::copy_n(values.data() + i * p.columns, p.columns,
                      theirs.data() + static_cast<std::size_t>(rows[i]) * p.columns);
      }
      if (p.name.ends_with("key.bias")) {
        for (const auto g : ours) EXPECT_NEAR(g, 0, key_bias_tolerance) << p.name;
      } else {
        EXPECT_LT(testing::relative_distance(ours, theirs), tolerance) << p.name;
      }
    }
  }

  Dump weights;
  Pool pool;
  nn::Parameters<Real> parameters;
  std::unique_ptr<nn::TrainableEncoder<Real>> encoder;
  std::unique_ptr<nn::TrainableHead<Real>> head;
  nn::TextPooling pooling{};
  std::int32_t first_position = 0;
  std::vector<std::int32_t> ids, positions, offsets;
  std::vector<std::uint64_t> numbers;
  nn::EncoderTape<Real> tape;
  nn::HeadTape<Real> head_tape;
};

/// infonce of a dumped embedding case through the whole model. Returns the loss.
template <class Real>
double contrastive_step(TinyModel<Real>& model, const std::string& name, Real scale, bool normalise,
                        const std::vector<Cut>& cuts, bool symmetric,
                        const nn::DropoutKey& dropout = {}) {
  const auto folder = *testing::shared_dir() / "fixtures/training";
  simdjson::dom::parser parser;
  const auto text = read_file(folder / "inputs.json");
  const simdjson::dom::element inputs = parser.parse(*text)[name];
  Ids texts;
  for (const char* kind : {"query", "passage", "negative"})
    for (auto& t : ids_of(inputs[kind])) texts.push_back(std::move(t));
  const auto pooled = model.forward(texts, dropout);
  std::vector<Real> gradient(pooled.size());
  const std::vector<std::uint32_t> own = {0, 1, 2, 3, 4, 5};
  const VectorBatch<Real> batch = {pooled.data(), pooled.data() + 6 * 32, 6, 18, 32, own, {}};
  const double loss =
      with_cuts<Real>(batch, cuts, normalise,
                      [&](const VectorBatch<Real>& b, const VectorGradients<Real>& g) {
                        return info_nce(b, scale, symmetric, g);
                      },
                      {gradient.data(), gradient.data() + 6 * 32});
  model.backward(gradient);
  return loss;
}

struct Case {
  const char* model;
  const char* folder;
  double scale;
  bool normalise;
  std::vector<Cut> cuts;
  bool symmetric;
};
const std::vector<Case> kCases = {
    {"tiny-xlmr", "tiny-xlmr-infonce", 20, true, {{32}}, false},
    {"tiny-xlmr", "tiny-xlmr-infonce-symmetric", 20, true, {{32}}, true},
    {"tiny-xlmr", "tiny-xlmr-matryoshka", 20, true, {{8}, {16}, {32}}, false},
    {"tiny-bert", "tiny-bert-infonce", 1, false, {{32}}, false},
    {"tiny-bert", "tiny-bert-infonce-symmetric", 1, false, {{32}}, true},
    {"tiny-bert", "tiny-bert-matryoshka", 1, false, {{8}, {16}, {32}}, false}};

double number_in(const std::string& folder, const char* field) {
  simdjson::dom::parser parser;
  const auto json = read_file(*testing::shared_dir() / "fixtures/training" / folder / "loss.json");
  return parser.parse(*json)[field].get_double();
}

template <class Real>
void check_cases(nn::ProductMode mode, double tolerance, double loss_tolerance) {
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.folder);
    TinyModel<Real> model(c.model, mode);
    const double loss = contrastive_step<Real>(model, c.model, static_cast<Real>(c.scale),
                                               c.normalise, c.cuts, c.symmetric);
    const double expected = number_in(c.folder, "loss"), norm = number_in(c.folder, "grad_norm");
    EXPECT_NEAR(loss, expected, loss_tolerance * expected);
    model.expect_gradients(
        read_dump(*testing::shared_dir() / "fixtures/training" / c.folder / "grads.safetensors"),
        tolerance, tolerance < 1e-8 ? 1e-12 : tolerance * 1e-2 * norm);
  }
}

TEST(ModelGradients, InF64EqualPyTorchs) {
  CROSSTAIL_NEEDS_SHARED();
  check_cases<double>(nn::ProductMode::F64, 1e-9, 1e-9);
}

TEST(ModelGradients, InF32AreNearPyTorchsF64) {
  CROSSTAIL_NEEDS_SHARED();
  check_cases<float>(nn::ProductMode::F32, 1e-4, 1e-5);
}

TEST(ModelGradients, ByThreeBfloat16ProductsAreNearPyTorchsF64) {
  CROSSTAIL_NEEDS_SHARED();
  check_cases<float>(nn::ProductMode::F32x3, 1e-3, 1e-4);
}

TEST(ModelGradients, ByOneBfloat16ProductPointTheSameWay) {
  CROSSTAIL_NEEDS_SHARED();
  check_cases<float>(nn::ProductMode::BF16, 0.2, 0.05);
}

template <class Real>
void check_cross_encoders(nn::ProductMode mode, double tolerance) {
  const auto folder = *testing::shared_dir() / "fixtures/training";
  simdjson::dom::parser parser;
  const auto text = read_file(folder / "inputs.json");
  const simdjson::dom::element pairs = parser.parse(*text)["pairs"];
  for (const std::string name : {"tiny-xlmr-cls1", "tiny-xlmr-cls8"}) {
    SCOPED_TRACE(name);
    TinyModel<Real> model(name, mode);
    const auto logits = model.forward(ids_of(pairs["input_ids"]));
    std::vector<Real> gradient(logits.size());
    double loss = 0;
    if (name == "tiny-xlmr-cls1") {
      std::vector<double> targets;
      for (const double t : pairs["bce_targets"].get_array()) targets.push_back(t);
      loss = binary_cross_entropy<Real>(logits, targets, gradient.data());
    } else {
      std::vector<std::int64_t> labels;
      for (const std::int64_t t : pairs["class_labels"].get_array()) labels.push_back(t);
      loss = cross_entropy<Real>(logits.data(), labels, 8, gradient.data());
    }
    model.backward(gradient);
    EXPECT_NEAR(loss, number_in(name, "loss"), tolerance);
    model.expect_gradients(read_dump(folder / name / "grads.safetensors"), tolerance,
                           tolerance < 1e-8 ? 1e-12 : 1e-6 * number_in(name, "grad_norm"));
  }
}

TEST(ModelGradients, OfCrossEncodersEqualPyTorchs) {
  CROSSTAIL_NEEDS_SHARED();
  check_cross_encoders<double>(nn::ProductMode::F64, 1e-9);
  check_cross_encoders<float>(nn::ProductMode::F32, 1e-4);
}

TEST(ModelGradients, HaveTheSameBitsWithAnyNumberOfThreads) {
  CROSSTAIL_NEEDS_SHARED();
  for (const auto mode : {nn::ProductMode::F32, nn::ProductMode::F32x3, nn::ProductMode::BF16}) {
    std::vector<float> first;
    for (const std::size_t threads : {1U, 2U, 5U}) {
      TinyModel<float> model("tiny-xlmr", mode, threads);
      const nn::DropoutKey dropout = {7, 3, 0.1F, 0.1F};
      contrastive_step<float>(model, "tiny-xlmr", 20, true, {{32}}, false, dropout);
      const auto all = model.parameters.gradients.span();
      std::vector<float> gradient(all.begin(), all.end());
      const auto& words = model.parameters.word_gradients.values();
      gradient.insert(gradient.end(), words.begin(), words.end());
      if (first.empty()) first = gradient;
      EXPECT_EQ(gradient, first) << threads << " threads, " << nn::name_of(mode);
    }
  }
}

/// Dropout on: the masks are a function of place, so the loss has a slope like any other.
TEST(ModelGradients, WithDropoutAreTheSlopeOfTheLoss) {
  CROSSTAIL_NEEDS_SHARED();
  const nn::DropoutKey dropout = {11, 2, 0.2F, 0.15F};
  const auto loss = [&](TinyModel<double>& model) {
    return contrastive_step<double>(model, "tiny-xlmr", 20, true, {{32}}, false, dropout);
  };
  TinyModel<double> model("tiny-xlmr", nn::ProductMode::F64);
  const double here = loss(model);
  EXPECT_GT(std::abs(here - number_in("tiny-xlmr-infonce", "loss")), 1e-3);
  // Along a direction through every dense parameter: +1, -1, +1 …
  auto& p = model.parameters;
  double slope = 0;
  for (std::size_t i = 0; i < p.gradients.size(); ++i) slope += p.gradients[i] * (i % 2 ? -1 : 1);
  const auto at = [&](double step) {
    for (std::size_t i = 0; i < p.gradients.size(); ++i)
      p.values[p.first_dense + i] += step * (i % 2 ? -1 : 1);
    const double l = loss(model);
    for (std::size_t i = 0; i < p.gradients.size(); ++i)
      p.values[p.first_dense + i] -= step * (i % 2 ? -1 : 1);
    return l;
  };
  const double h = 1e-5;
  const double differences = (at(-2 * h) - 8 * at(-h) + 8 * at(h) - at(2 * h)) / (12 * h);
  EXPECT_NEAR(slope, differences, 1e-6 * std::abs(slope));
}

}  // namespace
}  // namespace crosstail::train
