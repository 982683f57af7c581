/// Models that are no honest work of fastText: refused, in time, and without a step outside.

#include "text/fasttext_model.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <string>

#include "base/file.h"

namespace crosstail::text {
namespace {

namespace fs = std::filesystem;

template <class T>
std::string bytes_of(T value) {
  std::string out(sizeof(T), '\0');
  std::memcpy(out.data(), &value, sizeof(T));
  return out;
}

/// A model of two dimensions without n-grams: `words`, then labels with these counts.
std::string model_bytes(const std::vector<std::string>& words,
                        const std::vector<std::int64_t>& label_counts) {
  std::string out = bytes_of(std::int32_t{793712314}) + bytes_of(std::int32_t{12});
  // dim ws epoch minCount neg wordNgrams loss (hierarchical softmax) model bucket minn maxn rate
  for (const std::int32_t a : {2, 5, 5, 1, 5, 1, 1, 3, 0, 0, 0, 100}) out += bytes_of(a);
  out += bytes_of(1e-4);
  const auto count = [](std::size_t n) { return bytes_of(static_cast<std::int32_t>(n)); };
  out += count(words.size() + label_counts.size()) + count(words.size());
  out += count(label_counts.size()) + bytes_of(std::int64_t{9}) + bytes_of(std::int64_t{-1});
  for (const std::string& word : words)
    out += word + '\0' + bytes_of(std::int64_t{3}) + bytes_of(std::int8_t{0});
  for (const std::int64_t n : label_counts)
    out += "__label__l" + std::string(1, '\0') + bytes_of(n) + bytes_of(std::int8_t{1});
  const auto matrix = [&](std::size_t rows) {
    out += '\0' + bytes_of(static_cast<std::int64_t>(rows)) + bytes_of(std::int64_t{2}) +
           std::string(rows * 8, '\0');
  };
  matrix(words.size());
  matrix(label_counts.size());
  return out;
}

Result<FastTextModel> open_bytes(const std::string& bytes) {
  const fs::path path =
      fs::temp_directory_path() / ("crosstail-fasttext-" + std::to_string(::getpid()));
  EXPECT_TRUE(write_file_atomic(path, bytes).ok());
  auto model = FastTextModel::open(path);
  fs::remove(path);
  return model;
}

TEST(FastTextModel, GivesEqualLabelsEqualProbabilitiesWhenItKnowsNothing) {
  const auto model = open_bytes(model_bytes({"word"}, {5, 4}));
  ASSERT_TRUE(model.ok()) << model.error().message;
  std::vector<float> p(2);
  model->predict("word", p);
  EXPECT_EQ(p, (std::vector<float>{0.5F, 0.5F}));
}

TEST(FastTextModel, CountsThatNoTreeCanHoldAreRefused) {
  for (const std::vector<std::int64_t>& counts :
       {std::vector<std::int64_t>{std::int64_t{1} << 62, std::int64_t{1} << 61},
        std::vector<std::int64_t>{std::int64_t{1} << 59, std::int64_t{1} << 59},
        std::vector<std::int64_t>{4, -1}}) {
    const auto model = open_bytes(model_bytes({"word"}, counts));
    ASSERT_FALSE(model.ok());
    EXPECT_NE(model.error().message.find("counts that add up"), std::string::npos)
        << model.error().message;
  }
}

TEST(FastTextModel, AWordAMillionTimesIsRefusedAndNotLookedForAMillionTimesAMillion) {
  const auto model = open_bytes(model_bytes(std::vector<std::string>(1000000, "w"), {1}));
  ASSERT_FALSE(model.ok());
  EXPECT_NE(model.error().message.find("words that differ"), std::string::npos);
}

}  // namespace
}  // namespace crosstail::text
