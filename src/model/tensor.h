#pragma once
/// A named array of numbers as a weight file holds it: type, shape, bytes; nothing is copied until
/// somebody asks for f32.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace crosstail::model {

enum class DType : std::uint8_t { F64, F32, F16, BF16, I64, I32, I16, I8, U8, Bool };

std::size_t size_of(DType type);
std::string_view name_of(DType type);  ///< as safetensors writes it: "F32"

/// Borrowed from the file that was opened. Row-major, little-endian, any alignment.
struct TensorView {
  DType dtype = DType::F32;
  std::vector<std::size_t> shape;
  std::span<const std::byte> bytes;

  [[nodiscard]] std::size_t count() const;
};

/// "[250037, 384]".
std::string shape_text(std::span<const std::size_t> shape);

/// Number of elements; nothing if it does not fit into 63 bits.
std::optional<std::size_t> element_count(std::span<const std::size_t> shape);

/// f32 numbers: the file's own bytes where they are aligned f32, else a converted copy. Movable;
/// what it borrows must outlive it.
class FloatArray {
 public:
  FloatArray() = default;
  explicit FloatArray(std::span<const float> borrowed) : view_(borrowed) {}
  explicit FloatArray(std::vector<float> owned) : owned_(std::move(owned)), view_(owned_) {}
  FloatArray(FloatArray&&) noexcept = default;
  FloatArray& operator=(FloatArray&&) noexcept = default;
  [[nodiscard]] std::span<const float> view() const { return view_; }
  [[nodiscard]] const float* data() const { return view_.data(); }

 private:
  std::vector<float> owned_;
  std::span<const float> view_;
};

/// F16 and BF16 exactly, F64 rounded to nearest. Fails with Unsupported for whole numbers and with
/// Corrupt if a number is NaN or infinite (the message says where it stands).
Result<FloatArray> to_floats(const TensorView& tensor);

}  // namespace crosstail::model
