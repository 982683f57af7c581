// States of layers as targets: their gradients by finite differences, and which tokens meet.
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "nn/trainable_encoder.h"
#include "train/losses.h"
#include "train/objective.h"

namespace crosstail::train {
namespace {

constexpr std::size_t kHidden = 8;

/// A tiny encoder with random weights whose loss is the distance of the states after its first and
/// its last layer from random targets.
class StatesOfLayers {
 public:
  explicit StatesOfLayers(bool frozen = false)
      : encoder_(shape(), nn::ProductMode::F64, "", parameters, pool_) {
    parameters.allocate(true);
    std::mt19937 random(7);
    std::normal_distribution<double> normal(0, 0.3);
    for (const auto& p : parameters.list)
      for (std::size_t i = 0; i < p.size(); ++i)
        *parameters.value(p.offset + i) =
            normal(random) + (p.name.ends_with("LayerNorm.weight") ? 1 : 0);
    for (auto& target : targets_) {
      target.resize(ids_.size() * kHidden);
      for (auto& t : target) t = normal(random);
    }
    encoder_.freeze({frozen, 0});
    encoder_.weights_changed();
  }

  double loss() {
    double sum = 0;
    d_[0] = d_[1] = std::vector<double>(ids_.size() * kHidden);
    const std::vector<std::uint64_t> numbers = {0, 1};
    const auto status =
        encoder_.forward({ids_, positions_, {}, offsets_}, numbers, {}, &tape_, hidden_.data(),
                         [&](std::size_t layer) {
                           if (layer == 2) return;
                           const std::size_t at = layer == 1 ? 0 : 1;
                           for (std::size_t t = 0; t < ids_.size(); ++t)
                             sum += 0.5 * state_distance(hidden_.data() + t * kHidden,
                                                         targets_[at].data() + t * kHidden, kHidden,
                                                         0.5, d_[at].data() + t * kHidden);
                         });
    EXPECT_TRUE(status.ok());
    return sum;
  }

  void backward() {
    std::vector<double> d(hidden_.size());
    encoder_.backward(tape_, d.data(), [&](std::size_t layer) {
      if (layer == 2) return;
      const auto& own = d_[layer == 1 ? 0 : 1];
      for (std::size_t i = 0; i < own.size(); ++i) d[i] += own[i];
    });
  }

  nn::Parameters<double> parameters;

 private:
  static nn::TransformerShape shape() {
    nn::TransformerShape shape;
    shape.layers = 3;
    shape.hidden = kHidden;
    shape.heads = 2;
    shape.intermediate = 16;
    shape.vocabulary = 9;
    shape.positions = 6;
    shape.types = 1;
    return shape;
  }

  Pool pool_{0};
  nn::TrainableEncoder<double> encoder_;
  const std::vector<std::int32_t> ids_ = {1, 4, 2, 7, 8, 3, 1}, positions_ = {0, 1, 2, 3, 0, 1, 2},
                                  offsets_ = {0, 4, 7};
  std::vector<double> hidden_ =
      std::vector<double>((7 + nn::TrainableEncoder<double>::kTile) * kHidden);
  std::vector<double> targets_[2], d_[2];
  nn::EncoderTape<double> tape_;
};

TEST(States, GradientsOfMiddleAndLastLayersAreThoseOfFiniteDifferences) {
  StatesOfLayers model;
  model.loss();
  model.backward();
  constexpr double kStep = 1e-5;
  double length = 0;
  for (const auto& p : model.parameters.list) {
    const bool words = model.parameters.is_word_table(p);
    for (std::size_t i = 0; i < p.size(); i += 1 + p.size() / 7) {
      double* value = model.parameters.value(p.offset + i);
      const double kept = *value;
      *value = kept + kStep;
      const double above = model.loss();
      *value = kept - kStep;
      const double below = model.loss();
      *value = kept;
      const double* row = words ? model.parameters.word_gradients.find(i / p.columns) : nullptr;
      const double ours = !words           ? *model.parameters.gradient(p.offset + i)
                          : row != nullptr ? row[i % p.columns]
                                           : 0;
      EXPECT_NEAR(ours, (above - below) / (2 * kStep), 1e-7) << p.name << " " << i;
      length += ours * ours;
    }
  }
  EXPECT_GT(length, 0.1);
}

TEST(States, LayersLearnTheSameOverFrozenEmbeddings) {
  StatesOfLayers all, frozen(true);
  for (auto* model : {&all, &frozen}) {
    model->loss();
    model->backward();
  }
  for (const auto& p : all.parameters.list) {
    if (all.parameters.is_word_table(p)) continue;
    for (std::size_t i = 0; i < p.size(); ++i)
      EXPECT_EQ(*frozen.parameters.gradient(p.offset + i),
                p.depth == 0 ? 0 : *all.parameters.gradient(p.offset + i))
          << p.name;
  }
  EXPECT_TRUE(frozen.parameters.word_gradients.rows().empty());
}

TEST(States, TokensMeetThoseOfTheSameBytes) {
  // "query: unhappy": <s> ▁query : ▁un happy </s> and <s> ▁query : ▁unhap py </s>.
  const std::vector<text::TokenOffset> tokens = {{0, 0}, {0, 5}, {5, 6}, {6, 9}, {9, 14}, {0, 0}},
                                       others = {{0, 0}, {0, 5}, {5, 6}, {6, 12}, {12, 14}, {0, 0}};
  const auto met = overlapping(tokens, others);
  const std::vector<std::pair<std::size_t, std::size_t>> wanted = {{0, 1}, {1, 2}, {2, 3},
                                                                   {3, 4}, {3, 5}, {5, 6}};
  ASSERT_EQ(met.size(), wanted.size());
  for (std::size_t t = 0; t < met.size(); ++t) {
    EXPECT_EQ(met[t].begin, wanted[t].first) << t;
    EXPECT_EQ(met[t].end, wanted[t].second) << t;
  }
}

TEST(States, ATokenBeyondWhatTheOtherReadMeetsNothing) {
  // The other was cut off after its second token, and has no frame.
  const std::vector<text::TokenOffset> tokens = {{0, 0}, {0, 2}, {2, 5}, {5, 9}, {0, 0}},
                                       others = {{0, 1}, {1, 5}};
  const auto met = overlapping(tokens, others);
  ASSERT_EQ(met.size(), 5U);
  EXPECT_EQ(met[0].begin, met[0].end);
  EXPECT_EQ(met[1].begin, 0U);
  EXPECT_EQ(met[1].end, 2U);
  EXPECT_EQ(met[2].begin, 1U);
  EXPECT_EQ(met[2].end, 2U);
  EXPECT_EQ(met[3].begin, met[3].end);
  EXPECT_EQ(met[4].begin, met[4].end);
  EXPECT_TRUE(overlapping(tokens, {})[2].end == 0);
}

}  // namespace
}  // namespace crosstail::train
