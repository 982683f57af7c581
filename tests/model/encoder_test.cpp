/// Encoder, CrossEncoder and Classifier on models of 8 dimensions, against f64 in the test.

#include "model/encoder.h"

#include <gtest/gtest.h>

#include <thread>

#include "model/converted.h"
#include "model/export.h"
#include "model/tiny_model.h"

namespace crosstail::model {
namespace {

using testing::mean_of;
using testing::TemporaryFolder;
using testing::TinyFamily;
using testing::TinyModel;

const ModelOptions kF32{.precision = nn::Precision::F32, .threads = 2};
constexpr auto kCls = TinyModel::kCls, kSep = TinyModel::kSep, kOne = TinyModel::kOne,
               kTwo = TinyModel::kTwo, kThree = TinyModel::kThree, kUnknown = TinyModel::kUnknown;

Encoder opened(const std::filesystem::path& folder, const ModelOptions& options = kF32) {
  auto encoder = Encoder::open(folder, options);
  EXPECT_TRUE(encoder.ok()) << (encoder.ok() ? "" : encoder.error().message);
  return *std::move(encoder);
}

std::string failure(const std::filesystem::path& folder, const ModelOptions& options = kF32) {
  auto encoder = Encoder::open(folder, options);
  return encoder.ok() ? "" : encoder.error().message;
}

std::vector<float> vectors(const Encoder& encoder, const std::vector<std::string_view>& texts,
                           const EncodeRequest& request = {}) {
  std::vector<float> out(texts.size() * encoder.dim());
  auto stats = encoder.encode(texts, request, out.data());
  EXPECT_TRUE(stats.ok()) << (stats.ok() ? "" : stats.error().message);
  return out;
}

void expect_equal(const float* got, const std::vector<double>& wanted, const std::string& what) {
  for (std::size_t c = 0; c < wanted.size(); ++c)
    ASSERT_NEAR(double(got[c]), wanted[c], 2e-5) << what << ", number " << c;
}

TEST(Encoder, ComputesTheMeanOfTheLastStates) {
  for (const auto family : {TinyFamily::Bert, TinyFamily::Roberta, TinyFamily::DistilBert}) {
    const TinyModel tiny(family);
    const TemporaryFolder folder;
    tiny.write(folder.path());
    const auto out = vectors(opened(folder.path()), {"one two", "three", "one one three two"});
    const std::string what = "family " + std::to_string(int(family));
    expect_equal(out.data(), mean_of(tiny.states({kCls, kOne, kTwo, kSep})), what);
    expect_equal(out.data() + 8, mean_of(tiny.states({kCls, kThree, kSep})), what);
    expect_equal(out.data() + 16, mean_of(tiny.states({kCls, kOne, kOne, kThree, kTwo, kSep})),
                 what);
  }
}

TEST(Encoder, RobertaLeavesThePositionOfAPaddingTokenInTheText) {
  // Id 1 is this tokenizer's [UNK] and, by the configuration, RoBERTa's padding.
  const TinyModel tiny(TinyFamily::Roberta);
  const TemporaryFolder folder;
  tiny.write(folder.path());
  const auto out = vectors(opened(folder.path()), {"one nothing two"});
  expect_equal(out.data(), mean_of(tiny.states({kCls, kOne, kUnknown, kTwo, kSep})), "mean");
}

TEST(Encoder, ReadsBytesOfAnyKind) {
  const TinyModel tiny;
  const TemporaryFolder folder;
  tiny.write(folder.path());
  const auto encoder = opened(folder.path());
  const std::string huge = [] {
    std::string text;
    while (text.size() < 10'000'000) text += "one two ";
    return text;
  }();
  const std::vector<std::string_view> texts = {"", "\xFF\xFE one", huge, std::string_view("\0", 1)};
  std::vector<float> out(texts.size() * 8);
  auto stats = encoder.encode(texts, {}, out.data());
  ASSERT_TRUE(stats.ok());
  EXPECT_EQ(stats->texts, 4u);
  EXPECT_EQ(stats->empty, 1u);
  EXPECT_EQ(stats->truncated, 1u);
  EXPECT_EQ(stats->invalid_utf8, 2u);
  expect_equal(out.data(), mean_of(tiny.states({kCls, kSep})), "empty text");
  // 16 positions: 14 words between [CLS] and [SEP]; 2.5 million words were there.
  std::vector<std::uint32_t> ids = {kCls};
  for (int i = 0; i < 14; ++i) ids.push_back(i % 2 == 0 ? kOne : kTwo);
  ids.push_back(kSep);
  expect_equal(out.data() + 16, mean_of(tiny.states(ids)), "10 MB");
  EXPECT_NEAR(static_cast<double>(stats->cut_tokens), 2.5e6, 2e4);
  EXPECT_GT(stats->cut_share(), 0.99);
}

TEST(Encoder, ATextHasTheSameBitsAloneInAnyBatchAndWithAnyThreads) {
  const TinyModel tiny;
  const TemporaryFolder folder;
  tiny.write(folder.path());
  std::mt19937 random(7);
  std::vector<std::string> texts(3000);
  for (auto& text : texts)
    for (std::size_t n = random() % 14; n > 0; --n)
      text += std::array{"one ", "two ", "three ", "else "}[random() % 4];
  const std::vector<std::string_view> views(texts.begin(), texts.end());
  for (const auto precision : {nn::Precision::F32, nn::Precision::BF16, nn::Precision::INT8}) {
    const auto one = opened(folder.path(), {.precision = precision, .threads = 1});
    const auto all = vectors(one, views);
    EXPECT_EQ(vectors(opened(folder.path(), {.precision = precision, .threads = 3}), views), all);
    for (const std::size_t i : {0, 17, 2999}) {
      const auto alone = vectors(one, {views[i]});
      EXPECT_TRUE(std::equal(alone.begin(), alone.end(), all.begin() + std::ptrdiff_t(i * 8)));
    }
  }
}

TEST(Encoder, MayBeUsedFromSeveralThreadsAtOnce) {
  const TinyModel tiny;
  const TemporaryFolder folder;
  tiny.write(folder.path());
  const auto encoder = opened(folder.path());
  const std::vector<std::string_view> texts = {"one", "two three", "three"};
  const auto wanted = vectors(encoder, texts);
  std::vector<std::vector<float>> got(4);
  std::vector<std::thread> threads;
  for (auto& out : got)
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i) out = vectors(encoder, texts);
    });
  for (auto& thread : threads) thread.join();
  for (const auto& out : got) EXPECT_EQ(out, wanted);
}

