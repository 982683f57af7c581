#include <algorithm>

#include <fstream>
#include "model/encoder.h"
#include "model/loaded_model.h"
#include "model/weights.h"
#include "nn/workspace.h"

#include "model/fixtures.h"

namespace crosstail::model {
namespace {

using testing::expect_near;
using testing::Expected;
using testing::fixtures;
using testing::TemporaryFolder;

/// Where the expectations of transformers were cut.
const EncodeRequest kCut{.max_length = 48};
const ModelOptions kPlain{.precision = nn::Precision::F32, .threads = 2};

std::vector<std::string_view> views(const std::vector<std::string>& texts) {
  return {texts.begin(), texts.end()};
}

/// Encodes and compares with the rows named `name`.
void expect_vectors(const std::filesystem::path& folder, const Expected& expected,
                    const std::string& name, const EncodeRequest& request = {},
                    std::size_t count = SIZE_MAX) {
  auto encoder = Encoder::open(folder, kPlain);
  ASSERT_TRUE(encoder.ok()) << encoder.error().message;
  auto texts = expected.texts();
  if (texts.size() > count) texts.resize(count);
  const auto rows = expected.rows(name);
  ASSERT_EQ(rows.size(), texts.size());
  ASSERT_EQ(rows[0].size(), encoder->dim());
  std::vector<float> out(texts.size() * encoder->dim());
  auto stats = encoder->encode(views(texts), request, out.data());
  ASSERT_TRUE(stats.ok()) << stats.error().message;
  for (std::size_t i = 0; i < texts.size(); ++i)
    expect_near(out.data() + i * encoder->dim(), rows[i], name + " of text " + std::to_string(i));
}

void write(const std::filesystem::path& path, std::string_view text) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path) << text;
}

TEST(ParityWithSentenceTransformers, Version6MeanAndNormalize) {
  CROSSTAIL_NEEDS_SHARED();
  const Expected expected(fixtures() / "st-mean-norm/expected.json");
  expect_vectors(fixtures() / "st-mean-norm", expected, "embeddings");
}

TEST(ParityWithSentenceTransformers, PromptsGoBeforeTheText) {
  CROSSTAIL_NEEDS_SHARED();
  const auto folder = fixtures() / "st-mean-norm";
  auto encoder = Encoder::open(folder, kPlain);
  ASSERT_TRUE(encoder.ok()) << encoder.error().message;
  auto prompt = encoder->prompt("query");
  ASSERT_TRUE(prompt.ok());
  EXPECT_EQ(*prompt, "query: ");
  const Expected expected(folder / "expected.json");
  expect_vectors(folder, expected, "query_prompt_embeddings", {.prompt_text = *prompt}, 4);
}

TEST(ParityWithSentenceTransformers, LegacyLayoutWithPytorchFileAndSentencePiece) {
  CROSSTAIL_NEEDS_SHARED();
  const Expected expected(fixtures() / "st-mean-norm-legacy/expected.json");
  expect_vectors(fixtures() / "st-mean-norm-legacy", expected, "embeddings");
}

TEST(ParityWithSentenceTransformers, FirstTokenWithoutNormalize) {
  CROSSTAIL_NEEDS_SHARED();
  const Expected expected(fixtures() / "st-cls/expected.json");
  expect_vectors(fixtures() / "st-cls", expected, "embeddings");
}

TEST(ParityWithSentenceTransformers, DenseWithTanhThenNormalize) {
  CROSSTAIL_NEEDS_SHARED();
  const Expected expected(fixtures() / "st-mean-dense/expected.json");
  expect_vectors(fixtures() / "st-mean-dense", expected, "embeddings");
}

/// The model's files, with a tokenizer from another folder if it has none, and modules that ask for
/// this pooling.
void make_folder(const TemporaryFolder& to, const std::string& model, const std::string& tokenizer,
                 const std::string& pooling, bool normalise) {
  testing::link_files(fixtures() / model, to.path());
  testing::link_files(fixtures() / tokenizer, to.path(), {"sentencepiece.bpe.model"});
  std::string modules =
      R"([{"idx":0,"name":"0","path":"","type":"sentence_transformers.models.Transformer"},
          {"idx":1,"name":"1","path":"1_Pooling","type":"sentence_transformers.models.Pooling"})";
  if (normalise)
    modules += R"(,{"idx":2,"path":"2_Normalize","type":"sentence_transformers.models.Normalize"})";
  write(to / "modules.json", modules + "]");
  write(to / "1_Pooling/config.json", R"({"pooling_mode":")" + pooling + R"("})");
}

TEST(ParityWithTransformers, XlmRobertaAllPoolings) {
  CROSSTAIL_NEEDS_SHARED();
  for (const auto& [name, pooling] : {std::pair("cls", "cls"), {"mean", "mean"}}) {
    const TemporaryFolder folder;
    make_folder(folder, "tiny-xlmr", "tok-xlmr", pooling, false);
    expect_vectors(folder.path(), Expected(fixtures() / "tiny-xlmr/expected.json"), name, kCut);
  }
  const TemporaryFolder folder;
  make_folder(folder, "tiny-xlmr", "tok-xlmr", "mean", true);
  expect_vectors(folder.path(), Expected(fixtures() / "tiny-xlmr/expected.json"), "mean_normalized",
                 kCut);
}

