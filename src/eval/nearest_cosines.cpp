#include "eval/nearest_cosines.h"

#include <algorithm>
#include <cmath>

namespace crosstail::eval {
namespace {

/// Vectors whose cosines are computed together: four registers of eight.
constexpr std::size_t kLanes = 8;
constexpr std::size_t kGroups = 4;
constexpr std::size_t kTile = kLanes * kGroups;

// Vector extensions of GCC and Clang: the compiler maps them to whatever the target has.
using Lane = float __attribute__((vector_size(kLanes * sizeof(float))));

/// `tile`: dim × kTile, one column a vector. Sums run over the dimensions in order, a lane a
/// vector, so a cosine does not depend on its neighbours in the tile.
inline __attribute__((always_inline)) void dot_tile(const float* tile, const float* row,
                                                    std::size_t dim, float* out) {
  Lane sum[kGroups] = {};
  for (std::size_t d = 0; d < dim; ++d) {
    const float value = row[d];
    for (std::size_t g = 0; g < kGroups; ++g) {
      Lane lane;
      __builtin_memcpy(&lane, tile + d * kTile + g * kLanes, sizeof lane);
      sum[g] += lane * value;
    }
  }
  __builtin_memcpy(out, sum, sizeof sum);
}

void dot_tile_plain(const float* tile, const float* row, std::size_t dim, float* out) {
  dot_tile(tile, row, dim, out);
}

#if defined(__x86_64__)
__attribute__((target("avx2,fma"))) void dot_tile_avx2(const float* tile, const float* row,
                                                       std::size_t dim, float* out) {
  dot_tile(tile, row, dim, out);
}
bool has_avx2() {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}
#else
void dot_tile_avx2(const float* tile, const float* row, std::size_t dim, float* out) {
  dot_tile(tile, row, dim, out);
}
bool has_avx2() {
  return false;
}
#endif

bool better(const Neighbour& a, const Neighbour& b) {
  return a.cosine != b.cosine ? a.cosine > b.cosine : a.row < b.row;
}

/// The best k so far, best first. k is small, so an insertion is cheap.
void offer(std::vector<Neighbour>& best, std::size_t k, Neighbour candidate) {
  if (best.size() == k && !better(candidate, best.back())) return;
  if (best.size() == k) best.pop_back();
  best.insert(std::upper_bound(best.begin(), best.end(), candidate, better), candidate);
}

}  // namespace

std::vector<float> normalised_rows(VectorRows rows) {
  std::vector<float> out(rows.values.begin(), rows.values.end());
  for (std::size_t i = 0; i < rows.rows; ++i) {
    double squares = 0;
    for (const float v : rows.row(i)) squares += static_cast<double>(v) * v;
    if (squares == 0) continue;
    const double scale = 1 / std::sqrt(squares);
    for (std::size_t d = 0; d < rows.dim; ++d)
      out[i * rows.dim + d] = static_cast<float>(out[i * rows.dim + d] * scale);
  }
  return out;
}

std::vector<std::vector<Neighbour>> nearest_cosines(VectorRows from, VectorRows among,
                                                    std::size_t k, const Allowed& allowed,
                                                    Pool* pool) {
  const auto a = normalised_rows(from), b = normalised_rows(among);
  const std::size_t dim = from.dim;
  std::vector<std::vector<Neighbour>> out(from.rows);
  const auto dot = has_avx2() ? dot_tile_avx2 : dot_tile_plain;
  const auto work = [&](std::size_t tile) {
    const std::size_t first = tile * kTile;
    const std::size_t count = std::min(kTile, from.rows - first);
    std::vector<float> columns(dim * kTile, 0.0F);
    for (std::size_t i = 0; i < count; ++i)
      for (std::size_t d = 0; d < dim; ++d) columns[d * kTile + i] = a[(first + i) * dim + d];
    float cosine[kTile];
    for (std::size_t row = 0; row < among.rows; ++row) {
      dot(columns.data(), b.data() + row * dim, dim, cosine);
      for (std::size_t i = 0; i < count; ++i) {
        auto& best = out[first + i];
        if (best.size() == k && cosine[i] <= best.back().cosine) continue;
        if (allowed(first + i, row)) offer(best, k, {cosine[i], static_cast<std::uint32_t>(row)});
      }
    }
  };
  const std::size_t tiles = (from.rows + kTile - 1) / kTile;
  if (pool == nullptr) {
    for (std::size_t t = 0; t < tiles; ++t) work(t);
  } else {
    pool->parallel_for(tiles, work);
  }
  return out;
}

}  // namespace crosstail::eval