TEST(Encoder, MaximumLengthIsThatOfTheRequestAndWithinThePositions) {
  const TinyModel tiny;
  const TemporaryFolder folder;
  tiny.write(folder.path());
  const auto encoder = opened(folder.path());
  EXPECT_EQ(encoder.info().max_length, 16u);
  const auto out = vectors(encoder, {"one two three"}, {.max_length = 4});
  expect_equal(out.data(), mean_of(tiny.states({kCls, kOne, kTwo, kSep})), "cut at 4");
  float vector[8];
  const std::string_view text = "one";
  auto stats = encoder.encode({&text, 1}, {.max_length = 17}, vector);
  ASSERT_FALSE(stats.ok());
  EXPECT_EQ(stats.error().code, ErrorCode::InvalidArgument);
  EXPECT_NE(stats.error().message.find("3 to 16"), std::string::npos) << stats.error().message;
}

void write_sentence_modules(const std::filesystem::path& folder) {
  TinyModel::write_file(folder / "modules.json", R"([
    {"idx":0,"name":"0","path":"","type":"sentence_transformers.models.Transformer"},
    {"idx":1,"name":"1","path":"1_Pooling","type":"sentence_transformers.models.Pooling"},
    {"idx":2,"name":"2","path":"2_Dense","type":"sentence_transformers.models.Dense"},
    {"idx":3,"name":"3","path":"3_Normalize","type":"sentence_transformers.models.Normalize"}])");
  TinyModel::write_file(folder / "1_Pooling/config.json",
                        R"({"word_embedding_dimension":8,"pooling_mode_mean_tokens":true,
                            "include_prompt":false})");
  TinyModel::write_file(folder / "2_Dense/config.json",
                        R"({"in_features":8,"out_features":2,"bias":false,
                            "activation_function":"torch.nn.modules.linear.Identity"})");
  // The sums of the first four numbers and of the last four.
  const std::vector<float> weight = {1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1};
  std::string bytes =
      safetensors_header(std::vector<NamedFloats>{{"linear.weight", {2, 8}, weight}});
  bytes.append(reinterpret_cast<const char*>(weight.data()), 64);
  TinyModel::write_file(folder / "2_Dense/model.safetensors", bytes);
  TinyModel::write_file(folder / "config_sentence_transformers.json",
                        R"({"prompts":{"query":"one ","document":"two "}})");
  TinyModel::write_file(folder / "sentence_bert_config.json", R"({"max_seq_length":10})");
}

