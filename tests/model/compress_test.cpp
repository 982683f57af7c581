#include "model/compress.h"

#include <gtest/gtest.h>

#include <fstream>

#include "model/encoder.h"
#include "model/tokenizer_rewrite.h"
#include "model/vocabulary.h"
#include "text/tokenizer_json.h"
#include "text/words.h"
#include "tiny_model.h"

namespace crosstail::model {
namespace {

using Ids = std::vector<std::uint32_t>;
using testing::TinyFamily;
using testing::TinyModel;

/// In the layout of XLM-R: four special tokens, pieces with scores, <mask> at the end.
constexpr std::string_view kUnigram = R"({"version":"1.0","added_tokens":[
 {"id":0,"content":"<s>","special":true},{"id":1,"content":"<pad>","special":true},
 {"id":2,"content":"</s>","special":true},{"id":3,"content":"<unk>","special":true},
 {"id":12,"content":"<mask>","lstrip":true,"special":true}],
 "normalizer":null,
 "pre_tokenizer":{"type":"Metaspace","replacement":"▁","prepend_scheme":"always","split":true},
 "post_processor":{"type":"TemplateProcessing",
  "single":[{"SpecialToken":{"id":"<s>","type_id":0}},{"Sequence":{"id":"A","type_id":0}},
   {"SpecialToken":{"id":"</s>","type_id":0}},{"SpecialToken":{"id":"<mask>","type_id":0}}],
  "pair":[{"Sequence":{"id":"A","type_id":0}},{"Sequence":{"id":"B","type_id":0}}],
  "special_tokens":{"<s>":{"id":"<s>","ids":[0],"tokens":["<s>"]},
   "</s>":{"id":"</s>","ids":[2],"tokens":["</s>"]},
   "<mask>":{"id":"<mask>","ids":[12],"tokens":["<mask>"]}}},
 "decoder":null,
 "model":{"type":"Unigram","unk_id":3,"vocab":[["<s>",0.0],["<pad>",0.0],["</s>",0.0],
  ["<unk>",0.0],["▁",-3.0],["a",-4.0],["b",-4.0],["c",-4.0],["ab",-2.0],["▁ab",-1.5],
  ["abc",-2.5],["bc",-9.25],["<mask>",0.0]],"byte_fallback":false}})";

text::TokenizerSpec unigram() {
  auto spec = text::read_tokenizer_json(kUnigram);
  EXPECT_TRUE(spec.ok()) << spec.error().message;
  return *std::move(spec);
}

TEST(Vocabulary, SpecialTokensSingleCharactersAndAllUpToThePaddingMustStay) {
  EXPECT_EQ(required_pieces(unigram(), 1),
            (std::vector<bool>{1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 1}));
}

TEST(Vocabulary, WithoutASizeEveryPieceThatWasSeenStays) {
  std::vector<double> counts(13);
  counts[9] = 2;
  const auto kept = choose_pieces(unigram(), counts, 1, 0);
  ASSERT_TRUE(kept.ok());
  EXPECT_EQ(*kept, (Ids{0, 1, 2, 3, 4, 5, 6, 7, 9, 12}));
}

TEST(Vocabulary, APieceIsNeededByTheWordsWhoseLongerPieceGoes) {
  // ▁ab is the rarest and falls into ▁ + ab (-5; ▁ + a + b would be -11), so ab has 2 + 1 and
  // outlives abc, which had more than it at first.
  std::vector<double> counts(13);
  counts[8] = 2;
  counts[9] = 1;
  counts[10] = 2.5;
  const auto kept = choose_pieces(unigram(), counts, 1, 10);
  ASSERT_TRUE(kept.ok());
  EXPECT_EQ(*kept, (Ids{0, 1, 2, 3, 4, 5, 6, 7, 8, 12}));
}

TEST(Vocabulary, OfEquallyFrequentPiecesTheEarlierStays) {
  std::vector<double> counts(13);
  counts[8] = counts[10] = 1;
  const auto kept = choose_pieces(unigram(), counts, 1, 10);
  ASSERT_TRUE(kept.ok());
  EXPECT_EQ(*kept, (Ids{0, 1, 2, 3, 4, 5, 6, 7, 8, 12}));
}

