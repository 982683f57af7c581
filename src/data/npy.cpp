#include "data/npy.h"

#include <array>
#include <bit>
#include <charconv>
#include <cstring>
#include <optional>

namespace crosstail::data {
namespace {

struct TypeName {
  NpyType type;
  std::string_view name;
  std::size_t size;
};
constexpr std::array<TypeName, 6> kTypes = {{{NpyType::F16, "<f2", 2},
                                             {NpyType::F32, "<f4", 4},
                                             {NpyType::F64, "<f8", 8},
                                             {NpyType::U16, "<u2", 2},
                                             {NpyType::I32, "<i4", 4},
                                             {NpyType::I64, "<i8", 8}}};

const TypeName& type_name(NpyType type) {
  return kTypes[static_cast<std::size_t>(type)];
}

/// What stands behind `'key':` in the header's dictionary, up to the next field.
std::optional<std::string_view> field(std::string_view header, std::string_view key) {
  const std::string quoted = "'" + std::string(key) + "':";
  const auto at = header.find(quoted);
  if (at == std::string_view::npos) return std::nullopt;
  std::string_view rest = header.substr(at + quoted.size());
  while (!rest.empty() && rest.front() == ' ') rest.remove_prefix(1);
  if (rest.empty()) return std::nullopt;
  const char open = rest.front();
  const char close = open == '(' ? ')' : open == '\'' ? '\'' : ',';
  const auto end = rest.find(close, 1);
  if (end == std::string_view::npos) return std::nullopt;
  return close == ',' ? rest.substr(0, end) : rest.substr(1, end - 1);
}

/// "3, 4", "3," or "" (a scalar).
std::optional<std::vector<std::size_t>> shape_of(std::string_view text) {
  std::vector<std::size_t> shape;
  while (!text.empty()) {
    while (!text.empty() && (text.front() == ' ' || text.front() == ',')) text.remove_prefix(1);
    if (text.empty()) break;
    std::size_t size = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), size);
    if (failure != std::errc()) return std::nullopt;
    shape.push_back(size);
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  }
  return shape;
}

/// The dictionary in the header, and where the data begins.
Result<std::pair<std::string_view, std::size_t>> header_of(std::string_view bytes) {
  const Error foreign{ErrorCode::Corrupt, "byte 0: not a .npy file (expected \\x93NUMPY)"};
  if (bytes.size() < 10 || bytes.substr(0, 6) != "\x93NUMPY") return foreign;
  const auto byte = [&](std::size_t i) {
    return static_cast<std::size_t>(static_cast<unsigned char>(bytes[i]));
  };
  const std::size_t major = byte(6);
  if (major < 1 || major > 3)
    return Error{ErrorCode::Unsupported,
                 "byte 6: .npy version " + std::to_string(major) + ", expected 1 to 3"};
  if (major > 1 && bytes.size() < 12) return foreign;
  const std::size_t length =
      byte(8) | byte(9) << 8 | (major > 1 ? byte(10) << 16 | byte(11) << 24 : 0);
  const std::size_t begin = major > 1 ? 12 : 10;
  if (length > bytes.size() - begin)
    return Error{ErrorCode::Corrupt, "byte 8: the header is said to be " + std::to_string(length) +
                                         " bytes long, the file ends before"};
  return std::pair(bytes.substr(begin, length), begin + length);
}

}  // namespace

std::size_t size_of(NpyType type) {
  return type_name(type).size;
}

Result<NpyArray> NpyArray::open(const std::filesystem::path& path) {
  NpyArray array;
  CT_TRY(array.file_, MappedFile::open(path));
  auto parsed = header_of(array.file_.text());
  if (!parsed.ok()) return parsed.error().at(path.string());
  const auto& [header, offset] = *parsed;
  // clang 14 cannot capture a structured binding.
  auto wrong = [&, &fields = header](std::string_view name, std::string_view expected) {
    const auto value = field(fields, name);
    return Error{ErrorCode::Unsupported, path.string() + ": header field " + std::string(name) +
                                             " is " + (value ? std::string(*value) : "missing") +
                                             ", expected " + std::string(expected)};
  };
  const auto descr = field(header, "descr");
  const TypeName* type = nullptr;
  for (const TypeName& known : kTypes)
    if (descr && *descr == known.name) type = &known;
  if (type == nullptr) return wrong("descr", "'<f4', '<f2', '<f8', '<u2' (bf16), '<i4' or '<i8'");
  if (field(header, "fortran_order") != "False") return wrong("fortran_order", "False");
  const auto shape_text = field(header, "shape");
  const auto shape = shape_text ? shape_of(*shape_text) : std::nullopt;
  if (!shape || shape->empty() || shape->size() > 2) return wrong("shape", "(rows, columns)");
  array.type_ = type->type;
  array.offset_ = offset;
  array.rows_ = (*shape)[0];
  array.columns_ = shape->size() == 2 ? (*shape)[1] : 1;
  const std::size_t available = array.file_.size() - offset;
  const bool fits = array.columns_ == 0 || array.rows_ == 0 ||
                    array.rows_ <= available / type->size / array.columns_;
  if (!fits)
    return Error{ErrorCode::Corrupt,
                 path.string() + ": " + std::to_string(array.rows_) + " rows of " +
                     std::to_string(array.columns_) + " numbers do not fit into the " +
                     std::to_string(available) + " bytes behind the header: truncated"};
  return array;
}

