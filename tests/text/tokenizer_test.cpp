#include "text/tokenizer.h"

#include <gtest/gtest.h>

#include <cstring>
#include <thread>

#include "base/hash.h"
#include "text/tokenizer_parts.h"

namespace crosstail::text {
namespace {

using Ids = std::vector<std::uint32_t>;

Tokenizer from_json(const std::string& json) {
  auto tokenizer = tokenizer_from_json(json);
  EXPECT_TRUE(tokenizer.ok()) << tokenizer.error().message;
  return *std::move(tokenizer);
}

std::string error_of(const std::string& json) {
  const auto tokenizer = tokenizer_from_json(json);
  return tokenizer.ok() ? "no error" : tokenizer.error().message;
}

/// A unigram model over `vocab` ([piece, score], …) whose unknown token is id 0.
std::string unigram(const std::string& vocab, const std::string& rest = "") {
  return R"({"version":"1.0",)" + rest + R"("model":{"type":"Unigram","unk_id":0,"vocab":[)" +
         vocab + "]}}";
}

// The example in the documentation of tokenizers' Unigram::encode.
constexpr const char* kDocumented =
    R"(["<unk>",0],["a",0],["b",0],["c",0],["d",0],["cd",1],["ab",2],["abc",5],["abcd",10])";

TEST(Unigram, CutsTheDocumentedExampleAsTheDocumentationDoes) {
  // abcd, a, cd, and the two unknown x as one.
  EXPECT_EQ(from_json(unigram(kDocumented)).encode("abcdacdxx"), (Ids{8, 1, 5, 0}));
}

TEST(Unigram, OfEqualSumsThePieceThatStartsEarlierStays) {
  // a + b = -2 = ab: the path that ends in ab (from 0) is offered before the one ending in b.
  EXPECT_EQ(from_json(unigram(R"(["<unk>",-9],["a",-1],["b",-1],["ab",-2])")).encode("ab"),
            (Ids{3}));
}

TEST(Unigram, WritesUnknownCharactersAsBytesWhereAllAreThere) {
  std::string vocab = R"(["<unk>",0],["a",-1])";
  char piece[32];
  for (int b = 0; b < 256; ++b) {
    std::snprintf(piece, sizeof(piece), R"(,["<0x%02X>",-5])", static_cast<unsigned>(b));
    vocab += piece;
  }
  std::string json = unigram(vocab);
  json.replace(json.find("\"unk_id\""), 0, R"("byte_fallback":true,)");
  // é is C3 A9; byte b has id 2 + b.
  EXPECT_EQ(from_json(json).encode("aé"), (Ids{1, 2 + 0xC3, 2 + 0xA9}));
}

TEST(Unigram, DecidesALongTextWithoutSpacesInBoundedMemory) {
  // 2^20 times "aab": aa + b = -3 beats a + ab = -4.5 and a + a + b = -5.
  const Tokenizer tokenizer =
      from_json(unigram(R"(["<unk>",-9],["a",-2],["b",-1],["aa",-2],["ab",-2.5],["ba",-9])"));
  std::string text;
  for (int i = 0; i < 1 << 20; ++i) text += "aab";
  TokenizerScratch scratch;
  Encoding out;
  tokenizer.encode(text, {}, scratch, out);
  ASSERT_EQ(out.ids.size(), std::size_t{2} << 20);
  for (std::size_t i = 0; i < out.ids.size(); ++i) ASSERT_EQ(out.ids[i], i % 2 == 0 ? 3U : 2U);
  EXPECT_LT(scratch.state().unigram.nodes64.size(), std::size_t{1} << 16);
}

// tokenization_test.py of google-research/bert.
std::string bert(const std::string& normalizer = R"({"type":"BertNormalizer","clean_text":true,
    "handle_chinese_chars":true,"strip_accents":null,"lowercase":true})") {
  return R"({"normalizer":)" + normalizer +
         R"(,"pre_tokenizer":{"type":"BertPreTokenizer"},
    "post_processor":{"type":"BertProcessing","sep":["[SEP]",2],"cls":["[CLS]",1]},
    "model":{"type":"WordPiece","unk_token":"[UNK]","continuing_subword_prefix":"##",
    "max_input_chars_per_word":100,"vocab":{"[UNK]":0,"[CLS]":1,"[SEP]":2,"want":3,"##want":4,
    "##ed":5,"wa":6,"un":7,"runn":8,"##ing":9,",":10}}})";
}

