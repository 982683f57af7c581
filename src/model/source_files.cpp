#include "model/source_files.h"

#include <cstring>

#include "base/stream.h"
#include "model/file_template.h"

namespace crosstail::model {
namespace {

constexpr std::size_t kMaxSourceBytes = std::size_t{1} << 30, kReadBlock = std::size_t{1} << 20;

template <class T>
void append_number(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

void append_text(std::string& out, std::string_view text) {
  append_number(out, static_cast<std::uint64_t>(text.size()));
  out += text;
}

class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}
  template <class T>
  T number() {
    T value{};
    if (rest_.size() < sizeof value) return ok_ = false, value;
    std::memcpy(&value, rest_.data(), sizeof value);
    rest_.remove_prefix(sizeof value);
    return value;
  }
  std::string text(std::uint64_t size) {
    if (size > rest_.size()) ok_ = false;
    if (!ok_) return {};
    std::string out(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return out;
  }
  [[nodiscard]] bool ok() const { return ok_; }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

FilePart read_part(Reader& in) {
  FilePart part;
  part.kind = static_cast<FilePart::Kind>(in.number<std::uint32_t>());
  part.first = in.number<std::uint32_t>();
  part.count = in.number<std::uint32_t>();
  part.text = in.text(in.number<std::uint64_t>());
  part.separator = in.text(in.number<std::uint64_t>());
  return part;
}

Result<std::string> decompressed(std::span<const std::byte> section) {
  const std::string_view frame{reinterpret_cast<const char*>(section.data()), section.size()};
  auto source = decompress(memory_source(frame), Compression::Zstd, "section source");
  std::string bytes;
  for (std::size_t got = 1; got > 0;) {
    const std::size_t at = bytes.size();
    if (at > kMaxSourceBytes)
      return Error{ErrorCode::Limit, "section source: more than 1 GiB of files"};
    bytes.resize(at + kReadBlock);
    CT_TRY(got, source->read(bytes.data() + at, kReadBlock));
    bytes.resize(at + got);
  }
  return bytes;
}

/// As versions 1 and 2 have a file: its size and its bytes.
Result<std::string> read_whole(Reader& in, std::uint32_t name_size, std::string& name) {
  const auto size = in.number<std::uint64_t>();
  name = in.text(name_size);
  return in.text(size);
}

Result<std::string> read_parts(Reader& in, std::uint32_t name_size, std::string& name,
                               const text::Tokenizer& tokenizer) {
  const auto count = in.number<std::uint32_t>();
  name = in.text(name_size);
  std::vector<FilePart> parts;
  for (std::uint32_t i = 0; i < count && in.ok(); ++i) parts.push_back(read_part(in));
  if (!in.ok()) return std::string();
  auto file = filled(parts, tokenizer);
  if (!file.ok()) return file.error().at("section source: " + name);
  return file;
}

}  // namespace

std::string pack_source_files(const std::map<std::string, std::string>& files,
                              const text::Tokenizer& tokenizer) {
  std::string packed;
  append_number(packed, static_cast<std::uint32_t>(files.size()));
  for (const auto& [name, bytes] : files) {
    const bool json = name == "tokenizer.json" || name.ends_with("/tokenizer.json");
    const auto parts = json ? file_parts(bytes, tokenizer) : std::vector<FilePart>{{.text = bytes}};
    append_number(packed, static_cast<std::uint32_t>(name.size()));
    append_number(packed, static_cast<std::uint32_t>(parts.size()));
    packed += name;
    for (const FilePart& part : parts) {
      append_number(packed, static_cast<std::uint32_t>(part.kind));
      append_number(packed, part.first);
      append_number(packed, part.count);
      append_text(packed, part.text);
      append_text(packed, part.separator);
    }
  }
  return smallest_zstd_frame(packed);
}

Result<std::map<std::string, std::string>> read_source_files(const ModelSections& sections,
                                                             const text::Tokenizer& tokenizer) {
  CT_TRY(const std::string bytes, decompressed(sections.source));
  Reader in(bytes);
  const Error cut{ErrorCode::Corrupt, "section source: ends inside a file"};
  const auto count = in.number<std::uint32_t>();
  std::map<std::string, std::string> files;
  for (std::uint32_t i = 0; i < count && in.ok(); ++i) {
    const auto name_size = in.number<std::uint32_t>();
    std::string name;
    CT_TRY(std::string file, sections.version < 3 ? read_whole(in, name_size, name)
                                                  : read_parts(in, name_size, name, tokenizer));
    if (in.ok()) files[name] = std::move(file);
  }
  if (!in.ok()) return cut;
  return files;
}

}  // namespace crosstail::model