void NpyArray::read_row(std::size_t row, float* out) const {
  const std::byte* from = data() + row * columns_ * size_of(type_);
  if (type_ == NpyType::F32) {
    std::memcpy(out, from, columns_ * sizeof(float));
    return;
  }
  for (std::size_t i = 0; i < columns_; ++i, from += size_of(type_)) {
    std::uint16_t half = 0;
    double wide = 0;
    std::int32_t small = 0;
    std::int64_t large = 0;
    switch (type_) {
      case NpyType::F16:
      case NpyType::U16:
        std::memcpy(&half, from, sizeof half);
        out[i] = type_ == NpyType::F16 ? half_to_float(half) : bfloat16_to_float(half);
        break;
      case NpyType::F64:
        std::memcpy(&wide, from, sizeof wide);
        out[i] = static_cast<float>(wide);
        break;
      case NpyType::I32:
        std::memcpy(&small, from, sizeof small);
        out[i] = static_cast<float>(small);
        break;
      case NpyType::I64:
        std::memcpy(&large, from, sizeof large);
        out[i] = static_cast<float>(large);
        break;
      case NpyType::F32:
        break;
    }
  }
}

std::vector<float> NpyArray::to_floats() const {
  std::vector<float> all(rows_ * columns_);
  for (std::size_t row = 0; row < rows_; ++row) read_row(row, all.data() + row * columns_);
  return all;
}

std::string npy_header(NpyType type, std::size_t rows, std::size_t columns) {
  std::string header("\x93NUMPY\x01\x00\x76\x00", 10);
  header += "{'descr': '" + std::string(type_name(type).name) +
            "', 'fortran_order': False, 'shape': (" + std::to_string(rows) + ", " +
            std::to_string(columns) + "), }";
  header.resize(kNpyHeaderBytes - 1, ' ');
  return header + '\n';
}

float bfloat16_to_float(std::uint16_t bits) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

std::uint16_t float_to_bfloat16(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  if ((bits & 0x7fffffffu) > 0x7f800000u) return static_cast<std::uint16_t>((bits >> 16) | 0x40u);
  return static_cast<std::uint16_t>((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
}

float half_to_float(std::uint16_t bits) {
  const std::uint32_t sign = static_cast<std::uint32_t>(bits & 0x8000u) << 16;
  const std::uint32_t exponent = (bits >> 10) & 0x1fu, fraction = bits & 0x3ffu;
  if (exponent == 0) {
    // Zero and subnormals: fraction × 2^-24 is exact in f32.
    const float magnitude = static_cast<float>(fraction) * 0x1p-24f;
    return sign != 0 ? -magnitude : magnitude;
  }
  const std::uint32_t wide = exponent == 31 ? 0x7f800000u : (exponent + 112) << 23;
  return std::bit_cast<float>(sign | wide | fraction << 13);
}

std::uint16_t float_to_half(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const auto sign = static_cast<std::uint16_t>((bits >> 16) & 0x8000u);
  const std::uint32_t magnitude = bits & 0x7fffffffu;
  if (magnitude > 0x7f800000u) return static_cast<std::uint16_t>(sign | 0x7e00u);
  if (magnitude >= 0x477ff000u)
    return static_cast<std::uint16_t>(sign | 0x7c00u);  // 65520 and more
  if (magnitude < 0x38800000u) {
    // Below 2^-14: adding 0.5 puts the half's last bit at the float's last bit and rounds.
    const float shifted = std::bit_cast<float>(magnitude) + 0.5f;
    return static_cast<std::uint16_t>(sign | (std::bit_cast<std::uint32_t>(shifted) - 0x3f000000u));
  }
  const std::uint32_t rounded = magnitude + 0xfffu + ((magnitude >> 13) & 1u);
  return static_cast<std::uint16_t>(sign | ((rounded - 0x38000000u) >> 13));
}

}  // namespace crosstail::data
