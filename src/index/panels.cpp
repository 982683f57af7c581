#include "index/panels.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <new>

#include "index/simd.h"

namespace crosstail::index {

namespace {

constexpr std::align_val_t kAlignment{64};
constexpr std::size_t kMostRows = 168;  // a multiple of 14, 6 and 4; 160 is one of 32

/// To nearest, ties to even.
std::uint16_t narrowed(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  return static_cast<std::uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

float widened(std::uint16_t bits) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

/// Sums of squares of a row, of its narrowed form and of their difference.
struct Squares {
  float row = 0, narrow = 0, difference = 0;
};

Squares narrow_plain(const float* row, std::size_t dim, std::uint16_t* out) {
  constexpr std::size_t kLanes = 8;
  std::array<float, kLanes> a{}, b{}, c{};
  for (std::size_t i = 0; i < dim; ++i) {
    out[i] = narrowed(row[i]);
    const float near = widened(out[i]), lost = row[i] - near;
    a[i % kLanes] += row[i] * row[i];
    b[i % kLanes] += near * near;
    c[i % kLanes] += lost * lost;
  }
  Squares squares;
  for (std::size_t j = 0; j < kLanes; ++j) {
    squares.row += a[j];
    squares.narrow += b[j];
    squares.difference += c[j];
  }
  return squares;
}

float squares_plain(const float* row, std::size_t dim) {
  constexpr std::size_t kLanes = 8;
  std::array<float, kLanes> lane{};
  std::size_t i = 0;
  for (; i + kLanes <= dim; i += kLanes)
    for (std::size_t j = 0; j < kLanes; ++j) lane[j] += row[i + j] * row[i + j];
  for (; i < dim; ++i) lane[0] += row[i] * row[i];
  float sum = 0;
  for (const float part : lane) sum += part;
  return sum;
}

#if defined(__x86_64__)
CT_AVX512 Squares narrow_avx512(const float* row, std::size_t dim, std::uint16_t* out) {
  __m512 a = _mm512_setzero_ps(), b = a, c = a;
  for (std::size_t i = 0; i < dim; i += 16) {
    const auto mask = static_cast<__mmask16>(dim - i >= 16 ? 0xffff : (1U << (dim - i)) - 1);
    const __m512 x = _mm512_maskz_loadu_ps(mask, row + i);
    const __m512i bits = _mm512_castps_si512(x);
    const __m512i odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
    const __m512i rounded = _mm512_srli_epi32(
        _mm512_add_epi32(bits, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7fff))), 16);
    _mm256_mask_storeu_epi16(out + i, mask, _mm512_cvtepi32_epi16(rounded));
    const __m512 near = _mm512_castsi512_ps(_mm512_slli_epi32(rounded, 16));
    const __m512 lost = _mm512_sub_ps(x, near);
    a = _mm512_fmadd_ps(x, x, a);
    b = _mm512_fmadd_ps(near, near, b);
    c = _mm512_fmadd_ps(lost, lost, c);
  }
  return {_mm512_reduce_add_ps(a), _mm512_reduce_add_ps(b), _mm512_reduce_add_ps(c)};
}

CT_AVX512 float squares_avx512(const float* row, std::size_t dim) {
  __m512 sum = _mm512_setzero_ps();
  for (std::size_t i = 0; i < dim; i += 16) {
    const auto mask = static_cast<__mmask16>(dim - i >= 16 ? 0xffff : (1U << (dim - i)) - 1);
    const __m512 x = _mm512_maskz_loadu_ps(mask, row + i);
    sum = _mm512_fmadd_ps(x, x, sum);
  }
  return _mm512_reduce_add_ps(sum);
}
#endif

/// docs/search-bounds.md, "Products in f32" and "Products in bf16".
QueryBound bound_of(const Squares& squares, std::size_t dim, VectorType type) {
  const double norm = norm_above(squares.row, dim);
  const double tiny = 0x1p-110 * static_cast<double>(dim + 64);
  if (type == VectorType::F32)
    return {above((gamma(dim + 2, kUnit) + score_gamma(dim)) * norm), 0, above(tiny)};
  const double near = norm_above(squares.narrow, dim), lost = norm_above(squares.difference, dim);
  return {above(lost + gamma(dim + 4, kFaithfulUnit) * near + score_gamma(dim) * norm + tiny),
          above(norm), above(tiny * (1 + norm + near))};
}

}  // namespace