/// Two sums, brought to length 1.
std::vector<double> summed(const std::vector<double>& mean) {
  const double a = mean[0] + mean[1] + mean[2] + mean[3], b = mean[4] + mean[5] + mean[6] + mean[7];
  const double length = std::sqrt(a * a + b * b);
  return {a / length, b / length};
}

TEST(Encoder, PromptTokensAreLeftOutOfPoolingWhereTheDirectorySaysSo) {
  const TinyModel tiny;
  const TemporaryFolder folder;
  tiny.write(folder.path());
  write_sentence_modules(folder.path());
  const auto encoder = opened(folder.path());
  ASSERT_EQ(encoder.dim(), 2u);
  EXPECT_EQ(encoder.info().max_length, 10u);
  auto states = tiny.states({kCls, kOne, kThree, kTwo, kSep});
  states.erase(states.begin(), states.begin() + 2);
  const auto out = vectors(encoder, {"three two"}, {.prompt_text = *encoder.prompt("query")});
  expect_equal(out.data(), summed(mean_of(states)), "without the prompt");
}

TEST(Encoder, NormalisationCanBeLeftOutOrAdded) {
  const TinyModel tiny;
  const TemporaryFolder folder;
  tiny.write(folder.path());
  write_sentence_modules(folder.path());
  const auto encoder = opened(folder.path());
  const auto mean = mean_of(tiny.states({kCls, kOne, kSep}));
  const auto raw = vectors(encoder, {"one"}, {.normalise = false});
  expect_equal(raw.data(),
               {mean[0] + mean[1] + mean[2] + mean[3], mean[4] + mean[5] + mean[6] + mean[7]},
               "raw");
  const auto out = vectors(encoder, {"one"}, {.normalise = true});
  expect_equal(out.data(), summed(mean), "normalised");
}

TEST(Encoder, PassageAndDocumentStandForEachOtherAndOtherNamesAreListed) {
  const TinyModel tiny;
  const TemporaryFolder folder;
  tiny.write(folder.path());
  write_sentence_modules(folder.path());
  const auto encoder = opened(folder.path());
  EXPECT_EQ(*encoder.prompt("passage"), "two ");
  EXPECT_EQ(*encoder.prompt(""), "");
  auto wrong = encoder.prompt("title");
  ASSERT_FALSE(wrong.ok());
  EXPECT_NE(wrong.error().message.find("document, query"), std::string::npos);
}

TEST(StaticEmbeddings, AreTheMeanOfTheTokensRowsWithoutSpecials) {
  const TemporaryFolder folder;
  TinyModel::write_file(folder / "modules.json", R"([{"idx":0,"name":"0",
    "path":"0_StaticEmbedding","type":"sentence_transformers.models.StaticEmbedding"}])");
  TinyModel::write_file(folder / "0_StaticEmbedding/vocab.txt",
                        "[PAD]\n[UNK]\n[CLS]\n[SEP]\none\ntwo\n");
  const std::vector<float> table = {9, 9, 9, 9, 9, 9, 9, 9, 1, 2, 3, 6};
  std::string bytes =
      safetensors_header(std::vector<NamedFloats>{{"embedding.weight", {6, 2}, table}});
  bytes.append(reinterpret_cast<const char*>(table.data()), 48);
  TinyModel::write_file(folder / "0_StaticEmbedding/model.safetensors", bytes);
  const auto encoder = opened(folder.path());
  EXPECT_EQ(vectors(encoder, {"one two two", "", "one"}),
            (std::vector<float>{7.0F / 3, 14.0F / 3, 0, 0, 1, 2}));
  ASSERT_TRUE(convert_model(folder.path(), nn::Precision::F32, folder / "m").ok());
  EXPECT_EQ(vectors(opened(folder / "m"), {"one two"}), (std::vector<float>{2, 4}));
}

