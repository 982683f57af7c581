#pragma once
/// Rows of a table in product codes (Jégou, Douze, Schmid: Product quantization for nearest
/// neighbor search, 2011): a row is cut into parts of `width` numbers, each part is one of 256
/// centroids of its own, and the whole has a scale. A byte for each part, so 8 / width bits a
/// number, and two bytes a row.

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/pool.h"
#include "nn/bfloat16.h"
#include "nn/float16.h"

namespace crosstail::nn {

inline constexpr std::size_t kCentroids = 256;
inline constexpr std::size_t kMaxCodeWidth = 16;

/// Borrowed. Rows are counted from 0.
struct ProductTable {
  std::size_t columns = 0, width = 1;
  const std::uint16_t* centroids = nullptr;  ///< bf16: parts × 256 × width; 0 beyond the columns
  const std::uint8_t* codes = nullptr;       ///< rows × parts
  const std::uint16_t* scale = nullptr;      ///< f16, of each row

  [[nodiscard]] std::size_t parts() const { return (columns + width - 1) / width; }
  [[nodiscard]] std::size_t centroid_numbers() const { return parts() * kCentroids * width; }

  /// to[0 … columns − 1] += row `at`. Plain arithmetic: the same bits on every processor.
  void add_row(std::size_t at, float* to) const;
};

/// Learns the centroids by k-means on the rows at length 1 (at most 16,384 of them, evenly spread),
/// writes them, and each row's codes with the scale that suits them best. The result depends on
/// nothing but the rows: not on the pool, which shares the parts out.
void fill_product_table(const ProductTable& to, std::span<const float> rows, Pool& pool);

}  // namespace crosstail::nn
