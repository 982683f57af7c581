#include "text/sentencepiece_file.h"

#include <gtest/gtest.h>

#include <cstring>

#include "text/tokenizer_blob.h"

namespace crosstail::text {
namespace {

using Ids = std::vector<std::uint32_t>;

// A protocol buffer by hand (sentencepiece_model.proto): 1 = pieces, 2 = trainer, 3 = normalizer.
std::string field(int number, const std::string& bytes) {
  return static_cast<char>(number << 3 | 2) + std::string(1, static_cast<char>(bytes.size())) +
         bytes;
}

std::string flag(int number, int value) {
  std::string key(1, static_cast<char>((number << 3 | 0) & 0x7F));
  if (number >= 16) key = {static_cast<char>((number << 3 & 0x7F) | 0x80), char(number >> 4)};
  return key + static_cast<char>(value);
}

std::string piece(const std::string& text, float score, int type = 1) {
  char bits[4];
  std::memcpy(bits, &score, 4);
  return field(1, field(1, text) + '\x15' + std::string(bits, 4) + flag(3, type));
}

const std::string kStart = piece("<unk>", 0, 2) + piece("<s>", 0, 3) + piece("</s>", 0, 3);
const std::string kUnigram =
    kStart + piece("\u2581", -3) + piece("a", -1) + piece("\u2581a", -2) + piece("<x>", 0, 4);

Result<Tokenizer> load(const std::string& file, SentencePieceIds ids) {
  CT_TRY(const TokenizerSpec spec, read_sentencepiece(file, ids));
  CT_TRY(auto blob, write_blob(spec));
  return Tokenizer::from_owned_blob(std::move(blob));
}

Ids encode(const std::string& file, std::string_view text,
           SentencePieceIds ids = SentencePieceIds::AsInFile) {
  const auto tokenizer = load(file, ids);
  EXPECT_TRUE(tokenizer.ok()) << tokenizer.error().message;
  return tokenizer->encode(text, {.add_special = false});
}

TEST(SentencePieceFile, IdsAreThoseOfTheFile) {
  // "▁aa" = ▁a + a = -3, against ▁ + a + a = -5.
  EXPECT_EQ(encode(kUnigram, "aa"), (Ids{5, 4}));
  EXPECT_EQ(encode(kUnigram, "  a   a  "), (Ids{5, 5}));
  EXPECT_TRUE(encode(kUnigram, "   ").empty());
}

TEST(SentencePieceFile, XlmRsIdsAreOneMoreAndItsSpecialsLieElsewhere) {
  const auto tokenizer = load(kUnigram, SentencePieceIds::Fairseq);
  ASSERT_TRUE(tokenizer.ok());
  EXPECT_EQ(tokenizer->encode("aa z"), (Ids{0, 6, 5, 4, 3, 2}));
  EXPECT_EQ(tokenizer->special().pad, 1U);
  EXPECT_EQ(tokenizer->special().mask, 8U);
  EXPECT_EQ(tokenizer->size(), 9U);
}

TEST(SentencePieceFile, ControlPiecesInATextAreTextAndUserDefinedOnesAreNot) {
  EXPECT_EQ(encode(kUnigram, "a<s>"), (Ids{5, 0}));
  EXPECT_EQ(encode(kUnigram, "a<x>a"), (Ids{5, 6, 4}));
}

TEST(SentencePieceFile, BpeMergesByScoreOfTheMergedPiece) {
  const std::string bpe = kStart + piece("\u2581", -9) + piece("a", -9) + piece("b", -9) +
                          piece("ab", -2) + piece("aa", -1) + field(2, flag(3, 2));
  EXPECT_EQ(encode(bpe, "aab"), (Ids{3, 7, 5}));  // a+a before a+b
  EXPECT_EQ(encode(bpe, "ab"), (Ids{3, 6}));
}

TEST(SentencePieceFile, SaysWhatIsWrong) {
  const std::pair<std::string, std::string> cases[] = {
      {"", "there is no unknown piece"},
      {kUnigram + piece("a", -1), "piece 7: is there twice"},
      {kUnigram + piece("", -1), "piece 7: is empty"},
      {kUnigram + piece("c", std::numeric_limits<float>::infinity()), "its score is not a number"},
      {kUnigram + piece("c", 0, 2), "second unknown piece"},
      {kUnigram + field(2, flag(3, 4)), "trainer_spec.model_type"},
      {kUnigram + field(2, flag(35, 1)), "trainer_spec.byte_fallback"},
      {kUnigram + field(3, field(2, "abc")), "precompiled_charsmap"},
      {"\x0a\x7f"
       "abc",
       "offset 2: field reaches beyond the end"},
  };
  for (const auto& [file, message] : cases) {
    const auto tokenizer = load(file, SentencePieceIds::AsInFile);
    ASSERT_FALSE(tokenizer.ok()) << message;
    EXPECT_NE(tokenizer.error().message.find(message), std::string::npos)
        << tokenizer.error().message;
  }
}

TEST(SentencePieceFile, CutAnywhereItIsAnErrorOrASmallerModel) {
  for (std::size_t size = 0; size < kUnigram.size(); ++size) {
    const auto tokenizer = load(kUnigram.substr(0, size), SentencePieceIds::AsInFile);
    if (tokenizer.ok()) EXPECT_LE(tokenizer->encode("a<x>").size(), 4U);
  }
}

}  // namespace
}  // namespace crosstail::text
