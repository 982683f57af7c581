#pragma once
/// XOR-TyDi's prediction file: a JSON array of `{"id": …, "lang": …, "ctxs": [text, …]}`, the texts
/// of the passages in rank order. (A `ctxs` entry may also be an object with a `text`.)

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"

namespace crosstail::data {

struct XorPrediction {
  std::string id, language;
  std::vector<std::string> passages;
};

/// In file order. Errors name the file, the element and the field.
Result<std::vector<XorPrediction>> read_xor_predictions(const std::filesystem::path& path);

}  // namespace crosstail::data
