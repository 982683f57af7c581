/// The encoder against transformers' own outputs on ../shared/fixtures.

#include "nn/fixtures.h"

namespace crosstail::nn {
namespace {

using testing::expect_close;
using testing::ExpectedText;
using testing::tiny_model;
using testing::TinyModel;

class TransformerFixtures : public ::testing::TestWithParam<std::tuple<const char*, Isa>> {
 protected:
  void SetUp() override {
    CROSSTAIL_NEEDS_SHARED();
    const auto [name, isa] = GetParam();
    if (isa > best_isa()) GTEST_SKIP() << "this processor has no " << name_of(isa);
    model = tiny_model(name);
  }

  [[nodiscard]] Transformer built() const {
    auto transformer =
        Transformer::build(model.shape, model.weights, Precision::F32, std::get<1>(GetParam()));
    EXPECT_TRUE(transformer.ok());
    return *std::move(transformer);
  }

  TinyModel model;
  Workspace workspace;
};

TEST_P(TransformerFixtures, StatesOfEachTextAlone) {
  const auto transformer = built();
  for (const auto& text : model.texts) {
    const std::vector<std::int32_t> offsets = {0, static_cast<std::int32_t>(text.ids.size())};
    std::vector<float> states(text.ids.size() * model.shape.hidden);
    ASSERT_TRUE(
        transformer.forward({text.ids, text.positions, {}, offsets}, states.data(), workspace)
            .ok());
    expect_close(states, text.states);
  }
}

TEST_P(TransformerFixtures, StatesOfAllTextsInOneBatch) {
  const auto transformer = built();
  std::vector<std::int32_t> ids, positions, offsets = {0};
  std::vector<double> expected;
  for (const auto& text : model.texts) {
    ids.insert(ids.end(), text.ids.begin(), text.ids.end());
    positions.insert(positions.end(), text.positions.begin(), text.positions.end());
    offsets.push_back(static_cast<std::int32_t>(ids.size()));
    expected.insert(expected.end(), text.states.begin(), text.states.end());
  }
  std::vector<float> states(ids.size() * model.shape.hidden);
  ASSERT_TRUE(transformer.forward({ids, positions, {}, offsets}, states.data(), workspace).ok());
  expect_close(states, expected);
}

TEST_P(TransformerFixtures, TypesOfTheSecondHalf) {
  const auto transformer = built();
  for (const auto& text : model.texts) {
    if (text.first_of_two.empty()) continue;
    const std::vector<std::int32_t> offsets = {0, static_cast<std::int32_t>(text.ids.size())};
    std::vector<std::int32_t> types(text.ids.size());
    for (std::size_t t = text.padded / 2; t < types.size(); ++t) types[t] = 1;
    std::vector<float> states(text.ids.size() * model.shape.hidden);
    ASSERT_TRUE(
        transformer.forward({text.ids, text.positions, types, offsets}, states.data(), workspace)
            .ok());
    expect_close({states.data(), model.shape.hidden}, text.first_of_two);
  }
}

TEST_P(TransformerFixtures, PoolerIsALinearHead) {
  const auto transformer = built();
  for (const auto& text : model.texts) {
    if (text.pooler.empty()) continue;
    const auto pooler = Linear::build(
        model.shape.hidden, model.shape.hidden,
        {model.tensors.at("pooler.dense.weight"), model.tensors.at("pooler.dense.bias")},
        Activation::Tanh);
    ASSERT_TRUE(pooler.ok());
    const std::vector<float> first(
        text.states.begin(), text.states.begin() + static_cast<std::ptrdiff_t>(model.shape.hidden));
    std::vector<float> pooled(model.shape.hidden);
    pooler->apply(first.data(), 1, pooled.data());
    expect_close(pooled, text.pooler);
  }
}

INSTANTIATE_TEST_SUITE_P(Models, TransformerFixtures,
                         ::testing::Combine(::testing::Values("tiny-bert", "tiny-xlmr"),
                                            ::testing::ValuesIn(kAllIsas)),
                         [](const auto& tested) {
                           std::string name = std::get<0>(tested.param);
                           name.append("_").append(name_of(std::get<1>(tested.param)));
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace crosstail::nn
