/// Runs a fuzz target as an ordinary test: every file of a corpus folder, then 10,000 seeded
/// mutations of them (cut, flip, insert, duplicate, splice). Usage: replay_NAME CORPUS_DIR [COUNT]

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

constexpr std::size_t kMaxMutated = 1 << 16;

void run(const std::string& bytes) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
}

std::string mutate(const std::vector<std::string>& corpus, std::mt19937_64& random) {
  auto below = [&](std::size_t n) { return n == 0 ? 0 : static_cast<std::size_t>(random() % n); };
  std::string text = corpus[below(corpus.size())];
  if (text.size() > kMaxMutated) text = text.substr(below(text.size() - kMaxMutated), kMaxMutated);
  const std::size_t rounds = 1 + below(6);
  for (std::size_t round = 0; round < rounds; ++round) {
    const std::size_t at = below(text.size() + 1);
    switch (below(6)) {
      case 0:
        text.resize(at);
        break;
      case 1:
        if (at < text.size()) text[at] = static_cast<char>(random());
        break;
      case 2:
        text.insert(at, 1, "\0\"'<>&{}[]\\,:/-\xff\xc3 \n"[below(20)]);
        break;
      case 3:
        text.erase(at, below(16));
        break;
      case 4:
        text.insert(at, text.substr(below(text.size() + 1), below(64)));
        break;
      default: {
        const std::string& other = corpus[below(corpus.size())];
        text.insert(at, other.substr(below(other.size() + 1), below(256)));
      }
    }
  }
  return text;
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::filesystem::path> files;
  if (argc > 1 && std::filesystem::is_directory(argv[1])) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(argv[1]))
      if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  if (files.empty()) {
    std::fprintf(stderr, "no corpus in %s\n", argc > 1 ? argv[1] : "(nothing given)");
    return 1;
  }
  std::vector<std::string> corpus;
  for (const auto& path : files) {
    std::ifstream in(path, std::ios::binary);
    corpus.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
    run(corpus.back());
  }
  const long count = argc > 2 ? std::strtol(argv[2], nullptr, 10) : 10000;
  std::mt19937_64 random(20260101);
  for (long i = 0; i < count; ++i) run(mutate(corpus, random));
  std::printf("%zu corpus files and %ld mutations\n", corpus.size(), count);
  return 0;
}
