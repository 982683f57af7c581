#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/hash.h"
#include "index/codes.h"
#include "index/exact_search.h"

/// Damaged headers and sizes are refused; what is let through can be searched, whatever its codes,
/// scales and lengths are. The header's checksum is put right, so that mutations get behind it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::string kPath = [] {
    std::string pattern = "/tmp/crosstail-codes-XXXXXX";
    ::close(::mkstemp(pattern.data()));
    return pattern;
  }();
  std::string bytes(reinterpret_cast<const char*>(data), size);
  if (size >= 72) {
    const std::uint64_t checksum = crosstail::xxh3(std::string_view(bytes).substr(0, 64));
    bytes.replace(64, 8, reinterpret_cast<const char*>(&checksum), 8);
  }
  auto file = crosstail::OutputFile::create(kPath);
  if (!file.ok() || !file->write(bytes).ok()) return 0;
  const auto codes = crosstail::index::Codes::open(kPath);
  ::unlink(kPath.c_str());
  if (!codes.ok() || codes->rows() * codes->dim() > 100000 || codes->rows() == 0) return 0;
  (void)codes->verify();
  const std::vector<float> numbers(codes->rows() * codes->dim(), 0.5F);
  const std::vector<float> query(codes->dim(), 0.25F);
  const crosstail::index::ViewRows rows(crosstail::index::view_of(numbers, codes->dim()));
  (void)crosstail::index::ExactSearch(rows, nullptr, &*codes).search({.queries = query, .k = 3});
  return 0;
}
