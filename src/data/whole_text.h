#pragma once
/// A whole text file at once: mapped where it is plain, decompressed in memory where it is gzip or
/// zstd. What readers of line formats with many small fields stand on: fields are places in it.

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/result.h"

namespace crosstail::data {

/// A field's place in a text.
struct TextSpan {
  std::uint64_t offset : 48;
  std::uint64_t length : 16;

  [[nodiscard]] std::string_view in(const char* base) const {
    return {base + offset, static_cast<std::size_t>(length)};
  }
};

/// What a span can hold; longer identifiers are errors.
constexpr std::size_t kMaxSpanLength = 0xffff;

/// Movable; text() keeps its address when the object is moved. Thread-safe once opened.
class WholeText {
 public:
  /// `-` is standard input. Fails with Limit where the decompressed text is over `max_bytes`.
  static Result<WholeText> open(const std::filesystem::path& path,
                                std::uint64_t max_bytes = std::uint64_t{1} << 40);
  /// Text already in memory.
  static WholeText from(std::vector<char> bytes);

  [[nodiscard]] std::string_view text() const {
    return memory_.empty() ? mapped_.text() : std::string_view(memory_.data(), memory_.size());
  }

 private:
  MappedFile mapped_;
  std::vector<char> memory_;
};

/// The 1-based number of the line that holds byte `offset`.
std::uint64_t line_number_at(std::string_view text, std::size_t offset);

/// Splits at blanks (space, tab, CR, vertical tab, form feed) into at most `fields.size()` fields;
/// returns how many the line has in all.
std::size_t split_blanks(std::string_view line, std::string_view* fields, std::size_t capacity);

/// "‘text’" for a message: cut at 60 bytes, control characters as dots.
std::string quoted_excerpt(std::string_view text);

}  // namespace crosstail::data