TEST(WordPiece, CutsTheExamplesOfBertsOwnTests) {
  const Tokenizer tokenizer = from_json(bert());
  EXPECT_EQ(tokenizer.encode("unwanted running", {.add_special = false}), (Ids{7, 4, 5, 8, 9}));
  EXPECT_EQ(tokenizer.encode("unwantedX running", {.add_special = false}), (Ids{0, 8, 9}));
  EXPECT_EQ(tokenizer.encode("UNwant\u00E9d,running", {.add_special = false}),
            (Ids{7, 4, 5, 10, 8, 9}));
  EXPECT_TRUE(tokenizer.encode("", {.add_special = false}).empty());
  EXPECT_EQ(tokenizer.encode(""), (Ids{1, 2}));
}

TEST(WordPiece, AWordOfMoreCharactersThanTheLimitIsUnknown) {
  const Tokenizer tokenizer = from_json(bert());
  std::string word = "runn";
  for (int i = 0; i < 32; ++i) word += "ing";  // 100 characters
  EXPECT_EQ(tokenizer.encode(word, {.add_special = false}).size(), 33U);
  EXPECT_EQ(tokenizer.encode(word + "ing", {.add_special = false}), (Ids{0}));
}

TEST(WordPiece, NamesTheSegmentsOfAPair) {
  const Tokenizer tokenizer = from_json(bert());
  TokenizerScratch scratch;
  Encoding out;
  tokenizer.encode_pair("running", "want", {}, scratch, out);
  EXPECT_EQ(out.ids, (Ids{1, 8, 9, 2, 3, 2}));
  EXPECT_EQ(out.type_ids, (std::vector<std::uint8_t>{0, 0, 0, 0, 1, 1}));
}

TEST(Tokenizer, OffsetsPointIntoTheOriginalText) {
  const Tokenizer tokenizer = from_json(bert());
  TokenizerScratch scratch;
  Encoding out;
  tokenizer.encode("  UNwant\u00E9d", {.offsets = true}, scratch, out);
  EXPECT_EQ(out.ids, (Ids{1, 7, 4, 5, 2}));
  EXPECT_EQ(out.offsets, (std::vector<TokenOffset>{{0, 0}, {2, 4}, {4, 8}, {8, 11}, {0, 0}}));
}

// Roberta's merges in small: h+e, l+l, he+ll, hell+o; "Ġ" is the space.
constexpr const char* kByteLevel =
    R"({"pre_tokenizer":{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true},
    "decoder":{"type":"ByteLevel"},
    "added_tokens":[{"id":11,"content":"<mask>","lstrip":true,"special":true,"normalized":false}],
    "model":{"type":"BPE","vocab":{"h":0,"e":1,"l":2,"o":3,"Ġ":4,"he":5,"ll":6,"hell":7,
    "hello":8,"Ã":9,"©":10},"merges":["h e","l l",["he","ll"],"hell o"]}})";

TEST(Bpe, MergesTheBestRankFirst) {
  const Tokenizer tokenizer = from_json(kByteLevel);
  EXPECT_EQ(tokenizer.encode("hello"), (Ids{8}));
  EXPECT_EQ(tokenizer.encode("helo hell"), (Ids{5, 2, 3, 4, 7}));
  EXPECT_EQ(tokenizer.encode("lll"), (Ids{6, 2}));  // the left of two equal pairs
  EXPECT_EQ(tokenizer.encode("é"), (Ids{9, 10}));
  EXPECT_EQ(tokenizer.decode(Ids{8, 4, 9, 10}), "hello é");
}

TEST(AddedTokens, AreCutOutBeforeTheModelAndTakeTheSpaceBeforeThem) {
  const Tokenizer tokenizer = from_json(kByteLevel);
  EXPECT_EQ(tokenizer.encode("hello <mask> hello"), (Ids{8, 11, 4, 8}));
  EXPECT_EQ(tokenizer.decode(Ids{8, 11}), "hello");
  EXPECT_EQ(tokenizer.decode(Ids{8, 11}, false), "hello<mask>");
  EXPECT_TRUE(tokenizer.is_special(11));
  EXPECT_EQ(tokenizer.id("<mask>"), 11U);
  EXPECT_EQ(tokenizer.piece(8), "hello");
  EXPECT_EQ(tokenizer.size(), 12U);
}

/// A tokenizer that gives one id a word.
Tokenizer words() {
  return from_json(unigram(R"(["<unk>",-9],["w",-1],["v",-1])",
                           R"("pre_tokenizer":{"type":"WhitespaceSplit"},)"));
}

std::string repeat(const char* word, std::size_t n) {
  std::string text;
  for (std::size_t i = 0; i < n; ++i) text += word;
  return text;
}

