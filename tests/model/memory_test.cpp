#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "model/encoder.h"
#include "model/tiny_model.h"
#include "support/sanitizer.h"

namespace crosstail::model {
namespace {

/// Resident memory of this process in bytes (proc(5), statm).
std::size_t resident() {
  std::size_t pages = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> pages >> resident;
  return resident * 4096;
}

// CROSSTAIL_MEMORY_TEXTS: how many; tests/large/encode-million asks for a million.
TEST(LongRun, MemoryDoesNotGrowWithTheNumberOfTexts) {
  if (testing::kUnderSanitizer) GTEST_SKIP() << "the sanitizer keeps freed memory";
  const char* asked = std::getenv("CROSSTAIL_MEMORY_TEXTS");
  const std::size_t count = asked != nullptr ? std::strtoul(asked, nullptr, 10) : 40'000;
  const testing::TemporaryFolder folder;
  testing::TinyModel().write(folder.path());
  for (const auto precision : {nn::Precision::F32, nn::Precision::INT8}) {
    auto encoder = Encoder::open(folder.path(), {.precision = precision, .threads = 2});
    ASSERT_TRUE(encoder.ok());
    std::mt19937 random(3);
    std::size_t early = 0, late = 0;
    std::vector<float> out(1000 * 8);
    for (std::size_t done = 0; done < count; done += 1000) {
      std::vector<std::string> texts(1000);
      for (auto& text : texts)
        for (std::size_t n = random() % 14; n > 0; --n)
          text += std::array{"one ", "two ", "three ", "else"}[random() % 4] +
                  std::to_string(random() % 100'000) + " ";
      const std::vector<std::string_view> views(texts.begin(), texts.end());
      auto stats = encoder->encode(views, {}, out.data());
      ASSERT_TRUE(stats.ok());
      ASSERT_EQ(stats->texts, 1000u);
      std::size_t& most = done < count / 4 ? early : late;
      most = std::max(most, resident());
    }
    EXPECT_LE(late, early + (std::size_t{4} << 20)) << "over " << count << " texts";
  }
}

}  // namespace
}  // namespace crosstail::model
