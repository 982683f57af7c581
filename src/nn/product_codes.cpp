#include "nn/product_codes.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

namespace crosstail::nn {

namespace {

constexpr std::size_t kTrainingRows = 16'384;
constexpr int kRounds = 12;
constexpr std::size_t kVector = 4;
using Floats = float __attribute__((vector_size(16)));
using Ints = std::int32_t __attribute__((vector_size(16)));

template <std::size_t kWidth>
void add_parts(const ProductTable& table, const std::uint8_t* codes, std::size_t parts, float scale,
               float* to) {
  const std::uint16_t* part = table.centroids;
  for (std::size_t p = 0; p < parts; ++p, part += kCentroids * kWidth) {
    const std::uint16_t* centroid = part + codes[p] * kWidth;
    for (std::size_t c = 0; c < kWidth; ++c) *to++ += scale * from_bfloat16(centroid[c]);
  }
}

/// The centroids of one part, number by number, so that 256 distances are found together.
class Part {
 public:
  explicit Part(std::size_t width) : width_(width), numbers_(width * kCentroids) {}

  float& at(std::size_t centroid, std::size_t column) {
    return numbers_[column * kCentroids + centroid];
  }
  /// After a change: half the square of each one's length.
  void measure() {
    std::fill_n(half_, kCentroids, 0.0F);
    for (std::size_t c = 0; c < width_; ++c)
      for (std::size_t j = 0; j < kCentroids; ++j) half_[j] += 0.5F * at(j, c) * at(j, c);
  }
  void round_to_bf16() {
    for (float& number : numbers_) number = from_bfloat16(to_bfloat16(number));
    measure();
  }

  struct Nearest {
    std::size_t centroid = 0;
    float closeness = 0;  ///< x · c − |c|² / 2; the largest is the nearest
  };
  /// Of equals the first.
  [[nodiscard]] Nearest nearest(const float* x) const {
    Floats best = {-HUGE_VALF, -HUGE_VALF, -HUGE_VALF, -HUGE_VALF};
    Ints where = {}, index = {0, 1, 2, 3};
    for (std::size_t j = 0; j < kCentroids; j += kVector, index += std::int32_t{kVector}) {
      Floats close = -load(half_ + j);
      for (std::size_t c = 0; c < width_; ++c) close += x[c] * load(&numbers_[c * kCentroids + j]);
      const Ints closer = close > best;
      best = closer ? close : best;
      where = closer ? index : where;
    }
    Nearest found{static_cast<std::size_t>(where[0]), best[0]};
    for (std::size_t l = 1; l < kVector; ++l) {
      const auto centroid = static_cast<std::size_t>(where[l]);
      if (best[l] > found.closeness || (best[l] == found.closeness && centroid < found.centroid))
        found = {centroid, best[l]};
    }
    return found;
  }

 private:
  static Floats load(const float* from) {
    Floats to;
    std::memcpy(&to, from, sizeof to);
    return to;
  }

  std::size_t width_;
  std::vector<float> numbers_;
  float half_[kCentroids] = {};
};

/// The numbers of one part of rows at length 1.
class PartRows {
 public:
  PartRows(const ProductTable& table, std::span<const float> rows, std::span<const float> inverse,
           std::size_t part)
      : rows_(rows),
        inverse_(inverse),
        columns_(table.columns),
        first_(part * table.width),
        count_(std::min(table.width, table.columns - first_)) {}

  /// The rest of `to` stays as it is.
  void copy(std::size_t row, float* to) const {
    const float* from = rows_.data() + row * columns_ + first_;
    for (std::size_t c = 0; c < count_; ++c) to[c] = from[c] * inverse_[row];
  }
  [[nodiscard]] std::size_t size() const { return inverse_.size(); }

