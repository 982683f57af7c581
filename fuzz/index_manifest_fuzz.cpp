#include <cstdint>
#include <string_view>

#include "index/manifest.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto manifest = crosstail::index::parse_manifest(
      {reinterpret_cast<const char*>(data), size}, "manifest.json");
  // What was read must read back as itself.
  if (manifest.ok()) {
    const auto again =
        crosstail::index::parse_manifest(crosstail::index::to_json(*manifest), "manifest.json");
    if (!again.ok()) __builtin_trap();
  }
  return 0;
}
