#include "index/codes.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/file.h"
#include "index/code_dot.h"
#include "index/vectors.h"
#include "support/temporary_folder.h"

namespace crosstail::index {
namespace {

using testing::Kind;

std::string file_of(const std::filesystem::path& path) {
  return *read_file(path);
}

TEST(Codes, OfTwoRowsHaveTheBytesOfTheFormatsPage) {
  // Mean (1, 1); the rows lie at ±(127, 254) from it, so scale 2 and codes ±64 (63.5 rounded to
  // even) and ±127; 63.5 − 64 loses 1 in the first number.
  const std::vector<float> rows = {128, 255, -126, -253};
  const testing::TemporaryFolder folder;
  ASSERT_TRUE(Codes::build(ViewRows(view_of(rows, 2)), folder / "codes").ok());
  const std::string bytes = file_of(folder / "codes");
  const auto number = [&](std::size_t at, std::size_t size) {
    std::uint64_t value = 0;
    std::memcpy(&value, bytes.data() + at, size);
    return value;
  };
  const auto real = [&](std::size_t at) {
    float value = 0;
    std::memcpy(&value, bytes.data() + at, 4);
    return value;
  };
  EXPECT_EQ(bytes.substr(0, 8), "CTCODES\n");
  EXPECT_EQ(number(8, 4), 1U);
  EXPECT_EQ(number(12, 4), 16U);
  EXPECT_EQ(number(16, 8), 2U);
  EXPECT_EQ(number(24, 8), 2U);
  EXPECT_EQ(number(32, 8), 64U);
  EXPECT_EQ(number(40, 8), 128U);
  EXPECT_EQ(number(48, 8), 192U);
  const std::size_t payload = 192 + 16 * 64 + 16 * 8;
  EXPECT_EQ(number(56, 8), payload);
  EXPECT_EQ(bytes.size(), payload + 8 + 8);
  EXPECT_EQ(real(128), 1);
  EXPECT_EQ(real(132), 1);
  EXPECT_EQ(number(192, 1), 192U);
  EXPECT_EQ(number(193, 1), 255U);
  EXPECT_EQ(number(194, 1), 128U);
  EXPECT_EQ(number(256, 1), 64U);
  EXPECT_EQ(number(257, 1), 1U);
  EXPECT_EQ(real(192 + 1024), 2);
  EXPECT_GE(real(192 + 1024 + 64), 1);
  EXPECT_LT(real(192 + 1024 + 64), 1.01F);
}

TEST(Codes, AreTheSameWithAnyNumberOfThreads) {
  const auto rows = testing::vectors(Kind::Normal, 5000, 20, 3);
  const testing::TemporaryFolder folder;
  const ViewRows source(view_of(rows, 20));
  ASSERT_TRUE(Codes::build(source, folder / "one").ok());
  Pool pool(3);
  ASSERT_TRUE(Codes::build(source, folder / "three", &pool).ok());
  EXPECT_EQ(file_of(folder / "one"), file_of(folder / "three"));
}

TEST(Codes, WhatTheyLoseIsNoLongerThanTheyState) {
  for (const Kind kind : testing::kKinds) {
    constexpr std::size_t kDim = 33;
    const auto rows = testing::vectors(kind, 100, kDim, 5);
    const testing::TemporaryFolder folder;
    ASSERT_TRUE(Codes::build(ViewRows(view_of(rows, kDim)), folder / "codes").ok());
    const auto codes = Codes::open(folder / "codes");
    ASSERT_TRUE(codes.ok());
    for (std::size_t r = 0; r < 100; ++r) {
      double squares = 0;
      for (std::size_t k = 0; k < kDim; ++k) {
        const double decoded = static_cast<double>(codes->mean()[k]) +
                               static_cast<double>(codes->scale(r)) * (codes->row(r)[k] - 128);
        squares += std::pow(static_cast<double>(rows[r * kDim + k]) - decoded, 2);
      }
      EXPECT_LE(std::sqrt(squares), static_cast<double>(codes->residuals(r / 16)[r % 16]))
          << testing::name_of(kind) << " row " << r;
    }
  }
}

TEST(Codes, BoundsHoldForEveryRowAndProcessor) {
  for (const auto isa : nn::kAllIsas)
    for (const Kind kind : testing::kKinds) {
      if (isa > nn::best_isa()) continue;
      constexpr std::size_t kDim = 70;
      const auto rows = testing::vectors(kind, 160, kDim, 5);
      const auto query = testing::vectors(Kind::Normal, 1, kDim, 6);
      const testing::TemporaryFolder folder;
      ASSERT_TRUE(Codes::build(ViewRows(view_of(rows, kDim)), folder / "codes").ok());
      const auto codes = Codes::open(folder / "codes");
      ASSERT_TRUE(codes.ok());
      const CodeQuery coded(*codes, query);
      for (std::size_t r = 0; r < 160; r += 16) {
        std::array<float, 16> values{}, bounds{};
        (void)code_scan(isa)(codes->block(r / 16), codes->stride(), coded, 0, values.data(),
                             bounds.data());
        for (std::size_t i = 0; i < 16; ++i) {
          const float score = testing::defined_score(query.data(), &rows[(r + i) * kDim], kDim);
          if (!(bounds[i] < kInfinity)) continue;
          EXPECT_LE(std::fabs(static_cast<double>(values[i]) - static_cast<double>(score)),
                    static_cast<double>(bounds[i]))
              << nn::name_of(isa) << ", " << testing::name_of(kind) << " row " << r + i;
        }
      }
    }
}

TEST(CodeDots, AreWholeNumberProductsOnEveryProcessor) {
  constexpr std::size_t kDim = 100;
  const auto rows = testing::vectors(Kind::Normal, 50, kDim, 5);
  const testing::TemporaryFolder folder;
  ASSERT_TRUE(Codes::build(ViewRows(view_of(rows, kDim)), folder / "codes").ok());
  const auto codes = Codes::open(folder / "codes");
  ASSERT_TRUE(codes.ok());
  CodePlane plane;
  plane.take(codes->row(7), codes->stride());
  const std::vector<std::uint32_t> ids = {3, 49, 7, 0, 7, 12, 13, 14, 15, 16, 17};
  for (const auto isa : nn::kAllIsas) {
    if (isa > nn::best_isa()) continue;
    std::vector<std::int32_t> products(ids.size());
    code_dots(isa)(*codes, ids, plane, products.data());
    for (std::size_t i = 0; i < ids.size(); ++i) {
      std::int32_t expected = 0;
      for (std::size_t k = 0; k < kDim; ++k)
        expected += (codes->row(ids[i])[k] - 128) * (codes->row(7)[k] - 128);
      EXPECT_EQ(products[i], expected) << nn::name_of(isa);
    }
  }
}

class DamagedCodes : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto rows = testing::vectors(Kind::Normal, 100, 20, 3);
    ASSERT_TRUE(Codes::build(ViewRows(view_of(rows, 20)), folder_ / "codes").ok());
    bytes_ = file_of(folder_ / "codes");
  }
  /// The words of the error that opening `bytes` gives; empty if it gives none.
  std::string opened(const std::string& bytes) {
    EXPECT_TRUE(write_file_atomic(folder_ / "codes", bytes).ok());
    const auto codes = Codes::open(folder_ / "codes");
    return codes.ok() ? "" : codes.error().message;
  }

