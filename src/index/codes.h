#pragma once
/// Int8 codes of vectors, in a file beside them: a quarter of the bytes of f32, with what is needed
/// to prove which rows a search can leave out (docs/search-bounds.md). Also what approximate search
/// walks on.
///
/// Row x is stored as x = mean + scale·(code − 128) + r, with 8-bit codes, and the length of the
/// rest r. docs/formats/codes.md has the layout: blocks of 16 rows, each row padded to a multiple
/// of 64 bytes, then the block's 16 scales and 16 lengths.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/pool.h"
#include "base/result.h"
#include "index/bounds.h"
#include "index/row_source.h"
#include "nn/isa.h"

namespace crosstail::index {

inline constexpr std::size_t kCodeBlockRows = 16;

/// A file of codes mapped into memory. Thread-safe once opened; movable.
class Codes {
 public:
  /// Streams over `rows` twice (a sample for the mean, then all) and writes `path` atomically; the
  /// memory used does not depend on the number of rows. The file does not depend on threads. Fails
  /// with Interrupted after Ctrl-C; nothing is left behind then.
  static Status build(const RowSource& rows, const std::filesystem::path& path,
                      Pool* pool = nullptr);
  /// Checks the header and the size, not the contents: see verify(). Corrupt errors name the file
  /// and the offset.
  static Result<Codes> open(const std::filesystem::path& path);
  /// Reads everything and compares checksums; names the first bytes that are damaged.
  [[nodiscard]] Status verify(Pool* pool = nullptr) const;

  [[nodiscard]] std::size_t rows() const { return rows_; }
  [[nodiscard]] std::size_t dim() const { return dim_; }
  /// Bytes of a row's codes: dim rounded up to 64. The padding is 128.
  [[nodiscard]] std::size_t stride() const { return stride_; }
  [[nodiscard]] std::span<const float> mean() const { return {mean_, dim_}; }
  /// The file's checksum of all its contents: the identity of these codes.
  [[nodiscard]] std::uint64_t identity() const { return identity_; }
  [[nodiscard]] std::size_t bytes() const { return file_.size(); }

  /// Codes of 16 rows, then 16 scales, then 16 residuals. Rows behind the last one are zero
  /// vectors.
  [[nodiscard]] const std::uint8_t* block(std::size_t b) const {
    return blocks_ + b * block_bytes_;
  }
  [[nodiscard]] const std::uint8_t* row(std::size_t r) const {
    return block(r / kCodeBlockRows) + r % kCodeBlockRows * stride_;
  }
  [[nodiscard]] float scale(std::size_t r) const { return *scale_place(r); }
  [[nodiscard]] const float* scale_place(std::size_t r) const {
    return scales(r / kCodeBlockRows) + r % kCodeBlockRows;
  }
  [[nodiscard]] const float* scales(std::size_t b) const {
    return reinterpret_cast<const float*>(block(b) + kCodeBlockRows * stride_);
  }
  [[nodiscard]] const float* residuals(std::size_t b) const { return scales(b) + kCodeBlockRows; }

 private:
  MappedFile file_;
  std::string name_;
  const std::uint8_t* blocks_ = nullptr;
  const float* mean_ = nullptr;
  std::size_t rows_ = 0, dim_ = 0, stride_ = 0, block_bytes_ = 0;
  std::uint64_t identity_ = 0;
};

/// A query as 16-bit numbers in two int8 planes: q = step·(256·high + low) + rest.
struct CodeQuery {
  /// Fails never; `query` has codes.dim() finite numbers.
  CodeQuery(const Codes& codes, std::span<const float> query);

  std::vector<std::int8_t> high, low;  ///< stride() numbers each, padded with 0
  std::vector<std::int16_t> both;      ///< 256·high + low
  std::uint32_t bias = 0;              ///< 128·Σ both, modulo 2³²
  float step = 0;
  float base = 0;    ///< query · mean
  QueryBound bound;  ///< of (residual, scale) in the places of (norm, residual)
};

/// values[i] ≈ query · row i of a block of 16; bounds[i] ≥ |values[i] − score|. Returns the rows
/// whose score may reach `threshold`, as bits.
using CodeScan = std::uint32_t (*)(const std::uint8_t* block, std::size_t stride,
                                   const CodeQuery& query, float threshold, float* values,
                                   float* bounds);
CodeScan code_scan(nn::Isa isa);

}  // namespace crosstail::index
