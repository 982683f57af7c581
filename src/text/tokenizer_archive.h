#pragma once
/// The small parts of a tokenizer as bytes and back. One function per type names the fields in
/// order, for both directions, so that they cannot disagree.

#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "text/tokenizer_spec.h"

namespace crosstail::text {

/// Appends to a string. Numbers are little-endian, as on every machine this is built for.
class ArchiveWriter {
 public:
  template <class T>
  requires(std::is_arithmetic_v<T> || std::is_enum_v<T>) void operator()(T& value) {
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof(T));
  }
  void operator()(std::string& value) {
    auto size = static_cast<std::uint32_t>(value.size());
    (*this)(size);
    bytes_ += value;
  }
  template <class T>
  std::size_t count(std::vector<T>& values) {
    auto size = static_cast<std::uint32_t>(values.size());
    (*this)(size);
    return size;
  }
  std::string& bytes() { return bytes_; }

 private:
  std::string bytes_;
};

/// Reads with bounds; after an overrun everything is empty and ok() is false.
class ArchiveReader {
 public:
  explicit ArchiveReader(std::string_view bytes) : bytes_(bytes) {}

  template <class T>
  requires(std::is_arithmetic_v<T> || std::is_enum_v<T>) void operator()(T& value) {
    if (bytes_.size() < sizeof(T)) return fail();
    if constexpr (std::is_same_v<T, bool>) {
      value = bytes_[0] != 0;
    } else {
      std::memcpy(&value, bytes_.data(), sizeof(T));
    }
    bytes_.remove_prefix(sizeof(T));
  }
  void operator()(std::string& value) {
    std::uint32_t size = 0;
    (*this)(size);
    if (size > bytes_.size()) return fail();
    value.assign(bytes_.substr(0, size));
    bytes_.remove_prefix(size);
  }
  template <class T>
  std::size_t count(std::vector<T>& values) {
    std::uint32_t size = 0;
    (*this)(size);
    // Every element has at least one byte, so a count cannot ask for more memory than the blob.
    if (size > bytes_.size()) fail();
    values.resize(ok_ ? size : 0);
    return values.size();
  }
  [[nodiscard]] bool ok() const { return ok_; }

 private:
  void fail() {
    ok_ = false;
    bytes_ = {};
  }
  std::string_view bytes_;
  bool ok_ = true;
};

/// All fields of the meta section. Fails silently into reader.ok().
template <class Archive>
void archive(Archive& a, TokenizerMeta& meta);

extern template void archive(ArchiveWriter& a, TokenizerMeta& meta);
extern template void archive(ArchiveReader& a, TokenizerMeta& meta);

/// Enumerations within their ranges, ids of the frame below `size`.
bool is_sane(const TokenizerMeta& meta, std::uint32_t size);

}  // namespace crosstail::text
