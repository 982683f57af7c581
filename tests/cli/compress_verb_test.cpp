/// `model compress` and the languages of a model, as a person meets them.

#include <gtest/gtest.h>
#include <simdjson.h>

#include "support/program.h"
#include "support/tiny_bert.h"

namespace crosstail {
namespace {

using testing::run_crosstail;
using testing::TemporaryFolder;
using testing::whole_file;

struct Fixture {
  TemporaryFolder folder;

  Fixture() {
    ::setenv("CROSSTAIL_CACHE", (folder / "cache").c_str(), 1);
    testing::write_tiny_bert(folder / "model");
    std::string tokens, pieces;
    const char* const specials[] = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};
    for (std::size_t id = 0; id < 30; ++id) {
      const std::string piece = id < 5 ? specials[id] : testing::tiny_word(id - 5);
      const std::string comma = id == 0 ? "" : ",";
      pieces += comma + "\"" + piece + "\":" + std::to_string(id);
      if (id < 5)
        tokens += comma + R"({"id":)" + std::to_string(id) + R"(,"content":")" + piece +
                  R"(","special":true})";
    }
    write("model/tokenizer.json",
          R"({"version":"1.0","added_tokens":[)" + tokens +
              R"(],"normalizer":null,"pre_tokenizer":{"type":"WhitespaceSplit"},)"
              R"("post_processor":{"type":"BertProcessing","sep":["[SEP]",3],"cls":["[CLS]",2]},)"
              R"("decoder":null,"model":{"type":"WordPiece","unk_token":"[UNK]",)"
              R"("continuing_subword_prefix":"##","vocab":{)" +
              pieces + "}}}");
    write("texts.jsonl", R"({"text":"wa wb","lang":"de"})"
                         "\n"
                         R"({"text":"wc","lang":"th"})"
                         "\n"
                         R"({"text":"wb wa","lang":"de"})"
                         "\n");
  }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(folder / name, std::ios::binary) << text;
  }
  [[nodiscard]] std::string path(const std::string& name) const { return (folder / name).string(); }
};