  testing::TemporaryFolder folder_;
  std::string bytes_;
};

TEST_F(DamagedCodes, CutOffAnywhereAreAnError) {
  for (std::size_t size = 0; size < bytes_.size(); size += size < 200 ? 1 : 97)
    EXPECT_NE(opened(bytes_.substr(0, size)), "") << size;
  EXPECT_NE(opened(bytes_ + "x"), "");
}

TEST_F(DamagedCodes, WithAWrongHeaderNameTheBytes) {
  for (std::size_t at = 0; at < 72; ++at) {
    std::string bytes = bytes_;
    bytes[at] = static_cast<char>(bytes[at] ^ 0x40);
    EXPECT_NE(opened(bytes).find("bytes "), std::string::npos) << at;
  }
}

TEST_F(DamagedCodes, AreFoundByVerify) {
  for (const std::size_t at :
       {std::size_t{100}, std::size_t{130}, std::size_t{300}, bytes_.size() - 20}) {
    std::string bytes = bytes_;
    bytes[at] = static_cast<char>(bytes[at] ^ 1);
    ASSERT_TRUE(write_file_atomic(folder_ / "codes", bytes).ok());
    const auto codes = Codes::open(folder_ / "codes");
    const auto status = codes.ok() ? codes->verify() : Status(codes.error());
    ASSERT_FALSE(status.ok()) << at;
    EXPECT_EQ(status.error().code, ErrorCode::Corrupt);
    EXPECT_NE(status.error().message.find("bytes "), std::string::npos);
  }
}

}  // namespace
}  // namespace crosstail::index