 private:
  std::span<const float> rows_, inverse_;
  std::size_t columns_, first_, count_;
};

/// Lloyd's rounds. A centroid that nobody chose takes the place of the worst served number.
void learn(Part& part, const PartRows& rows, std::size_t width) {
  const std::size_t all = rows.size(), count = std::min(all, kTrainingRows);
  float x[kMaxCodeWidth] = {};
  const auto sample = [&](std::size_t i) { rows.copy(i * all / count, x); };
  for (std::size_t j = 0; j < std::min(kCentroids, count); ++j) {
    sample(j * count / std::min(kCentroids, count));
    for (std::size_t c = 0; c < width; ++c) part.at(j, c) = x[c];
  }
  part.measure();
  std::vector<double> sums(kCentroids * width);
  std::vector<std::size_t> members(kCentroids);
  for (int round = 0; round < kRounds && count > kCentroids; ++round) {
    std::fill(sums.begin(), sums.end(), 0.0);
    std::fill(members.begin(), members.end(), 0);
    float worst[kMaxCodeWidth] = {}, worst_error = -1;
    for (std::size_t i = 0; i < count; ++i) {
      sample(i);
      const auto [to, closeness] = part.nearest(x);
      float square = 0;
      for (std::size_t c = 0; c < width; ++c) {
        sums[to * width + c] += static_cast<double>(x[c]);
        square += x[c] * x[c];
      }
      ++members[to];
      if (square - 2 * closeness <= worst_error) continue;
      worst_error = square - 2 * closeness;
      std::copy_n(x, width, worst);
    }
    bool moved = false;
    for (std::size_t j = 0; j < kCentroids; ++j) {
      if (members[j] == 0 && moved) continue;
      for (std::size_t c = 0; c < width; ++c)
        part.at(j, c) =
            members[j] == 0
                ? worst[c]
                : static_cast<float>(sums[j * width + c] / static_cast<double>(members[j]));
      moved |= members[j] == 0;
    }
    part.measure();
  }
  part.round_to_bf16();
}

void fill_part(const ProductTable& to, const PartRows& rows, std::size_t p) {
  Part part(to.width);
  learn(part, rows, to.width);
  auto* centroids = const_cast<std::uint16_t*>(to.centroids) + p * kCentroids * to.width;
  for (std::size_t j = 0; j < kCentroids; ++j)
    for (std::size_t c = 0; c < to.width; ++c)
      centroids[j * to.width + c] = to_bfloat16(part.at(j, c));
  auto* codes = const_cast<std::uint8_t*>(to.codes);
  float x[kMaxCodeWidth] = {};
  for (std::size_t i = 0; i < rows.size(); ++i) {
    rows.copy(i, x);
    codes[i * to.parts() + p] = static_cast<std::uint8_t>(part.nearest(x).centroid);
  }
}

/// The scale that suits the codes best.
void fit_scale(const ProductTable& to, std::span<const float> row, std::size_t i) {
  auto* scale = const_cast<std::uint16_t*>(to.scale) + i;
  *scale = f16_from_f32(1.0F);
  std::vector<float> coded(to.columns);
  to.add_row(i, coded.data());
  double product = 0, square = 0;
  for (std::size_t c = 0; c < to.columns; ++c) {
    product += static_cast<double>(row[c]) * static_cast<double>(coded[c]);
    square += static_cast<double>(coded[c]) * static_cast<double>(coded[c]);
  }
  *scale = square > 0 ? f16_from_f32(static_cast<float>(product / square)) : 0;
}

}  // namespace

void ProductTable::add_row(std::size_t at, float* to) const {
  const std::uint8_t* row = codes + at * parts();
  const float wide = f16_to_f32(scale[at]);
  const std::size_t whole = columns / width;
  switch (width) {
    case 2:
      add_parts<2>(*this, row, whole, wide, to);
      break;
    case 3:
      add_parts<3>(*this, row, whole, wide, to);
      break;
    case 4:
      add_parts<4>(*this, row, whole, wide, to);
      break;
    case 6:
      add_parts<6>(*this, row, whole, wide, to);
      break;
    case 8:
      add_parts<8>(*this, row, whole, wide, to);
      break;
    default:
      for (std::size_t c = 0; c < whole * width; ++c)
        to[c] +=
            wide *
            from_bfloat16(centroids[(c / width * kCentroids + row[c / width]) * width + c % width]);
  }
  for (std::size_t c = whole * width; c < columns; ++c)
    to[c] += wide * from_bfloat16(centroids[(whole * kCentroids + row[whole]) * width + c % width]);
}

void fill_product_table(const ProductTable& to, std::span<const float> rows, Pool& pool) {
  const std::size_t count = rows.size() / to.columns;
  std::vector<float> inverse(count);
  for (std::size_t i = 0; i < count; ++i) {
    double square = 0;
    for (const float x : rows.subspan(i * to.columns, to.columns))
      square += static_cast<double>(x) * static_cast<double>(x);
    inverse[i] = square > 1e-30 ? static_cast<float>(1 / std::sqrt(square)) : 0.0F;
  }
  if (count == 0) return;
  pool.parallel_for(to.parts(),
                    [&](std::size_t p) { fill_part(to, PartRows(to, rows, inverse, p), p); });
  for (std::size_t i = 0; i < count; ++i)
    fit_scale(to, rows.subspan(i * to.columns, to.columns), i);
}

}  // namespace crosstail::nn
