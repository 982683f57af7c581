#include "data/whole_text.h"

#include <algorithm>
#include <memory>

#include "base/stream.h"

namespace crosstail::data {
namespace {

constexpr std::size_t kReadBytes = std::size_t{1} << 20;

bool is_blank(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

}  // namespace

Result<WholeText> WholeText::open(const std::filesystem::path& path, std::uint64_t max_bytes) {
  WholeText whole;
  if (path != "-") {
    CT_TRY(whole.mapped_, MappedFile::open(path));
    const auto first = whole.mapped_.text().substr(0, 4);
    if (detect_compression(first) == Compression::None) {
      whole.mapped_.advise_sequential();
      return whole;
    }
    whole.mapped_ = MappedFile();
  }
  CT_TRY(const auto source, open_source(path));
  std::vector<char>& bytes = whole.memory_;
  while (true) {
    const std::size_t used = bytes.size();
    if (used > max_bytes)
      return Error{ErrorCode::Limit, path.string() + ": more than " + std::to_string(max_bytes) +
                                         " bytes after decompression"};
    if (bytes.capacity() < used + kReadBytes) bytes.reserve(2 * used + kReadBytes);
    bytes.resize(used + kReadBytes);
    CT_TRY(const std::size_t got, source->read(bytes.data() + used, kReadBytes));
    bytes.resize(used + got);
    if (got == 0) break;
  }
  return whole;
}

WholeText WholeText::from(std::vector<char> bytes) {
  WholeText whole;
  whole.memory_ = std::move(bytes);
  return whole;
}

std::uint64_t line_number_at(std::string_view text, std::size_t offset) {
  const auto before = text.substr(0, offset);
  return 1 + static_cast<std::uint64_t>(std::count(before.begin(), before.end(), '\n'));
}

std::size_t split_blanks(std::string_view line, std::string_view* fields, std::size_t capacity) {
  std::size_t count = 0;
  std::size_t at = 0;
  while (true) {
    while (at < line.size() && is_blank(line[at])) ++at;
    if (at == line.size()) return count;
    const std::size_t begin = at;
    while (at < line.size() && !is_blank(line[at])) ++at;
    if (count < capacity) fields[count] = line.substr(begin, at - begin);
    ++count;
  }
}

std::string quoted_excerpt(std::string_view text) {
  constexpr std::size_t kShown = 60;
  std::string out = "\"";
  for (const char c : text.substr(0, kShown)) {
    const auto byte = static_cast<unsigned char>(c);
    out += byte < 0x20 || byte == 0x7f ? '.' : c;
  }
  if (text.size() > kShown) out += "…";
  return out + "\"";
}

}  // namespace crosstail::data
