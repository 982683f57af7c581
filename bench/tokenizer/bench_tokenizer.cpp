/// Our side of bench/tokenizer/compare.py: encodes a file of texts and prints ids or times.
///
///     bench_tokenizer ids MODEL_DIR TEXTS     a line of ids per text
///     bench_tokenizer offsets MODEL_DIR TEXTS a line of begin:end (bytes) per text
///     bench_tokenizer speed MODEL_DIR TEXTS   tokens, CPU seconds of each of seven rounds
///     bench_tokenizer load MODEL_DIR          seconds to load the directory, and its blob
///
/// TEXTS: per text a u32 (little-endian) with its length in bytes, then its bytes.

#include <chrono>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "text/tokenizer.h"

namespace {

using crosstail::text::EncodeOptions;
using crosstail::text::Encoding;
using crosstail::text::Tokenizer;
using crosstail::text::TokenizerScratch;

std::vector<std::string_view> read_texts(std::string_view bytes) {
  std::vector<std::string_view> texts;
  while (bytes.size() >= 4) {
    std::uint32_t size = 0;
    std::memcpy(&size, bytes.data(), 4);
    bytes.remove_prefix(4);
    texts.push_back(bytes.substr(0, size));
    bytes.remove_prefix(texts.back().size());
  }
  return texts;
}

double cpu_seconds() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

void print(const Tokenizer& tokenizer, const std::vector<std::string_view>& texts, bool offsets) {
  TokenizerScratch scratch;
  Encoding out;
  EncodeOptions options;
  options.offsets = offsets;
  for (const std::string_view text : texts) {
    tokenizer.encode(text, options, scratch, out);
    for (const std::uint32_t id : out.ids) {
      if (!offsets) std::printf("%u ", id);
    }
    for (const auto& o : out.offsets) std::printf("%u:%u ", o.begin, o.end);
    std::printf("\n");
  }
}

void time_rounds(const Tokenizer& tokenizer, const std::vector<std::string_view>& texts) {
  Encoding out;
  for (int round = 0; round < 7; ++round) {
    TokenizerScratch scratch;  // cold cache: each round pays for it
    std::size_t tokens = 0;
    const double start = cpu_seconds();
    for (const std::string_view text : texts) {
      tokenizer.encode(text, {}, scratch, out);
      tokens += out.ids.size();
    }
    std::printf("%zu %.6f\n", tokens, cpu_seconds() - start);
  }
}

int time_loading(const char* dir) {
  for (int round = 0; round < 5; ++round) {
    double start = cpu_seconds();
    const auto loaded = crosstail::text::load_tokenizer(dir);
    if (!loaded.ok()) return 1;
    const double from_dir = cpu_seconds() - start;
    start = cpu_seconds();
    const auto mapped = Tokenizer::from_blob(loaded->to_blob());
    if (!mapped.ok()) return 1;
    std::printf("directory %.4f blob %.4f bytes %zu\n", from_dir, cpu_seconds() - start,
                loaded->to_blob().size());
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view mode = argc > 2 ? argv[1] : "";
  if (mode == "load") return time_loading(argv[2]);
  if (argc != 4) {
    std::fprintf(stderr, "usage: bench_tokenizer ids|offsets|speed|load MODEL_DIR [TEXTS]\n");
    return 2;
  }
  const auto tokenizer = crosstail::text::load_tokenizer(argv[2]);
  const auto file = crosstail::MappedFile::open(argv[3]);
  if (!tokenizer.ok() || !file.ok()) {
    std::fprintf(stderr, "%s\n",
                 (tokenizer.ok() ? file.error() : tokenizer.error()).message.c_str());
    return 1;
  }
  const auto texts = read_texts(file->text());
  if (mode == "speed") {
    time_rounds(*tokenizer, texts);
  } else {
    print(*tokenizer, texts, mode == "offsets");
  }
  return 0;
}
