#include "base/stream.h"

#include <gtest/gtest.h>
#include <zdict.h>
#include <zlib.h>
#include <zstd.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "base/gzip.h"
#include "base/zstd_frames.h"
#include "support/shared.h"

namespace crosstail {
namespace {

struct Read {
  std::string bytes;
  std::string error;
};

/// Everything a source gives, with reads of `step` bytes, and the error it ends with, if any.
Read drain(ByteSource& source, std::size_t step = 70000) {
  Read result;
  std::string buffer(step, '\0');
  for (;;) {
    auto n = source.read(buffer.data(), buffer.size());
    if (!n.ok()) {
      result.error = n.error().message;
      return result;
    }
    if (*n == 0) return result;
    result.bytes.append(buffer, 0, *n);
  }
}

Read inflate_all(std::string_view packed, std::size_t step = 70000) {
  auto source = decompress(memory_source(packed), detect_compression(packed), "data");
  return drain(*source, step);
}

/// Gives one byte at a time, as a slow pipe would.
class Dripping : public ByteSource {
 public:
  explicit Dripping(std::string_view bytes) : bytes_(bytes) {}
  Result<std::size_t> read(char* buffer, std::size_t) override {
    if (at_ == bytes_.size()) return std::size_t{0};
    *buffer = bytes_[at_++];
    return std::size_t{1};
  }

