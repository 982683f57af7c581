// A BM25 file: opened, verified, its terms looked up and searched. Bytes are also tried with the
// footer's checksum put right, so that damage behind it is met by the search itself.

#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>

#include "base/file.h"
#include "base/hash.h"
#include "index/bm25.h"

namespace {

void ask(const std::string& path) {
  auto index = crosstail::index::Bm25Index::open(path);
  if (!index.ok() || index->rows() > 1000000) return;
  (void)index->verify();
  crosstail::index::Bm25Scratch scratch;
  const std::vector<std::uint32_t> ids = {0, 1, 2, 3, 5, 8, 13, 1001};
  const std::vector<std::string> words = {"a", "b", "印刷"};
  const auto query = index->terms() == crosstail::index::Bm25Terms::Ids
                         ? index->query(std::span<const std::uint32_t>(ids))
                         : index->query(std::span<const std::string>(words));
  for (const std::size_t k : {1U, 10U}) (void)index->search(query, k, scratch);
  (void)crosstail::index::Bm25Index::open(path, crosstail::index::Bm25Parameters{2.0F, 0.1F});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using crosstail::index::Bm25Footer;
  static const std::string kPath = [] {
    std::string pattern = "/tmp/crosstail-bm25-XXXXXX";
    ::close(::mkstemp(pattern.data()));
    return pattern;
  }();
  std::string bytes(reinterpret_cast<const char*>(data), size);
  for (const bool mended : {false, true}) {
    if (mended) {
      if (bytes.size() < sizeof(Bm25Footer)) break;
      const std::size_t at = bytes.size() - sizeof(Bm25Footer);
      const std::uint64_t sum =
          crosstail::xxh3(std::string_view(bytes).substr(at, offsetof(Bm25Footer, checksum)));
      std::memcpy(bytes.data() + at + offsetof(Bm25Footer, checksum), &sum, sizeof sum);
    }
    auto file = crosstail::OutputFile::create(kPath);
    if (!file.ok() || !file->write(bytes).ok() || !file->close().ok()) break;
    ask(kPath);
  }
  ::unlink(kPath.c_str());
  return 0;
}