// The table of test truncate_encodings_longest_first in tokenizers' utils/truncation.rs.
TEST(Truncation, SharesTheRoomOfAPairAsTokenizersDoes) {
  const Tokenizer tokenizer = words();
  TokenizerScratch scratch;
  Encoding out;
  const std::size_t table[][4] = {{0, 0, 0, 0}, {0, 2, 0, 2}, {0, 4, 0, 4}, {0, 8, 0, 7},
                                  {2, 0, 2, 0}, {2, 2, 2, 2}, {2, 4, 2, 4}, {2, 8, 2, 5},
                                  {4, 0, 4, 0}, {4, 2, 4, 2}, {4, 4, 3, 4}, {4, 8, 3, 4},
                                  {8, 0, 7, 0}, {8, 2, 5, 2}, {8, 4, 4, 3}, {8, 8, 3, 4}};
  for (const auto& [a, b, keep_a, keep_b] : table) {
    tokenizer.encode_pair(repeat("w ", a), repeat("v ", b), {.max_length = 7}, scratch, out);
    Ids expected(keep_a, 1);
    expected.resize(keep_a + keep_b, 2);
    EXPECT_EQ(out.ids, expected) << a << " and " << b;
    EXPECT_EQ(out.truncated, a + b > 7);
  }
}

TEST(Truncation, KeepsTheSideItIsToldTo) {
  const Tokenizer tokenizer = from_json(bert());
  EXPECT_EQ(tokenizer.encode("want un want", {.max_length = 4}), (Ids{1, 3, 7, 2}));
  EXPECT_EQ(tokenizer.encode("want un want", {.max_length = 4, .truncate = TruncateSide::Left}),
            (Ids{1, 7, 3, 2}));
  EXPECT_EQ(tokenizer.encode("want", {.max_length = 1}), (Ids{1, 2}));
}

TEST(Truncation, OfOneTextOfAPairLeavesTheOther) {
  const Tokenizer tokenizer = words();
  TokenizerScratch scratch;
  Encoding out;
  EncodeOptions options{.max_length = 5, .pair_truncation = PairTruncation::OnlySecond};
  tokenizer.encode_pair("w w w", "v v v", options, scratch, out);
  EXPECT_EQ(out.ids, (Ids{1, 1, 1, 2, 2}));
  options.pair_truncation = PairTruncation::OnlyFirst;
  tokenizer.encode_pair("w w w", "v v v", options, scratch, out);
  EXPECT_EQ(out.ids, (Ids{1, 1, 2, 2, 2}));
}

TEST(Tokenizer, CountsUnknownsAndInvalidBytes) {
  const Tokenizer tokenizer = words();
  TokenizerScratch scratch;
  Encoding out;
  tokenizer.encode("w \xFF w \xE2\x82 x", {}, scratch, out);
  EXPECT_EQ(out.ids, (Ids{1, 0, 1, 0, 0}));
  EXPECT_EQ(out.unknown, 3U);
  EXPECT_EQ(out.invalid_utf8, 2U);
}

TEST(Tokenizer, RemembersWordsWithoutMixingUpTokenizers) {
  const Tokenizer first = words();
  const Tokenizer second = from_json(unigram(R"(["<unk>",-9],["v",-1],["w",-1])",
                                             R"("pre_tokenizer":{"type":"WhitespaceSplit"},)"));
  TokenizerScratch scratch;
  Encoding out;
  for (int round = 0; round < 3; ++round) {
    first.encode("w v w", {}, scratch, out);
    EXPECT_EQ(out.ids, (Ids{1, 2, 1}));
    second.encode("w v w", {}, scratch, out);
    EXPECT_EQ(out.ids, (Ids{2, 1, 2}));
  }
}

