/// Compact blobs: expanding gives the same bytes, hostile ones are errors.

#include "text/tokenizer_compact.h"

#include <gtest/gtest.h>

#include <cstring>

#include "base/hash.h"
#include "base/stream.h"
#include "text/tokenizer.h"

namespace crosstail::text {
namespace {

Tokenizer from_json(const std::string& json) {
  auto tokenizer = tokenizer_from_json(json);
  EXPECT_TRUE(tokenizer.ok()) << tokenizer.error().message;
  return *std::move(tokenizer);
}

/// A vocabulary as SentencePiece writes it: ever rarer, with an added token, a piece that comes
/// twice (the later one is matched) and a gap.
std::string unigram() {
  std::string vocab = R"(["<unk>",0])";
  for (int i = 0; i < 400; ++i)
    vocab += ",[\"▁w" + std::to_string(i % 399) + "\",-" + std::to_string(5 + i) + ".25]";
  return R"({"added_tokens":[{"id":405,"content":"<mask>","special":true}],)"
         R"("pre_tokenizer":{"type":"Metaspace","replacement":"▁"},)"
         R"("model":{"type":"Unigram","unk_id":0,"vocab":[)" +
         vocab + "]}}";
}

const std::string kBpe =
    R"({"model":{"type":"BPE","unk_token":"<unk>","vocab":{"<unk>":0,"a":1,"b":2,"ab":3},
        "merges":["a b"]}})";
const std::string kWordPiece =
    R"({"pre_tokenizer":{"type":"Whitespace"},"model":{"type":"WordPiece","unk_token":"[UNK]",
        "continuing_subword_prefix":"##","max_input_chars_per_word":9,
        "vocab":{"[UNK]":0,"a":1,"##a":2,"##b":3}}})";

std::vector<std::byte> bytes_of(std::string_view text) {
  std::vector<std::byte> bytes(text.size());
  std::memcpy(bytes.data(), text.data(), text.size());
  return bytes;
}

TEST(CompactBlob, ExpandsToTheSameBytes) {
  for (const std::string& json : {unigram(), kBpe, kWordPiece}) {
    const Tokenizer tokenizer = from_json(json);
    const std::string compact = compact_blob(tokenizer.to_blob());
    const auto bytes = bytes_of(compact);
    ASSERT_TRUE(is_compact_blob(bytes));
    const auto expanded = expand_blob(bytes);
    ASSERT_TRUE(expanded.ok()) << expanded.error().message;
    ASSERT_EQ(expanded->size(), tokenizer.to_blob().size());
    EXPECT_EQ(std::memcmp(expanded->data(), tokenizer.to_blob().data(), expanded->size()), 0);
  }
}

TEST(CompactBlob, OpensAsTheTokenizerItIs) {
  const Tokenizer tokenizer = from_json(unigram());
  const auto bytes = bytes_of(compact_blob(tokenizer.to_blob()));
  EXPECT_LT(bytes.size() * 4, tokenizer.to_blob().size());
  const auto opened = Tokenizer::from_blob(bytes);
  ASSERT_TRUE(opened.ok()) << opened.error().message;
  EXPECT_EQ(opened->encode("w1 w398 w77<mask>"), tokenizer.encode("w1 w398 w77<mask>"));
  EXPECT_EQ(opened->piece(400), "▁w0");
  EXPECT_EQ(opened->id("▁w0"), 400u);
  EXPECT_EQ(opened->score(2), -6.25);
  EXPECT_EQ(opened->score(999), std::nullopt);
}

TEST(CompactBlob, ThatIsCutOrDamagedIsAnError) {
  const auto good = bytes_of(compact_blob(from_json(unigram()).to_blob()));
  for (std::size_t size = 0; size < good.size(); size += 7) {
    const std::vector<std::byte> cut(good.begin(), good.begin() + std::ptrdiff_t(size));
    EXPECT_FALSE(expand_blob(cut).ok()) << size;
  }
  for (std::size_t at = 0; at < good.size(); at += 5) {
    auto damaged = good;
    damaged[at] ^= std::byte{0x10};
    EXPECT_FALSE(expand_blob(damaged).ok()) << at;
  }
}

/// A compact blob with this content, its checksum right.
std::vector<std::byte> with_content(const std::string& content) {
  std::string blob = std::string("CTTOKEN\0\2\0\0\0\0\0\0\0", 16) + std::string(24, '\0') +
                     compress_frame(content, Compression::Zstd);
  const std::uint64_t size = blob.size(), inside = content.size();
  std::memcpy(blob.data() + 16, &size, 8);
  std::memcpy(blob.data() + 32, &inside, 8);
  const std::uint64_t checksum = xxh3(std::string_view(blob).substr(32));
  std::memcpy(blob.data() + 24, &checksum, 8);
  return bytes_of(blob);
}

TEST(CompactBlob, WithImpossibleContentIsAnError) {
  // Five sections of size 0 and no scores; then pieces: their number, four texts, the ids.
  const std::string none(6, '\0');
  const auto fails = [&](const std::string& pieces) {
    const auto expanded = expand_blob(with_content(none + pieces));
    return !expanded.ok() && expanded.error().code == ErrorCode::Corrupt;
  };
  EXPECT_TRUE(fails("")) << "no pieces";
  EXPECT_TRUE(fails(std::string("\xFF\xFF\xFF\x7F", 4))) << "more pieces than bytes";
  // One piece "a", id 0: sizes shared 0, rest 1.
  const auto one = [](char shared, char rest, std::uint8_t id) {
    return std::string("\1\1", 2) + shared + '\1' + rest + "\1a" + std::string("\1\1", 2) +
           std::string(3, '\0') + static_cast<char>(id);
  };
  EXPECT_TRUE(expand_blob(with_content(none + one(0, 1, 0))).ok());
  EXPECT_TRUE(fails(one(1, 1, 0))) << "shares more than there was";
  EXPECT_TRUE(fails(one(0, 2, 0))) << "is longer than its bytes";
  EXPECT_TRUE(fails(one(0, 1, 1))) << "an id that there is not";
}

}  // namespace
}  // namespace crosstail::text
