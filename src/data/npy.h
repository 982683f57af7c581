#pragma once
/// NumPy's .npy files (format 1.0 to 3.0, NEP 1): arrays of one or two dimensions, row-major,
/// little-endian. Vectors come in and go out as these.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/result.h"

namespace crosstail::data {

/// What a number is stored as. NumPy has no bf16: it is stored as uint16 ('<u2'), and only the
/// reader of the file knows, so it must be told.
enum class NpyType : std::uint8_t { F16, F32, F64, U16, I32, I64 };

/// A .npy file mapped into memory. Thread-safe once opened.
class NpyArray {
 public:
  /// Fails with Corrupt (not a .npy file, truncated: names the byte) or Unsupported (Fortran order,
  /// big-endian, another type or number of dimensions: names the field).
  static Result<NpyArray> open(const std::filesystem::path& path);

  [[nodiscard]] NpyType type() const { return type_; }
  [[nodiscard]] std::size_t rows() const { return rows_; }
  /// 1 for an array of one dimension.
  [[nodiscard]] std::size_t columns() const { return columns_; }
  /// rows × columns numbers of type(), as stored.
  [[nodiscard]] const std::byte* data() const { return file_.bytes().data() + offset_; }

  /// Row `row` as f32 into `out` (columns() numbers). U16 is read as bf16.
  void read_row(std::size_t row, float* out) const;
  /// All rows as f32; U16 is read as bf16.
  [[nodiscard]] std::vector<float> to_floats() const;

 private:
  MappedFile file_;
  std::size_t offset_ = 0, rows_ = 0, columns_ = 0;
  NpyType type_ = NpyType::F32;
};

std::size_t size_of(NpyType type);

/// The header of an array of two dimensions: always 128 bytes, so that it can be written first with
/// any number of rows and again when the number is known.
std::string npy_header(NpyType type, std::size_t rows, std::size_t columns);
inline constexpr std::size_t kNpyHeaderBytes = 128;

float half_to_float(std::uint16_t bits);
std::uint16_t float_to_half(float value);  ///< to nearest, ties to even
float bfloat16_to_float(std::uint16_t bits);
std::uint16_t float_to_bfloat16(float value);  ///< to nearest, ties to even; NaN stays NaN

}  // namespace crosstail::data