 private:
  std::string_view bytes_;
  std::size_t at_ = 0;
};

/// Text with repetitions, so that deflate uses copies, dynamic and stored blocks.
std::string sample(std::size_t size, unsigned seed = 1) {
  std::mt19937 random(seed);
  std::string text;
  while (text.size() < size) {
    const auto kind = random() % 3;
    if (kind == 0) text += "What is the answer to question " + std::to_string(random() % 100);
    if (kind == 1)
      for (int i = 0; i < 40; ++i) text += static_cast<char>(random());
    if (kind == 2 && text.size() > 100) text += text.substr(random() % (text.size() - 50), 50);
  }
  text.resize(size);
  return text;
}

/// zlib's own gzip writer, with what header fields it can write: an independent source of members.
std::string zlib_member(std::string_view bytes, int level, bool header_fields) {
  z_stream z{};
  deflateInit2(&z, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  Bytef extra[] = {'s', 'l', 2, 0, 7, 7};
  Bytef name[] = "page.html";
  Bytef comment[] = "a comment";
  gz_header header{};
  header.extra = extra;
  header.extra_len = sizeof extra;
  header.name = name;
  header.comment = comment;
  header.hcrc = 1;
  if (header_fields) deflateSetHeader(&z, &header);
  std::string out(deflateBound(&z, bytes.size()) + 64, '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  z.avail_in = static_cast<uInt>(bytes.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  deflate(&z, Z_FINISH);
  out.resize(z.total_out);
  deflateEnd(&z);
  return out;
}

/// What zlib makes of a member that is cut off.
std::string zlib_inflate(std::string_view packed) {
  z_stream z{};
  inflateInit2(&z, 15 + 16);
  std::string out(1 << 20, '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  z.avail_in = static_cast<uInt>(packed.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  inflate(&z, Z_SYNC_FLUSH);
  out.resize(z.total_out);
  inflateEnd(&z);
  return out;
}

TEST(DetectCompression, GoesByMagicNumber) {
  EXPECT_EQ(detect_compression("\x1f\x8b\x08"), Compression::Gzip);
  EXPECT_EQ(detect_compression("\x28\xb5\x2f\xfd"), Compression::Zstd);
  EXPECT_EQ(detect_compression("\x5d\x2a\x4d\x18"), Compression::Zstd);
  EXPECT_EQ(detect_compression("WARC/1.0"), Compression::None);
  EXPECT_EQ(detect_compression(""), Compression::None);
}

TEST(GzipSource, ReadsWhatZlibWrote) {
  for (const int level : {0, 1, 6, 9}) {
    for (const std::size_t size : {0u, 1u, 1000u, 300000u}) {
      const std::string text = sample(size);
      const Read read = inflate_all(zlib_member(text, level, level == 6));
      EXPECT_EQ(read.error, "");
      EXPECT_TRUE(read.bytes == text) << "level " << level << ", " << size << " bytes";
    }
  }
}

TEST(GzipSource, JoinsMembersWithHeaderFieldsAndZeroPadding) {
  const std::string packed = zlib_member("one ", 6, true) + zlib_member("", 6, false) +
                             zlib_member("two", 9, true) + std::string(1024, '\0');
  const Read read = inflate_all(packed);
  EXPECT_EQ(read.error, "");
  EXPECT_EQ(read.bytes, "one two");
}

TEST(GzipSource, GivesTheSameBytesWhateverTheSizesOfTheReads) {
  const std::string text = sample(30000);
  const std::string packed = zlib_member(text, 6, true) + zlib_member(text, 0, false) +
                             zlib_member(text, 1, false) + zlib_member("x", 6, false);
  for (const std::size_t step : {1u, 2u, 3u, 7u, 64u, 1000u}) {
    EXPECT_TRUE(inflate_all(packed, step).bytes == text + text + text + "x") << step;
    auto dripping = decompress(std::make_unique<Dripping>(packed), Compression::Gzip, "dripping");
    const Read read = drain(*dripping, step);
    EXPECT_EQ(read.error, "");
    EXPECT_TRUE(read.bytes == text + text + text + "x") << step;
  }
}

TEST(GzipSource, DeliversAllThatZlibCanReadOfATruncatedMemberAndThenFails) {
  const std::string text = sample(3000);
  const std::string first = zlib_member("first;", 6, false);
  for (const int level : {0, 6}) {
    const std::string last = zlib_member(text, level, true);
    for (std::size_t cut = 1; cut < last.size(); ++cut) {
      const Read read = inflate_all(first + last.substr(0, cut));
      ASSERT_NE(read.error, "") << cut;
      EXPECT_NE(read.error.find("data: gzip data at byte "), std::string::npos) << read.error;
      EXPECT_NE(read.error.find("starts at byte " + std::to_string(first.size())),
                std::string::npos)
          << read.error;
      ASSERT_TRUE(("first;" + text).starts_with(read.bytes)) << cut;
      ASSERT_GE(read.bytes.size(), 6 + zlib_inflate(last.substr(0, cut)).size()) << cut;
    }
  }
}

TEST(GzipSource, ReportsGarbageAfterTheLastMember) {
  const std::string packed = zlib_member("text", 6, false);
  const Read read = inflate_all(packed + "garbage");
  EXPECT_EQ(read.bytes, "text");
  EXPECT_EQ(read.error, "data: gzip data at byte " + std::to_string(packed.size()) +
                            ": bytes that are no gzip member follow the last one");
}

TEST(GzipSource, ReportsAWrongChecksum) {
  std::string packed = zlib_member("text", 6, false);
  packed[packed.size() - 8] = static_cast<char>(packed[packed.size() - 8] ^ 1);
  const Read read = inflate_all(packed);
  EXPECT_NE(read.error.find("wrong checksum"), std::string::npos) << read.error;
}

TEST(GzipSource, ReadsTheOddHeaderOfARealArchive) {
  CROSSTAIL_NEEDS_SHARED();
  auto source = open_source(*testing::shared_dir() / "data/warc/gzip_extra_sl.warc.gz");
  ASSERT_TRUE(source.ok());
  const Read read = drain(**source);
  EXPECT_EQ(read.error, "");
  EXPECT_EQ(read.bytes.size(), 615u);  // zcat gzip_extra_sl.warc.gz | wc -c
}

TEST(GzipHeader, IsMeasuredWithAllItsFields) {
  const std::string plain = zlib_member("x", 6, false), full = zlib_member("x", 6, true);
  EXPECT_EQ(gzip_header_length(plain), 10u);
  // 10 fixed, 2 + 6 extra, "page.html" and "a comment" with their zeros, 2 for the checksum.
  EXPECT_EQ(gzip_header_length(full), 40u);
  for (std::size_t cut = 0; cut < 40; ++cut) EXPECT_FALSE(gzip_header_length(full.substr(0, cut)));
  EXPECT_FALSE(gzip_header_length(std::string("\x1f\x8b\x08\xe0\0\0\0\0\0\3", 10)));
}

TEST(WholeInflater, TellsTooLittleRoomFromDamage) {
  const std::string text = sample(5000);
  const std::string packed = zlib_member(text, 6, true);
  WholeInflater inflater;
  std::string out(5000, '\0');
  using Outcome = WholeInflater::Outcome;
  auto done = inflater.inflate(DeflateFormat::Gzip, packed + "rest", out.data(), out.size());
  EXPECT_EQ(done.outcome, Outcome::Done);
  EXPECT_EQ(done.consumed, packed.size());
  EXPECT_EQ(done.produced, text.size());
  EXPECT_TRUE(out == text);
  EXPECT_EQ(inflater.inflate(DeflateFormat::Gzip, packed, out.data(), 4999).outcome,
            Outcome::OutputTooSmall);
  EXPECT_EQ(inflater.inflate(DeflateFormat::Gzip, packed.substr(0, 100), out.data(), 5000).outcome,
            Outcome::Damaged);
}

std::string zstd_member(std::string_view bytes, std::string_view dictionary = {}) {
  std::string out(ZSTD_compressBound(bytes.size()), '\0');
  ZSTD_CCtx* context = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
  if (!dictionary.empty()) ZSTD_CCtx_loadDictionary(context, dictionary.data(), dictionary.size());
  out.resize(ZSTD_compress2(context, out.data(), out.size(), bytes.data(), bytes.size()));
  ZSTD_freeCCtx(context);
  return out;
}

std::string skippable(unsigned char kind, std::string_view content) {
  std::string out = {static_cast<char>(0x50 | kind), '\x2a', '\x4d', '\x18'};
  for (int i = 0; i < 4; ++i) out += static_cast<char>(content.size() >> (8 * i));
  return out += content;
}

std::string trained_dictionary() {
  std::string samples;
  std::vector<std::size_t> sizes;
  for (int i = 0; i < 400; ++i) {
    const std::string one = "WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: http://host" +
                            std::to_string(i * 7919) +
                            ".example/faq\r\nContent-Length: " + std::to_string(i * 31) +
                            "\r\n\r\n";
    samples += one;
    sizes.push_back(one.size());
  }
  std::string dictionary(4096, '\0');
  const std::size_t size = ZDICT_trainFromBuffer(dictionary.data(), dictionary.size(),
                                                 samples.data(), sizes.data(), 400);
  if (ZDICT_isError(size) != 0U) return {};
  dictionary.resize(size);
  return dictionary;
}

TEST(ZstdSource, JoinsFramesAndPassesSkippableOnes) {
  const std::string text = sample(300000);
  const std::string packed =
      skippable(0, "note") + zstd_member(text) + skippable(3, "") + zstd_member("end");
  for (const std::size_t step : {13u, 70000u}) {
    const Read read = inflate_all(packed, step);
    EXPECT_EQ(read.error, "");
    EXPECT_TRUE(read.bytes == text + "end");
  }
}

TEST(ZstdSource, UsesTheDictionaryInTheFirstFramePlainOrCompressed) {
  const std::string dictionary = trained_dictionary();
  ASSERT_FALSE(dictionary.empty());
  const std::string text = "WARC/1.0\r\nWARC-Type: response\r\n\r\n";
  for (const std::string& frame : {dictionary, zstd_member(dictionary)}) {
    const std::string packed =
        skippable(13, frame) + zstd_member(text, dictionary) + zstd_member("second", dictionary);
    const Read read = inflate_all(packed);
    EXPECT_EQ(read.error, "");
    EXPECT_EQ(read.bytes, text + "second");
  }
  EXPECT_NE(inflate_all(skippable(13, dictionary).substr(0, 100)).error, "");
}

TEST(ZstdSource, FailsAtATruncatedTailAfterTheFramesBefore) {
  const std::string first = zstd_member("first;"), last = zstd_member(sample(5000));
  for (std::size_t cut = 1; cut < last.size(); ++cut) {
    const Read read = inflate_all(first + last.substr(0, cut));
    ASSERT_NE(read.error.find("data: zstd data at byte "), std::string::npos) << cut;
    ASSERT_TRUE(read.bytes.starts_with("first;"));
  }
}

TEST(DecompressedHead, ShowsTheBeginningOfACutOffStream) {
  const std::string text = sample(200000);
  EXPECT_EQ(decompressed_head(zlib_member(text, 6, false).substr(0, 4000), 1000),
            text.substr(0, 1000));
  EXPECT_EQ(decompressed_head(text.substr(0, 500), 1000), text.substr(0, 500));
}

TEST(CompressFrame, IsReadByTheOriginalLibraries) {
  const std::string text = sample(100000);
  EXPECT_TRUE(zlib_inflate(compress_frame(text, Compression::Gzip)) == text);
  const std::string frame = compress_frame(text, Compression::Zstd);
  std::string out(text.size(), '\0');
  EXPECT_EQ(ZSTD_decompress(out.data(), out.size(), frame.data(), frame.size()), text.size());
  EXPECT_TRUE(out == text);
  EXPECT_EQ(compress_frame(text, Compression::None), text);
}

TEST(CompressionForName, GoesByTheLastExtension) {
  EXPECT_EQ(compression_for_name("faq.jsonl.gz"), Compression::Gzip);
  EXPECT_EQ(compression_for_name("faq.gz.zst"), Compression::Zstd);
  EXPECT_EQ(compression_for_name("faq.jsonl"), Compression::None);
}

std::vector<std::string> lines_of(std::string_view text, std::size_t limit = 1000) {
  LineReader reader(memory_source(text), "text", limit);
  std::vector<std::string> lines;
  std::string_view line;
  for (;;) {
    auto more = reader.next(line);
    if (!more.ok()) lines.push_back("error: " + more.error().message);
    if (!more.ok() || !*more) return lines;
    EXPECT_EQ(reader.number(), lines.size() + 1);
    lines.emplace_back(line);
  }
}

TEST(LineReader, TakesLineFeedsCarriageReturnsAndAnUnendedLastLine) {
  using Lines = std::vector<std::string>;
  EXPECT_EQ(lines_of(""), Lines{});
  EXPECT_EQ(lines_of("a\n"), Lines{"a"});
  EXPECT_EQ(lines_of("a\r\n\nb"), (Lines{"a", "", "b"}));
}

TEST(LineReader, RefusesALineOverTheLimitAndNamesIt) {
  EXPECT_EQ(lines_of("short\n" + std::string(1001, 'x') + "\n").back(),
            "error: text: line 2 is longer than 1000 bytes");
}

TEST(OpenSource, ReadsPlainAndCompressedFilesOfAnyName) {
  const auto path =
      std::filesystem::temp_directory_path() / ("crosstail-stream-" + std::to_string(::getpid()));
  for (const Compression kind : {Compression::None, Compression::Gzip, Compression::Zstd}) {
    std::ofstream(path, std::ios::binary) << compress_frame("one\ntwo\n", kind);
    auto source = open_source(path);
    ASSERT_TRUE(source.ok());
    EXPECT_EQ(drain(**source).bytes, "one\ntwo\n");
  }
  std::filesystem::remove(path);
  EXPECT_EQ(open_source(path).error().code, ErrorCode::NotFound);
}

}  // namespace
}  // namespace crosstail
