/// The readers of model files and the way of a text through them. The first byte says which:
/// j tokenizer.json, s sentencepiece (S as XLM-R), v vocab.txt, b a built-in tokenizer's blob with
/// edits (its checksum is put right), and a digit a text for the built-in tokenizer of that number.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "text/sentencepiece_file.h"
#include "text/tokenizer.h"
#include "text/tokenizer_blob.h"
#include "text/wordpiece_vocab.h"

namespace {

using namespace crosstail;        // NOLINT: a fuzz target
using namespace crosstail::text;  // NOLINT

constexpr std::string_view kSample =
    "The qu\u00EFck <mask> br\u00F6wn\tfox, 12 \u4F60\u597D \u0e19\u0e49\u0e33 e\u0301 "
    "\xF0\x9F\x91\x8D "
    "<s>\xFF<0x41> a\u0300\u0301 \u2581x";

void require(bool fact) {
  if (!fact) std::abort();
}

/// Facts that hold for every tokenizer and text.
void encode_all_ways(const Tokenizer& tokenizer, std::string_view text) {
  TokenizerScratch scratch;
  Encoding full;
  tokenizer.encode(text, {}, scratch, full);
  for (const std::uint32_t id : full.ids) require(id < tokenizer.size());
  require(full.ids.size() == full.type_ids.size());
  Encoding again;
  tokenizer.encode(text, {}, scratch, again);
  require(again.ids == full.ids && again.invalid_utf8 == full.invalid_utf8);
  tokenizer.encode(text, {.offsets = true}, scratch, again);
  require(again.ids == full.ids && again.offsets.size() == full.ids.size());
  // A replacement character has three bytes, so repaired text is at most three times as long.
  for (const TokenOffset& o : again.offsets) require(o.end <= 3 * text.size() + 3);
  const EncodeOptions bare{.add_special = false};
  tokenizer.encode(text, bare, scratch, full);
  EncodeOptions cut = bare;
  cut.max_length = 5;
  tokenizer.encode(text, cut, scratch, again);
  require(again.ids.size() == std::min<std::size_t>(full.ids.size(), 5));
  require(std::equal(again.ids.begin(), again.ids.end(), full.ids.begin()));
  cut.truncate = TruncateSide::Left;
  tokenizer.encode(text, cut, scratch, again);
  require(std::equal(again.ids.rbegin(), again.ids.rend(), full.ids.rbegin()));
  tokenizer.encode_pair(text, kSample, {.max_length = 9}, scratch, again);
  (void)tokenizer.decode(full.ids);
  for (const std::uint32_t id : full.ids) (void)tokenizer.id(tokenizer.piece(id));
}

void encode_sample(const Result<Tokenizer>& tokenizer) {
  if (tokenizer.ok()) encode_all_ways(*tokenizer, kSample);
}

Result<Tokenizer> from_spec(const Result<TokenizerSpec>& spec) {
  if (!spec.ok()) return spec.error();
  CT_TRY(auto blob, write_blob(*spec));
  return Tokenizer::from_owned_blob(std::move(blob));
}

/// Small tokenizers of each kind; together they take every step of the pipeline.
const std::vector<Tokenizer>& built_in() {
  static const std::vector<Tokenizer> tokenizers = [] {
    const std::string unigram =
        R"("model":{"type":"Unigram","unk_id":0,"byte_fallback":false,"vocab":[["<unk>",0],
        ["▁",-3],["a",-2],["▁a",-2.5],["ab",-3],["b",-2],["e",-2],["é",-4],["aa",-3.7]]}})";
    const std::string added =
        R"("added_tokens":[{"id":9,"content":"<mask>","lstrip":true,"special":true},
        {"id":10,"content":"Ab b","normalized":true,"single_word":true,"rstrip":true}],)";
    const std::string bpe =
        R"("model":{"type":"BPE","unk_token":"<unk>","fuse_unk":true,"byte_fallback":true,
        "vocab":{"<unk>":0,"a":1,"b":2,"ab":3,"Ġ":4,"aab":5,"Ã":6,"▁":7,"▁a":8},
        "merges":["a b","a ab","▁ a"]}})";
    const std::string word_piece =
        R"("model":{"type":"WordPiece","unk_token":"[UNK]","continuing_subword_prefix":"##",
        "max_input_chars_per_word":9,"vocab":{"[UNK]":0,"a":1,"##a":2,"##b":3,"b":4,"##ab":5}}})";
    const std::string metaspace = R"("pre_tokenizer":{"type":"Sequence","pretokenizers":[
        {"type":"WhitespaceSplit"},{"type":"Metaspace","replacement":"▁"}]},)";
    const std::string sources[] = {
        "{" + metaspace + added + unigram,
        R"({"normalizer":{"type":"NFKC"},"pre_tokenizer":{"type":"Metaspace","replacement":"▁",
          "prepend_scheme":"first"},)" +
            unigram,
        R"({"normalizer":{"type":"BertNormalizer"},"pre_tokenizer":{"type":"BertPreTokenizer"},)" +
            word_piece,
        R"({"normalizer":{"type":"NFC"},"pre_tokenizer":{"type":"ByteLevel",
          "add_prefix_space":true},"post_processor":{"type":"ByteLevel"},
          "decoder":{"type":"ByteLevel"},)" +
            added.substr(0, added.find(",\n")) + "]," + bpe,
        R"({"normalizer":{"type":"Sequence","normalizers":[{"type":"Nmt"},{"type":"Strip"},
          {"type":"Replace","pattern":{"Regex":" {2,}"},"content":" "},{"type":"Prepend",
          "prepend":"▁"},{"type":"Lowercase"},{"type":"NFKD"},{"type":"StripAccents"}]},
          "pre_tokenizer":{"type":"Sequence","pretokenizers":[{"type":"Whitespace"},
          {"type":"Digits","individual_digits":false},{"type":"Punctuation",
          "behavior":"MergedWithPrevious"}]},"decoder":{"type":"Sequence","decoders":[
          {"type":"ByteFallback"},{"type":"Fuse"},{"type":"Strip","content":" ","start":1,
          "stop":1}]},)" +
            bpe};
    std::vector<Tokenizer> all;
    for (const std::string& json : sources) {
      auto tokenizer = tokenizer_from_json(json);
      require(tokenizer.ok());
      all.push_back(*std::move(tokenizer));
    }
    return all;
  }();
  return tokenizers;
}

