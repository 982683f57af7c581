#include "index/score.h"

#include <array>
#include <cmath>
#include <limits>
#include <vector>

namespace crosstail::index {

float score(const float* query, const float* row, std::size_t dim) {
  constexpr std::size_t kLanes = 32;
  std::array<float, kLanes> lane{};
  for (std::size_t i = 0; i < dim; i += kLanes)
    for (std::size_t j = 0; j < kLanes; ++j)
      lane[j] = i + j < dim ? std::fma(query[i + j], row[i + j], lane[j]) : lane[j] + 0.0F;
  for (std::size_t half = kLanes / 2; half > 0; half /= 2)
    for (std::size_t j = 0; j < half; ++j) lane[j] += lane[j + half];
  return std::isnan(lane[0]) ? -std::numeric_limits<float>::infinity() : lane[0];
}

float score(const float* query, const VectorView& rows, std::size_t row) {
  std::vector<float> widened(rows.dim);
  rows.read(row, row + 1, widened.data());
  return score(query, widened.data(), rows.dim);
}

void score_rows(const float* query, const VectorView& rows, std::size_t row, std::size_t count,
                float* out) {
  for (std::size_t i = 0; i < count; ++i) out[i] = score(query, rows, row + i);
}

}  // namespace crosstail::index