TEST(Vocabulary, AnEqualSayForTheTokenizersOwnProbabilities) {
  // Seen: ab (score -2) three times, abc (-2.5) once. e^-2 / (e^-2 + e^-2.5) = .622459.
  std::vector<double> counts(13);
  counts[8] = 3;
  counts[10] = 1;
  ASSERT_TRUE(mix_prior(unigram(), 0.5, false, counts).ok());
  EXPECT_NEAR(counts[8], 0.5 * 0.75 + 0.5 * 0.622459, 1e-6);
  EXPECT_NEAR(counts[10], 0.5 * 0.25 + 0.5 * 0.377541, 1e-6);
  EXPECT_EQ(counts[9], 0) << "likelier than both, but not seen";
}

TEST(Vocabulary, UnseenPiecesHaveTheTokenizersProbabilityIfTheyMay) {
  // Of what texts are matched against, by score; the special tokens' scores of 0 say nothing.
  std::vector<double> counts(13);
  counts[8] = 4;
  ASSERT_TRUE(mix_prior(unigram(), 0.5, true, counts).ok());
  double likely = 0;
  for (std::size_t id = 0; id < 13; ++id)
    if (counts[id] > 0) likely += std::exp(unigram().scores[id]);
  EXPECT_NEAR(counts[8], 0.5 + 0.5 * std::exp(-2.0) / likely, 1e-9);
  EXPECT_NEAR(counts[10], 0.5 * std::exp(-2.5) / likely, 1e-9);
  EXPECT_GT(counts[9], counts[11]);
  EXPECT_EQ(counts[0], 0);
  EXPECT_EQ(counts[12], 0);
}

TEST(Vocabulary, ASizeThatCannotHoldWhatMustStayIsRefused) {
  const auto kept = choose_pieces(unigram(), std::vector<double>(13), 1, 8);
  ASSERT_FALSE(kept.ok());
  EXPECT_NE(kept.error().message.find("alone are 9"), std::string::npos) << kept.error().message;
}

TEST(Vocabulary, LanguagesWithLittleTextCanHaveTheSameSay) {
  PieceCounts counts(3);
  counts.add("de", Ids{0, 0, 0, 1, 0, 0, 0, 0});
  counts.add("th", Ids{2, 2});
  EXPECT_EQ(counts.weighted(0), (std::vector<double>{7, 1, 2}));
  EXPECT_EQ(counts.weighted(1), (std::vector<double>{7, 1, 8}));
  EXPECT_EQ(counts.weighted(0.5), (std::vector<double>{7, 1, 4}));
  EXPECT_EQ(counts.share_kept(Ids{1, 2}),
            (std::map<std::string, double>{{"de", 0.125}, {"th", 1}}));
}

TEST(TokenizerRewrite, TheSamePiecesUnderNewIds) {
  const Ids kept = {0, 1, 2, 3, 4, 5, 6, 7, 9, 12};
  const auto json = rewrite_tokenizer_json(kUnigram, IdMap(kept, 13));
  ASSERT_TRUE(json.ok()) << json.error().message;
  const auto before = text::tokenizer_from_json(kUnigram);
  const auto after = text::tokenizer_from_json(*json);
  ASSERT_TRUE(after.ok()) << after.error().message;
  EXPECT_EQ(after->size(), 10u);
  // <s> ▁ab c </s> <mask>: there is no abc any more.
  EXPECT_EQ(after->encode("abc"), (Ids{0, 8, 7, 2, 9}));
  EXPECT_EQ(before->encode("ab <mask>"), (Ids{0, 9, 12, 2, 12}));
  EXPECT_EQ(after->encode("ab <mask>"), (Ids{0, 8, 9, 2, 9}));
  EXPECT_EQ(after->piece(8), "▁ab");
  EXPECT_EQ(after->special().unk, 3u);
}

TEST(TokenizerRewrite, ATokenOfTheFrameThatWasDroppedIsAnError) {
  const Ids kept = {0, 1, 3, 4};
  const auto json = rewrite_tokenizer_json(kUnigram, IdMap(kept, 13));
  ASSERT_FALSE(json.ok());
  EXPECT_NE(json.error().message.find("2"), std::string::npos);
}

