#pragma once
/// Numbers, strings and counts one after the other, for the checkpoints of writers. Private to
/// index.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "index/field_codec.h"
#include "index/records.h"
#include "index/text_store.h"

namespace crosstail::index {

/// ok() says whether everything was there and nothing was left.
class StateReader {
 public:
  explicit StateReader(std::string_view bytes) : bytes_(bytes) {}
  std::uint64_t number() {
    const auto value = take_length(bytes_);
    ok_ = ok_ && value.has_value();
    return value.value_or(0);
  }
  std::string text() {
    const std::uint64_t size = number();
    ok_ = ok_ && size <= bytes_.size();
    if (!ok_) return {};
    std::string out(bytes_.substr(0, size));
    bytes_.remove_prefix(size);
    return out;
  }
  [[nodiscard]] bool ok() const { return ok_ && bytes_.empty(); }

 private:
  std::string_view bytes_;
  bool ok_ = true;
};

inline void append_text(std::string& out, std::string_view text) {
  append_length(out, text.size());
  out += text;
}

inline void append_position(std::string& out, const TextStoreWriter::Position& position) {
  append_length(out, position.compressed);
  append_length(out, position.frames);
  append_length(out, position.strings);
  append_length(out, position.raw);
  append_text(out, position.pending);
}

inline TextStoreWriter::Position read_position(StateReader& in) {
  TextStoreWriter::Position position;
  position.compressed = in.number();
  position.frames = in.number();
  position.strings = in.number();
  position.raw = in.number();
  position.pending = in.text();
  return position;
}

inline void append_counts(std::string& out, const std::map<std::string, std::uint64_t>& counts) {
  append_length(out, counts.size());
  for (const auto& [name, count] : counts) {
    append_text(out, name);
    append_length(out, count);
  }
}

inline std::map<std::string, std::uint64_t> read_counts(StateReader& in) {
  std::map<std::string, std::uint64_t> counts;
  const std::uint64_t size = in.number();
  for (std::uint64_t i = 0; i < size && i < kNoLanguage; ++i) {
    std::string name = in.text();
    counts[std::move(name)] = in.number();
  }
  return counts;
}

}  // namespace crosstail::index
