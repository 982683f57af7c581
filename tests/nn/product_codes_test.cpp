/// Product codes: what is lost stands between the bound of rate-distortion theory and scalar
/// quantisers; expected numbers are of Max, "Quantizing for minimum distortion" (1960), table I,
/// and Cover & Thomas, Elements of Information Theory, section 10.3.2.

#include "nn/product_codes.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "nn/word_storage.h"

namespace crosstail::nn {
namespace {

struct Owned {
  std::vector<std::uint16_t> centroids, scale;
  std::vector<std::uint8_t> codes;
  ProductTable table;

  Owned(std::size_t columns, std::size_t width, std::size_t rows) {
    table.columns = columns;
    table.width = width;
    centroids.resize(table.centroid_numbers());
    codes.resize(rows * table.parts());
    scale.resize(rows);
    table.centroids = centroids.data();
    table.codes = codes.data();
    table.scale = scale.data();
  }
  [[nodiscard]] std::vector<float> row(std::size_t at) const {
    std::vector<float> out(table.columns);
    table.add_row(at, out.data());
    return out;
  }
};

std::vector<float> normal(std::size_t count, std::uint32_t seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> bell;
  std::vector<float> numbers(count);
  for (float& x : numbers) x = bell(random);
  return numbers;
}

TEST(ProductCodes, OfFewRowsGiveThemBack) {
  // Rows of length 2 whose numbers at length 1 are bfloat16, one centroid each.
  const std::vector<float> rows = {1, 1, 1, 1, -1, 1, -1, 1, 2, 0, 0, 0};
  for (std::size_t width = 1; width <= 5; ++width) {
    Owned owned(4, width, 3);
    Pool pool(1);
    fill_product_table(owned.table, rows, pool);
    for (std::size_t i = 0; i < 3; ++i)
      EXPECT_EQ(owned.row(i), std::vector<float>(rows.begin() + std::ptrdiff_t(i * 4),
                                                 rows.begin() + std::ptrdiff_t(i * 4 + 4)))
          << width;
  }
}

TEST(ProductCodes, OfARowOfZerosAreZeros) {
  Owned owned(4, 2, 2);
  Pool pool(1);
  const std::vector<float> rows = {0, 0, 0, 0, 1, 2, 3, 4};
  fill_product_table(owned.table, rows, pool);
  EXPECT_EQ(owned.row(0), std::vector<float>(4));
}

TEST(ProductCodes, LoseLessThanTheBestScalarQuantiserAndMoreThanTheoryAllows) {
  // Bits a number: 8 / width. Gaussian numbers: Max's table has .1175 for 2 bits and .3634 for 1;
  // the bound is 2^(-2 bits).
  constexpr std::size_t kRows = 6000, kColumns = 24;
  const auto rows = normal(kRows * kColumns, 1);
  for (const auto& [width, scalar] : {std::pair<std::size_t, double>(4, 0.1175), {8, 0.3634}}) {
    Owned owned(kColumns, width, kRows);
    Pool pool(2);
    fill_product_table(owned.table, rows, pool);
    double lost = 0, whole = 0;
    for (std::size_t i = 0; i < kRows; ++i) {
      const auto row = owned.row(i);
      for (std::size_t c = 0; c < kColumns; ++c) {
        const double x = double(rows[i * kColumns + c]), wrong = x - double(row[c]);
        lost += wrong * wrong;
        whole += x * x;
      }
    }
    EXPECT_LT(lost / whole, scalar) << width;
    EXPECT_GT(lost / whole, std::pow(2.0, -16.0 / double(width))) << width;
  }
}

TEST(ProductCodes, AreTheSameWithAnyNumberOfThreads) {
  const auto rows = normal(700 * 10, 2);
  Owned one(10, 3, 700), three(10, 3, 700);
  Pool alone(1), pool(3);
  fill_product_table(one.table, rows, alone);
  fill_product_table(three.table, rows, pool);
  EXPECT_EQ(one.centroids, three.centroids);
  EXPECT_EQ(one.codes, three.codes);
  EXPECT_EQ(one.scale, three.scale);
}

TEST(ProductCodes, AreAddedAsTheirPageSaysForEveryWidth) {
  for (std::size_t width = 1; width <= kMaxCodeWidth; ++width) {
    constexpr std::size_t kColumns = 29, kRows = 3;
    Owned owned(kColumns, width, kRows);
    std::mt19937 random(7);
    for (auto& number : owned.centroids)
      number = to_bfloat16(static_cast<float>(random() % 64) - 32.0F);
    for (auto& code : owned.codes) code = static_cast<std::uint8_t>(random());
    for (auto& scale : owned.scale) scale = f16_from_f32(0.5F);
    for (std::size_t i = 0; i < kRows; ++i) {
      std::vector<float> got(kColumns + 1, 1.0F);
      owned.table.add_row(i, got.data());
      for (std::size_t c = 0; c < kColumns; ++c) {
        const std::size_t part = c / width, code = owned.codes[i * owned.table.parts() + part];
        const auto number = owned.centroids[(part * kCentroids + code) * width + c % width];
        EXPECT_EQ(got[c], 1.0F + 0.5F * from_bfloat16(number)) << width << ' ' << c;
      }
      EXPECT_EQ(got[kColumns], 1.0F) << "beyond the row";
    }
  }
}

TEST(WordStorage, IsReadAndWritten) {
  for (const char* text : {"f32", "bf16", "int8", "int4", "pq6", "pq16", "int4:8000,pq4",
                           "pq4:50000,pq6", "int4:8000,pq4:50000,pq6"}) {
    const auto words = parse_word_storage(text);
    ASSERT_TRUE(words.ok()) << text;
    EXPECT_EQ(to_text(*words), text);
  }
  const auto words = parse_word_storage("int4:8000,pq4:50000,pq6");
  EXPECT_EQ(words->format, TableFormat::Product);
  EXPECT_EQ(words->fine_rows, 8000u);
  EXPECT_EQ(words->middle_rows, 50000u);
  EXPECT_EQ(words->middle_width, 4u);
  EXPECT_EQ(words->code_width, 6u);
}

TEST(WordStorage, ThatMakesNoSenseIsRefused) {
  for (const char* text :
       {"", "pq", "pq0", "pq17", "pq4:", "pq4:0,pq6", "pq4:10", "int4:10", "int4,pq6", "pq4,pq6",
        "int8:5,pq4", "pq6,int4:8", "int4:1,pq4:1,pq5:1,pq6", "int4:-1,pq4", "pq4 ", "auto"})
    EXPECT_FALSE(parse_word_storage(text).ok()) << text;
  const auto words = parse_word_storage("int4:3,pq4:2,pq6");
  ASSERT_TRUE(words.ok());
  EXPECT_TRUE(check_word_storage(*words, 5).ok());
  EXPECT_FALSE(check_word_storage(*words, 4).ok());
}

}  // namespace
}  // namespace crosstail::nn