TEST(CrossEncoder, ScoresPairsWithTokenTypesWhereTheModelHasThem) {
  for (const auto family : {TinyFamily::Bert, TinyFamily::DistilBert}) {
    const TinyModel tiny(family, 1);
    const TemporaryFolder folder;
    tiny.write(folder.path());
    auto model = CrossEncoder::open(folder.path(), kF32);
    ASSERT_TRUE(model.ok()) << model.error().message;
    const TextPair pair{"one", "two three"};
    float score = 0;
    ASSERT_TRUE(model->score({&pair, 1}, true, &score).ok());
    const double logit = tiny.logits({kCls, kOne, kSep, kTwo, kThree, kSep}, {0, 0, 0, 1, 1, 1})[0];
    EXPECT_NEAR(double(score), logit, 2e-5);
    ASSERT_TRUE(model->score({&pair, 1}, false, &score).ok());
    EXPECT_NEAR(double(score), 1 / (1 + std::exp(-logit)), 1e-5);
  }
}

TEST(Classifier, GivesTheSoftmaxOverTheLabels) {
  const TinyModel tiny(TinyFamily::Roberta, 3);
  const TemporaryFolder folder;
  tiny.write(folder.path());
  auto model = Classifier::open(folder.path(), kF32);
  ASSERT_TRUE(model.ok()) << model.error().message;
  EXPECT_EQ(model->labels(), (std::vector<std::string>{"label 0", "label 1", "label 2"}));
  const std::string_view text = "two one";
  float out[3];
  ASSERT_TRUE(model->classify({&text, 1}, true, out).ok());
  const auto logits = tiny.logits({kCls, kTwo, kOne, kSep});
  expect_equal(out, logits, "logits");
  ASSERT_TRUE(model->classify({&text, 1}, false, out).ok());
  double sum = 0;
  for (const double logit : logits) sum += std::exp(logit);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(double(out[i]), std::exp(logits[i]) / sum, 1e-5);
}

TEST(ConvertedModel, GivesTheSameBitsAndTheSameIdentityAsItsSource) {
  const TinyModel tiny;
  const TemporaryFolder folder;
  tiny.write(folder / "source");
  write_sentence_modules(folder / "source");
  const std::vector<std::string_view> texts = {"one two", "three"};
  for (const auto precision : {nn::Precision::F32, nn::Precision::BF16, nn::Precision::INT8}) {
    ASSERT_TRUE(convert_model(folder / "source", precision, folder / "m").ok());
    const auto source = opened(folder / "source", {.precision = precision});
    const auto converted = opened(folder / "m", {});
    EXPECT_EQ(vectors(converted, texts), vectors(source, texts));
    EXPECT_EQ(converted.info().identity, source.info().identity);
    EXPECT_EQ(converted.info().prompts, source.info().prompts);
    EXPECT_EQ(converted.info().max_length, 10u);
  }
  EXPECT_NE(failure(folder / "m", kF32).find("was converted to int8"), std::string::npos);
}

TEST(ConvertedModel, GoesBackToADirectoryWithTheSameVectors) {
  const TinyModel tiny;
  const TemporaryFolder folder;
  tiny.write(folder / "source");
  write_sentence_modules(folder / "source");
  ASSERT_TRUE(convert_model(folder / "source", nn::Precision::F32, folder / "m").ok());
  auto status = export_huggingface(folder / "m", folder / "back");
  ASSERT_TRUE(status.ok()) << status.error().message;
  const std::vector<std::string_view> texts = {"one two", "three"};
  EXPECT_EQ(vectors(opened(folder / "back"), texts), vectors(opened(folder / "source"), texts));
  EXPECT_FALSE(export_huggingface(folder / "m", folder / "back").ok());
}

