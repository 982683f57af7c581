#pragma once
/// The matrix products of training, on the calling thread alone. Their bits depend on shapes and
/// values only, not on threads.

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace crosstail::nn {

/// What the factors of a product are.
enum class ProductMode {
  F64,  ///< plain loops, for checks
  F32,
  F32x3,  ///< each f32 as the sum of two bfloat16, three products of these: the error of a term is
          ///< 2^-17 of its size; fast where the processor has bf16 tiles
  BF16,   ///< rounded to bfloat16; sums are f32
};

std::string_view name_of(ProductMode mode);

enum class Transpose : bool { No, Yes };

/// A row-major matrix as the mode has it: `full` in F64 and F32, `high` in BF16, `high` and `low`
/// in F32x3. Borrowed.
template <class Real>
struct Operand {
  const Real* full = nullptr;
  const std::uint16_t* high = nullptr;
  const std::uint16_t* low = nullptr;
  std::size_t stride = 0;  ///< numbers from one row to the next
};

/// C (m × n, rows `c_stride` apart) = [C +] op(A) op(B), where op(A) is m × k and op(B) is k × n.
template <class Real>
struct MatrixProduct {
  ProductMode mode = ProductMode::F32;
  Transpose transpose_a = Transpose::No, transpose_b = Transpose::No;
  std::size_t m = 0, n = 0, k = 0;
  bool add = false;  ///< to what C holds
};

template <class Real>
void multiply(const MatrixProduct<Real>& product, const Operand<Real>& a, const Operand<Real>& b,
              Real* c, std::size_t c_stride);

/// The same on plain arrays of Real, whatever Real is.
template <class Real>
void multiply(Transpose transpose_a, Transpose transpose_b, std::size_t m, std::size_t n,
              std::size_t k, const Real* a, const Real* b, Real* c, bool add = false);

/// Keeps oneDNN's own threads out of the calling thread; called by multiply() itself.
void one_thread_for_products();

}  // namespace crosstail::nn