TEST(TokenizerRewrite, ConfigurationFollowsIdsAndLayers) {
  const Ids kept = {0, 1, 3};
  const IdMap ids(kept, 5);
  const auto config =
      rewrite_config(R"({"vocab_size":5,"eos_token_id":3,"pad_token_id":1,"num_hidden_layers":12,)"
                     R"("torch_dtype":"float16","hidden_size":8})",
                     &ids, 4);
  ASSERT_TRUE(config.ok());
  for (const char* part :
       {R"("vocab_size": 3)", R"("eos_token_id": 2)", R"("pad_token_id": 1)",
        R"("num_hidden_layers": 4)", R"("torch_dtype": "float32")", R"("hidden_size": 8)"})
    EXPECT_NE(config->find(part), std::string::npos) << part << " in " << *config;
  const auto tokens = rewrite_tokenizer_config(
      R"({"tokenizer_class":"XLMRobertaTokenizer","added_tokens_decoder":{"3":{"content":"x",)"
      R"("special":true},"4":{"content":"gone","special":false}}})",
      ids);
  ASSERT_TRUE(tokens.ok());
  EXPECT_NE(tokens->find(R"("2": {)"), std::string::npos) << *tokens;
  EXPECT_EQ(tokens->find("gone"), std::string::npos);
  EXPECT_NE(tokens->find("PreTrainedTokenizerFast"), std::string::npos);
  EXPECT_EQ(rewrite_vocab_txt("a\nb\nc\nd\ne", ids), "a\nb\nd\n");
}

TEST(TokenizerRewrite, FilesOfAnotherShapeAreErrorsThatNameTheField) {
  const Ids kept = {0, 1, 3};
  const IdMap ids(kept, 5);
  const auto message = [](const Result<std::string>& result) {
    return result.ok() ? "no error" : result.error().message;
  };
  EXPECT_NE(message(rewrite_tokenizer_config(R"({"added_tokens_decoder":{"3":5}})", ids))
                .find("added_tokens_decoder.3"),
            std::string::npos);
  EXPECT_NE(message(rewrite_tokenizer_config(R"({"added_tokens_decoder":{"x":{}}})", ids))
                .find("\"x\" is no id"),
            std::string::npos);
  for (const char* wrong :
       {"[]", "{", R"({"model":{"vocab":7}})", R"({"model":{"vocab":[["a"]]}})",
        R"({"model":{"vocab":{"a":"b"}}})", R"({"added_tokens":[7]})",
        R"({"added_tokens":[{"id":4}]})", R"({"added_tokens":[{"id":0,"content":[]}]})",
        R"({"post_processor":{"cls":["a",4]}})", R"({"unk_id":-1})"})
    EXPECT_FALSE(rewrite_tokenizer_json(wrong, ids).ok()) << wrong;
  EXPECT_FALSE(rewrite_added_tokens(R"({"a":"b"})", ids).ok());
  EXPECT_FALSE(rewrite_config("7", &ids, 0).ok());
}

TEST(Words, AreViewsIntoTheTextInEveryScript) {
  std::vector<std::string> words;
  const std::string text = "Grüße, 𝒳𝒴! 東京 und „a“ ไทย";
  text::for_each_word(text, [&](std::string_view word) { words.emplace_back(word); });
  EXPECT_EQ(words, (std::vector<std::string>{"Grüße", "𝒳𝒴", "東京", "und", "a", "ไทย"}));
}

TEST(Layers, ANumberIsSpreadWithBothEndsAndAListIsTaken) {
  const auto layers = [](std::string_view text, std::size_t of) {
    auto result = parse_layers(text, of);
    return result.ok() ? *result : std::vector<std::size_t>{99};
  };
  using List = std::vector<std::size_t>;
  EXPECT_EQ(layers("4", 12), (List{0, 4, 7, 11}));
  EXPECT_EQ(layers("2", 12), (List{0, 11}));
  EXPECT_EQ(layers("1", 12), (List{0}));
  EXPECT_EQ(layers("3", 3), (List{0, 1, 2}));
  EXPECT_EQ(layers("11,0,3", 12), (List{0, 3, 11}));
  EXPECT_EQ(layers("4,", 12), (List{4}));
  for (const char* wrong : {"0", "13", "0,12", "1,1", "x", "", ",", "3-4"})
    EXPECT_EQ(layers(wrong, 12), List{99}) << wrong;
}

