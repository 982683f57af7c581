#include "model/safetensors.h"

#include <simdjson.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "base/json_writer.h"

namespace crosstail::model {
namespace {

/// The limit of the reference implementation.
constexpr std::uint64_t kMaxHeader = 100'000'000;
constexpr std::size_t kMaxRank = 8;

Error corrupt(std::string message) {
  return {ErrorCode::Corrupt, std::move(message)};
}

Result<DType> dtype_of(std::string_view name) {
  for (const DType type : {DType::F64, DType::F32, DType::F16, DType::BF16, DType::I64, DType::I32,
                           DType::I16, DType::I8, DType::U8, DType::Bool})
    if (name == name_of(type)) return type;
  return Error{ErrorCode::Unsupported, "dtype \"" + std::string(name) +
                                           "\"; expected F64, F32, F16, BF16 or whole numbers"};
}

struct Entry {
  TensorView tensor;
  std::uint64_t begin = 0, end = 0;
};

Result<Entry> read_entry(simdjson::dom::element value, std::span<const std::byte> data) {
  Entry entry;
  std::string_view dtype;
  simdjson::dom::array shape, offsets;
  if (value["dtype"].get(dtype) != simdjson::SUCCESS) return corrupt("dtype: expected a string");
  CT_TRY(entry.tensor.dtype, dtype_of(dtype));
  if (value["shape"].get(shape) != simdjson::SUCCESS || shape.size() > kMaxRank)
    return corrupt("shape: expected an array of at most 8 numbers");
  for (const auto extent : shape) {
    std::uint64_t number = 0;
    if (extent.get(number) != simdjson::SUCCESS)
      return corrupt("shape: expected whole numbers that are not negative");
    entry.tensor.shape.push_back(number);
  }
  if (value["data_offsets"].get(offsets) != simdjson::SUCCESS || offsets.size() != 2 ||
      offsets.at(0).get(entry.begin) != simdjson::SUCCESS ||
      offsets.at(1).get(entry.end) != simdjson::SUCCESS || entry.begin > entry.end)
    return corrupt("data_offsets: expected two numbers [begin, end]");
  const auto count = element_count(entry.tensor.shape);
  const std::size_t size = size_of(entry.tensor.dtype);
  if (!count || *count > (entry.end - entry.begin) / size ||
      *count * size != entry.end - entry.begin)
    return corrupt("shape " + shape_text(entry.tensor.shape) + " of " + std::string(dtype) +
                   " does not have the " + std::to_string(entry.end - entry.begin) +
                   " bytes that data_offsets give it");
  if (entry.end > data.size())
    return corrupt("its data end at byte " + std::to_string(entry.end) +
                   " of the data, which have " + std::to_string(data.size()) +
                   " bytes: the file is truncated; fetch it again");
  entry.tensor.bytes = data.subspan(entry.begin, entry.end - entry.begin);
  return entry;
}

/// The format demands data without holes and overlaps.
Status check_coverage(std::vector<std::pair<std::uint64_t, std::uint64_t>> ranges,
                      std::uint64_t size) {
  std::sort(ranges.begin(), ranges.end());
  std::uint64_t at = 0;
  for (const auto& [begin, end] : ranges) {
    if (begin != at)
      return corrupt("the tensors' data_offsets leave a hole or overlap at byte " +
                     std::to_string(std::min(at, begin)) + " of the data");
    at = end;
  }
  if (at != size)
    return corrupt("the data have " + std::to_string(size) + " bytes, the tensors need " +
                   std::to_string(at));
  return {};
}

}  // namespace

Result<TensorMap> read_safetensors(std::span<const std::byte> file) {
  std::uint64_t length = 0;
  if (file.size() < 8) return corrupt("is not a safetensors file: it has fewer than 8 bytes");
  std::memcpy(&length, file.data(), 8);
  if (length > kMaxHeader || length < 2)
    return corrupt("is not a safetensors file: it gives its header a length of " +
                   std::to_string(length) + " bytes");
  if (length > file.size() - 8)
    return corrupt("the header ends at byte " + std::to_string(8 + length) + " of a file of " +
                   std::to_string(file.size()) + " bytes: it is truncated; fetch it again");
  simdjson::dom::parser parser;
  simdjson::dom::object header;
  const auto* text = reinterpret_cast<const char*>(file.data()) + 8;
  if (const auto error = parser.parse(text, length).get(header))
    return corrupt("the header is not a JSON object: " +
                   std::string(simdjson::error_message(error)));
  const auto data = file.subspan(8 + length);
  TensorMap tensors;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> ranges;
  for (const auto& [name, value] : header) {
    if (name == "__metadata__") continue;
    auto entry = read_entry(value, data);
    if (!entry.ok()) return entry.error().at("tensor " + std::string(name));
    ranges.emplace_back(entry->begin, entry->end);
    if (!tensors.emplace(name, std::move(entry->tensor)).second)
      return corrupt("tensor " + std::string(name) + ": is there twice");
  }
  CT_CHECK(check_coverage(std::move(ranges), data.size()));
  return tensors;
}

std::string safetensors_header(std::span<const NamedFloats> tensors) {
  std::string text;
  JsonWriter json(text);
  json.begin_object().key("__metadata__").begin_object().member("format", "pt").end_object();
  std::uint64_t at = 0;
  for (const auto& tensor : tensors) {
    json.key(tensor.name).begin_object().member("dtype", "F32").key("shape").begin_array();
    for (const std::size_t extent : tensor.shape) json.value(static_cast<std::uint64_t>(extent));
    json.end_array().key("data_offsets").begin_array().value(at);
    at += tensor.values.size() * sizeof(float);
    json.value(at).end_array().end_object();
  }
  json.end_object();
  text.resize((text.size() + 7) / 8 * 8, ' ');  // data aligned, as the reference writes it
  const std::uint64_t length = text.size();
  return std::string(reinterpret_cast<const char*>(&length), 8) + text;
}

}  // namespace crosstail::model
