// The expectations of ../shared/fixtures/tok-*: ids, tokens and offsets by tokenizers 0.23.3, ids
// by sentencepiece 0.2.3.

#include <gtest/gtest.h>
#include <simdjson.h>

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/file.h"
#include "support/shared.h"
#include "text/tokenizer.h"
#include "text/utf8.h"

namespace crosstail::text {
namespace {

namespace fs = std::filesystem;

using Ids = std::vector<std::uint32_t>;

fs::path fixtures() {
  return *testing::shared_dir() / "fixtures";
}

simdjson::dom::element load(simdjson::dom::parser& parser, const fs::path& path) {
  simdjson::dom::element root;
  EXPECT_EQ(parser.load(path.string()).get(root), simdjson::SUCCESS) << path;
  return root;
}

Ids ids_in(simdjson::dom::element list) {
  Ids ids;
  for (const simdjson::dom::element id : list) {
    ids.push_back(static_cast<std::uint32_t>(std::uint64_t(id)));
  }
  return ids;
}

std::string text_of(simdjson::dom::element row, std::string_view key = "text") {
  std::string text(std::string_view(row[key]));
  if (text != "@LONG") return text;
  simdjson::dom::parser parser;
  return std::string(std::string_view(load(parser, fixtures() / "tok-long.json")["text"]));
}

/// Byte offsets as code points, both ends moved out to whole ones.
std::pair<std::size_t, std::size_t> in_code_points(std::string_view text, TokenOffset o) {
  const std::size_t begin = count_code_points(text.substr(0, o.begin));
  return {begin, begin + count_code_points(text.substr(o.begin, o.end - o.begin))};
}

class TokenizerFixture : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override { CROSSTAIL_NEEDS_SHARED(); }
};

TEST_P(TokenizerFixture, GivesTheIdsTokensAndOffsetsOfTokenizers) {
  const fs::path dir = fixtures() / GetParam();
  const auto tokenizer = load_tokenizer(dir);
  ASSERT_TRUE(tokenizer.ok()) << tokenizer.error().message;
  simdjson::dom::parser parser;
  TokenizerScratch scratch;
  Encoding out;
  std::size_t rows = 0;
  for (const simdjson::dom::element row : load(parser, dir / "expected.json")["rows"]) {
    ++rows;
    const std::string text = text_of(row);
    tokenizer->encode(text, {}, scratch, out);
    EXPECT_EQ(out.ids, ids_in(row["ids"])) << text.substr(0, 200);
    EXPECT_EQ(out.type_ids, std::vector<std::uint8_t>(out.ids.size(), 0));
    simdjson::dom::array offsets;
    if (row["offsets"].get(offsets) != simdjson::SUCCESS) continue;
    tokenizer->encode(text, {.offsets = true}, scratch, out);
    ASSERT_EQ(out.ids, ids_in(row["ids"])) << text;
    ASSERT_EQ(out.offsets.size(), out.ids.size());
    for (std::size_t i = 0; i < out.ids.size(); ++i) {
      const auto [begin, end] = in_code_points(text, out.offsets[i]);
      EXPECT_EQ(begin, std::uint64_t(offsets.at(i).at(0))) << text << " token " << i;
      EXPECT_EQ(end, std::uint64_t(offsets.at(i).at(1))) << text << " token " << i;
    }
  }
  EXPECT_GE(rows, 100U);
}

INSTANTIATE_TEST_SUITE_P(Json, TokenizerFixture,
                         ::testing::Values("tok-xlmr", "tok-mt5", "tok-wp-cased", "tok-wp-uncased"),
                         [](const auto& info) {
                           std::string name = info.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

/// A directory with only some files of another, and its own configuration.
class TempModel {
 public:
  TempModel() : dir_(fs::temp_directory_path() / ("tok-" + std::to_string(::getpid()))) {
    fs::remove_all(dir_);
    fs::create_directories(dir_);
  }
  ~TempModel() { fs::remove_all(dir_); }
  void copy(const fs::path& file) { fs::copy_file(file, dir_ / file.filename()); }
  void write(const char* name, std::string_view text) { std::ofstream(dir_ / name) << text; }
  [[nodiscard]] const fs::path& path() const { return dir_; }

 private:
  fs::path dir_;
};

struct SentencePieceCase {
  const char* folder;
  const char* file;
  const char* config;
};

class SentencePieceFixture : public ::testing::TestWithParam<SentencePieceCase> {};

TEST_P(SentencePieceFixture, GivesTheIdsOfTheLibraryWhereItsFileIsLoaded) {
  CROSSTAIL_NEEDS_SHARED();
  const SentencePieceCase& c = GetParam();
  TempModel model;
  model.copy(fixtures() / c.folder / c.file);
  model.write("tokenizer_config.json", c.config);
  const auto tokenizer = load_tokenizer(model.path());
  ASSERT_TRUE(tokenizer.ok()) << tokenizer.error().message;
  EXPECT_EQ(tokenizer->source(), c.file);
  simdjson::dom::parser parser;
  TokenizerScratch scratch;
  Encoding out;
  std::size_t different = 0;
  for (const simdjson::dom::element row :
       load(parser, fixtures() / c.folder / "expected.json")["rows"]) {
    const std::string text = text_of(row);
    const bool same = row["spm_ids"].is_string();
    different += same ? 0 : 1;
    tokenizer->encode(text, {}, scratch, out);
    EXPECT_EQ(out.ids, ids_in(same ? row["ids"] : row["spm_ids"])) << text.substr(0, 200);
    tokenizer->encode(text, {.offsets = true}, scratch, out);
    EXPECT_EQ(out.ids, ids_in(same ? row["ids"] : row["spm_ids"])) << text.substr(0, 200);
    for (const TokenOffset& o : out.offsets) EXPECT_LE(o.end, text.size());
  }
  EXPECT_GE(different, 7U);  // README: 8 and 7 texts part the two libraries
}

INSTANTIATE_TEST_SUITE_P(
    Model, SentencePieceFixture,
    ::testing::Values(SentencePieceCase{"tok-xlmr", "sentencepiece.bpe.model",
                                        R"({"tokenizer_class": "XLMRobertaTokenizer"})"},
                      SentencePieceCase{"tok-mt5", "spiece.model",
                                        R"({"tokenizer_class": "T5Tokenizer"})"}),
    [](const auto& info) { return info.index == 0 ? "xlmr" : "mt5"; });

TEST(TokenizerVocab, GivesTheIdsOfTheJsonFileBesideIt) {
  CROSSTAIL_NEEDS_SHARED();
  for (const char* folder : {"tok-wp-cased", "tok-wp-uncased"}) {
    TempModel model;
    model.copy(fixtures() / folder / "vocab.txt");
    model.copy(fixtures() / folder / "tokenizer_config.json");
    const auto tokenizer = load_tokenizer(model.path());
    ASSERT_TRUE(tokenizer.ok()) << tokenizer.error().message;
    simdjson::dom::parser parser;
    for (const simdjson::dom::element row :
         load(parser, fixtures() / folder / "expected.json")["rows"]) {
      EXPECT_EQ(tokenizer->encode(text_of(row)), ids_in(row["ids"]));
    }
    EXPECT_EQ(tokenizer->model_max_length(), 128U);
    EXPECT_EQ(tokenizer->special().mask, 4U);
  }
}

TEST(TokenizerPairs, AreFramedAsTokenizersFramesThem) {
  CROSSTAIL_NEEDS_SHARED();
  const auto tokenizer = load_tokenizer(fixtures() / "tok-xlmr");
  ASSERT_TRUE(tokenizer.ok());
  simdjson::dom::parser parser;
  TokenizerScratch scratch;
  Encoding out;
  for (const simdjson::dom::element row :
       load(parser, fixtures() / "tok-xlmr" / "expected_pairs.json")) {
    tokenizer->encode_pair(text_of(row, "a"), text_of(row, "b"), {}, scratch, out);
    EXPECT_EQ(out.ids, ids_in(row["ids"]));
  }
  EXPECT_EQ(tokenizer->frame_size(), 2U);
  EXPECT_EQ(tokenizer->frame_size(true), 4U);
}

TEST(TokenizerDecode, GivesTheTextsOfBothLibraries) {
  CROSSTAIL_NEEDS_SHARED();
  TempModel model;
  model.copy(fixtures() / "tok-mt5" / "spiece.model");
  model.write("config.json", R"({"model_type": "mt5"})");
  const auto json = load_tokenizer(fixtures() / "tok-mt5");
  const auto library = load_tokenizer(model.path());
  ASSERT_TRUE(json.ok() && library.ok());
  EXPECT_EQ(json->source(), "tokenizer.json (spiece.model is there too and was not read)");
  simdjson::dom::parser parser;
  std::size_t rows = 0;
  for (const simdjson::dom::element row :
       load(parser, fixtures() / "tok-mt5" / "expected_decode.json")) {
    ++rows;
    EXPECT_EQ(json->decode(ids_in(row["ids"])), std::string_view(row["text"]));
    EXPECT_EQ(library->decode(ids_in(row["ids"])), std::string_view(row["spm"]));
  }
  EXPECT_GE(rows, 20U);
}

TEST(TokenizerBlob, EncodesAsTheDirectoryItWasMadeFrom) {
  CROSSTAIL_NEEDS_SHARED();
  for (const char* folder : {"tok-xlmr", "tok-mt5", "tok-wp-uncased", "st-mean-norm-legacy"}) {
    const auto loaded = load_tokenizer(fixtures() / folder);
    ASSERT_TRUE(loaded.ok()) << loaded.error().message;
    const auto mapped = Tokenizer::from_blob(loaded->to_blob());
    ASSERT_TRUE(mapped.ok()) << mapped.error().message;
    EXPECT_EQ(mapped->size(), loaded->size());
    EXPECT_EQ(mapped->source(), loaded->source());
    simdjson::dom::parser parser;
    for (const simdjson::dom::element row :
         load(parser, fixtures() / "tok-xlmr" / "expected.json")["rows"]) {
      EXPECT_EQ(mapped->encode(text_of(row)), loaded->encode(text_of(row)));
    }
  }
}

}  // namespace
}  // namespace crosstail::text