TEST(ParityWithTransformers, BertCasedAndUncased) {
  CROSSTAIL_NEEDS_SHARED();
  for (const char* model : {"tiny-bert", "tiny-bert-uncased"}) {
    const Expected expected(fixtures() / model / "expected.json");
    for (const auto& [name, pooling] : {std::pair("cls", "cls"), {"mean", "mean"}}) {
      const TemporaryFolder folder;
      make_folder(folder, model, model, pooling, false);
      expect_vectors(folder.path(), expected, name, kCut);
    }
  }
}

TEST(ParityWithTransformers, LastTokenAndMaximumAreThoseOfTheStates) {
  CROSSTAIL_NEEDS_SHARED();
  const Expected expected(fixtures() / "tiny-bert/expected.json");
  const TemporaryFolder last, both;
  make_folder(last, "tiny-bert", "tiny-bert", "lasttoken", false);
  make_folder(both, "tiny-bert", "tiny-bert", "mean", false);
  write(both / "1_Pooling/config.json",
        R"({"word_embedding_dimension":32,"pooling_mode_cls_token":true,
            "pooling_mode_max_tokens":true,"pooling_mode_mean_sqrt_len_tokens":true})");
  auto encoder = Encoder::open(last.path(), kPlain), joint = Encoder::open(both.path(), kPlain);
  ASSERT_TRUE(encoder.ok() && joint.ok());
  ASSERT_EQ(joint->dim(), 96u);
  const auto texts = expected.texts();
  std::vector<float> out(texts.size() * 32), wide(texts.size() * 96);
  ASSERT_TRUE(encoder->encode(views(texts), kCut, out.data()).ok());
  ASSERT_TRUE(joint->encode(views(texts), kCut, wide.data()).ok());
  std::size_t text = 0;
  for (const auto states : expected.root()["last_hidden_state_valid"].get_array()) {
    std::vector<std::vector<float>> rows;
    for (const auto token : states.get_array()) {
      rows.emplace_back();
      for (const auto number : token.get_array())
        rows.back().push_back(static_cast<float>(double(number.get_double())));
    }
    std::vector<float> wanted = rows[0], sums(32);
    wanted.insert(wanted.end(), rows[0].begin(), rows[0].end());
    for (const auto& row : rows)
      for (std::size_t c = 0; c < 32; ++c) {
        wanted[32 + c] = std::max(wanted[32 + c], row[c]);
        sums[c] += row[c];
      }
    for (const float sum : sums) wanted.push_back(sum / std::sqrt(static_cast<float>(rows.size())));
    expect_near(out.data() + text * 32, rows.back(), "last");
    expect_near(wide.data() + text * 96, wanted, "cls, max, mean_sqrt_len");
    ++text;
  }
}

TEST(ParityWithTransformers, HalfPrecisionWeightsComputedInF32) {
  CROSSTAIL_NEEDS_SHARED();
  // expected.json of these two has ids only; the texts are tiny-xlmr's.
  const auto texts = Expected(fixtures() / "tiny-xlmr/expected.json").texts();
  for (const char* model : {"tiny-xlmr-f16", "tiny-xlmr-bf16"}) {
    const TemporaryFolder folder;
    make_folder(folder, model, "tok-xlmr", "mean", false);
    auto encoder = Encoder::open(folder.path(), kPlain);
    ASSERT_TRUE(encoder.ok()) << encoder.error().message;
    std::vector<float> out(texts.size() * 32);
    ASSERT_TRUE(encoder->encode(views(texts), kCut, out.data()).ok());
    const auto rows = Expected(fixtures() / model / "expected.json").rows("mean");
    for (std::size_t i = 0; i < rows.size(); ++i) expect_near(out.data() + i * 32, rows[i], model);
  }
}

TEST(ParityWithTransformers, CrossEncoderLogitsAndSigmoid) {
  CROSSTAIL_NEEDS_SHARED();
  const TemporaryFolder folder;
  testing::link_files(fixtures() / "tiny-xlmr-cls1", folder.path());
  testing::link_files(fixtures() / "tok-xlmr", folder.path(), {"sentencepiece.bpe.model"});
  const Expected expected(fixtures() / "tiny-xlmr-cls1/expected.json");
  auto model = CrossEncoder::open(folder.path(), kPlain);
  ASSERT_TRUE(model.ok()) << model.error().message;
  const auto texts = expected.pairs();
  const std::vector<TextPair> pairs = [&] {
    std::vector<TextPair> out;
    for (const auto& [a, b] : texts) out.push_back({a, b});
    return out;
  }();
  for (const bool raw : {true, false}) {
    std::vector<float> out(pairs.size());
    auto stats = model->score(pairs, raw, out.data());
    ASSERT_TRUE(stats.ok()) << stats.error().message;
    const auto rows = expected.rows(raw ? "logits" : "sigmoid");
    for (std::size_t i = 0; i < rows.size(); ++i) expect_near(&out[i], rows[i], "pair");
  }
}

