// AdamW, schedules and clipping against PyTorch's ten steps (../shared/fixtures/training/
// tiny-xlmr-adamw) and numbers by hand.
#include "train/optimizer.h"

#include <gtest/gtest.h>

#include <cmath>

#include "nn/pooling_backward.h"
#include "nn/trainable_encoder.h"
#include "support/shared.h"
#include "support/training_dump.h"
#include "train/losses.h"
#include "train/schedule.h"

namespace crosstail::train {
namespace {

TEST(Schedule, IsThatOfTheDumpAndOfTransformers) {
  // README of the fixtures: 1e-3 k/3 for k < 3, else 1e-3 (10-k)/7.
  const Schedule linear = {1e-3, 3, 10, Decay::Linear};
  for (std::uint64_t k = 0; k < 10; ++k)
    EXPECT_NEAR(linear.rate(k),
                k < 3 ? 1e-3 * static_cast<double>(k) / 3 : 1e-3 * static_cast<double>(10 - k) / 7,
                1e-18);
  // transformers' cosine: peak · ½ (1 + cos(π progress)).
  const Schedule cosine = {2, 2, 12, Decay::Cosine};
  EXPECT_DOUBLE_EQ(cosine.rate(1), 1);
  EXPECT_DOUBLE_EQ(cosine.rate(2), 2);
  EXPECT_NEAR(cosine.rate(7), 1, 1e-15);
  EXPECT_NEAR(cosine.rate(12), 0, 1e-15);
  EXPECT_DOUBLE_EQ((Schedule{2, 2, 12, Decay::Constant}.rate(11)), 2);
}

/// Ten steps of infonce on the same batch, as the dump did them.
template <class Real>
void ten_steps(nn::ProductMode mode, double loss_tolerance, double tolerance,
               double key_bias_tolerance) {
  const auto folder = *testing::shared_dir() / "fixtures";
  const auto weights = testing::read_dump(folder / "tiny-xlmr/model.safetensors");
  nn::TransformerShape shape;
  shape.layers = 2;
  shape.hidden = 32;
  shape.heads = 4;
  shape.intermediate = 64;
  shape.vocabulary = weights.at("embeddings.word_embeddings.weight").shape[0];
  shape.positions = weights.at("embeddings.position_embeddings.weight").shape[0];
  shape.types = 1;
  shape.epsilon = 1e-5F;
  Pool pool(2);
  nn::Parameters<Real> parameters;
  nn::TrainableEncoder<Real> encoder(shape, mode, "", parameters, pool);
  parameters.allocate(true);
  for (const auto& p : parameters.list) {
    const auto values = testing::cast_to<Real>(weights.at(p.name).values);
    std::copy(values.begin(), values.end(), parameters.value(p.offset));
  }
  encoder.weights_changed();
  AdamW<Real> adam(parameters, pool);

  simdjson::dom::parser parser, steps_parser;
  const auto text = read_file(folder / "training/inputs.json");
  const simdjson::dom::element inputs = parser.parse(*text)["tiny-xlmr"];
  std::vector<std::int32_t> ids, positions, offsets = {0};
  for (const char* kind : {"query", "passage", "negative"})
    for (const auto row : inputs[kind].get_array()) {
      std::int32_t position = 2;
      for (const std::int64_t id : row.get_array()) {
        ids.push_back(static_cast<std::int32_t>(id));
        positions.push_back(position++);
      }
      offsets.push_back(static_cast<std::int32_t>(ids.size()));
    }
  const auto steps_text = read_file(folder / "training/tiny-xlmr-adamw/steps.json");
  const simdjson::dom::element steps = steps_parser.parse(*steps_text);
  const std::vector<std::uint64_t> numbers(24);
  const std::vector<std::uint32_t> own = {0, 1, 2, 3, 4, 5};
  const std::vector<Cut> cuts = {{32}};
  nn::EncoderTape<Real> tape;
  std::vector<Real> hidden((ids.size() + 128) * 32), pooled(24 * 32), gradient(24 * 32);
  const Schedule schedule = {1e-3, 3, 10, Decay::Linear};
  for (std::uint64_t k = 0; k < 10; ++k) {
    ASSERT_TRUE(
        encoder.forward({ids, positions, {}, offsets}, numbers, {}, &tape, hidden.data()).ok());
    nn::pool_texts<Real>(nn::TextPooling::Mean, hidden.data(), offsets, 32, pooled.data());
    const double loss =
        with_cuts<Real>({pooled.data(), pooled.data() + 6 * 32, 6, 18, 32, own, {}}, cuts, true,
                        [](const VectorBatch<Real>& b, const VectorGradients<Real>& g) {
                          return info_nce(b, Real(20), false, g);
                        },
                        {gradient.data(), gradient.data() + 6 * 32});
    nn::pool_texts_backward<Real>(nn::TextPooling::Mean, gradient.data(), offsets, 32,
                                  hidden.data());
    encoder.backward(tape, hidden.data());
    const double expected = steps["loss"].at(k).get_double(),
                 norm = steps["grad_norm"].at(k).get_double();
    EXPECT_NEAR(loss, expected, loss_tolerance * expected) << k;
    const auto report = adam.step({}, std::vector<double>(4, schedule.rate(k)), 1);
    EXPECT_NEAR(report.gradient_norm, norm, 10 * loss_tolerance * norm) << k;
    encoder.weights_changed();
  }
  const auto after = testing::read_dump(folder / "training/tiny-xlmr-adamw/after.safetensors");
  for (const auto& p : parameters.list) {
    const auto& theirs = after.at(p.name).values;
    const bool key_bias = p.name.ends_with("key.bias");
    double worst = 0;
    for (std::size_t i = 0; i < p.size(); ++i)
      worst =
          std::max(worst, std::abs(static_cast<double>(parameters.value(p.offset)[i]) - theirs[i]));
    EXPECT_LT(worst, key_bias ? key_bias_tolerance : tolerance) << p.name;
  }
}

TEST(AdamW, TenStepsInF64EqualPyTorchs) {
  CROSSTAIL_NEEDS_SHARED();
  ten_steps<double>(nn::ProductMode::F64, 1e-12, 1e-13, 1e-11);
}

TEST(AdamW, TenStepsInF32AreNearPyTorchsF64) {
  CROSSTAIL_NEEDS_SHARED();
  ten_steps<float>(nn::ProductMode::F32, 1e-5, 1e-5, 5e-3);
}

TEST(AdamW, FirstStepByHand) {
  // p = 1, g = 3, rate .1, decay .01, no clipping: m̂ = 3, v̂ = 9, p = .999 - .1 · 3 / (3 + 1e-8).
  Pool pool(1);
  nn::Parameters<double> parameters;
  parameters.add("x", 1, 1, 0, true);
  parameters.add("bias", 1, 1, 0, false);
  parameters.allocate(false);
  parameters.values[0] = parameters.values[1] = 1;
  parameters.gradients[0] = parameters.gradients[1] = 3;
  AdamW<double> adam(parameters, pool);
  AdamOptions options;
  options.clip_norm = 0;
  adam.step(options, {0.1}, 1);
  EXPECT_NEAR(parameters.values[0], 0.999 - 0.1 * 3 / (3 + 1e-8), 1e-15);
  EXPECT_NEAR(parameters.values[1], 1 - 0.1 * 3 / (3 + 1e-8), 1e-15);
  EXPECT_EQ(parameters.gradients[0], 0);
}

TEST(AdamW, AGradientThatIsNotANumberChangesNothing) {
  Pool pool(1);
  nn::Parameters<float> parameters;
  parameters.add("x", 2, 1, 0, true);
  parameters.allocate(false);
  parameters.values[0] = parameters.values[1] = 1;
  parameters.gradients[0] = NAN;
  AdamW<float> adam(parameters, pool);
  EXPECT_FALSE(adam.step({}, {0.1}, 1).finite);
  EXPECT_EQ(parameters.values[0], 1);
  EXPECT_EQ(parameters.values[1], 1);
}

TEST(AdamW, WordsWithoutGradientOnlyDecayAndThenBehaveAsIfTheyAlwaysHadMoments) {
  // The table's row as a dense tensor beside it gets the same gradients: 0, then 2, then 0.
  Pool pool(2);
  nn::Parameters<float> parameters;
  parameters.add("words", 3, 1, 0, true);
  parameters.add("dense", 1, 1, 0, true);
  parameters.allocate(true);
  for (int i = 0; i < 4; ++i) parameters.values[static_cast<std::size_t>(i)] = 0.7F;
  AdamW<float> adam(parameters, pool);
  AdamOptions options;
  options.clip_norm = 0;
  for (const float g : {0.0F, 2.0F, 0.0F}) {
    if (g != 0) parameters.word_gradients.touch(1)[0] = g;
    parameters.gradients[0] = g;
    adam.step(options, {0.1}, 1);
    EXPECT_EQ(parameters.values[1], parameters.values[3]);
  }
  EXPECT_NE(parameters.values[1], parameters.values[0]);
}

}  // namespace
}  // namespace crosstail::train