TEST(Compress, TrimsDropsConvertsAndSaysWhatEachStepCosts) {
  const Fixture f;
  const auto run = run_crosstail({"model",
                                  "compress",
                                  f.path("model"),
                                  "-o",
                                  f.path("small.ctm"),
                                  "--vocabulary-from",
                                  f.path("texts.jsonl"),
                                  "--language-field",
                                  "lang",
                                  "--layers",
                                  "1",
                                  "--weights",
                                  "int8",
                                  "--embedding-weights",
                                  "int4",
                                  "--languages",
                                  "th,de",
                                  "--texts",
                                  f.path("texts.jsonl"),
                                  "--threads",
                                  "2",
                                  "--json"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  simdjson::dom::parser parser;
  const simdjson::dom::element json = parser.parse(run.out);
  // Five special tokens and the three words of the texts.
  EXPECT_EQ(std::uint64_t(json["vocabulary"]["after"].get_uint64()), 8u);
  EXPECT_EQ(std::uint64_t(json["vocabulary"]["languages"]["de"]["words"].get_uint64()), 4u);
  EXPECT_EQ(double(json["vocabulary"]["languages"]["de"]["words_changed"].get_double()), 0.0);
  const simdjson::dom::array steps = json["steps"];
  std::vector<std::string> names;
  for (const auto step : steps) names.emplace_back(std::string_view(step["step"].get_string()));
  EXPECT_EQ(names, (std::vector<std::string>{"source", "vocabulary", "layers", "weights"}));
  // All pieces of the texts stayed, so trimming alone changes nothing.
  EXPECT_NEAR(double(steps.at(1)["all"]["worst_cosine"].get_double()), 1.0, 1e-6);
  EXPECT_LT(double(steps.at(2)["languages"]["th"]["worst_cosine"].get_double()), 0.9999);
  EXPECT_FALSE(std::filesystem::exists(f.path("small.ctm.part.d")));

  const auto info = run_crosstail({"model", "info", f.path("small.ctm"), "--languages", "de,sw"});
  EXPECT_NE(info.out.find("8 embeddings"), std::string::npos) << info.out;
  EXPECT_NE(info.out.find("int8, words int4"), std::string::npos);
  EXPECT_NE(info.out.find("2: de, th; others are not supported"), std::string::npos);
  EXPECT_NE(info.out.find("not supported   sw"), std::string::npos);
}

TEST(Compress, OnlyTextsInTheNamedLanguagesCountAndLayersCanBeStoredInFourBits) {
  const Fixture f;
  const auto run = run_crosstail({"model", "compress", f.path("model"), "-o", f.path("small.ctm"),
                                  "--vocabulary-from", f.path("texts.jsonl"), "--language-field",
                                  "lang", "--weights", "int4", "--languages", "de"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  // Five special tokens and the two words of the German texts.
  const auto info = run_crosstail({"model", "info", f.path("small.ctm")});
  EXPECT_NE(info.out.find("7 embeddings"), std::string::npos) << info.out;
  EXPECT_NE(info.out.find("int8, words int4, layers stored in int4"), std::string::npos);
  // The directory that comes back computes the same but for int8's rounding of activations.
  ASSERT_EQ(run_crosstail({"model", "convert", f.path("small.ctm"), "--to", "huggingface", "-o",
                           f.path("back")})
                .exit_code,
            0);
  const auto check =
      run_crosstail({"model", "check", f.path("back"), f.path("small.ctm"), "--precision", "f32",
                     "--texts", f.path("texts.jsonl"), "--min-cosine", "0.999"});
  EXPECT_EQ(check.exit_code, 0) << check.out << check.err;
}

TEST(Compress, WordsInTiersAndACompactTokenizerComputeAsTheDirectoryThatComesBack) {
  const Fixture f;
  const auto run =
      run_crosstail({"model", "compress", f.path("model"), "-o", f.path("small.ctm"), "--weights",
                     "int4", "--embedding-weights", "int4:6,pq2:10,pq3", "--compact"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const auto info = run_crosstail({"model", "info", f.path("small.ctm"), "--verify"});
  EXPECT_EQ(info.exit_code, 0) << info.err;
  EXPECT_NE(info.out.find("int8, words int4:6,pq2:10,pq3, layers stored in int4"),
            std::string::npos)
      << info.out;
  ASSERT_EQ(run_crosstail({"model", "convert", f.path("small.ctm"), "--to", "huggingface", "-o",
                           f.path("back")})
                .exit_code,
            0);
  EXPECT_EQ(whole_file(f.folder / "back/tokenizer.json"),
            whole_file(f.folder / "model/tokenizer.json"));
  const auto check =
      run_crosstail({"model", "check", f.path("back"), f.path("small.ctm"), "--precision", "f32",
                     "--texts", f.path("texts.jsonl"), "--min-cosine", "0.999"});
  EXPECT_EQ(check.exit_code, 0) << check.out << check.err;
}

TEST(Compress, OptionsThatDoNotFitAreWrongUsage) {
  const Fixture f;
  for (const auto& wrong : std::vector<std::vector<std::string>>{
           {"--weights", "int4", "--embedding-weights", "pq17"},
           {"--weights", "int4", "--embedding-weights", "int4:31,pq4"},
           {"--layers", "1", "--compact"},
           {"--vocabulary-from", f.path("texts.jsonl"), "--unseen"}}) {
    std::vector<std::string> words = {"model", "compress", f.path("model"), "-o", f.path("small")};
    words.insert(words.end(), wrong.begin(), wrong.end());
    const auto run = run_crosstail(words);
    EXPECT_EQ(run.exit_code, 2) << wrong[0] << ' ' << wrong.back() << run.err;
    EXPECT_FALSE(std::filesystem::exists(f.path("small")));
  }
}

TEST(Compress, AFolderStandsForTheTextsInItCompressedOrNot) {
  const Fixture f;
  std::filesystem::create_directories(f.folder / "texts/below");
  f.write("texts/below/a.txt", "wa\nwb\n");
  f.write("texts/b.jsonl", "{\"text\":\"wc\"}\n");
  f.write("texts/passed-over.html", "wd");
  const auto run = run_crosstail({"model", "compress", f.path("model"), "-o", f.path("small"),
                                  "--vocabulary-from", f.path("texts")});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_NE(whole_file(f.folder / "small/config.json").find("\"vocab_size\": 8"),
            std::string::npos);
}

TEST(Compress, WithoutAnythingToLeaveOutIsWrongUsage) {
  const Fixture f;
  const auto run = run_crosstail({"model", "compress", f.path("model"), "-o", f.path("small")});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_NE(run.err.find("--vocabulary-from"), std::string::npos);
}

TEST(ModelLanguages, AreWarnedOfOnceInIndexAndSearch) {
  const Fixture f;
  f.write("model/README.md", "---\nlanguage:\n- de\n---\n");
  f.write("corpus.jsonl",
          "{\"_id\":\"1\",\"text\":\"wa\",\"lang\":\"de-AT\"}\n"
          "{\"_id\":\"2\",\"text\":\"wb\",\"lang\":\"th\"}\n"
          "{\"_id\":\"3\",\"text\":\"wc\",\"lang\":\"sw\"}\n");
  const auto built = run_crosstail(
      {"index", f.path("corpus.jsonl"), "--model", f.path("model"), "-o", f.path("idx")});
  ASSERT_EQ(built.exit_code, 0) << built.err;
  EXPECT_NE(built.err.find("languages of passages or questions: sw, th ("), std::string::npos)
      << built.err;
  const auto asked = run_crosstail({"search", f.path("idx"), "wa", "--query-language", "sw"});
  ASSERT_EQ(asked.exit_code, 0) << asked.err;
  EXPECT_NE(asked.err.find("languages of queries: sw ("), std::string::npos) << asked.err;
  const auto known = run_crosstail({"search", f.path("idx"), "wa", "--query-language", "de"});
  EXPECT_EQ(known.err.find("not made for"), std::string::npos) << known.err;
}

}  // namespace
}  // namespace crosstail