TEST(Tokenizer, MayBeUsedByManyThreads) {
  const Tokenizer tokenizer = from_json(bert());
  const Ids expected = tokenizer.encode("unwanted, running want");
  std::vector<std::thread> threads;
  std::vector<int> right(4);
  for (std::size_t t = 0; t < right.size(); ++t) {
    threads.emplace_back([&, t] {
      TokenizerScratch scratch;
      Encoding out;
      for (int i = 0; i < 500; ++i) {
        tokenizer.encode("unwanted, running want", {}, scratch, out);
        right[t] += out.ids == expected ? 1 : 0;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(right, std::vector<int>(4, 500));
}

TEST(TokenizerJson, NamesTheFieldItCannotFollow) {
  const std::string model = R"("model":{"type":"Unigram","unk_id":0,"vocab":[["<unk>",0]]}})";
  const std::pair<std::string, std::string> cases[] = {
      {R"({"model":{"type":"WordLevel","vocab":{}}})", "model.type: \"WordLevel\""},
      {R"({"version":"2.0",)" + model, "version: \"2.0\""},
      {R"({"normalizer":{"type":"Sequence","normalizers":[{"type":"NFC"},{"type":"Rot13"}]},)" +
           model,
       "normalizer.normalizers[1].type: the normalizer \"Rot13\" is not supported"},
      {R"({"normalizer":{"type":"Replace","pattern":{"Regex":"a|b"},"content":""},)" + model,
       "normalizer.pattern: the regular expression a|b is not supported"},
      {R"({"pre_tokenizer":{"type":"UnicodeScripts"},)" + model, "pre_tokenizer.type"},
      {R"({"pre_tokenizer":{"type":"Split","pattern":{"Regex":"x+"},"behavior":"Isolated"},)" +
           model,
       "pre_tokenizer.pattern"},
      {R"({"post_processor":{"type":"Other"},)" + model, "post_processor.type"},
      {R"({"decoder":{"type":"CTC"},)" + model, "decoder.type: the decoder \"CTC\""},
      {R"({"model":{"type":"BPE","dropout":0.1,"vocab":{},"merges":[]}})", "model.dropout"},
      {R"({"model":{"type":"Unigram","unk_id":null,"vocab":[["a",0]]}})", "model.unk_id"},
      {R"({"model":{"type":"Unigram","unk_id":5,"vocab":[["a",0]]}})", "model.unk_id: lies"},
      {R"({"model":{"type":"BPE","vocab":{"a":0},"merges":["a b"]}})", "model.merges: \"a b\""},
      {R"({"model":{"type":"BPE","vocab":{"a":4000000000},"merges":[]}})", "model.vocab: the id"},
      {R"({"model":{"type":"WordPiece","unk_token":"[UNK]","continuing_subword_prefix":"##",
          "vocab":{"a":0}}})",
       "model.unk_token: \"[UNK]\" is not in the vocabulary"},
      {R"({"normalizer":{"type":"Precompiled","precompiled_charsmap":"////"},)" + model,
       "precompiled_charsmap"},
      {R"({"model":)", "is not valid JSON"},
      {R"([])", "expected an object"},
  };
  for (const auto& [json, message] : cases) {
    EXPECT_NE(error_of(json).find(message), std::string::npos) << json << "\n" << error_of(json);
  }
}

TEST(TokenizerJson, SequencesInSequencesEndSomewhere) {
  std::string json = R"({"normalizer":)";
  for (int i = 0; i < 100; ++i) json += R"({"type":"Sequence","normalizers":[)";
  json += R"({"type":"NFC"})";
  for (int i = 0; i < 100; ++i) json += "]}";
  json += R"(,"model":{"type":"Unigram","unk_id":0,"vocab":[["<unk>",0]]}})";
  EXPECT_NE(error_of(json).find("so long a Sequence is not supported"), std::string::npos);
}

std::vector<std::byte> blob_of(const Tokenizer& tokenizer) {
  const auto blob = tokenizer.to_blob();
  return {blob.begin(), blob.end()};
}

TEST(TokenizerBlob, IsRefusedWhereItIsCutOrDamaged) {
  const std::vector<std::byte> blob = blob_of(from_json(bert()));
  for (std::size_t size = 0; size < blob.size(); size += size < 400 ? 1 : 97) {
    const auto cut =
        Tokenizer::from_owned_blob({blob.begin(), blob.begin() + std::ptrdiff_t(size)});
    ASSERT_FALSE(cut.ok()) << size;
    EXPECT_EQ(cut.error().code, ErrorCode::Corrupt);
  }
  for (std::size_t at = 0; at < blob.size(); at += 53) {
    std::vector<std::byte> damaged = blob;
    damaged[at] ^= std::byte{0x10};
    EXPECT_FALSE(Tokenizer::from_owned_blob(std::move(damaged)).ok()) << at;
  }
}

TEST(TokenizerBlob, HasTheHeaderItsPageDescribes) {
  const std::vector<std::byte> blob = blob_of(from_json(bert()));
  EXPECT_EQ(std::memcmp(blob.data(), "CTTOKEN\0\1\0\0\0", 12), 0);
  std::uint64_t size = 0;
  std::uint64_t checksum = 0;
  std::memcpy(&size, blob.data() + 16, 8);
  std::memcpy(&checksum, blob.data() + 24, 8);
  EXPECT_EQ(size, blob.size());
  EXPECT_EQ(checksum, xxh3({reinterpret_cast<const char*>(blob.data()) + 32, blob.size() - 32}));
}

TEST(LoadTokenizer, SaysWhatItLookedFor) {
  const auto tokenizer = load_tokenizer("/nowhere/at/all");
  ASSERT_FALSE(tokenizer.ok());
  EXPECT_EQ(tokenizer.error().code, ErrorCode::NotFound);
  EXPECT_NE(tokenizer.error().message.find("tokenizer.json"), std::string::npos);
}

}  // namespace
}  // namespace crosstail::text
