#pragma once
/// PyTorch's dumps in ../shared/fixtures/training, read without any of our model code.

#include <simdjson.h>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/file.h"

namespace crosstail::testing {

/// Any number of dimensions, row-major, widened to f64 (integers too: all are below 2^53).
struct DumpTensor {
  std::vector<std::size_t> shape;
  std::vector<double> values;
};
using Dump = std::map<std::string, DumpTensor>;

/// A safetensors file with F64, F32 and I64 tensors.
inline Dump read_dump(const std::filesystem::path& path) {
  const auto bytes = read_file(path);
  if (!bytes.ok()) throw std::runtime_error(bytes.error().message);
  std::uint64_t length = 0;
  std::memcpy(&length, bytes->data(), 8);
  simdjson::dom::parser parser;
  const simdjson::padded_string header(bytes->data() + 8, length);
  const char* body = bytes->data() + 8 + length;
  Dump out;
  for (const auto [name, entry] : parser.parse(header).get_object()) {
    if (name == "__metadata__") continue;
    DumpTensor tensor;
    std::size_t count = 1;
    for (const std::uint64_t n : entry["shape"].get_array()) {
      tensor.shape.push_back(n);
      count *= n;
    }
    const std::uint64_t begin = entry["data_offsets"].at(0).get_uint64();
    const std::string_view type = entry["dtype"].get_string();
    const auto take = [&]<class T>(T) {
      std::vector<T> raw(count);
      std::memcpy(raw.data(), body + begin, count * sizeof(T));
      for (const auto v : raw) tensor.values.push_back(static_cast<double>(v));
    };
    if (type == "F64")
      take(double{});
    else if (type == "F32")
      take(float{});
    else
      take(std::int64_t{});
    out.emplace(std::string(name), std::move(tensor));
  }
  return out;
}

template <class T>
std::vector<T> cast_to(const std::vector<double>& values) {
  return {values.begin(), values.end()};
}

/// |ours - theirs| / |theirs| in L2; the absolute size of ours where theirs is (nearly) 0.
template <class T>
double relative_distance(const std::vector<T>& ours, const std::vector<double>& theirs) {
  if (ours.size() != theirs.size()) return INFINITY;
  double off = 0, size = 0;
  for (std::size_t i = 0; i < ours.size(); ++i) {
    const double d = static_cast<double>(ours[i]) - theirs[i];
    off += d * d;
    size += theirs[i] * theirs[i];
  }
  return size > 1e-24 ? std::sqrt(off / size) : std::sqrt(off);
}

}  // namespace crosstail::testing