TEST(ConvertedModel, WordsInFewerBitsGoBackToADirectoryAsTheyWereUsed) {
  const TinyModel tiny;
  const TemporaryFolder folder;
  tiny.write(folder / "source");
  for (const auto words : {nn::TableFormat::INT8, nn::TableFormat::INT4}) {
    const auto file = folder / std::string(nn::name_of(words));
    ASSERT_TRUE(convert_model(folder / "source", nn::Precision::F32, file, {.words = words}).ok());
    const auto converted = opened(file, {});
    EXPECT_EQ(converted.info().precision, "f32, words " + std::string(nn::name_of(words)));
    const auto back = file.string() + "-back";
    ASSERT_TRUE(export_huggingface(file, back).ok());
    const std::vector<std::string_view> texts = {"one two", "three"};
    EXPECT_EQ(vectors(opened(back), texts), vectors(converted, texts));
    EXPECT_NE(vectors(opened(folder / "source"), texts), vectors(converted, texts));
  }
}

/// A Unigram tokenizer.json as `tokenizers` writes it, or with a line for each value.
std::string unigram_json(bool lines) {
  const std::string open = lines ? "[\n      [\n        " : "[[",
                    comma = lines ? ",\n        " : ",",
                    next = lines ? "\n      ],\n      [\n        " : "],[",
                    close = lines ? "\n      ]\n    ]" : "]]";
  return R"({"added_tokens":[],"normalizer":{"type":"Precompiled",)"
         R"("precompiled_charsmap":"AAAAAA=="},"pre_tokenizer":{"type":"Metaspace",)"
         R"("replacement":"▁"},"model":{"type":"Unigram",)"
         R"("unk_id":1,"vocab":)" +
         open + R"("<pad>")" + comma + "0.0" + next + R"("<unk>")" + comma + "0.0" + next +
         R"("▁one")" + comma + "-1.5" + next + R"("▁two\u0041")" + comma + "-2.25" + next +
         R"("\"")" + comma + "-3.4635426998138428" + next + R"("three")" + comma + "-10.0" + next +
         R"("▁")" + comma + "-11.125" + close + "},\"last\":1}\n";
}

TEST(ConvertedModel, GivesItsTokenizersFilesBackByteForByteInEveryForm) {
  for (const bool lines : {false, true})
    for (const bool compact : {false, true}) {
      const TinyModel tiny;
      const TemporaryFolder folder;
      tiny.write(folder / "source");
      std::filesystem::remove(folder / "source/vocab.txt");
      TinyModel::write_file(folder / "source/tokenizer.json", unigram_json(lines));
      TinyModel::write_file(folder / "source/spiece.model", "not read");
      const auto status =
          convert_model(folder / "source", nn::Precision::F32, folder / "m", {.compact = compact});
      ASSERT_TRUE(status.ok()) << status.error().message;
      ASSERT_TRUE(export_huggingface(folder / "m", folder / "back").ok());
      EXPECT_EQ(*read_file(folder / "back/tokenizer.json"), unigram_json(lines));
      // A file that nobody reads is left out of a compact model.
      EXPECT_EQ(std::filesystem::exists(folder / "back/spiece.model"), !compact);
      const std::vector<std::string_view> texts = {"one two", "three"};
      EXPECT_EQ(vectors(opened(folder / "m"), texts), vectors(opened(folder / "source"), texts));
    }
}

TEST(ConvertedModel, DamageIsAnErrorThatNamesTheSection) {
  const TinyModel tiny;
  const TemporaryFolder folder;
  tiny.write(folder / "source");
  ASSERT_TRUE(convert_model(folder / "source", nn::Precision::F32, folder / "m").ok());
  auto good = read_file(folder / "m");
  ASSERT_TRUE(good.ok());
  const auto with = [&](std::string bytes) {
    TinyModel::write_file(folder / "damaged", bytes);
    return failure(folder / "damaged", {});
  };
  EXPECT_NE(with(good->substr(0, good->size() - 1)).find("its header says"), std::string::npos);
  EXPECT_NE(with(good->substr(0, 40)).find("too short"), std::string::npos);
  EXPECT_NE(with("hello, world" + *good).find("not a converted model"), std::string::npos);
  std::string version = *good;
  version[8] = 4;
  EXPECT_NE(with(version).find("version 4"), std::string::npos);
  std::string table = *good;
  table[80] = static_cast<char>(table[80] ^ 1);
  EXPECT_NE(with(table).find("checksum of its table"), std::string::npos);
  // A flipped bit in the weights is seen by --verify only.
  std::string weights = *good;
  weights[weights.size() - 100] = static_cast<char>(weights[weights.size() - 100] ^ 1);
  const auto verified =
      verify_sections({reinterpret_cast<const std::byte*>(weights.data()), weights.size()});
  ASSERT_FALSE(verified.ok());
  EXPECT_NE(verified.error().message.find("section network"), std::string::npos);
}

