#pragma once
/// Several strings as one: each with its length before it (LEB128), the last one to the end. How
/// fields and texts of a passage lie in their stores.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace crosstail::index {

inline void append_length(std::string& out, std::uint64_t length) {
  while (length >= 0x80) {
    out += static_cast<char>((length & 0x7f) | 0x80);
    length >>= 7;
  }
  out += static_cast<char>(length);
}

inline std::optional<std::uint64_t> take_length(std::string_view& bytes) {
  std::uint64_t length = 0;
  for (unsigned shift = 0; shift < 63 && !bytes.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(bytes.front());
    bytes.remove_prefix(1);
    length |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return length;
  }
  return std::nullopt;
}

template <std::size_t N>
std::string join_fields(const std::array<std::string_view, N>& fields) {
  std::string out;
  for (std::size_t i = 0; i + 1 < N; ++i) {
    append_length(out, fields[i].size());
    out += fields[i];
  }
  out += fields[N - 1];
  return out;
}

/// Nothing where the lengths do not fit.
template <std::size_t N>
std::optional<std::array<std::string_view, N>> split_fields(std::string_view bytes) {
  std::array<std::string_view, N> fields;
  for (std::size_t i = 0; i + 1 < N; ++i) {
    const auto length = take_length(bytes);
    if (!length || *length > bytes.size()) return std::nullopt;
    fields[i] = bytes.substr(0, *length);
    bytes.remove_prefix(*length);
  }
  fields[N - 1] = bytes;
  return fields;
}

}  // namespace crosstail::index
