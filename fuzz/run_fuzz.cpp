/// Runs from hostile bytes: read alone and with threads, the result must be the same.

#include <cstdlib>
#include <string>
#include <vector>

#include "data/runs.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace crosstail;
  const char* bytes = reinterpret_cast<const char*>(data);
  const auto text = [&] { return data::WholeText::from(std::vector<char>(bytes, bytes + size)); };
  static Pool pool(1);
  const auto one = data::read_run_text(text(), "fuzz");
  const auto two = data::read_run_text(text(), "fuzz", &pool);
  if (one.ok() != two.ok()) std::abort();
  if (!one.ok()) return 0;
  if (one->total_hits() != two->total_hits()) std::abort();
  for (std::size_t q = 0; q < one->size(); ++q) {
    if (one->find(one->query(q)) != q) std::abort();
    for (const auto& hit : one->hits(q))
      if (hit.score != hit.score) std::abort();
  }
  return 0;
}