TEST(ModelDirectory, WeightsThatDoNotFitAreNamed) {
  const TemporaryFolder folder;
  TinyModel tiny;
  const std::string key = "encoder.layer.1.output.dense.weight";
  const auto good = tiny.tensors.at(key);

  tiny.tensors.erase(key);
  tiny.write(folder.path());
  EXPECT_NE(failure(folder.path()).find("model.safetensors: tensor " + key + ": is missing"),
            std::string::npos)
      << failure(folder.path());

  tiny.tensors[key] = {{12, 8}, good.values};
  tiny.write(folder.path());
  EXPECT_NE(
      failure(folder.path()).find(key + ": has the shape [12, 8]; by config.json it is [8, 12]"),
      std::string::npos);

  tiny.tensors[key] = good;
  tiny.tensors[key].values[13] = std::numeric_limits<float>::quiet_NaN();
  tiny.write(folder.path());
  EXPECT_NE(failure(folder.path()).find(key + ": NaN at [1, 1]"), std::string::npos);
}

TEST(ModelDirectory, ATokenizerLargerThanTheEmbeddingsIsAnError) {
  const TemporaryFolder folder;
  TinyModel().write(folder.path());
  TinyModel::write_file(folder / "vocab.txt",
                        "[PAD]\n[UNK]\n[CLS]\n[SEP]\none\ntwo\nthree\nfour\n");
  EXPECT_NE(failure(folder.path()).find("do not belong together"), std::string::npos);
}

TEST(ModelDirectory, OldNamesOfLayerNormAreRead) {
  TinyModel tiny;
  const TemporaryFolder folder, old;
  tiny.write(folder.path());
  const auto wanted = vectors(opened(folder.path()), {"one"});
  for (const std::string name : {"embeddings.LayerNorm", "encoder.layer.0.output.LayerNorm"})
    for (const auto& [now, before] : {std::pair(".weight", ".gamma"), {".bias", ".beta"}}) {
      tiny.tensors[name + before] = tiny.tensors.at(name + now);
      tiny.tensors.erase(name + now);
    }
  tiny.write(old.path());
  EXPECT_EQ(vectors(opened(old.path()), {"one"}), wanted);
}

TEST(ModelDirectory, ShardsAreReadByTheIndex) {
  TinyModel tiny;
  const TemporaryFolder folder, sharded;
  tiny.write(folder.path());
  const auto wanted = vectors(opened(folder.path()), {"one two"});
  TinyModel first, second;
  std::string map;
  for (const auto& [name, tensor] : tiny.tensors) {
    const bool in_first = map.size() % 2 == 0;
    (in_first ? second : first).tensors.erase(name);
    map += (map.empty() ? "\"" : ",\"") + name + "\":\"model-0000" + (in_first ? "1" : "2") +
           "-of-00002.safetensors\"";
  }
  first.write(sharded.path());
  std::filesystem::rename(sharded / "model.safetensors",
                          sharded / "model-00001-of-00002.safetensors");
  TinyModel::write_file(sharded / "model.safetensors.index.json", "{\"weight_map\":{" + map + "}}");
  EXPECT_NE(failure(sharded.path()).find("model-00002-of-00002.safetensors, which is not there"),
            std::string::npos);
  TinyModel::write_file(sharded / "model-00002-of-00002.safetensors", second.safetensors());
  EXPECT_EQ(vectors(opened(sharded.path()), {"one two"}), wanted);
}

TEST(ModelDirectory, IdentityIsWhatSha256sumComputes) {
  const TemporaryFolder folder;
  TinyModel().write(folder.path());
  const std::string command = "cd '" + folder.path().string() +
                              "' && sha256sum config.json model.safetensors vocab.txt | LC_ALL=C "
                              "sort -k 2 | sha256sum | cut -c 1-64 > sum";
  ASSERT_EQ(std::system(command.c_str()), 0);
  auto sum = read_file(folder / "sum");
  ASSERT_TRUE(sum.ok());
  EXPECT_EQ(opened(folder.path()).info().identity + "\n", *sum);
}

}  // namespace
}  // namespace crosstail::model
