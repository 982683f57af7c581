#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/file.h"
#include "data/npy.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::string kPath = [] {
    std::string pattern = "/tmp/crosstail-npy-XXXXXX";
    ::close(::mkstemp(pattern.data()));
    return pattern;
  }();
  auto file = crosstail::OutputFile::create(kPath);
  if (!file.ok() || !file->write({reinterpret_cast<const char*>(data), size}).ok()) return 0;
  auto array = crosstail::data::NpyArray::open(kPath);
  ::unlink(kPath.c_str());
  if (array.ok() && array->rows() * array->columns() < 100000) (void)array->to_floats();
  return 0;
}