AlignedBytes::AlignedBytes(std::size_t size)
    : bytes_(static_cast<std::byte*>(::operator new(size + 64, kAlignment))) {
  std::memset(bytes_.get(), 0, size + 64);
}

void AlignedBytes::Free::operator()(std::byte* bytes) const {
  ::operator delete(bytes, kAlignment);
}

QueryPanels::QueryPanels(std::span<const float> queries, std::size_t dim, const PanelKernel& kernel)
    : queries_(queries.size() / dim),
      bytes_(kernel.padded(dim) * kPanelQueries * size_of(kernel.type)),
      packed_(panels() * bytes_),
      bounds_(panels() * kPanelQueries) {
  for (std::size_t q = 0; q < queries_; ++q) pack(q, &queries[q * dim], dim, kernel);
}

void QueryPanels::pack(std::size_t query, const float* numbers, std::size_t dim,
                       const PanelKernel& kernel) {
  std::byte* panel = packed_.data() + query / kPanelQueries * bytes_;
  const std::size_t column = query % kPanelQueries;
  Squares squares;
  if (kernel.type == VectorType::F32) {
    squares.row = squares_plain(numbers, dim);
    auto* out = reinterpret_cast<float*>(panel) + column;
    for (std::size_t k = 0; k < dim; ++k) out[k * kPanelQueries] = numbers[k];
  } else {
    std::vector<std::uint16_t> narrow(dim);
    squares = narrow_plain(numbers, dim, narrow.data());
    auto* out = reinterpret_cast<std::uint16_t*>(panel) + 2 * column;
    for (std::size_t k = 0; k < dim; ++k) out[k / 2 * 2 * kPanelQueries + k % 2] = narrow[k];
  }
  bounds_[query] = bound_of(squares, dim, kernel.type);
}

RowTile::RowTile(std::size_t dim, const PanelKernel& kernel, nn::Isa isa)
    : dim_(dim),
      stride_(kernel.padded(dim) * size_of(kernel.type)),
      block_(kernel.row_block),
      capacity_(kMostRows / kernel.row_block * kernel.row_block),
      type_(kernel.type),
      avx512_(isa >= nn::Isa::Avx512),
      packed_(capacity_ * stride_),
      wide_(dim),
      ids_(capacity_),
      norms_(capacity_),
      residuals_(capacity_) {}

void RowTile::add(const VectorView& view, std::size_t row, std::uint32_t id) {
  std::byte* out = packed_.data() + size_ * stride_;
  const auto* numbers = reinterpret_cast<const float*>(view.row(row));
  if (view.type == VectorType::BF16) {
    view.read(row, row + 1, wide_.data());
    numbers = wide_.data();
  }
  Squares squares;
  if (type_ == VectorType::F32) {
    std::memcpy(out, numbers, dim_ * sizeof(float));
#if defined(__x86_64__)
    squares.row = avx512_ ? squares_avx512(numbers, dim_) : squares_plain(numbers, dim_);
#else
    squares.row = squares_plain(numbers, dim_);
#endif
  } else {
    auto* narrow = reinterpret_cast<std::uint16_t*>(out);
#if defined(__x86_64__)
    squares = avx512_ ? narrow_avx512(numbers, dim_, narrow) : narrow_plain(numbers, dim_, narrow);
#else
    squares = narrow_plain(numbers, dim_, narrow);
#endif
  }
  const bool lossless = view.type == type_ || type_ == VectorType::F32;
  ids_[size_] = id;
  norms_[size_] = norm_above(std::max(squares.row, squares.narrow), dim_);
  residuals_[size_] = lossless ? 0 : norm_above(squares.difference, dim_);
  if (!std::isfinite(squares.row + squares.narrow)) norms_[size_] = kInfinity;
  ++size_;
}

void RowTile::finish() {
  const std::size_t padded = (size_ + block_ - 1) / block_ * block_;
  std::memset(packed_.data() + size_ * stride_, 0, (padded - size_) * stride_);
  largest_norm_ = *std::max_element(norms_.begin(), norms_.begin() + static_cast<long>(size_));
  largest_residual_ =
      *std::max_element(residuals_.begin(), residuals_.begin() + static_cast<long>(size_));
}

}  // namespace crosstail::index
