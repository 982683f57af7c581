/// The whole encoder, on random models of odd sizes: against the plain f64 version, and that a
/// text's states have the same bits wherever it is computed.

#include <gtest/gtest.h>
#include <malloc.h>

#include <cstring>

#include "nn/packed_transformer.h"
#include "nn/random_model.h"

namespace crosstail::nn {
namespace {

using testing::cosine;
using testing::isas_here;
using testing::random_text;
using testing::RandomBatch;
using testing::RandomModel;
using testing::RandomText;

constexpr std::array kPrecisions = {Precision::F32, Precision::BF16, Precision::INT8};

/// layers, hidden, heads, intermediate, vocabulary, positions, types: heads of width 8, 12, 32, 64.
const std::vector<TransformerShape> kShapes = {
    {1, 40, 5, 50, 97, 600, 2, Activation::Gelu, 1e-12F},
    {2, 36, 3, 77, 61, 600, 0, Activation::Relu, 1e-5F},
    {2, 96, 3, 128, 50, 600, 1, Activation::Gelu, 1e-5F},
    {1, 128, 2, 320, 70, 600, 1, Activation::GeluTanh, 1e-5F},
};

std::vector<float> states_of(const Transformer& model, const RandomBatch& batch) {
  Workspace workspace;
  std::vector<float> states(batch.ids.size() * model.shape().hidden);
  EXPECT_TRUE(model.forward(batch.view(), states.data(), workspace).ok());
  return states;
}

class TransformerTest : public ::testing::TestWithParam<Isa> {
 protected:
  std::mt19937 random{11};
};

TEST_P(TransformerTest, IsThePlainEncoder) {
  for (std::size_t s = 0; s < kShapes.size(); ++s) {
    const RandomModel model(kShapes[s], static_cast<unsigned>(s));
    for (const auto precision : kPrecisions) {
      const auto transformer = model.build(precision, GetParam());
      for (const std::size_t tokens : {1u, 3u, 16u, 37u, 512u}) {
        RandomBatch batch;
        const auto text = random_text(model.shape, tokens, random);
        batch.add(text);
        const auto states = states_of(transformer, batch);
        const auto expected = transformer_plain<double>(model.shape, model.weights, text.ids,
                                                        text.positions, text.types);
        if (precision == Precision::F32) {
          for (std::size_t i = 0; i < states.size(); ++i)
            ASSERT_NEAR(static_cast<double>(states[i]), expected[i],
                        1e-5 + 1e-4 * std::abs(expected[i]))
                << "shape " << s << ", " << tokens << " tokens, number " << i;
        } else {
          const double least = precision == Precision::BF16 ? 0.9998 : 0.999;
          for (std::size_t t = 0; t < tokens; ++t) {
            const std::size_t h = model.shape.hidden;
            ASSERT_GE(cosine({states.data() + t * h, h}, {expected.data() + t * h, h}), least)
                << name_of(precision) << " shape " << s << ", token " << t << " of " << tokens;
          }
        }
      }
    }
  }
}

TEST_P(TransformerTest, LongTextsAreThePlainEncoder) {
  const RandomModel model({1, 16, 2, 32, 50, 8192, 0, Activation::Gelu, 1e-5F}, 3);
  RandomBatch batch;
  const auto text = random_text(model.shape, 8192, random);
  batch.add(text);
  const auto states = states_of(model.build(Precision::F32, GetParam()), batch);
  const auto expected =
      transformer_plain<double>(model.shape, model.weights, text.ids, text.positions, text.types);
  for (std::size_t i = 0; i < states.size(); ++i)
    ASSERT_NEAR(static_cast<double>(states[i]), expected[i], 1e-5 + 1e-4 * std::abs(expected[i]));
}

TEST_P(TransformerTest, ATextHasTheSameBitsAloneInAnyBatchAndOnAnyNumberOfThreads) {
  Pool one(1), three(3);
  for (std::size_t s = 0; s < kShapes.size(); ++s) {
    const RandomModel model(kShapes[s], static_cast<unsigned>(s));
    const std::size_t h = model.shape.hidden;
    for (const auto precision : kPrecisions) {
      const auto transformer = model.build(precision, GetParam());
      for (int round = 0; round < 3; ++round) {
        std::vector<RandomText> texts;
        RandomBatch batch;
        for (std::size_t i = 0, n = 1 + random() % 12; i < n; ++i) {
          const std::size_t tokens = i == 3 ? 0 : 1 + random() % (i == 5 ? 600 : 70);
          batch.add(texts.emplace_back(random_text(model.shape, tokens, random)));
        }
        const auto together = states_of(transformer, batch);
        for (std::size_t i = 0; i < texts.size(); ++i) {
          RandomBatch alone;
          alone.add(texts[i]);
          const auto states = states_of(transformer, alone);
          const float* begin = together.data() + static_cast<std::size_t>(batch.offsets[i]) * h;
          if (states.empty()) continue;
          ASSERT_EQ(std::memcmp(states.data(), begin, states.size() * 4), 0)
              << name_of(precision) << " shape " << s << ", text " << i << " of " << texts.size();
        }
        for (Pool* pool : {&one, &three}) {
          Workspace workspace;
          std::vector<float> split(together.size());
          ASSERT_TRUE(transformer.forward_split(batch.view(), split.data(), workspace, *pool).ok());
          ASSERT_EQ(std::memcmp(split.data(), together.data(), split.size() * 4), 0)
              << name_of(precision) << " shape " << s << ", split";
        }
      }
    }
  }
}

TEST_P(TransformerTest, WordsInFourBitsAreThePlainEncoderOfTheWordsTheyStandFor) {
  for (const auto& shape : kShapes) {
    const RandomModel model(shape, 9);
    auto words = model.weights;
    std::vector<float> table(words.embeddings.word.begin(), words.embeddings.word.end());
    for (std::size_t at = 0; at < table.size(); at += shape.hidden)
      for (std::size_t c = 0; c < shape.hidden; c += kFourBitGroup) {
        std::uint8_t codes[kFourBitBytes];
        std::uint16_t scale = 0;
        float numbers[kFourBitGroup] = {};
        const std::size_t count = std::min(kFourBitGroup, shape.hidden - c);
        to_four_bits(table.data() + at + c, count, codes, &scale);
        add_four_bits(codes, scale, numbers);
        std::copy_n(numbers, count, table.data() + at + c);
      }
    words.embeddings.word = table;
    const auto built =
        Transformer::build(shape, model.weights, Precision::F32, GetParam(), TableFormat::INT4);
    ASSERT_TRUE(built.ok());
    RandomBatch batch;
    const auto text = random_text(shape, 37, random);
    batch.add(text);
    const auto states = states_of(*built, batch);
    const auto expected =
        transformer_plain<double>(shape, words, text.ids, text.positions, text.types);
    for (std::size_t i = 0; i < states.size(); ++i)
      ASSERT_NEAR(static_cast<double>(states[i]), expected[i], 1e-5 + 1e-4 * std::abs(expected[i]));
  }
}

TEST_P(TransformerTest, PackedBytesComputeTheSameBits) {
  const RandomModel model(kShapes[0], 5);
  for (const auto precision : kPrecisions) {
    const auto built = model.build(precision, GetParam());
    const auto read = Transformer::from_packed(built.packed(), GetParam());
    ASSERT_TRUE(read.ok());
    RandomBatch batch;
    batch.add(random_text(model.shape, 33, random));
    EXPECT_EQ(states_of(built, batch), states_of(*read, batch));
    EXPECT_EQ(read->precision(), precision);
  }
}

TEST_P(TransformerTest, MemoryDoesNotGrowFromCallToCall) {
  const RandomModel model(kShapes[0], 5);
  const auto transformer = model.build(Precision::INT8, GetParam());
  RandomBatch batch;
  for (int i = 0; i < 4; ++i) batch.add(random_text(model.shape, 20, random));
  Workspace workspace;
  Pool pool(1);
  std::vector<float> states(batch.ids.size() * model.shape.hidden);
  std::size_t bytes = 0;
  std::size_t in_use = 0;
  for (int i = 0; i < 600; ++i) {
    ASSERT_TRUE(transformer.forward(batch.view(), states.data(), workspace).ok());
    if (i % 10 == 0) {
      ASSERT_TRUE(transformer.forward_split(batch.view(), states.data(), workspace, pool).ok());
    }
    if (i == 100) {
      bytes = workspace.size();
      in_use = ::mallinfo2().uordblks;
    }
  }
  EXPECT_EQ(workspace.size(), bytes);
  EXPECT_LE(::mallinfo2().uordblks, in_use + 64 * 1024);
}

INSTANTIATE_TEST_SUITE_P(Isas, TransformerTest, ::testing::ValuesIn(isas_here()),
                         [](const auto& tested) {
                           std::string name(name_of(tested.param));
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

TEST(TransformerErrors, NameTheTensor) {
  const RandomModel model(kShapes[0], 1);
  auto weights = model.weights;
  weights.layers[0].key.weight = weights.layers[0].key.weight.first(40 * 39);
  auto built = Transformer::build(model.shape, weights, Precision::F32);
  ASSERT_FALSE(built.ok());
  EXPECT_EQ(built.error().message, "layer.0.key.weight: 1560 numbers, expected 1600");

  std::vector<float> gamma(40, 1.0F);
  gamma[17] = std::numeric_limits<float>::quiet_NaN();
  weights = model.weights;
  weights.layers[0].output_norm.gamma = gamma;
  built = Transformer::build(model.shape, weights, Precision::F32);
  ASSERT_FALSE(built.ok());
  EXPECT_NE(built.error().message.find("layer.0.output.LayerNorm.weight: number 17"),
            std::string::npos);

  auto shape = model.shape;
  shape.heads = 7;
  built = Transformer::build(shape, model.weights, Precision::F32);
  ASSERT_FALSE(built.ok());
  EXPECT_EQ(built.error().message, "hidden 40 is not a multiple of heads 7");
}

TEST(TransformerErrors, OutOfRangeTokensAreRefused) {
  const RandomModel model(kShapes[0], 1);
  const auto transformer = model.build(Precision::F32, best_isa());
  std::mt19937 random(1);
  const auto text = random_text(model.shape, 5, random);
  Workspace workspace;
  std::vector<float> states(5 * 40);
  const auto refused = [&](RandomBatch batch) {
    return !transformer.forward(batch.view(), states.data(), workspace).ok();
  };
  RandomBatch batch;
  batch.add(text);
  EXPECT_FALSE(refused(batch));
  auto bad = batch;
  bad.ids[2] = 97;
  EXPECT_TRUE(refused(bad));
  bad.ids[2] = -1;
  EXPECT_TRUE(refused(bad));
  bad = batch;
  bad.positions[4] = 600;
  EXPECT_TRUE(refused(bad));
  bad = batch;
  bad.types[0] = 2;
  EXPECT_TRUE(refused(bad));
  bad = batch;
  bad.offsets = {0, 6};
  EXPECT_TRUE(refused(bad));
  bad.offsets = {0, 4, 3, 5};
  EXPECT_TRUE(refused(bad));
  bad.offsets = {0};
  EXPECT_TRUE(refused(bad));
}

TEST(PackedTransformerErrors, DamagedBytesAreRefused) {
  const RandomModel model(kShapes[0], 1);
  const auto transformer = model.build(Precision::INT8, best_isa());
  const auto good = transformer.packed();
  struct Free {
    void operator()(std::byte* p) const { std::free(p); }
  };
  const std::unique_ptr<std::byte, Free> copy(
      static_cast<std::byte*>(std::aligned_alloc(64, up_to_multiple(good.size() + 64, 64))));
  const auto refused = [&](std::size_t offset, unsigned char value, std::size_t size,
                           std::size_t shift = 0) {
    std::memcpy(copy.get() + shift, good.data(), good.size());
    copy.get()[shift + offset] = std::byte{value};
    const auto read = Transformer::from_packed({copy.get() + shift, size});
    return !read.ok() && read.error().code == ErrorCode::Corrupt;
  };
  EXPECT_FALSE(refused(0, 'C', good.size()));
  EXPECT_TRUE(refused(0, 'X', good.size()));  // magic
  EXPECT_TRUE(refused(8, 5, good.size()));    // version
  EXPECT_TRUE(refused(8, 0, good.size()));
  EXPECT_TRUE(refused(88, 5, good.size()));       // format of the words
  EXPECT_TRUE(refused(88, 4, good.size()));       // codes of no width
  EXPECT_TRUE(refused(88, 3, good.size()));       // another format needs other bytes
  EXPECT_TRUE(refused(92, 2, good.size()));       // format of the layers
  EXPECT_TRUE(refused(92, 1, good.size()));       // another format needs other bytes
  EXPECT_TRUE(refused(12, 3, good.size()));       // precision
  EXPECT_TRUE(refused(16, 99, good.size()));      // activation
  EXPECT_TRUE(refused(24, 2, good.size()));       // layers
  EXPECT_TRUE(refused(39, 0xff, good.size()));    // hidden, absurd
  EXPECT_TRUE(refused(63, 0xff, good.size()));    // vocabulary, absurd
  EXPECT_TRUE(refused(0, 'C', good.size() - 1));  // cut short
  EXPECT_TRUE(refused(0, 'C', 100));              // within the header
  EXPECT_TRUE(refused(0, 'C', good.size(), 8));   // not aligned
}

}  // namespace
}  // namespace crosstail::nn
