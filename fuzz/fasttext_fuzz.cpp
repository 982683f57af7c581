/// A language identification model of hostile bytes, and a text through what was accepted.

#include <sys/mman.h>
#include <unistd.h>

#include <cmath>
#include <cstdlib>
#include <string>
#include <vector>

#include "text/fasttext_model.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace crosstail;
  const int file = memfd_create("fuzz", 0);
  if (file < 0 || write(file, data, size) != static_cast<ssize_t>(size)) std::abort();
  {
    const auto model = text::FastTextModel::open("/proc/self/fd/" + std::to_string(file));
    if (model.ok()) {
      if (model->labels().empty()) std::abort();
      std::vector<float> first(model->labels().size()), second(first.size());
      constexpr const char* kText = "le der the \xD0\xBF\xD1\x80\xD0\xB8 \xE6\xB0\xB4 </s> \xFF";
      model->predict(kText, first);
      model->predict(kText, second);
      for (std::size_t i = 0; i < first.size(); ++i)
        if (first[i] != second[i] && !(std::isnan(first[i]) && std::isnan(second[i]))) std::abort();
    }
  }
  close(file);
  return 0;
}
