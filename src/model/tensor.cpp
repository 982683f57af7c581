#include "model/tensor.h"

#include <cmath>
#include <cstring>
#include <limits>

namespace crosstail::model {
namespace {

/// IEEE half precision; subnormals by arithmetic, so that no table is needed.
float half(std::uint16_t bits) {
  const std::uint32_t sign = (bits & 0x8000U) << 16;
  const std::uint32_t exponent = (bits >> 10) & 0x1FU;
  const std::uint32_t mantissa = bits & 0x3FFU;
  std::uint32_t out = 0;
  if (exponent == 0) {
    const float magnitude = static_cast<float>(mantissa) * 0x1p-24f;
    std::memcpy(&out, &magnitude, 4);
    out |= sign;
  } else if (exponent == 31) {
    out = sign | 0x7F800000U | (mantissa << 13);
  } else {
    out = sign | ((exponent + 112) << 23) | (mantissa << 13);
  }
  float value = 0;
  std::memcpy(&value, &out, 4);
  return value;
}

float bfloat16(std::uint16_t bits) {
  const std::uint32_t out = static_cast<std::uint32_t>(bits) << 16;
  float value = 0;
  std::memcpy(&value, &out, 4);
  return value;
}

template <class Stored, class Convert>
std::vector<float> converted(std::span<const std::byte> bytes, const Convert& convert) {
  std::vector<float> out(bytes.size() / sizeof(Stored));
  for (std::size_t i = 0; i < out.size(); ++i) {
    Stored value;
    std::memcpy(&value, bytes.data() + i * sizeof(Stored), sizeof(Stored));
    out[i] = convert(value);
  }
  return out;
}

/// Whether all exponents are below the one of NaN and infinity, in blocks the compiler vectorises.
bool all_finite(std::span<const float> numbers) {
  constexpr std::size_t kBlock = 1024;
  for (std::size_t begin = 0; begin < numbers.size(); begin += kBlock) {
    const std::size_t end = std::min(numbers.size(), begin + kBlock);
    std::uint32_t bad = 0;
    for (std::size_t i = begin; i < end; ++i) {
      std::uint32_t bits;
      std::memcpy(&bits, &numbers[i], 4);
      bad |= (bits & 0x7F800000U) == 0x7F800000U ? 1U : 0U;
    }
    if (bad != 0) return false;
  }
  return true;
}

Status check_finite(std::span<const float> numbers, std::span<const std::size_t> shape) {
  if (all_finite(numbers)) return {};
  std::size_t at = 0;
  while (std::isfinite(numbers[at])) ++at;
  std::string place;
  for (std::size_t rest = at, d = shape.size(); d-- > 0; rest /= shape[d])
    place = std::to_string(rest % shape[d]) + (place.empty() ? "" : ", ") + place;
  return Error{ErrorCode::Corrupt, std::string(std::isnan(numbers[at]) ? "NaN" : "infinity") +
                                       " at [" + place +
                                       "]; every result would be NaN: fetch the file again, or "
                                       "save the model in bf16 or f32 if it overflowed in f16"};
}

}  // namespace

std::size_t size_of(DType type) {
  switch (type) {
    case DType::F64:
    case DType::I64:
      return 8;
    case DType::F32:
    case DType::I32:
      return 4;
    case DType::F16:
    case DType::BF16:
    case DType::I16:
      return 2;
    default:
      return 1;
  }
}

std::string_view name_of(DType type) {
  constexpr std::string_view kNames[] = {"F64", "F32", "F16", "BF16", "I64",
                                         "I32", "I16", "I8",  "U8",   "BOOL"};
  return kNames[static_cast<std::size_t>(type)];
}

std::size_t TensorView::count() const {
  return bytes.size() / size_of(dtype);
}

std::string shape_text(std::span<const std::size_t> shape) {
  std::string text = "[";
  for (std::size_t i = 0; i < shape.size(); ++i)
    text += (i == 0 ? "" : ", ") + std::to_string(shape[i]);
  return text + "]";
}

std::optional<std::size_t> element_count(std::span<const std::size_t> shape) {
  std::size_t count = 1;
  constexpr auto kMax = static_cast<std::size_t>(std::numeric_limits<std::int64_t>::max());
  for (const std::size_t extent : shape) {
    if (extent != 0 && count > kMax / extent) return std::nullopt;
    count *= extent;
  }
  return count;
}

Result<FloatArray> to_floats(const TensorView& tensor) {
  FloatArray out;
  switch (tensor.dtype) {
    case DType::F32:
      if (reinterpret_cast<std::uintptr_t>(tensor.bytes.data()) % alignof(float) == 0) {
        out = FloatArray(std::span(reinterpret_cast<const float*>(tensor.bytes.data()),
                                   tensor.bytes.size() / sizeof(float)));
      } else {
        out = FloatArray(converted<float>(tensor.bytes, [](float v) { return v; }));
      }
      break;
    case DType::F64:
      out = FloatArray(
          converted<double>(tensor.bytes, [](double v) { return static_cast<float>(v); }));
      break;
    case DType::F16:
      out = FloatArray(converted<std::uint16_t>(tensor.bytes, half));
      break;
    case DType::BF16:
      out = FloatArray(converted<std::uint16_t>(tensor.bytes, bfloat16));
      break;
    default:
      return Error{ErrorCode::Unsupported,
                   "holds " + std::string(name_of(tensor.dtype)) +
                       " numbers; expected F32, F16, BF16 or F64 (a quantised model is not read; "
                       "take the original and give --precision)"};
  }
  CT_CHECK(check_finite(out.view(), tensor.shape));
  return out;
}

}  // namespace crosstail::model