constexpr std::string_view kWordPiece = R"({"version":"1.0","added_tokens":[
 {"id":0,"content":"[PAD]","special":true},{"id":1,"content":"[UNK]","special":true},
 {"id":2,"content":"[CLS]","special":true},{"id":3,"content":"[SEP]","special":true}],
 "normalizer":null,"pre_tokenizer":{"type":"WhitespaceSplit"},
 "post_processor":{"type":"BertProcessing","sep":["[SEP]",3],"cls":["[CLS]",2]},"decoder":null,
 "model":{"type":"WordPiece","unk_token":"[UNK]","continuing_subword_prefix":"##",
  "vocab":{"[PAD]":0,"[UNK]":1,"[CLS]":2,"[SEP]":3,"one":4,"two":5,"three":6}}})";

class CompressedModel : public ::testing::Test {
 protected:
  void SetUp() override {
    model_.write(folder_ / "source");
    std::filesystem::remove(folder_ / "source/vocab.txt");
    TinyModel::write_file(folder_ / "source/tokenizer.json", kWordPiece);
    plan_.source = folder_ / "source";
  }
  std::vector<float> encode(const std::string& text) {
    const auto encoder = Encoder::open(folder_ / "out", {.precision = nn::Precision::F32});
    EXPECT_TRUE(encoder.ok()) << encoder.error().message;
    std::vector<float> vector(TinyModel::kHidden);
    const std::string_view texts[] = {text};
    EXPECT_TRUE(encoder->encode(texts, {.normalise = false}, vector.data()).ok());
    return vector;
  }
  static void expect_vector(const std::vector<float>& got, const std::vector<double>& wanted) {
    for (std::size_t c = 0; c < wanted.size(); ++c) EXPECT_NEAR(got[c], wanted[c], 1e-5) << c;
  }
  testing::TemporaryFolder folder_;
  TinyModel model_{TinyFamily::Bert};
  CompressPlan plan_;
};

TEST_F(CompressedModel, TextsOfKeptPiecesHaveTheSameVectors) {
  plan_.pieces = Ids{0, 1, 2, 3, 4, 6};
  const auto status = compress_model(plan_, folder_ / "out");
  ASSERT_TRUE(status.ok()) << status.error().message;
  expect_vector(encode("one three"), testing::mean_of(model_.states({2, 4, 6, 3})));
  // What is gone is unknown here: this vocabulary has no characters to fall back on.
  expect_vector(encode("two"), testing::mean_of(model_.states({2, 1, 3})));
}

TEST_F(CompressedModel, GoesThroughTheLayersThatStay) {
  plan_.layers = {1};
  const auto status = compress_model(plan_, folder_ / "out");
  ASSERT_TRUE(status.ok()) << status.error().message;
  expect_vector(encode("one two three"), testing::mean_of(model_.states({2, 4, 5, 6, 3}, {}, {1})));
}

TEST_F(CompressedModel, SaysInItsCardWhatWasDone) {
  plan_.layers = {0};
  plan_.origin = {"layers: 0 of 2"};
  ASSERT_TRUE(compress_model(plan_, folder_ / "out").ok());
  std::ifstream in(folder_ / "out/README.md");
  const std::string card((std::istreambuf_iterator<char>(in)), {});
  EXPECT_NE(card.find("- layers: 0 of 2"), std::string::npos) << card;
}

TEST_F(CompressedModel, AFolderThatHoldsSomethingIsLeftAlone) {
  TinyModel::write_file(folder_ / "out/mine.txt", "mine");
  const auto status = compress_model(plan_, folder_ / "out");
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, ErrorCode::InvalidArgument);
  EXPECT_TRUE(std::filesystem::exists(folder_ / "out/mine.txt"));
}

TEST_F(CompressedModel, ATableWithFewerRowsThanPiecesIsAnErrorThatNamesTheTensor) {
  plan_.pieces = Ids{0, 1, 2, 3, 9};
  const auto status = compress_model(plan_, folder_ / "out");
  ASSERT_FALSE(status.ok());
  EXPECT_NE(status.error().message.find("embeddings.word_embeddings.weight [7, 8]"),
            std::string::npos)
      << status.error().message;
  EXPECT_FALSE(std::filesystem::exists(folder_ / "out"));
}

}  // namespace
}  // namespace crosstail::model
