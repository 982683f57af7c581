#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/hash.h"
#include "index/approximate_index.h"

namespace {

constexpr std::size_t kRows = 40, kDim = 8;

std::vector<float> numbers() {
  std::vector<float> out(kRows * kDim);
  for (std::size_t i = 0; i < out.size(); ++i)
    out[i] = static_cast<float>(i * i * 37 % 101) / 101 - 0.5F;
  return out;
}

std::string temporary() {
  std::string pattern = "/tmp/crosstail-graph-XXXXXX";
  ::close(::mkstemp(pattern.data()));
  return pattern;
}

}  // namespace

/// A graph file over 40 rows. Checksums and the codes' identity are put right, so that mutations
/// get to the lists: walks must stay inside the rows whatever these say.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace crosstail::index;
  static const std::string kPath = temporary();
  static const std::vector<float> kNumbers = numbers();
  static const ViewRows kSource(view_of(kNumbers, kDim));
  static const Codes kCodes = [] {
    const std::string path = temporary();
    (void)Codes::build(kSource, path);
    auto codes = Codes::open(path);
    ::unlink(path.c_str());
    return codes.ok() ? *std::move(codes) : Codes();
  }();
  std::string bytes(reinterpret_cast<const char*>(data), size);
  const auto put = [&](std::size_t at, std::uint64_t number) {
    std::memcpy(bytes.data() + at, &number, sizeof number);
  };
  if (size >= 320) {
    put(24, kCodes.identity());
    put(272, crosstail::xxh3(std::string_view(bytes).substr(0, 272)));
    put(size - 8, crosstail::xxh3(std::string_view(bytes).substr(size - 16, 8)));
  }
  auto file = crosstail::OutputFile::create(kPath);
  if (!file.ok() || !file->write(bytes).ok()) return 0;
  const auto index = ApproximateIndex::open(kPath, kCodes);
  ::unlink(kPath.c_str());
  if (!index.ok()) return 0;
  (void)index->verify();
  (void)index->effort_for(0.95, 10);
  BeamSearch beam(kCodes, crosstail::nn::default_isa());
  CodePlane plane;
  plane.take(kCodes.row(3), kCodes.stride());
  for (const std::size_t width : {1UL, 5UL, 50UL})
    (void)beam.descend(index->levels(), {plane}, width);
  return 0;
}