TEST(ParityWithTransformers, PoolerIsADenseLayerOnTheFirstToken) {
  CROSSTAIL_NEEDS_SHARED();
  for (const char* name : {"tiny-bert", "tiny-bert-uncased"}) {
    const TemporaryFolder folder;
    make_folder(folder, name, name, "cls", false);
    write(folder / "modules.json",
          R"([{"path":"","type":"models.Transformer"},{"path":"1_Pooling","type":"models.Pooling"},
              {"path":"2_Dense","type":"models.Dense"}])");
    write(folder / "2_Dense/config.json",
          R"({"in_features":32,"out_features":32,"bias":true,
              "activation_function":"torch.nn.modules.activation.Tanh"})");
    auto weights = Weights::open(fixtures() / name);
    ASSERT_TRUE(weights.ok());
    auto weight = weights->floats("pooler.dense.weight", {32, 32});
    auto bias = weights->floats("pooler.dense.bias", {32});
    ASSERT_TRUE(weight.ok() && bias.ok());
    std::string bytes = safetensors_header(std::vector<NamedFloats>{
        {"linear.bias", {32}, bias->view()}, {"linear.weight", {32, 32}, weight->view()}});
    for (const auto& values : {bias->view(), weight->view()})
      bytes.append(reinterpret_cast<const char*>(values.data()), values.size_bytes());
    write(folder / "2_Dense/model.safetensors", bytes);
    expect_vectors(folder.path(), Expected(fixtures() / name / "expected.json"), "pooler_output",
                   kCut);
  }
}

TEST(ParityWithTransformers, TokenTypesReachTheStates) {
  CROSSTAIL_NEEDS_SHARED();
  const Expected expected(fixtures() / "tiny-bert/expected.json");
  const auto model = load_model(fixtures() / "tiny-bert", nn::Precision::F32);
  ASSERT_TRUE(model.ok()) << model.error().message;
  const auto rows = expected.rows("token_type_ids_second_half");
  const auto masks = expected.rows("attention_mask"), ids = expected.rows("input_ids");
  for (std::size_t text = 0; text < rows.size(); ++text) {
    // The second half is that of the padded columns, of which only those under the mask count.
    std::vector<std::int32_t> tokens, positions, types;
    for (std::size_t c = 0; c < ids[text].size() && masks[text][c] > 0; ++c) {
      tokens.push_back(static_cast<std::int32_t>(ids[text][c]));
      positions.push_back(static_cast<std::int32_t>(c));
      types.push_back(c >= ids[text].size() / 2 ? 1 : 0);
    }
    const std::vector<std::int32_t> offsets = {0, static_cast<std::int32_t>(tokens.size())};
    std::vector<float> states(tokens.size() * 32);
    nn::Workspace workspace;
    ASSERT_TRUE(
        (*model)
            ->transformer->forward({tokens, positions, types, offsets}, states.data(), workspace)
            .ok());
    expect_near(states.data(), rows[text], "text " + std::to_string(text));
  }
}

TEST(ParityWithTransformers, ClassifierOfEightLabels) {
  CROSSTAIL_NEEDS_SHARED();
  const TemporaryFolder folder;
  testing::link_files(fixtures() / "tiny-xlmr-cls8", folder.path());
  testing::link_files(fixtures() / "tok-xlmr", folder.path(), {"sentencepiece.bpe.model"});
  auto model = Classifier::open(folder.path(), kPlain);
  ASSERT_TRUE(model.ok()) << model.error().message;
  const Expected expected(fixtures() / "tiny-xlmr-cls8/expected.json");
  // A pair is its texts with two </s> between them, which tokenizer.json reads as such in a text.
  std::vector<std::string> texts;
  for (const auto& [a, b] : expected.pairs()) texts.push_back(a + "</s></s>" + b);
  std::vector<float> logits(texts.size() * 8), shares(texts.size() * 8);
  ASSERT_TRUE(model->classify(views(texts), true, logits.data()).ok());
  ASSERT_TRUE(model->classify(views(texts), false, shares.data()).ok());
  for (std::size_t i = 0; i < texts.size(); ++i) {
    expect_near(logits.data() + i * 8, expected.rows("logits")[i], "logits");
    expect_near(shares.data() + i * 8, expected.rows("softmax")[i], "softmax");
  }
  EXPECT_EQ(model->labels().size(), 8u);
  EXPECT_EQ(model->labels()[7], "LABEL_7");
  auto wrong = Encoder::open(folder.path(), kPlain);
  ASSERT_FALSE(wrong.ok());
  EXPECT_NE(wrong.error().message.find("crosstail classify"), std::string::npos);
}

}  // namespace
}  // namespace crosstail::model
