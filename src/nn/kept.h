#pragma once
/// A row-major matrix in the format that the products of a mode read: what a forward pass keeps for
/// the way back, and what the way back hands to the weights' products.

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "nn/aligned_buffer.h"
#include "nn/row_kernels.h"
#include "nn/training_product.h"

namespace crosstail::nn {

/// Rows may be written and read by several threads at once, each its own rows.
template <class Real>
class Kept {
 public:
  void resize(ProductMode mode, std::size_t rows, std::size_t columns) {
    mode_ = mode;
    columns_ = columns;
    if (is_full()) {
      full_.resize(rows * columns);
    } else {
      high_.resize(rows * columns);
      if (mode == ProductMode::F32x3) low_.resize(rows * columns);
    }
  }

  /// Where rows can be written and read in place; null in the bfloat16 formats.
  [[nodiscard]] Real* in_place(std::size_t row) {
    return is_full() ? full_.data() + row * columns_ : nullptr;
  }

  /// Whole rows from an array (which may be in_place(row)).
  void put(std::size_t row, std::size_t rows, const Real* from) {
    const std::size_t at = row * columns_, count = rows * columns_;
    if constexpr (sizeof(Real) == 4) {
      if (!is_full())
        return to_bfloat16({from, count}, high_.data() + at,
                           mode_ == ProductMode::F32x3 ? low_.data() + at : nullptr);
    }
    if (from != full_.data() + at) std::copy_n(from, count, full_.data() + at);
  }

  /// Whole rows; `room` (rows × columns) is used only where they cannot be read in place.
  const Real* get(std::size_t row, std::size_t rows, Real* room) const {
    const std::size_t at = row * columns_;
    if constexpr (sizeof(Real) == 4) {
      if (!is_full()) {
        from_bfloat16(rows * columns_, high_.data() + at,
                      mode_ == ProductMode::F32x3 ? low_.data() + at : nullptr, room);
        return room;
      }
    }
    return full_.data() + at;
  }

  /// `width` numbers of some rows from `column` on; `to` has rows of `width`.
  void get_columns(std::size_t row, std::size_t rows, std::size_t column, std::size_t width,
                   Real* to) const {
    const std::size_t at = row * columns_ + column;
    if constexpr (sizeof(Real) == 4) {
      if (!is_full())
        return from_bfloat16({rows, width, columns_, high_.data() + at,
                              mode_ == ProductMode::F32x3 ? low_.data() + at : nullptr, to});
    }
    for (std::size_t r = 0; r < rows; ++r)
      std::copy_n(full_.data() + at + r * columns_, width, to + r * width);
  }
  void put_columns(std::size_t row, std::size_t rows, std::size_t column, std::size_t width,
                   const Real* from) {
    const std::size_t at = row * columns_ + column;
    if constexpr (sizeof(Real) == 4) {
      if (!is_full())
        return to_bfloat16({rows, width, columns_, from, high_.data() + at,
                            mode_ == ProductMode::F32x3 ? low_.data() + at : nullptr});
    }
    for (std::size_t r = 0; r < rows; ++r)
      std::copy_n(from + r * width, width, full_.data() + at + r * columns_);
  }

  /// Zeros, for the rows that round a number of tokens up to what products like.
  void clear_rows(std::size_t row, std::size_t rows) {
    const std::size_t at = row * columns_, count = rows * columns_;
    if (is_full()) std::fill_n(full_.data() + at, count, Real(0));
    if (!is_full()) std::fill_n(high_.data() + at, count, std::uint16_t{0});
    if (mode_ == ProductMode::F32x3) std::fill_n(low_.data() + at, count, std::uint16_t{0});
  }

  [[nodiscard]] Operand<Real> operand(std::size_t row, std::size_t column = 0) const {
    const std::size_t at = row * columns_ + column;
    if (is_full()) return {full_.data() + at, nullptr, nullptr, columns_};
    return {nullptr, high_.data() + at, mode_ == ProductMode::F32x3 ? low_.data() + at : nullptr,
            columns_};
  }

 private:
  [[nodiscard]] bool is_full() const {
    return mode_ == ProductMode::F64 || mode_ == ProductMode::F32;
  }
  ProductMode mode_ = ProductMode::F32;
  std::size_t columns_ = 0;
  AlignedBuffer<Real> full_;
  AlignedBuffer<std::uint16_t> high_, low_;
};

}  // namespace crosstail::nn
