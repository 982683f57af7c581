#pragma once
/// Where the vectors that are searched come from: rows that lie in memory as they are, or rows made
/// tile by tile (fused vectors that are never stored).

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace crosstail::index {

enum class VectorType : std::uint8_t { F32, BF16 };

[[nodiscard]] constexpr std::size_t size_of(VectorType type) {
  return type == VectorType::F32 ? 4 : 2;
}

/// Row-major vectors, borrowed. Row r begins at data + r × stride_bytes and holds dim numbers,
/// little-endian; nothing need be aligned beyond the size of a number.
struct VectorView {
  const std::byte* data = nullptr;
  std::size_t rows = 0, dim = 0, stride_bytes = 0;
  VectorType type = VectorType::F32;

  [[nodiscard]] const std::byte* row(std::size_t r) const { return data + r * stride_bytes; }
  /// Rows [begin, end) as f32, row-major, into `out`; bf16 is widened, which is exact.
  void read(std::size_t begin, std::size_t end, float* out) const;
};

/// A dense row-major matrix of f32 as a view.
[[nodiscard]] VectorView view_of(std::span<const float> numbers, std::size_t dim);

/// Rows of vectors. At most 2³² − 1 of them; no number is NaN (whoever builds an index refuses
/// those). Thread-safe.
class RowSource {
 public:
  virtual ~RowSource() = default;
  [[nodiscard]] virtual std::size_t rows() const = 0;
  [[nodiscard]] virtual std::size_t dim() const = 0;
  /// Rows [begin, end) as f32, row-major, into `out`. The same bits every time, whatever the range.
  virtual void read(std::size_t begin, std::size_t end, float* out) const = 0;
  /// Where the rows lie in memory as they are, if they do: then nothing is copied.
  [[nodiscard]] virtual std::optional<VectorView> view() const { return std::nullopt; }
};

/// A view as a row source; the view's memory must outlive it.
class ViewRows final : public RowSource {
 public:
  explicit ViewRows(VectorView view) : view_(view) {}
  [[nodiscard]] std::size_t rows() const override { return view_.rows; }
  [[nodiscard]] std::size_t dim() const override { return view_.dim; }
  void read(std::size_t begin, std::size_t end, float* out) const override {
    view_.read(begin, end, out);
  }
  [[nodiscard]] std::optional<VectorView> view() const override { return view_; }

 private:
  VectorView view_;
};

}  // namespace crosstail::index