/// Edits of three bytes (offset, value) to the blob of a built-in tokenizer.
void read_damaged_blob(const Tokenizer& tokenizer, std::string_view edits) {
  std::vector<std::byte> blob(tokenizer.to_blob().begin(), tokenizer.to_blob().end());
  for (; edits.size() >= 3; edits.remove_prefix(3)) {
    const std::size_t at =
        static_cast<unsigned char>(edits[0]) + 256U * static_cast<unsigned char>(edits[1]);
    blob[32 + at % (blob.size() - 32)] = static_cast<std::byte>(edits[2]);
  }
  const std::uint64_t checksum =
      xxh3({reinterpret_cast<const char*>(blob.data()) + 32, blob.size() - 32});
  std::memcpy(blob.data() + 24, &checksum, 8);
  encode_sample(Tokenizer::from_owned_blob(std::move(blob)));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view rest{reinterpret_cast<const char*>(data) + 1, size - 1};
  switch (data[0]) {
    case 'j':
      encode_sample(tokenizer_from_json(rest));
      break;
    case 's':
      encode_sample(from_spec(read_sentencepiece(rest, SentencePieceIds::AsInFile)));
      break;
    case 'S':
      encode_sample(from_spec(read_sentencepiece(rest, SentencePieceIds::Fairseq)));
      break;
    case 'v':
      encode_sample(from_spec(read_wordpiece_vocab(rest, {})));
      break;
    case 'b':
      if (!rest.empty())
        read_damaged_blob(built_in()[static_cast<unsigned char>(rest[0]) % built_in().size()],
                          rest.substr(1));
      break;
    default:
      encode_all_ways(built_in()[data[0] % built_in().size()], rest);
  }
  return 0;
}
