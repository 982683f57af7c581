/// Qrels from hostile bytes: what is read is sorted and found again.

#include <cstdlib>
#include <string>
#include <vector>

#include "data/qrels.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace crosstail;
  const char* bytes = reinterpret_cast<const char*>(data);
  const auto qrels =
      data::read_qrels_text(data::WholeText::from(std::vector<char>(bytes, bytes + size)), "fuzz",
                            data::Duplicates::Best);
  if (!qrels.ok()) return 0;
  for (std::size_t q = 0; q < qrels->size(); ++q)
    for (const auto& judgment : qrels->judgments(q))
      if (qrels->relevance(q, judgment.doc) != judgment.relevance) std::abort();
  return 0;
}
