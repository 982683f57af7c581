/// The container of index files against fixed bytes, and against every kind of damage.

#include "index/block_file.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "index/centroids.h"
#include "index/fusion_kernels.h"
#include "index/records.h"
#include "support/temporary_folder.h"

namespace crosstail::index {
namespace {

using testing::TemporaryFolder;

constexpr BlockFileKind kList{{'L', 'I', 'S', 'T'}, 16, 0, 0};
constexpr BlockFileKind kVectors{
    {'V', 'E', 'C', 'S'}, 4, static_cast<std::uint32_t>(VectorType::BF16), 2};

std::string from_hex(std::string_view hex) {
  std::string out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    out += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  return out;
}

std::string bytes_of(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

void put(const std::filesystem::path& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary)
      .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

// Made by a few lines of Python after docs/formats/index.md, with the xxhash module's xxh3_64.
const std::string kListBytes = from_hex(
    "4354424c4f434b53010000004c49535410000000000000000000000000000400000000000000000000000000000000"
    "00"
    "0000000000000000f906545337a80d9007000000000000000300000000000000090000000000000001000000000000"
    "0027"
    "fdce3d8912ba804354424c4b454e442000000000000000020000000000000001000000000000008bc8f910474417ab"
    "f906"
    "545337a80d9000000000000000005cc5aaa524c47c83");
const std::string kVectorBytes = from_hex(
    "4354424c4f434b53010000005645435304000000010000000200000000000400000000000000000000000000000000"
    "00"
    "0000000000000000eed87df269734dc5803f20c000000000d38bbc5cff70ca104354424c4b454e4404000000000000"
    "0001"
    "00000000000000010000000000000063b7490196300501eed87df269734dc500000000000000005c43b5070ec7fef"
    "e");

TEST(BlockFile, WritesTheBytesOfItsPage) {
  const TemporaryFolder folder;
  const std::vector<ListEntry> entries{{7, 3}, {9, 1}};
  auto writer = BlockFileWriter::create(folder / "list", kList);
  ASSERT_TRUE(writer.ok());
  ASSERT_TRUE(writer->append_records(std::span<const ListEntry>(entries)).ok());
  ASSERT_TRUE(writer->finish().ok());
  EXPECT_EQ(bytes_of(folder / "list"), kListBytes);
  EXPECT_FALSE(std::filesystem::exists(folder / "list.sums"));
}

TEST(BlockFile, ReadsTheBytesOfItsPage) {
  const TemporaryFolder folder;
  put(folder / "v", kVectorBytes);
  const auto file = BlockFile::open(folder / "v", "VECS");
  ASSERT_TRUE(file.ok()) << file.error().message;
  EXPECT_EQ(file->records(), 1U);
  std::vector<float> vector(2);
  read_vector(*file, 0, vector.data());
  EXPECT_EQ(vector, (std::vector<float>{1, -2.5F}));
  EXPECT_TRUE(file->verify().ok());
}

TEST(BlockFile, CentroidsHaveTheBytesOfTheirPage) {
  const std::string bytes = from_hex(
      "02000000000000000100000000000000030000000000000064657500000000000200000000000000000000000800"
      "0000"
      "000000000000000000000000f0ffffffffffffffffffffff");
  const auto read = Centroids::from_bytes(bytes);
  ASSERT_TRUE(read.ok()) << read.error().message;
  // Two questions in German that sum to (0.5, -1): their mean is (0.25, -0.5).
  EXPECT_EQ(read->global(), (std::vector<float>{0.25F, -0.5F}));
  Centroids made(2);
  const std::vector<float> sum{0.5F, -1};
  ASSERT_TRUE(made.add("de-AT", sum.data(), 2).ok());
  EXPECT_EQ(made.to_bytes(), bytes);
}

TEST(BlockFile, EveryFlippedBitAndEveryCutIsFound) {
  const TemporaryFolder folder;
  for (std::size_t at = 0; at < kListBytes.size(); ++at) {
    std::string damaged = kListBytes;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    put(folder / "list", damaged);
    const auto file = BlockFile::open(folder / "list", "LIST");
    const auto error = file.ok() ? file->verify() : Status(file.error());
    ASSERT_FALSE(error.ok()) << "byte " << at;
    EXPECT_NE(error.error().message.find("list: byte "), std::string::npos)
        << error.error().message;
  }
  for (std::size_t size = 0; size < kListBytes.size(); ++size) {
    put(folder / "list", std::string_view(kListBytes).substr(0, size));
    const auto file = BlockFile::open(folder / "list", "LIST");
    ASSERT_FALSE(file.ok()) << size << " bytes";
    EXPECT_NE(file.error().message.find("list: byte "), std::string::npos);
  }
}

TEST(BlockFile, DamagedBlocksAreFoundWhenTouchedAndNamed) {
  const TemporaryFolder folder;
  auto writer = BlockFileWriter::create(folder / "f", {{'T', 'E', 'S', 'T'}, 1, 0, 0});
  ASSERT_TRUE(writer.ok());
  ASSERT_TRUE(writer->append(std::string(3 * kBlockBytes, 'x')).ok());
  ASSERT_TRUE(writer->finish().ok());
  std::string bytes = bytes_of(folder / "f");
  bytes[kBlockFileHeader + kBlockBytes + 5] = 'y';
  put(folder / "f", bytes);
  const auto file = BlockFile::open(folder / "f", "TEST");
  ASSERT_TRUE(file.ok());
  EXPECT_NE(file->touch(0, kBlockBytes), nullptr);
  EXPECT_TRUE(file->health().ok());
  EXPECT_EQ(file->touch(2 * kBlockBytes - 1, 2 * kBlockBytes), nullptr);
  ASSERT_FALSE(file->health().ok());
  EXPECT_NE(file->health().error().message.find("block 1 (bytes 262208..524352)"),
            std::string::npos)
      << file->health().error().message;
  EXPECT_NE(file->touch(2 * kBlockBytes, 3 * kBlockBytes), nullptr);
}

TEST(BlockFile, GoesOnAfterACutWithTheSameBytes) {
  const TemporaryFolder folder;
  std::string data;
  for (std::size_t i = 0; i < 3 * kBlockBytes + 100; ++i) data += static_cast<char>(i * 7 % 251);
  constexpr BlockFileKind kKind{{'T', 'E', 'S', 'T'}, 1, 0, 0};
  auto whole = BlockFileWriter::create(folder / "whole", kKind);
  ASSERT_TRUE(whole->append(data).ok() && whole->finish().ok());
  for (const std::size_t cut : {std::size_t{0}, std::size_t{10}, kBlockBytes, kBlockBytes + 1,
                                3 * kBlockBytes + 50, data.size()}) {
    {
      auto writer = BlockFileWriter::create(folder / "f", kKind);
      ASSERT_TRUE(writer->append(std::string_view(data).substr(0, cut)).ok());
      ASSERT_TRUE(writer->sync().ok());
      // What was written after the journal is lost; here even the whole file was put in place.
      ASSERT_TRUE(writer->append("garbage that the journal does not know").ok());
      ASSERT_TRUE(writer->finish().ok());
    }
    auto writer = BlockFileWriter::reopen(folder / "f", kKind, cut);
    ASSERT_TRUE(writer.ok()) << writer.error().message;
    ASSERT_TRUE(writer->append(std::string_view(data).substr(cut)).ok());
    ASSERT_TRUE(writer->finish().ok());
    EXPECT_EQ(bytes_of(folder / "f"), bytes_of(folder / "whole")) << cut;
  }
}

TEST(Centroids, DoNotDependOnTheOrderOfAdditions) {
  std::vector<std::vector<float>> vectors;
  for (int i = 0; i < 200; ++i) {
    vectors.emplace_back();
    for (int j = 0; j < 5; ++j)
      vectors.back().push_back(static_cast<float>((i * 37 + j * 101) % 997) / 331.0F - 1.4F);
  }
  const std::vector<std::string> tags{"de", "pt", "pt-BR", "ja"};
  Centroids forward(5), backward(5), left(5), right(5);
  for (std::size_t i = 0; i < vectors.size(); ++i) {
    ASSERT_TRUE(forward.add(tags[i % 4], vectors[i].data(), 1).ok());
    const std::size_t k = vectors.size() - 1 - i;
    ASSERT_TRUE(backward.add(tags[k % 4], vectors[k].data(), 1).ok());
    ASSERT_TRUE((i < 70 ? left : right).add(tags[i % 4], vectors[i].data(), 1).ok());
  }
  EXPECT_EQ(forward, backward);
  left.merge(right);
  EXPECT_EQ(forward, left);
  for (std::size_t i = 0; i < 70; ++i)
    ASSERT_TRUE(forward.subtract(tags[i % 4], vectors[i].data(), 1).ok());
  EXPECT_EQ(forward, right);
}

TEST(Centroids, AreShrunkTowardsTheGlobalOne) {
  // Three German questions at 1, one French at 5: c = 2; German, s = 1: (3·1 + 1·2)/(3 + 1) = 1.25.
  Centroids centroids(1);
  const float german = 3, french = 5;
  ASSERT_TRUE(centroids.add("de", &german, 3).ok());
  ASSERT_TRUE(centroids.add("fr", &french, 1).ok());
  EXPECT_EQ(centroids.global(), std::vector<float>{2});
  EXPECT_EQ(centroids.language("de-CH", 1), std::vector<float>{1.25F});
  EXPECT_EQ(centroids.language("ja", 1), std::vector<float>{2});
}

TEST(Centroids, RefuseWhatIsNotANumber) {
  Centroids centroids(1);
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), -20000.0F})
    EXPECT_FALSE(centroids.add("de", &bad, 1).ok());
}

}  // namespace
}  // namespace crosstail::index
