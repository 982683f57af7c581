#pragma once
/// Queries and rows in the form that a PanelKernel multiplies, with what the bounds need.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "index/bounds.h"
#include "index/panel_products.h"
#include "index/row_source.h"

namespace crosstail::index {

/// Bytes whose begin is a multiple of 64, zeroed.
class AlignedBytes {
 public:
  explicit AlignedBytes(std::size_t size = 0);
  [[nodiscard]] std::byte* data() { return bytes_.get(); }
  [[nodiscard]] const std::byte* data() const { return bytes_.get(); }

 private:
  struct Free {
    void operator()(std::byte* bytes) const;
  };
  std::unique_ptr<std::byte, Free> bytes_;
};

/// A batch of queries in panels of 32; the last one is filled up with zero queries.
class QueryPanels {
 public:
  /// `queries`: n × dim, copied.
  QueryPanels(std::span<const float> queries, std::size_t dim, const PanelKernel& kernel);

  [[nodiscard]] std::size_t panels() const {
    return (queries_ + kPanelQueries - 1) / kPanelQueries;
  }
  [[nodiscard]] std::size_t queries() const { return queries_; }
  [[nodiscard]] const std::byte* panel(std::size_t p) const { return packed_.data() + p * bytes_; }
  /// Of every query, the ones that fill the last panel included.
  [[nodiscard]] const QueryBound& bound(std::size_t query) const { return bounds_[query]; }

 private:
  void pack(std::size_t query, const float* numbers, std::size_t dim, const PanelKernel& kernel);

  std::size_t queries_, bytes_;
  AlignedBytes packed_;
  std::vector<QueryBound> bounds_;
};

/// Some 160 rows in the kernel's type. Reused; not thread-safe.
class RowTile {
 public:
  RowTile(std::size_t dim, const PanelKernel& kernel, nn::Isa isa);

  void clear() { size_ = 0; }
  [[nodiscard]] bool full() const { return size_ == capacity_; }
  [[nodiscard]] std::size_t size() const { return size_; }
  /// Adds row `row` of `view`, which is known to the search as `id`.
  void add(const VectorView& view, std::size_t row, std::uint32_t id);
  /// The rows up to the next multiple of the kernel's block are zeroed.
  void finish();

  [[nodiscard]] const std::byte* row(std::size_t i) const { return packed_.data() + i * stride_; }
  [[nodiscard]] std::size_t stride_bytes() const { return stride_; }
  [[nodiscard]] std::uint32_t id(std::size_t i) const { return ids_[i]; }
  [[nodiscard]] float norm(std::size_t i) const { return norms_[i]; }
  /// Length of what the kernel's type lost of the row.
  [[nodiscard]] float residual(std::size_t i) const { return residuals_[i]; }
  [[nodiscard]] float largest_norm() const { return largest_norm_; }
  [[nodiscard]] float largest_residual() const { return largest_residual_; }

 private:
  std::size_t dim_, stride_, block_, capacity_, size_ = 0;
  VectorType type_;
  bool avx512_;
  AlignedBytes packed_;
  std::vector<float> wide_;
  std::vector<std::uint32_t> ids_;
  std::vector<float> norms_, residuals_;
  float largest_norm_ = 0, largest_residual_ = 0;
};

}  // namespace crosstail::index
